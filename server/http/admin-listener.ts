import { fastifyHelmet } from '@fastify/helmet'
import { fastifyRateLimit } from '@fastify/rate-limit'
import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Log } from '../observe/log.js'
import {
  type CountedBreak,
  type Metrics,
  showBreaks,
  showWork,
  type WorkSnapshot,
} from '../observe/metrics.js'
import { answerAdminError, answerAdminNotFound } from './admin-errors.js'
import { refuseForeignHosts, requireAdminToken } from './admin-guard.js'
import { answerBrokenConnection } from './broken-connection.js'
import { isReady, type Readiness } from './readiness.js'
import { addV1, type V1Options } from './v1/v1.js'

/** What the admin listener depends on. */
export interface AdminListenerOptions {
  /** Who has it may read everything and command every portfolio. */
  readonly token: string
  /** The name that the listener may be addressed by, besides IP addresses and localhost. */
  readonly hostName: string
  readonly version: string
  readonly readiness: () => Promise<Readiness>
  /** Reads what waits, for the metrics, which are told without it when it takes too long. */
  readonly readWork: () => Promise<WorkSnapshot>
  /** Returns the differences from the brokers of the portfolios that are decided here. */
  readonly breaks: () => readonly CountedBreak[]
  readonly v1: V1Options
  readonly metrics: Metrics
  readonly log: Log
}

/** Returns the listener for the owner: health, metrics and documentation, and /v1 with the admin token. */
export async function createAdminListener(options: AdminListenerOptions): Promise<FastifyInstance> {
  const { log } = options
  const app = fastify({
    logger: false,
    bodyLimit: 16 * 1024,
    requestTimeout: 10_000,
    connectionTimeout: 60_000,
    return503OnClosing: false,
    http: { headersTimeout: 5000, connectionsCheckingInterval: 1000, maxHeaderSize: 8192 },
    routerOptions: { maxParamLength: 1024 },
    clientErrorHandler: answerBrokenConnection,
    frameworkErrors: (_error, request, reply) => answerAdminNotFound(request, reply),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error: FastifyError, _request, reply) => answerAdminError(error, { reply, log }))
  app.setNotFoundHandler(answerAdminNotFound)
  refuseForeignHosts(app, options.hostName)
  await addPlugins(app, options.version)
  addPublicRoutes(app, options)
  await app.register(
    (v1, _settings, done) => {
      v1.addHook('onRequest', requireAdminToken(app, { token: options.token, metrics: options.metrics }))
      addV1(v1, options.v1)
      done()
    },
    { prefix: '/v1' },
  )
  return app
}

async function addPlugins(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifyHelmet, { strictTransportSecurity: false })
  await app.register(fastifyRateLimit, { global: false })
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Smart general',
        description:
          'Quantities, cash, fees and order prices are decimal strings; market prices, indicators and ratios are ' +
          'numbers; instants are ISO 8601 with offset. Refusals are problem documents (RFC 9457).',
        version,
      },
      components: { securitySchemes: { adminToken: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  })
  await app.register(fastifySwaggerUi, { routePrefix: '/docs', staticCSP: true })
}

function addPublicRoutes(app: FastifyInstance, options: AdminListenerOptions): void {
  const hidden = { schema: { hide: true } }
  app.get('/healthz', hidden, async () => ({ status: 'alive' }))
  app.get('/readyz', hidden, async (_request, reply) => {
    const readiness = await options.readiness()
    return reply.code(isReady(readiness) ? 200 : 503).send({ ready: isReady(readiness), ...readiness })
  })
  app.get('/metrics', hidden, async (_request, reply) => {
    const { metrics, log } = options
    await options.readWork().then(
      (work) => showWork(metrics, work),
      (error: unknown) => log.warn({ err: error }, 'The work that waits could not be counted'),
    )
    showBreaks(metrics, options.breaks())
    return reply.header('content-type', metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  app.get('/openapi.json', hidden, async () => app.swagger())
}
