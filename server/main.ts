import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Calendar } from '../core/calendar/calendar.js'
import { createAdminListener } from './http/admin-listener.js'
import type { PortfolioReadiness, Readiness } from './http/readiness.js'
import { addressSet, TRADINGVIEW_ADDRESSES } from './http/sender-address.js'
import { createWebhookListener } from './http/webhook-listener.js'
import { readWork } from './journal/read/work.js'
import type { AskAdmin } from './notify/admin-port.js'
import type { Log } from './observe/log.js'
import { bringCalendar } from './schedule/calendar-follower.js'
import { Engine } from './service/engine.js'
import { type ExampleAlert, exampleAlert } from './service/example-alert.js'
import { findBreaksHeld } from './service/find-breaks.js'
import { listenAt } from './service/listen.js'
import { readSetup, type Setup, type SetupOptions } from './service/setup.js'
import { createTelegramBots } from './service/telegram-bots.js'
import type { FoundToken } from './service/token-file.js'
import { createV1Commands } from './service/v1-commands.js'
import { createV1Reads } from './service/v1-reads.js'

/** How long /readyz and /metrics wait for the database. */
const answerWithinMs = 2000

/** What starting the service depends on. */
export interface ServiceOptions extends SetupOptions {
  /** Is told, in words, each time a portfolio comes into another phase. */
  readonly onPhase?: (line: string) => void
}

/** A running service. */
export interface Service {
  /** Ends with a slash: the token follows. */
  readonly webhookUrl: string
  readonly adminUrl: string
  readonly tokens: { readonly webhook: FoundToken; readonly admin: FoundToken }
  /** An alert to try the webhook with. */
  readonly example: ExampleAlert
  /** Resolves when every portfolio runs, here or elsewhere; rejects when the service cannot run at all. */
  readonly ready: Promise<void>
  readonly log: Log
  /** Refuses new alerts, lets what is under way end, and closes everything. */
  readonly stop: () => Promise<void>
}

/**
 * Starts the service, in order: configuration, listeners, database, portfolios. It listens before there is a database,
 * since whoever sends an alert then must hear that it is to be sent again. Throws when the configuration is wrong or a
 * port is taken; what fails later is told by `ready`.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const setup = await readSetup(options)
  const tell = options.onPhase ?? (() => undefined)
  const engine = new Engine({ setup, onPhase: (readiness) => tell(describePhase(readiness)) })
  // A server that has to be started takes its time, in which the listeners are made
  engine.prepare()
  const webhook = makeWebhookListener(setup, engine)
  const admin = await makeAdminListener(setup, engine)
  const { environment, tokens, log, sources } = setup
  const { host, port, adminHost, adminPort } = environment
  const bots = createTelegramBots(setup, engine, askAdmin(admin, tokens.admin.token))
  const close = () => Promise.all([webhook.close(), admin.close()])
  try {
    const publicUrl = await listenAt(webhook, { host, port, variable: 'PORT' })
    const adminUrl = await listenAt(admin, { host: adminHost, port: adminPort, variable: 'ADMIN_PORT' })
    const ready = engine.open()
    // Whoever does not wait for it still sees it on /readyz
    ready.catch(() => undefined)
    bots.start()
    const stop = async () => {
      await Promise.all([bots.stop(), engine.stop()])
      await close()
    }
    const example = exampleAlert(sources[0]?.rules.instruments.map(({ name }) => name) ?? [])
    return { webhookUrl: `${publicUrl}/webhook/`, adminUrl, tokens, example, ready, log, stop }
  } catch (error) {
    await engine.stop()
    await close()
    throw error
  }
}

function makeWebhookListener({ sources, environment, metrics, log }: Setup, engine: Engine) {
  const only = environment.tradingViewOnly
  const proxy = only?.trustedProxy ?? null
  return createWebhookListener({
    ...{ sources, metrics, log },
    intake: () => engine.intake(),
    desk: {
      take: (source, raw) => engine.desk().take(source, raw),
      recordRefused: (refused) => engine.desk().recordRefused(refused),
      awaitDecision: (source, alertId, timeoutMs) => engine.desk().awaitDecision(source, alertId, timeoutMs),
    },
    allowedSenders: only === null ? null : addressSet(TRADINGVIEW_ADDRESSES),
    trustedProxy: proxy === null ? null : addressSet([proxy]),
  })
}

function makeAdminListener(setup: Setup, engine: Engine) {
  const { tokens, environment, metrics, log, clock } = setup
  const { hosts } = engine
  const database = () => engine.storage().reads
  const onCalendarChanged = async (calendar: Calendar) => {
    for (const host of hosts.values()) {
      const held = host.held()
      if (held !== null) await bringCalendar(held, calendar)
    }
  }
  return createAdminListener({
    token: tokens.admin.token,
    hostName: environment.adminHost,
    version: readVersion(),
    readiness: () => readinessNow(engine),
    readWork: () => inTime(async () => readWork(database().pool)),
    breaks: () => [...hosts.values()].flatMap((host) => findBreaksHeld(host)),
    v1: {
      reads: createV1Reads({ database, hosts, log, clock }),
      commands: createV1Commands({ database, hosts, clock, log, onCalendarChanged }),
      commandPool: () => engine.storage().commands.pool,
    },
    ...{ metrics, log },
  })
}

/** What asks so meets everything that a program outside meets: the token, the forms, the keys. */
function askAdmin(admin: Awaited<ReturnType<typeof makeAdminListener>>, token: string): AskAdmin {
  return async ({ path, command }) => {
    const authorization = `Bearer ${token}`
    const { statusCode, body } = await (command === undefined
      ? admin.inject({ method: 'GET', url: path, headers: { authorization } })
      : admin.inject({
          ...{ method: 'POST', url: path, payload: JSON.stringify(command.body) },
          headers: { authorization, 'content-type': 'application/json', 'idempotency-key': command.key },
        }))
    return { status: statusCode, body: JSON.parse(body) as unknown }
  }
}

/** A portfolio that was active a moment ago is not ready while the database does not answer. */
async function readinessNow(engine: Engine): Promise<Readiness> {
  const readiness = engine.readiness()
  if (readiness.phase !== 'running') return readiness
  const error = await inTime(async () => engine.storage().reads.pool.query('select 1')).then(
    () => null,
    (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
  )
  if (error === null) return readiness
  const away = { ready: false, code: 'DB_UNAVAILABLE', detail: `The database does not answer: ${error}` }
  return { ...readiness, portfolios: readiness.portfolios.map((portfolio) => ({ ...portfolio, ...away })) }
}

/** Settles as the work does, or rejects when that takes too long. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  const over = new AbortController()
  const late = delay(answerWithinMs, undefined, { signal: over.signal }).then(
    () => Promise.reject(new Error(`no answer within ${answerWithinMs} ms`)),
    () => new Promise<never>(() => undefined),
  )
  try {
    return await Promise.race([work(), late])
  } finally {
    over.abort()
  }
}

function describePhase({ id, phase, code, detail }: PortfolioReadiness): string {
  const cause = [code, detail].filter((part) => part !== null).join(': ')
  return `portfolio ${id}: ${phase}${cause === '' ? '' : ` (${cause})`}`
}

function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}
