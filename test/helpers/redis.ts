import { Redis } from 'ioredis'
import { redisDatabases } from './redis-service.js'
import { redisAddress } from './services.js'
import type { Teardown } from './temporary-directory.js'

/** An empty Redis database of one test. */
export interface TestRedis {
  /** Address with the number of the database. */
  readonly url: string
}

/** A database of the run's Redis server that no other test uses; emptied when the test ends. */
export async function testRedis(t: Teardown): Promise<TestRedis> {
  const address = await redisAddress()
  const counter = new Redis(address)
  const taken = await counter.incr('test:databases-taken')
  counter.disconnect()
  const url = `${address}/${1 + (taken % (redisDatabases - 1))}`
  t.teardown(async () => {
    const client = new Redis(url)
    await client.flushdb()
    client.disconnect()
  })
  return { url }
}
