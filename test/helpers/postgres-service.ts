import { startEmbeddedPostgres } from '../../server/db/embedded-postgres.js'
import { migrateDatabase } from '../../server/db/migrate.js'
import { silentLog } from '../../server/observe/log.js'
import { withClient } from './with-client.js'

/** A PostgreSQL server of the tests, with a migrated database that others are copied from. */
export interface PostgresService {
  /** Address of the server's own database. */
  readonly url: string
  readonly template: string
  readonly stop: () => Promise<void>
}

/** Name of the migrated database. */
export const templateName = 'test_template'

/** Starts a server in the home and migrates the template. */
export async function startPostgresService(home: string): Promise<PostgresService> {
  const server = await startEmbeddedPostgres({ home, log: silentLog })
  const url = server.connectionString
  try {
    await withClient(url, (client) => client.query(`create database ${templateName}`))
    await migrateDatabase({ connectionString: databaseUrl(url, templateName), log: silentLog })
  } catch (error) {
    await server.stop()
    throw error
  }
  return { url, template: templateName, stop: server.stop }
}

/** The address of another database on the same server. */
export function databaseUrl(url: string, database: string): string {
  const address = new URL(url)
  address.pathname = `/${database}`
  return address.href
}
