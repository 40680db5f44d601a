import { isIP } from 'node:net'
import type {} from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { ErrorCode } from '../errors.js'
import type { Metrics } from '../observe/metrics.js'
import { sendProblem } from './send-problem.js'
import { digestToken, matchToken } from './token.js'

const bearer = /^Bearer +([\x21-\x7e]+) *$/i
const failuresPerMinute = 10

/**
 * Refuses requests that name a host other than an IP address, localhost or the configured name: a page of another site
 * that makes its own name point here (DNS rebinding) still sends that name.
 */
export function refuseForeignHosts(app: FastifyInstance, hostName: string): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!isOwnHost(request.headers.host, hostName)) return sendProblem(reply, 'HOST_NOT_ALLOWED')
  })
}

function isOwnHost(header: string | undefined, hostName: string): boolean {
  const host = (header ?? '').toLowerCase().replace(/:\d*$/, '')
  const address = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return isIP(address) !== 0 || host === 'localhost' || (host !== '' && host === hostName.toLowerCase())
}

/**
 * Returns a hook that lets only requests with the admin token through. Failures are limited by sender; the right token
 * is served whatever others do, so that nobody can lock the owner out. Needs the rate-limit plugin.
 */
export function requireAdminToken(
  app: FastifyInstance,
  { token, metrics }: { readonly token: string; readonly metrics: Metrics },
): onRequestAsyncHookHandler {
  const digests = [digestToken(token)]
  const countFailure = app.createRateLimit({ max: failuresPerMinute, timeWindow: '1 minute' })
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const given = bearer.exec(request.headers.authorization ?? '')?.[1]
    if (given !== undefined && matchToken(given, digests) === 0) return
    metrics.unauthorizedRequests.inc({ listener: 'admin' })
    const limit = await countFailure(request)
    reply.header('www-authenticate', 'Bearer realm="general"')
    const exceeded = !limit.isAllowed && limit.isExceeded
    if (exceeded) reply.header('retry-after', String(limit.ttlInSeconds))
    const code: ErrorCode = exceeded ? 'TOO_MANY_FAILURES' : 'ADMIN_TOKEN_INVALID'
    return sendProblem(reply, code)
  }
}
