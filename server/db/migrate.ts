import { type Kysely, type Migration, Migrator, sql } from 'kysely'
import { migrations as allMigrations } from '../../migrations/index.js'
import type { Log } from '../observe/log.js'
import { openDatabase, patientTimeouts } from './database.js'
import type { Tables } from './tables.js'

/** What migrating depends on. */
export interface MigrateOptions {
  readonly connectionString: string
  readonly log: Log
  /** Default: all of the service's migrations. */
  readonly migrations?: Record<string, Migration>
}

/** What became of the schema. */
export interface MigrationReport {
  /** Names of the migrations that were applied now, in order. */
  readonly applied: readonly string[]
  /** How many had been applied before. */
  readonly present: number
}

/** The schema cannot be brought to the state that this version needs; the message says why. */
export class MigrationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MigrationError'
  }
}

/**
 * Applies what is missing, all of it or nothing; several processes may do so at once. Throws MigrationError when the
 * database holds migrations of a newer version, or when one fails.
 */
export async function migrateDatabase(options: MigrateOptions): Promise<MigrationReport> {
  const { connectionString, log, migrations = allMigrations } = options
  const database = openDatabase({ connectionString, log, poolSize: 2, timeouts: patientTimeouts })
  try {
    const present = await readApplied(database.db)
    refuseUnknown(present, migrations)
    // The migrator reads the catalogue and takes a lock before it finds that there is nothing to do
    if (present.length === Object.keys(migrations).length) return { applied: [], present: present.length }
    const applied = await applyMissing(database.db, migrations)
    if (applied.length > 0) log.info({ applied }, 'Database schema migrated')
    return { applied, present: present.length }
  } finally {
    await database.close()
  }
}

/** The names of the migrations that a database lacks, in order; changes nothing. */
export async function listMissingMigrations(options: MigrateOptions): Promise<readonly string[]> {
  const { connectionString, log, migrations = allMigrations } = options
  const database = openDatabase({ connectionString, log, poolSize: 1, timeouts: patientTimeouts })
  try {
    const present = await readApplied(database.db)
    refuseUnknown(present, migrations)
    return Object.keys(migrations)
      .filter((name) => !present.includes(name))
      .sort()
  } finally {
    await database.close()
  }
}

async function readApplied(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{
    present: boolean
  }>`select to_regclass('kysely_migration') is not null as present`.execute(db)
  if (!rows[0]?.present) return []
  const found = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return found.rows.map((row) => row.name)
}

function refuseUnknown(present: readonly string[], migrations: Record<string, Migration>): void {
  const unknown = present.filter((name) => !(name in migrations))
  if (unknown.length === 0) return
  const names = unknown.join(', ')
  throw new MigrationError(
    `The database was written by a newer version of the service (${names}): start that version`,
  )
}

async function applyMissing(db: Kysely<Tables>, migrations: Record<string, Migration>): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error !== undefined) {
    const failed =
      results.find((result) => result.status === 'Error')?.migrationName ?? 'the set of migrations'
    const reason = error instanceof Error ? error.message : String(error)
    throw new MigrationError(`Migration failed in ${failed}: ${reason}`, { cause: error })
  }
  return results.filter((result) => result.status === 'Success').map((result) => result.migrationName)
}
