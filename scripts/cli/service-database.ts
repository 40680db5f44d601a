import type { Environment } from '../../server/config/env.js'
import { type Database, openDatabase, patientTimeouts } from '../../server/db/database.js'
import { startEmbeddedPostgres } from '../../server/db/embedded-postgres.js'
import { listMissingMigrations } from '../../server/db/migrate.js'
import { hasEmbeddedServer } from '../../server/db/postgres-account.js'
import { createLog } from '../../server/observe/create-log.js'
import type { Log } from '../../server/observe/log.js'
import { VerbFailure } from './verb-failure.js'

/** The database of the service, as the command line uses it. */
export interface ServiceDatabase {
  readonly connectionString: string
  /** How it is called in messages; without its password. */
  readonly name: string
  readonly log: Log
  /** Ends our use of it; the embedded server ends only when nobody else uses it. */
  readonly release: () => Promise<void>
}

/** What opening the service's database depends on. */
export interface ServiceDatabaseOptions {
  readonly environment: Environment
  /** True makes the embedded database when there is none yet. */
  readonly mayMake: boolean
}

/**
 * Returns the database of DATABASE_URL, else the embedded one of the home: shared with a running service, else started
 * for the time being. Throws VerbFailure when there is none.
 */
export async function openServiceDatabase(options: ServiceDatabaseOptions): Promise<ServiceDatabase> {
  const { databaseUrl, home, logLevel } = options.environment
  // The verb's own answer is what counts here; the coming and going of the embedded server is not worth a line.
  const log = createLog({ level: logLevel === 'info' ? 'warn' : logLevel })
  if (databaseUrl !== null) {
    const { host, pathname } = new URL(databaseUrl)
    const name = `DATABASE_URL (${host}${pathname})`
    return { connectionString: databaseUrl, name, log, release: async () => undefined }
  }
  if (!options.mayMake && !(await hasEmbeddedServer(home))) throw noDatabase(home)
  const server = await startEmbeddedPostgres({ home, log })
  const name = `the embedded PostgreSQL of ${home}`
  return { connectionString: server.connectionString, name, log, release: server.stop }
}

function noDatabase(home: string): VerbFailure {
  const remedy =
    'Start the service with `npm start`, or run `general migrate`; if its data lies elsewhere, set GENERAL_HOME, or ' +
    'DATABASE_URL for a server of your own'
  return new VerbFailure(`There is no database: ${home} holds none. ${remedy}`, {
    code: 'NO_DATABASE',
    remedy,
  })
}

/**
 * Runs `work` on the service's database with patient time limits, and leaves it again. Throws VerbFailure when the
 * schema is not the one of this version.
 */
export async function withServiceDatabase<T>(
  environment: Environment,
  work: (database: Database, opened: ServiceDatabase) => Promise<T>,
): Promise<T> {
  const opened = await openServiceDatabase({ environment, mayMake: false })
  try {
    const { connectionString, log } = opened
    await requireSchema(opened)
    const database = openDatabase({ connectionString, log, poolSize: 3, timeouts: patientTimeouts })
    try {
      return await work(database, opened)
    } finally {
      await database.close()
    }
  } finally {
    await opened.release()
  }
}

async function requireSchema({ connectionString, name, log }: ServiceDatabase): Promise<void> {
  const missing = await listMissingMigrations({ connectionString, log }).catch((error: unknown) => {
    throw describeUnreachable(name, error)
  })
  if (missing.length === 0) return
  const remedy = 'Run `general migrate`, or start the service, which migrates by itself'
  const message = `The schema of ${name} lacks ${missing.join(', ')}. ${remedy}`
  throw new VerbFailure(message, { code: 'SCHEMA_OUTDATED', remedy })
}

/** Returns the failure of a database that does not answer; an error that says more is returned as it is. */
export function describeUnreachable(name: string, error: unknown): unknown {
  const message = reasonOf(error)
  const isConnection = /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|timeout|authentication|does not exist/i.test(
    message,
  )
  if (!isConnection) return error
  const remedy = 'Start the database, or correct DATABASE_URL'
  return new VerbFailure(`${name} does not answer: ${message}. ${remedy}`, {
    code: 'DB_UNAVAILABLE',
    remedy,
    cause: error,
  })
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
