import type { Pool } from 'pg'
import { OwnConnection } from '../db/own-connection.js'
import { PERSIST_SETTINGS, planPersist } from '../journal/persist.js'
import type { Log } from '../observe/log.js'

/** Returns a connection to record batches on; it connects with the first of them. */
export function openWriter(pool: Pool, log: Log): OwnConnection {
  return new OwnConnection({ pool, log, owner: 'sequencer', setUp: PERSIST_SETTINGS })
}

/** Returns a connection to record batches on that gets ready at once: whoever waits for a lease has time for it. */
export function prepareWriter(pool: Pool, log: Log): OwnConnection {
  const writer = openWriter(pool, log)
  // A failure is met by the first batch
  planPersist(writer).catch(() => undefined)
  return writer
}
