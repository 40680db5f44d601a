import { Redis } from 'ioredis'

/** What matters to us about a Redis server. */
export interface RedisFacts {
  readonly version: string
  /** The rule by which it drops keys when memory is full; a queue needs noeviction. Null when it does not say. */
  readonly evictionPolicy: string | null
  /** Whether it is a replica, which cannot be written to. */
  readonly isReplica: boolean
}

/** Asks a Redis server about itself, once. Rejects when it does not answer within three seconds. */
export async function probeRedis(url: string): Promise<RedisFacts> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: 3_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let failure: Error | null = null
  client.on('error', (error: Error) => {
    failure = error
  })
  try {
    await client.connect()
    const info = await client.info()
    const field = (name: string): string | null =>
      new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null
    return {
      version: field('redis_version') ?? 'unknown',
      evictionPolicy: field('maxmemory_policy'),
      isReplica: field('role') === 'slave',
    }
  } catch (error) {
    // The connection's own error names the cause; the command's only says that the connection is closed.
    throw failure ?? error
  } finally {
    client.disconnect()
  }
}
