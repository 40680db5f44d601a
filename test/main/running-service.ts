import type pg from 'pg'
import type { Clock } from '../../server/clock.js'
import { type Service, startService } from '../../server/main.js'
import type { Log } from '../../server/observe/log.js'
import { testDatabase } from '../helpers/postgres.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
// A service loads the queue a second after its start; with other files at work that alone may outlast a time limit
import '../../server/queue/postgres-queues.js'

/** An answer with its JSON body. */
export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** A service of one test, on a database of its own. */
export interface RunningService {
  readonly service: Service
  readonly pool: pg.Pool
  readonly connectionString: string
  readonly home: string
  /** Everything that was logged, as text. */
  readonly logged: string[]
  /** Sends an alert and waits for its decision. */
  readonly send: <Body = AlertAnswer>(
    alert: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer<Body>>
  /** Asks the admin listener with its token. */
  readonly ask: <Body>(path: string) => Promise<Answer<Body>>
  /** Sends a command with its token. */
  readonly command: <Body>(path: string, key: string | null, body: unknown) => Promise<Answer<Body>>
}

/** What the webhook answers. */
export interface AlertAnswer {
  readonly alertId: string
  readonly status: string
  readonly decision?: {
    readonly id: string
    readonly outcome: string
    readonly reasons: readonly string[]
    readonly lots: string
  }
}

/** What a test may want differently. */
export interface RunningServiceOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly clock?: Clock
  /** Milliseconds between looks at the account. */
  readonly looksEvery?: number
  /** A service whose database is shared. */
  readonly beside?: Pick<RunningService, 'pool' | 'connectionString'>
}

/** Returns a log that keeps its lines. */
export function keepingLog(lines: string[]): Log {
  const write = (fields: object, message: string) => {
    const spell = (_key: string, value: unknown) =>
      value instanceof Error ? `${value.name}: ${value.message} ${value.stack}` : value
    lines.push(`${message} ${JSON.stringify(fields, spell)}`)
  }
  return { debug: write, info: write, warn: write, error: write }
}

/** Starts a service and waits until it is ready; it is stopped when the test ends. */
export async function runService(t: Teardown, options: RunningServiceOptions = {}): Promise<RunningService> {
  const { pool, connectionString } = options.beside ?? (await testDatabase(t))
  const home = await testDirectory(t)
  const logged: string[] = []
  const env = {
    DATABASE_URL: connectionString,
    GENERAL_HOME: home,
    PORT: '0',
    ADMIN_PORT: '0',
    ...options.env,
  }
  const clock = options.clock === undefined ? {} : { clock: options.clock }
  const { looksEvery } = options
  const accountTimings = { lookEvery: looksEvery ?? 60_000, secondLookAfter: looksEvery ?? 5_000 }
  const service = await startService({ env, log: keepingLog(logged), accountTimings, ...clock })
  t.teardown(service.stop)
  await service.ready
  return { service, pool, connectionString, home, logged, ...clientOf(service) }
}

/** Returns what talks to a service. */
export function clientOf(service: Service): Pick<RunningService, 'send' | 'ask' | 'command'> {
  const { tokens, webhookUrl, adminUrl } = service
  const authorization = `Bearer ${tokens.admin.token}`
  return {
    send: (alert, headers = { prefer: 'wait=1.8' }) => {
      const body = typeof alert === 'string' ? alert : JSON.stringify(alert)
      return request(`${webhookUrl}${tokens.webhook.token}`, { method: 'POST', body, headers })
    },
    ask: (path) => request(`${adminUrl}${path}`, { headers: { authorization } }),
    command: (path, key, body) => {
      const keyed: Record<string, string> = key === null ? {} : { 'idempotency-key': key }
      const headers = { authorization, 'content-type': 'application/json', ...keyed }
      return request(`${adminUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    },
  }
}

async function request<Body>(url: string, init: RequestInit): Promise<Answer<Body>> {
  const response = await fetch(url, init)
  const body = (await response.json()) as Body
  return { status: response.status, headers: response.headers, body }
}

/** Returns a base entry of now for Gold Mini, of which the default portfolio buys 2 lots. */
export function goldEntry(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    type: 'BASE_ENTRY',
    instrument: 'GOLD_MINI',
    position: 'Long_1',
    price: 78_500,
    atr: 700,
    er: 0.85,
    timestamp: new Date().toISOString(),
    ...changes,
  }
}
