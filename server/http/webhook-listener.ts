import type { BlockList } from 'node:net'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { ErrorCode } from '../errors.js'
import type { Log, LogWrite } from '../observe/log.js'
import type { Metrics } from '../observe/metrics.js'
import { throttled } from '../observe/throttled.js'
import { answerBrokenConnection } from './broken-connection.js'
import { preferredWaitMs } from './prefer.js'
import { type FieldProblem, problem, problemType } from './problem.js'
import { contains, senderAddress } from './sender-address.js'
import { digestToken, matchToken } from './token.js'
import type { AlertDesk, DecisionAnswer, Intake, Receipt, WebhookSource } from './webhook-port.js'

/** What the webhook listener depends on. */
export interface WebhookListenerOptions {
  readonly sources: readonly WebhookSource[]
  readonly desk: AlertDesk
  /** Asked for each alert. */
  readonly intake: () => Intake
  readonly metrics: Metrics
  readonly log: Log
  /** The only senders that are served; null serves every address. */
  readonly allowedSenders: BlockList | null
  /** The one proxy whose X-Forwarded-For is believed; null believes none. */
  readonly trustedProxy: BlockList | null
}

const bodyLimitBytes = 16 * 1024
const retryAfterSeconds = '5'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on the webhook route once the token is proven. */
    webhookSource: WebhookSource | null
  }
}

interface ListenerContext extends WebhookListenerOptions {
  /** A storm of alerts without storage fills no log. */
  readonly warnUnproven: LogWrite
}

/** Returns the public listener: it takes alerts and says that it is alive, nothing else. */
export function createWebhookListener(listener: WebhookListenerOptions): FastifyInstance {
  const { log } = listener
  const options: ListenerContext = {
    ...listener,
    warnUnproven: throttled((fields, message) => log.warn(fields, message), { everyMs: 1000 }),
  }
  const app = fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: 2500,
    connectionTimeout: 5000,
    keepAliveTimeout: 30_000,
    return503OnClosing: false,
    http: { headersTimeout: 2500, connectionsCheckingInterval: 500, maxHeaderSize: 8192 },
    routerOptions: { maxParamLength: 4096 },
    clientErrorHandler: answerBrokenConnection,
    frameworkErrors: (_error, request, reply) => answerUnrouted(request, reply, options),
  })
  app.decorateRequest('webhookSource', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  app.setNotFoundHandler((request, reply) => answerUnrouted(request, reply, options))
  app.setErrorHandler((error: FastifyError, request, reply) =>
    answerError(error, { request, reply, options }),
  )
  app.get('/healthz', (_request, reply) => {
    reply.send({ status: 'alive' })
  })
  addWebhook(app, options)
  return app
}

function addWebhook(app: FastifyInstance, options: ListenerContext): void {
  const authenticate = createAuthentication(options.sources)
  app.post<{ Params: { token: string }; Body: Buffer | undefined }>(
    '/webhook/:token',
    {
      onRequest: (request, reply, done) => {
        const { allowedSenders, trustedProxy } = options
        if (allowedSenders !== null && !contains(allowedSenders, senderAddress(request.raw, trustedProxy))) {
          refuse(reply, options, 'ADDRESS_NOT_ALLOWED')
          return
        }
        const source = authenticate(request.params.token)
        if (source === undefined) {
          refuseToken(reply, options)
          return
        }
        request.webhookSource = source
        // TradingView sends what is not valid JSON as text/plain, and a hand-written client sends anything: bytes decide.
        request.raw.headers['content-type'] = 'application/octet-stream'
        done()
      },
    },
    (request, reply) => answerAlert(request, reply, options),
  )
}

function createAuthentication(
  sources: readonly WebhookSource[],
): (token: string) => WebhookSource | undefined {
  const owners: WebhookSource[] = []
  const digests = sources.flatMap((source) =>
    source.tokens.map((token) => {
      owners.push(source)
      return digestToken(token)
    }),
  )
  return (token) => owners[matchToken(token, digests)]
}

async function answerAlert(
  request: FastifyRequest<{ Body: Buffer | undefined }>,
  reply: FastifyReply,
  options: ListenerContext,
): Promise<FastifyReply> {
  const intake = options.intake()
  if (intake !== 'open') return refuse(reply, options, intake === 'starting' ? 'STARTING' : 'STOPPING')
  const source = request.webhookSource!
  const raw = request.body ?? Buffer.alloc(0)
  const begun = performance.now()
  let receipt: Receipt
  try {
    receipt = await options.desk.take(source, raw)
  } catch (error) {
    options.warnUnproven({ err: error, source: source.name }, 'An alert could not be proven stored')
    return refuse(reply, options, 'STORAGE_NOT_PROVEN')
  }
  if (receipt.kind === 'refused') return refuseAlert(reply, options, { source, raw, receipt })
  options.metrics.acknowledgeSeconds.observe((performance.now() - begun) / 1000)
  const waitMs = preferredWaitMs(request.headers.prefer)
  if (waitMs === 0 || receipt.decision !== null) return acknowledge(reply, receipt, receipt.decision)
  reply.header('preference-applied', `wait=${waitMs / 1000}`)
  const restMs = Math.max(0, waitMs - (performance.now() - begun))
  return acknowledge(reply, receipt, await options.desk.awaitDecision(source, receipt.alertId, restMs))
}

type StoredReceipt = Extract<Receipt, { kind: 'stored' }>

function acknowledge(
  reply: FastifyReply,
  receipt: StoredReceipt,
  decision: DecisionAnswer | null,
): FastifyReply {
  const { alertId, status, firstAlertId } = receipt
  const answer = { alertId, status, firstAlertId, decision: decision ?? undefined }
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(answer))
}

interface RefusedAlert {
  readonly source: WebhookSource
  readonly raw: Buffer
  readonly receipt: Extract<Receipt, { kind: 'refused' }>
}

function refuseAlert(reply: FastifyReply, options: ListenerContext, refused: RefusedAlert): FastifyReply {
  const { source, raw, receipt } = refused
  const { status } = problem(receipt.code)
  options.desk.recordRefused({ source, raw, status, code: receipt.code, errors: receipt.errors })
  return refuse(reply, options, receipt.code, receipt.errors)
}

function refuse(
  reply: FastifyReply,
  options: ListenerContext,
  code: ErrorCode,
  errors?: readonly FieldProblem[],
): FastifyReply {
  const document = problem(code, undefined, errors)
  options.metrics.refusedRequests.inc({ status: String(document.status) })
  if (document.status === 503) reply.header('retry-after', retryAfterSeconds)
  return reply.code(document.status).header('content-type', problemType).send(JSON.stringify(document))
}

function refuseToken(reply: FastifyReply, options: ListenerContext): FastifyReply {
  options.metrics.unauthorizedRequests.inc({ listener: 'webhook' })
  return refuse(reply, options, 'WEBHOOK_TOKEN_UNKNOWN')
}

/** Paths that no route takes. What stands after /webhook may be a token, so it is refused as one and never repeated. */
function answerUnrouted(
  request: FastifyRequest,
  reply: FastifyReply,
  options: ListenerContext,
): FastifyReply {
  const path = request.raw.url ?? ''
  if (path.startsWith('/webhook')) {
    if (request.method === 'POST') return refuseToken(reply, options)
    reply.header('allow', 'POST')
    return refuse(reply, options, 'METHOD_NOT_ALLOWED')
  }
  if (/^\/healthz(?:\?|$)/.test(path)) {
    reply.header('allow', 'GET, HEAD')
    return refuse(reply, options, 'METHOD_NOT_ALLOWED')
  }
  return refuse(reply, options, 'NOT_FOUND')
}

interface FailedRequest {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly options: ListenerContext
}

function answerError(error: FastifyError, { request, reply, options }: FailedRequest): FastifyReply {
  const source = request.webhookSource
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const code = 'BODY_TOO_LARGE'
    if (source) options.desk.recordRefused({ source, raw: Buffer.alloc(0), status: 413, code, errors: [] })
    return refuse(reply, options, code)
  }
  if (error.statusCode !== undefined && error.statusCode < 500)
    return refuse(reply, options, 'MALFORMED_REQUEST')
  options.log.error({ err: error, source: source?.name }, 'A webhook request failed unexpectedly')
  return refuse(reply, options, 'STORAGE_NOT_PROVEN')
}
