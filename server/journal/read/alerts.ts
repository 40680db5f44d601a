import { type Kysely, sql } from 'kysely'
import type { AlertOutcomeKind, InboxState } from '../../db/column-values.js'
import type { Tables } from '../../db/tables.js'
import { digits } from './orders.js'
import { afterId, type Page, type PageQuery, pageOfRows } from './page.js'

/** An alert as the inbox keeps it. */
export interface ShownAlert {
  readonly id: string
  readonly source: string
  readonly receivedAt: string
  readonly type: string
  readonly instrument: string
  readonly conflict: boolean
  readonly state: InboxState
  readonly outcome: AlertOutcomeKind | null
  readonly decisionId: string | null
  readonly reasons: readonly string[]
  readonly lots: string | null
  readonly decidedAt: string | null
}

/** An alert with what it said, word for word. */
export interface ShownAlertDetail extends ShownAlert {
  readonly portfolio: string
  readonly body: string
  readonly alert: unknown
}

/** Returns a page of the alerts that a portfolio was sent, newest first. */
export async function readAlerts(
  db: Kysely<Tables>,
  portfolio: string,
  page: PageQuery,
): Promise<Page<ShownAlert>> {
  const before = afterId(page.cursor)
  const rows = await selectAlerts(db)
    .where('portfolio', '=', portfolio)
    .$if(before !== null, (query) => query.where('id', '<', before))
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOfRows(rows, page.limit, { item: showAlert, cursor: ({ id }) => [id] })
}

/** Returns an alert by its id, or null. */
export async function readAlert(db: Kysely<Tables>, alertId: string): Promise<ShownAlertDetail | null> {
  const row = await selectAlerts(db)
    .select(['portfolio', 'raw', 'alert'])
    .where('alert_id', '=', alertId)
    .orderBy('id')
    .executeTakeFirst()
  if (row === undefined) return null
  const { portfolio, raw, alert } = row
  return { ...showAlert(row), portfolio, body: raw.toString('utf8'), alert }
}

function selectAlerts(db: Kysely<Tables>) {
  return db
    .selectFrom('inbox')
    .select([
      ...(['id', 'alert_id', 'source', 'received_at', 'conflict', 'state', 'outcome'] as const),
      ...(['decision_id', 'reasons', 'lots', 'decided_at'] as const),
      sql<string>`alert ->> 'type'`.as('type'),
      sql<string>`alert ->> 'instrument'`.as('instrument'),
    ])
}

interface AlertRow {
  readonly alert_id: string
  readonly source: string
  readonly received_at: Date
  readonly type: string
  readonly instrument: string
  readonly conflict: boolean
  readonly state: InboxState
  readonly outcome: AlertOutcomeKind | null
  readonly decision_id: string | null
  readonly reasons: readonly string[] | null
  readonly lots: string | null
  readonly decided_at: Date | null
}

function showAlert(row: AlertRow): ShownAlert {
  return {
    id: row.alert_id,
    source: row.source,
    receivedAt: row.received_at.toISOString(),
    type: row.type,
    instrument: row.instrument,
    conflict: row.conflict,
    state: row.state,
    outcome: row.outcome,
    decisionId: row.decision_id,
    reasons: row.reasons ?? [],
    lots: row.lots === null ? null : digits(row.lots),
    decidedAt: row.decided_at?.toISOString() ?? null,
  }
}
