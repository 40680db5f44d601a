import { Queue, Worker } from 'bullmq'
import { Redis, type RedisOptions } from 'ioredis'
import { LISTENING, queueName, type Release, readyListener, readyRinger } from './bull-ends.js'
import type { EndOwner, RingQueues } from './ring-queue.js'

/** A ring that cannot be sent at once is of no use later, when the sweeper has long looked. */
const RINGING = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 1_000,
} satisfies RedisOptions

/** A listener waits for rings as long as it takes; BullMQ asks for this setting. */
const WAITING = { maxRetriesPerRequest: null } satisfies RedisOptions

/** Returns queues of rings in Redis. */
export function redisQueues(url: string): RingQueues {
  return {
    openRinger: (owner) => {
      const { connection, end } = connect(url, RINGING, owner)
      const queue = new Queue(queueName(owner.portfolio), { connection })
      return readyRinger(queue, owner, releaseOf(queue, end))
    },
    openListener: (owner, heard) => {
      const { connection, end } = connect(url, WAITING, owner)
      const hear = async () => heard()
      const worker = new Worker(queueName(owner.portfolio), hear, { ...LISTENING, connection })
      return readyListener(worker, owner, releaseOf(worker, end))
    },
  }
}

/** A worker has a second connection, which only it can end. */
function releaseOf(user: Queue | Worker, end: () => void): Release {
  return (isClosed) => {
    end()
    if (!isClosed) user.disconnect().catch(() => undefined)
  }
}

/** Connects, again and again until `end` is called; so does the second connection, which BullMQ copies from it. */
function connect(url: string, options: typeof RINGING | typeof WAITING, owner: EndOwner) {
  let isOver = false
  const retryStrategy = (times: number) => (isOver ? null : Math.min(1_000, 50 * times))
  const connection = new Redis(url, { ...options, connectTimeout: 2_000, retryStrategy })
  connection.on('error', owner.onError)
  const end = () => {
    isOver = true
    connection.disconnect()
  }
  return { connection, end }
}
