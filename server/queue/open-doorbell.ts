import type { Log } from '../observe/log.js'
import type { Doorbell } from './doorbell.js'
import { QueueDoorbell } from './queue-doorbell.js'
import type { RingQueues } from './ring-queue.js'

/** Where the rings between instances go. */
export interface DoorbellOptions {
  /** Redis where there is one; null: the schema bullmq of the database. */
  readonly redisUrl: string | null
  readonly databaseUrl: string
  readonly log: Log
}

/** Returns a doorbell that connects, and loads BullMQ, when it is first needed. */
export function openDoorbell({ redisUrl, databaseUrl, log }: DoorbellOptions): Doorbell {
  let loading: Promise<RingQueues> | null = null
  const load = (): Promise<RingQueues> => {
    loading ??= redisUrl === null ? loadPostgres(databaseUrl) : loadRedis(redisUrl)
    return loading
  }
  return new QueueDoorbell({ load, log })
}

async function loadPostgres(databaseUrl: string): Promise<RingQueues> {
  const { postgresQueues } = await import('./postgres-queues.js')
  return postgresQueues(databaseUrl)
}

async function loadRedis(redisUrl: string): Promise<RingQueues> {
  const { redisQueues } = await import('./redis-queues.js')
  return redisQueues(redisUrl)
}
