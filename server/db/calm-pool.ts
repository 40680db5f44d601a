import pg from 'pg'

/** A client whose lost connection is no unhandled error, even when nobody listens to it, or nobody does any more. */
class CalmClient extends pg.Client {
  override emit(event: string | symbol, ...details: unknown[]): boolean {
    if (event === 'error' && this.listenerCount('error') === 0) return false
    return super.emit(event, ...details)
  }
}

/**
 * Returns a pool to hand to a library: what becomes of its connections never ends the process, whatever the library does
 * with the listeners of its clients.
 */
export function openCalmPool(config: Omit<pg.PoolConfig, 'Client'>): pg.Pool {
  const pool = new pg.Pool({ ...config, Client: CalmClient })
  pool.on('error', () => undefined)
  return pool
}
