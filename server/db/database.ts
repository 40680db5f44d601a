import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Log } from '../observe/log.js'
import { columnTypes } from './column-types.js'
import type { Tables } from './tables.js'

/** How long a connection lets things take, in milliseconds; 0 is for ever. */
export interface DatabaseTimeouts {
  /** Until a connection is made, or one of the pool is free. */
  readonly connect: number
  /** One statement. */
  readonly statement: number
  /** Waiting for a lock. */
  readonly lock: number
  /** A transaction in which nothing is asked. */
  readonly idleInTransaction: number
}

/** What opening a database depends on. */
export interface DatabaseOptions {
  readonly connectionString: string
  readonly log: Log
  /** Most connections at once. Default 8. */
  readonly poolSize?: number
  readonly timeouts?: Partial<DatabaseTimeouts>
  /** True sends statements that are asked on one connection at once without waiting for the answers between. */
  readonly pipeline?: boolean
}

/** A pool of connections, and the typed queries that run on it. */
export interface Database {
  readonly pool: pg.Pool
  readonly db: Kysely<Tables>
  /** Ends every connection. */
  readonly close: () => Promise<void>
}

/** Short enough for an alert to be answered with 503 before its sender gives up after 3 s. */
export const quickTimeouts: DatabaseTimeouts = {
  connect: 800,
  statement: 1500,
  lock: 500,
  idleInTransaction: 5000,
}

/** For migrations, reports and folds of whole logs, where only a hung lock is a fault. */
export const patientTimeouts: DatabaseTimeouts = {
  connect: 5000,
  statement: 0,
  lock: 30_000,
  idleInTransaction: 0,
}

/**
 * Opens a database; nothing is connected until the first query. int8 is read as a safe integer, numeric and date as
 * strings, timestamptz as Date.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const timeouts = { ...quickTimeouts, ...options.timeouts }
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.poolSize ?? 8,
    application_name: 'general',
    keepAlive: true,
    connectionTimeoutMillis: timeouts.connect,
    statement_timeout: timeouts.statement,
    lock_timeout: timeouts.lock,
    idle_in_transaction_session_timeout: timeouts.idleInTransaction,
    // The server keeps the time itself; this is for a network that swallows the answer
    ...(timeouts.statement > 0 ? { query_timeout: timeouts.statement + 500 } : {}),
    types: columnTypes,
    pipeline: options.pipeline ?? false,
  })
  surviveLostConnections(pool, options.log)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const close = async () => {
    // Kysely ends the pool only if it has used it
    await db.destroy()
    if (!pool.ended) await pool.end()
  }
  return { pool, db, close }
}

/** A connection that ends emits an error, also while it is lent out; without a listener that ends the process. */
function surviveLostConnections(pool: pg.Pool, log: Log): void {
  const report = (error: Error) => log.warn({ err: error }, 'A database connection was lost')
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', report))
}
