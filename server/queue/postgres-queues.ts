import { createPostgresBackend, type Queue, type Worker, withBackend } from 'bullmq'
import { LISTENING, queueName, readyListener, readyRinger } from './bull-ends.js'
import type { RingQueues } from './ring-queue.js'

/** Returns queues of rings in the schema bullmq of a PostgreSQL database, which is made when it is not there. */
export function postgresQueues(connectionString: string): RingQueues {
  const bull = withBackend(createPostgresBackend)
  const connection = {
    connectionString,
    migrate: true,
    max: 1,
    application_name: 'general-queue',
    connectionTimeoutMillis: 2_000,
    statement_timeout: 5_000,
    query_timeout: 6_000,
  }
  return {
    openRinger: (owner) => {
      const queue = new bull.Queue(queueName(owner.portfolio), { connection })
      return readyRinger(queue as unknown as Queue, owner)
    },
    openListener: (owner, heard) => {
      const hear = async () => heard()
      const worker = new bull.Worker(queueName(owner.portfolio), hear, { ...LISTENING, connection })
      return readyListener(worker as unknown as Worker, owner)
    },
  }
}
