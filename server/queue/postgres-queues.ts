import { createPostgresBackend, type Queue, runMigrations, type Worker, withBackend } from 'bullmq'
import type { Pool } from 'pg'
import { openCalmPool } from '../db/calm-pool.js'
import { inTime, LISTENING, queueName, type Release, readyListener, readyRinger } from './bull-ends.js'
import type { EndOwner, RingQueues } from './ring-queue.js'

const SCHEMA = 'bullmq'

/** What BullMQ takes for a pool; those of pg are, although their types do not say so. */
type BullPool = Parameters<typeof createPostgresBackend>[1]['connection']

/**
 * Returns queues of rings in the schema bullmq of a PostgreSQL database, which is made when it is not there. Their
 * connections are of a pool of ours: BullMQ leaves its own clients without a listener now and then, and a connection
 * that is lost just then would end the process.
 */
export function postgresQueues(connectionString: string): RingQueues {
  const bull = withBackend(createPostgresBackend)
  return {
    openRinger: (owner) =>
      openOn({ connectionString, max: 1 }, owner, (connection, release) => {
        const queue = new bull.Queue(queueName(owner.portfolio), { connection })
        return readyRinger(queue as unknown as Queue, owner, release)
      }),
    openListener: (owner, heard) =>
      openOn({ connectionString, max: 2 }, owner, (connection, release) => {
        const hear = async () => heard()
        const worker = new bull.Worker(queueName(owner.portfolio), hear, { ...LISTENING, connection })
        return readyListener(worker as unknown as Worker, owner, release)
      }),
  }
}

interface PoolSize {
  readonly connectionString: string
  /** Connections: one for what is asked, another to listen on. */
  readonly max: number
}

/** Opens an end on a pool of its own, whose schema is there; `release` ends the pool. */
async function openOn<End>(
  { connectionString, max }: PoolSize,
  owner: EndOwner,
  open: (pool: BullPool, release: Release) => Promise<End>,
): Promise<End> {
  const pool = openCalmPool({
    ...{ connectionString, max, application_name: 'general-queue', keepAlive: true },
    options: `-c search_path=${SCHEMA}`,
    connectionTimeoutMillis: 2_000,
    statement_timeout: 5_000,
    query_timeout: 6_000,
  })
  // Never BullMQ's own disconnect: what it asks after that is never answered, so that a worker at work would never end
  const release = () => {
    pool.end().catch(() => undefined)
  }
  try {
    await inTime(owner.signal, migrate(pool))
  } catch (error) {
    release()
    throw error
  }
  return open(pool as unknown as BullPool, release)
}

async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await runMigrations(client, SCHEMA)
  } finally {
    client.release()
  }
}
