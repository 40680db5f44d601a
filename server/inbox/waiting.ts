import type { Pool } from 'pg'
import type { Alert } from '../../core/alert/alert.js'
import type { Instant } from '../../core/time.js'
import { selectWaiting } from './inbox-statements.js'

/** An alert of the inbox that nobody has decided yet. */
export interface WaitingAlert {
  readonly inboxId: number
  readonly alertId: string
  readonly alert: Alert
  /** An exit that contradicts an earlier one with its key. */
  readonly conflict: boolean
  readonly receivedAt: Instant
}

/** Returns at most `limit` alerts of a portfolio that wait to be decided, the oldest first. */
export async function readWaiting(
  pool: Pool,
  portfolio: string,
  limit: number,
): Promise<readonly WaitingAlert[]> {
  const { rows } = await pool.query({ ...selectWaiting, values: [portfolio, limit] })
  return rows.map((row) => ({
    inboxId: row.id,
    alertId: row.alert_id,
    alert: row.alert,
    conflict: row.conflict,
    receivedAt: row.received_at.getTime(),
  }))
}
