import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import { type DatabaseTimeouts, openDatabase, patientTimeouts } from '../../server/db/database.js'
import type { Tables } from '../../server/db/tables.js'
import { silentLog } from '../../server/observe/log.js'
import { databaseUrl } from './postgres-service.js'
import { postgresAddress } from './services.js'
import type { Teardown } from './temporary-directory.js'
import { withClient } from './with-client.js'

/** An empty, migrated database of one test. */
export interface TestDatabase {
  readonly connectionString: string
  readonly pool: pg.Pool
  readonly db: Kysely<Tables>
}

/** What a test may want differently. */
export interface TestDatabaseOptions {
  readonly poolSize?: number
  /** Default: patient ones, as several test files and their servers share two processors. */
  readonly timeouts?: Partial<DatabaseTimeouts>
}

/** A fresh copy of the migrated database; dropped with all its connections when the test ends. */
export async function testDatabase(t: Teardown, options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { url, template } = await postgresAddress()
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`
  await withClient(url, (client) => client.query(`create database ${name} template ${template}`))
  const connectionString = databaseUrl(url, name)
  const { pool, db, close } = openDatabase({
    connectionString,
    log: silentLog,
    poolSize: options.poolSize ?? 8,
    timeouts: { ...patientTimeouts, ...options.timeouts },
  })
  t.teardown(async () => {
    await close()
    await withClient(url, (client) => client.query(`drop database ${name} with (force)`))
  })
  return { connectionString, pool, db }
}
