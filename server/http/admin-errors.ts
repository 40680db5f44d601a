import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { type ErrorCode, ServiceError } from '../errors.js'
import type { Log } from '../observe/log.js'
import type { FieldProblem } from './problem.js'
import { sendProblem } from './send-problem.js'

const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_INVALID_JSON_BODY: 'BODY_NOT_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'BODY_NOT_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_REQUEST',
}

/** SQLSTATE classes and socket errors that say nothing about the request: the database is away. */
const databaseIsAway = /^(08|57P|53300|ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH)/
const databaseMessages = /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/

/** Answers what a route of the admin listener threw. */
export function answerAdminError(
  error: FastifyError,
  context: { reply: FastifyReply; log: Log },
): FastifyReply {
  const { reply, log } = context
  if (error instanceof ServiceError) return sendProblem(reply, error.code, error.message)
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map(({ instancePath, message }) => fieldProblem(instancePath, message))
    return sendProblem(reply, 'REQUEST_INVALID', undefined, fields)
  }
  const known = frameworkCodes[error.code]
  if (known !== undefined) return sendProblem(reply, known)
  if (isDatabaseAway(error)) return sendProblem(reply, 'DB_UNAVAILABLE')
  if (error.statusCode !== undefined && error.statusCode < 500) return sendProblem(reply, 'MALFORMED_REQUEST')
  log.error({ err: error }, 'An admin request failed')
  return sendProblem(reply, 'INTERNAL')
}

/** Answers a path that the admin listener does not have. */
export function answerAdminNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendProblem(reply, 'NOT_FOUND', `${request.method} ${request.url.split('?')[0]} is not served here`)
}

/** Returns whether `error` says that the database cannot be reached, rather than that a query was wrong. */
export function isDatabaseAway(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  return databaseIsAway.test(String(code ?? '')) || databaseMessages.test(String(message ?? ''))
}

function fieldProblem(path: string, message: string | undefined): FieldProblem {
  return { field: path.replace(/^\//, '').replaceAll('/', '.'), message: message ?? 'is wrong' }
}
