import type { Pool } from 'pg'
import type { AlertOutcomeKind } from '../db/column-values.js'
import type { DecisionAnswer } from '../http/webhook-port.js'

interface DecidedRow {
  readonly outcome: AlertOutcomeKind | null
  readonly decision_id: string | null
  readonly reasons: readonly string[] | null
  readonly lots: string | null
  readonly order_ids: readonly string[]
  readonly filled: boolean
}

/**
 * Returns what became of an alert by now: executed when an order of its decision has a fill. Null while it waits. An
 * alert that was put aside counts as blocked.
 */
export async function readAlertDecision(pool: Pool, alertId: string): Promise<DecisionAnswer | null> {
  const { rows } = await pool.query<DecidedRow>({
    name: 'read-alert-decision',
    text: `select i.outcome, i.decision_id, i.reasons, i.lots,
        coalesce(array_agg(o.id order by o.seq, o.idx) filter (where o.id is not null), '{}') as order_ids,
        coalesce(bool_or(o.filled_lots > 0), false) as filled
      from inbox i
      left join orders o on o.portfolio = i.portfolio and o.seq = i.seq
      where i.alert_id = $1 and i.state <> 'waiting'
      group by i.id`,
    values: [alertId],
  })
  const row = rows[0]
  if (row === undefined) return null
  const outcome = row.filled ? 'executed' : (row.outcome ?? 'blocked')
  return {
    id: row.decision_id,
    outcome,
    reasons: row.reasons ?? (row.outcome === null ? ['INPUT_FAILED'] : []),
    lots: row.lots ?? '0',
    orderIds: row.order_ids,
  }
}
