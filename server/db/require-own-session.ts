import type pg from 'pg'
import { ServiceError } from '../errors.js'
import type { Log } from '../observe/log.js'
import { OwnConnection } from './own-connection.js'

/** What looking at a connection depends on. */
export interface OwnSessionOptions {
  readonly connection: OwnConnection
  /** Says how to connect. */
  readonly pool: pg.Pool
  readonly log: Log
}

const POOLED =
  'A pooler at DATABASE_URL lends its connections for one transaction each, and then no instance can prove that it lives: give DATABASE_URL a direct connection to PostgreSQL, or one through a pooler in session mode'
/** Other clients of the pooler may come between. */
const LOOKS = 3
const BACKEND = 'select pg_backend_pid() as pid'

/**
 * Throws ServiceError DATABASE_POOLED when the server lends the backend of the connection to others between two
 * statements, as a pooler in transaction mode does. Where the backend is the one that the server announced for the
 * connection, nothing stands between, and one statement is enough. A pooler announces processes of its own: then another
 * connection takes a transaction, and gets the first one's backend, or makes the first one change its own.
 */
export async function requireOwnSession({ connection, pool, log }: OwnSessionOptions): Promise<void> {
  if ((await backendOf(connection)) === (await connection.announcedProcess())) return
  for (let look = 1; look <= LOOKS; look++) {
    if (await isLent({ connection, pool, log })) throw new ServiceError('DATABASE_POOLED', POOLED)
  }
}

async function isLent({ connection, pool, log }: OwnSessionOptions): Promise<boolean> {
  const first = await backendOf(connection)
  const other = new OwnConnection({ pool, log, owner: 'session check', setUp: 'begin' })
  try {
    return (await backendOf(other)) === first || (await backendOf(connection)) !== first
  } finally {
    await other.close()
  }
}

/** Whether a refused connection was refused by a pooler: it does not take the limits that each connection begins with. */
export function isFromPooler(reason: string): boolean {
  return reason.includes('unsupported startup parameter')
}

async function backendOf(connection: OwnConnection): Promise<number> {
  const { rows } = await connection.query<{ pid: number }>({ text: BACKEND })
  return rows[0]!.pid
}
