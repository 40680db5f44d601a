import { realpath } from 'node:fs/promises'
import pg from 'pg'
import { embeddedName, type PostgresDirectory } from './postgres-directory.js'

/** The address of an embedded server, password included. */
export function embeddedConnectionString(directory: PostgresDirectory, port: number): string {
  return `postgresql://${embeddedName}:${directory.password}@127.0.0.1:${port}/${embeddedName}`
}

/** What answers on a port, seen from the data directory that should be served there. */
export type ServerState = 'ready' | 'notReady' | 'shuttingDown' | 'stranger'

/**
 * What is on the port: our server, our server on its way up or down (or nothing at all), or a server of other data.
 * Makes the service's database on the first visit.
 */
export async function probeServer(directory: PostgresDirectory, port: number): Promise<ServerState> {
  const connectionString = embeddedConnectionString(directory, port)
  try {
    const rows = await queryOnce(connectionString, 'show data_directory')
    const served = String(rows[0]?.data_directory)
    return (await realpath(served).catch(() => served)) === (await realpath(directory.data))
      ? 'ready'
      : 'stranger'
  } catch (error) {
    const code = codeOf(error)
    if (code === '3D000') return createDatabase(connectionString).then(() => probeServer(directory, port))
    if (code === '28P01' || code === '28000') return 'stranger'
    return code === '57P03' && String(error).includes('shutting down') ? 'shuttingDown' : 'notReady'
  }
}

/** The server's version as "18.4", asked on its port. */
export async function readServerVersion(directory: PostgresDirectory, port: number): Promise<string> {
  const rows = await queryOnce(embeddedConnectionString(directory, port), 'show server_version')
  return String(rows[0]?.server_version).split(' ')[0] ?? ''
}

/** How many clients are connected to the server at this moment, the asking one not counted. */
export async function countOtherClients(directory: PostgresDirectory, port: number): Promise<number> {
  const query = `select count(*)::int as clients from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()`
  const rows = await queryOnce(embeddedConnectionString(directory, port), query)
  return Number(rows[0]?.clients)
}

async function createDatabase(connectionString: string): Promise<void> {
  const maintenance = new URL(connectionString)
  maintenance.pathname = '/postgres'
  await queryOnce(maintenance.href, `create database ${embeddedName}`).catch((error: unknown) => {
    // Two first visitors may both try; 42P04 and 23505 tell the second that it exists
    if (!['42P04', '23505'].includes(codeOf(error))) throw error
  })
}

async function queryOnce(connectionString: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000, query_timeout: 5000 })
  // A server that goes away under an idle client is reported by the next query
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<Record<string, unknown>>(text)
    return rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? 'unknown')
}
