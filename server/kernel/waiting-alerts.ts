import type { Pool } from 'pg'
import type { Alert } from '../../core/alert/alert.js'
import type { Quote } from '../../core/input.js'
import type { AlertOutcome } from '../journal/alert-outcome.js'
import type { Work } from './work.js'

/** Returns the broker's own price of an instrument; null when there is none; pending while it is asked. */
export type QuoteOf = (instrument: string) => Quote | null | 'pending'

/** Which waiting alerts are asked for. */
export interface WaitingQuery {
  readonly portfolio: string
  readonly limit: number
  /** Rows of the inbox that are being recorded already. */
  readonly excluded: readonly number[]
}

interface WaitingRow {
  readonly id: number
  readonly alert_id: string
  readonly conflict: boolean
  readonly alert: Alert
  readonly received_at: Date
}

/**
 * Returns alerts that are not decided yet, oldest first: by their state and never by a cursor, since rows become
 * visible in another order than their ids are drawn. An entry whose price is being asked waits for it, and so does what
 * comes after it for the same instrument.
 */
export async function readWaitingAlerts(pool: Pool, query: WaitingQuery, quoteOf: QuoteOf): Promise<Work[]> {
  const { rows } = await pool.query<WaitingRow>({
    name: 'read-waiting-alerts',
    text: `select id, alert_id, conflict, alert, received_at from inbox
      where portfolio = $1 and state = 'waiting' and id <> all ($2::bigint[])
      order by id limit $3::int`,
    values: [query.portfolio, query.excluded, query.limit],
  })
  const works: Work[] = []
  const waiting = new Set<string>()
  for (const row of rows) {
    const { instrument } = row.alert
    const quote = waiting.has(instrument) ? 'pending' : isEntry(row.alert) ? quoteOf(instrument) : null
    if (quote === 'pending') waiting.add(instrument)
    else works.push({ inboxId: row.id, input: admit(row, quote) })
  }
  return works
}

function isEntry({ type }: Alert): boolean {
  return type === 'BASE_ENTRY' || type === 'PYRAMID'
}

function admit(row: WaitingRow, quote: Quote | null): Work['input'] {
  const { alert_id: id, conflict, alert, received_at: receivedAt } = row
  return { type: 'AlertAdmitted', id, alert, conflict, quote, receivedAt: receivedAt.getTime() }
}

/** Marks an alert that is still waiting although its input is recorded: only a row that was tampered with is. */
export async function settleRow(pool: Pool, work: Work, alert: AlertOutcome | null): Promise<void> {
  if (work.inboxId === null || alert === null) return
  await pool.query(
    `update inbox set state = $2, seq = $3, outcome = $4, decision_id = $5, reasons = $6, lots = $7,
       decided_at = clock_timestamp() where id = $1 and state = 'waiting'`,
    [
      work.inboxId,
      alert.state,
      alert.seq,
      alert.outcome,
      alert.decisionId,
      JSON.stringify(alert.reasons),
      alert.lots,
    ],
  )
}

/** Takes an alert out of what waits without a record in the log. */
export async function quarantineRow(pool: Pool, work: Work): Promise<void> {
  if (work.inboxId === null) return
  await pool.query(
    `update inbox set state = 'quarantined', decided_at = clock_timestamp() where id = $1 and state = 'waiting'`,
    [work.inboxId],
  )
}
