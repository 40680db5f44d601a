import { setTimeout as delay } from 'node:timers/promises'
import { Kysely, PostgresDialect } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import type { Tables } from './tables.js'
import { CommitUnknownError, TransactionAbortedError } from './transaction-error.js'

/** How a transaction behaves. */
export interface TransactionOptions {
  /** How often the work is done again after a failure that is nobody's fault. Default 5. */
  readonly retries?: number
}

/** Failures after which nothing is stored and the same work may succeed: SQLSTATE, or the code of a socket's error. */
const retryableCodes: ReadonlySet<string> = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '08000', // connection_exception
  '08003', // connection_does_not_exist
  '08006', // connection_failure
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
])

/** Answers to COMMIT that come with a SQLSTATE and still do not prove that nothing is stored. */
const unprovenCodes = /^(08|57P0)/
const lostConnection = /^Connection terminated|^Client has encountered a connection error/

const firstDelayMs = 10

/**
 * Does the work in one transaction and returns its result once the server has confirmed the COMMIT. The work may be
 * done several times, so it must have no other effect than its statements, and it must let their errors pass.
 *
 * Throws TransactionAbortedError when COMMIT was answered with a rollback, CommitUnknownError when the answer to COMMIT
 * never came (the one case in which something may be stored), and the work's own error otherwise.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const retries = options.retries ?? 5
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await tryTransaction(pool, work)
    } catch (error) {
      if (attempt >= retries || !isRetryable(error)) throw error
    }
    await delay(firstDelayMs * 2 ** attempt * (0.5 + Math.random()))
  }
}

/** Typed queries on the connection of a transaction. */
export function bindKysely(client: PoolClient): Kysely<Tables> {
  const lent = { query: client.query.bind(client), release: () => undefined }
  const pool = { connect: async () => lent as unknown as PoolClient, end: async () => undefined }
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

async function tryTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  const ignore = () => undefined
  // A lent connection that is lost emits an error, which would end the process; the next query reports it anyway
  client.on('error', ignore)
  let broken = false
  try {
    await client.query('begin')
    const result = await work(client)
    await commit(client)
    return result
  } catch (error) {
    broken = error instanceof CommitUnknownError || !(await rollBack(client))
    throw error
  } finally {
    client.off('error', ignore)
    client.release(broken)
  }
}

async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('commit').catch((error: unknown) => {
    throw isProvenRollback(error) ? error : new CommitUnknownError(error)
  })
  if (command !== 'COMMIT') throw new TransactionAbortedError(command)
}

/** Only an answer of the server proves it: a deferred constraint or a serialization failure, for example. */
function isProvenRollback(error: unknown): boolean {
  const code = codeOf(error)
  return /^[0-9A-Z]{5}$/.test(code) && !unprovenCodes.test(code) && 'severity' in (error as object)
}

/** False when the connection is of no further use. */
async function rollBack(client: PoolClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  )
}

function isRetryable(error: unknown): boolean {
  if (error instanceof CommitUnknownError || error instanceof TransactionAbortedError) return false
  return retryableCodes.has(codeOf(error)) || (error instanceof Error && lostConnection.test(error.message))
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? '')
}
