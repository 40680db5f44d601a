import { setTimeout as delay } from 'node:timers/promises'
import { type Database, openDatabase } from '../db/database.js'
import { checkDurability, DurabilityError } from '../db/durability.js'
import { startEmbeddedPostgres } from '../db/embedded-postgres.js'
import { isDatabaseAway } from '../db/is-database-away.js'
import { MigrationError, migrateDatabase } from '../db/migrate.js'
import { isFromPooler } from '../db/require-own-session.js'
import { ServiceError } from '../errors.js'
import type { Log } from '../observe/log.js'

/** The database of the service, with a pool for each kind of use: none of them can starve another. */
export interface Storage {
  readonly connectionString: string
  /** Alerts: answers in time or not at all. */
  readonly inbox: Database
  /** Decisions, leases and the paper venue. */
  readonly kernel: Database
  /** What people read. */
  readonly reads: Database
  /** Locks of commands that run; each is held for as long as its command takes. */
  readonly commands: Database
  readonly close: () => Promise<void>
}

/** What opening the storage depends on. */
export interface StorageOptions {
  /** Null starts the embedded server in the home. */
  readonly databaseUrl: string | null
  readonly home: string
  readonly log: Log
  /** Ends the attempts. */
  readonly signal: AbortSignal
  /** Is told each time the database does not answer, with the reason. */
  readonly onUnavailable: (reason: string) => void
  readonly onMigrating: () => void
}

const firstRetryMs = 250
const longestRetryMs = 5000
const workTimeouts = { connect: 3000, statement: 10_000, lock: 5000, idleInTransaction: 10_000 }
const commandTimeouts = { ...workTimeouts, idleInTransaction: 60_000 }

/**
 * Returns the database once it answers, has its schema and keeps what it confirms. A server that does not answer is
 * asked again until the signal aborts; whatever else is wrong with it is thrown, since time does not cure it.
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { databaseUrl, home, log } = options
  const embedded = databaseUrl === null ? await startEmbeddedPostgres({ home, log }) : null
  const connectionString = embedded?.connectionString ?? databaseUrl!
  try {
    await prepareDatabase(connectionString, options)
    const open = (poolSize: number, timeouts?: typeof workTimeouts, pipeline = false) =>
      openDatabase({
        connectionString,
        log,
        poolSize,
        pipeline,
        ...(timeouts === undefined ? {} : { timeouts }),
      })
    const inbox = open(4)
    // A recovery asks for a dozen tables at once
    const kernel = open(8, workTimeouts, true)
    const reads = open(4, workTimeouts)
    const commands = open(4, commandTimeouts)
    const close = async () => {
      await Promise.all([inbox, kernel, reads, commands].map((database) => database.close()))
      await embedded?.stop()
    }
    return { connectionString, inbox, kernel, reads, commands, close }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

async function prepareDatabase(connectionString: string, options: StorageOptions): Promise<void> {
  const { log, signal } = options
  for (let waitMs = firstRetryMs; ; waitMs = Math.min(2 * waitMs, longestRetryMs)) {
    signal.throwIfAborted()
    try {
      options.onMigrating()
      await Promise.all([
        migrateDatabase({ connectionString, log }),
        requireDurability(connectionString, log),
      ])
      return
    } catch (error) {
      if (!mayPass(error)) throw isExplained(error) ? error : refusedBy(error)
      const reason = error instanceof AggregateError ? error.errors.map(String).join('; ') : String(error)
      options.onUnavailable(reason)
      log.warn({ err: error, retryInMs: waitMs }, 'The database does not answer; it is asked again')
    }
    await delay(waitMs, undefined, { signal })
  }
}

async function requireDurability(connectionString: string, log: Log): Promise<void> {
  // A start keeps the processor busy, and a connection that is given up makes it wait for the next attempt
  const database = openDatabase({ connectionString, log, poolSize: 1, timeouts: { connect: 5000 } })
  try {
    await checkDurability(database.pool)
  } finally {
    await database.close()
  }
}

/** Wrong passwords, unknown databases and foreign schemas stay wrong; a server that is away may come back. */
function mayPass(error: unknown): boolean {
  return isDatabaseAway(error instanceof MigrationError ? error.cause : error)
}

function isExplained(error: unknown): boolean {
  return error instanceof MigrationError || error instanceof DurabilityError
}

function refusedBy(error: unknown): ServiceError {
  const reason = error instanceof Error ? error.message : String(error)
  if (isFromPooler(reason))
    return new ServiceError('DATABASE_POOLED', `What answers at DATABASE_URL is a pooler: ${reason}`, {
      cause: error,
    })
  return new ServiceError('DB_UNAVAILABLE', `The database refuses the service: ${reason}`, { cause: error })
}
