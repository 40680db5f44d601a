import { type Kysely, type Selectable, sql } from 'kysely'
import type { Decision } from '../../../core/decision.js'
import { isoInstant } from '../../../core/time.js'
import type { AlertOutcomeKind } from '../../db/column-values.js'
import type { DecisionsTable, Tables } from '../../db/tables.js'
import { decodeEvent } from '../codec/event-codec.js'
import { digits } from './orders.js'
import { afterPlace, type Page, type PageQuery, pageOfRows, placeOf } from './page.js'

/** What became of a decision by now: executed once an order of it has a fill. */
export type ShownOutcome = AlertOutcomeKind | 'executed'

/** A decision in a list. */
export interface ShownDecision {
  readonly id: string
  readonly alertId: string | null
  readonly at: string
  readonly kind: string
  readonly instrument: string | null
  readonly outcome: ShownOutcome
  readonly reasons: readonly string[]
  readonly boundBy: string | null
  readonly lots: string
  /** What its orders have traded so far, all steps of a chase together. */
  readonly filledLots: string
}

/** A decision with its arithmetic, in doubles. */
export interface ShownDecisionDetail extends ShownDecision {
  readonly portfolio: string
  readonly inputId: string
  readonly price: number | null
  readonly stop: number | null
  /** Of a cell: what its evaluation saw. */
  readonly sizing: ({ readonly kind: string } & Readonly<Record<string, unknown>>) | null
  readonly gates: Decision['gates']
  readonly notes: readonly string[]
  readonly positionIds: readonly string[]
  readonly versions: Decision['versions']
}

/** Returns a page of a portfolio's decisions, newest first. */
export async function readDecisions(
  db: Kysely<Tables>,
  portfolio: string,
  page: PageQuery,
): Promise<Page<ShownDecision>> {
  const rows = await db
    .selectFrom('decisions')
    .selectAll()
    .where('portfolio', '=', portfolio)
    .where(afterPlace('decisions', page.cursor))
    .orderBy('seq', 'desc')
    .orderBy('idx', 'desc')
    .limit(page.limit + 1)
    .execute()
  const filled = await findFilled(db, portfolio, rows)
  return pageOfRows(rows, page.limit, { item: (row) => showDecision(row, filled), cursor: placeOf })
}

/** Returns a decision by its id, or null. */
export async function readDecision(db: Kysely<Tables>, id: string): Promise<ShownDecisionDetail | null> {
  const row = await db.selectFrom('decisions').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return null
  const [detail] = await readDetails(db, row.portfolio, [row])
  return detail ?? null
}

/** Returns the decisions that an input led to, in order; null when no such input is recorded. */
export async function readDecisionsOfInput(
  db: Kysely<Tables>,
  portfolio: string,
  inputId: string,
): Promise<readonly ShownDecisionDetail[] | null> {
  const input = await db
    .selectFrom('inputs')
    .select('seq')
    .where('portfolio', '=', portfolio)
    .where('id', '=', inputId)
    .executeTakeFirst()
  if (input === undefined) return null
  const rows = await db
    .selectFrom('decisions')
    .selectAll()
    .where('portfolio', '=', portfolio)
    .where('seq', '=', input.seq)
    .orderBy('idx')
    .execute()
  return readDetails(db, portfolio, rows)
}

/** Returns a decision for people outside, its quantities as digits and its instants as text. */
export function showDetail(decision: Decision, shown: ShownOf): ShownDecisionDetail {
  return {
    id: decision.id,
    portfolio: shown.portfolio,
    alertId: shown.alertId,
    inputId: decision.inputId,
    at: isoInstant(decision.at),
    kind: decision.kind,
    instrument: decision.instrument,
    outcome: shown.outcome,
    reasons: decision.reasons,
    boundBy: decision.boundBy,
    lots: digits(String(decision.lots)),
    filledLots: shown.filledLots,
    price: decision.price,
    stop: decision.stop,
    sizing: shownSizing(decision),
    gates: decision.gates,
    notes: decision.notes,
    positionIds: decision.positionIds,
    versions: decision.versions,
  }
}

function shownSizing({ sizing, evaluation, rebalance }: Decision): ShownDecisionDetail['sizing'] {
  if (rebalance !== undefined) return { ...rebalance }
  if (evaluation !== undefined) return { ...evaluation }
  return sizing === null ? null : { ...sizing }
}

/** What a decision does not say itself. */
export interface ShownOf {
  readonly portfolio: string
  readonly alertId: string | null
  readonly outcome: ShownOutcome
  readonly filledLots: string
}

type DecisionRow = Selectable<DecisionsTable>

async function readDetails(
  db: Kysely<Tables>,
  portfolio: string,
  rows: readonly DecisionRow[],
): Promise<ShownDecisionDetail[]> {
  if (rows.length === 0) return []
  const filled = await findFilled(db, portfolio, rows)
  const events = await db
    .selectFrom('events')
    .select(['seq', 'idx', 'type', 'schema_version', 'data'])
    .where('portfolio', '=', portfolio)
    .where('seq', 'in', [...new Set(rows.map(({ seq }) => seq))])
    .where('type', '=', 'DecisionMade')
    .execute()
  return rows.flatMap((row) => {
    const event = events.find(({ seq, idx }) => seq === row.seq && idx === row.idx)
    if (event === undefined) return []
    const { type, schema_version: version, data } = event
    const decoded = decodeEvent({ portfolio, seq: row.seq }, { type, version, data })
    if (decoded.type !== 'DecisionMade') return []
    const { outcome, filledLots } = showDecision(row, filled)
    return [showDetail(decoded.decision, { portfolio, alertId: row.alert_id, outcome, filledLots })]
  })
}

/** An order is made with its decision or after it, so only the log from the oldest of them on is looked at. */
async function findFilled(
  db: Kysely<Tables>,
  portfolio: string,
  rows: readonly DecisionRow[],
): Promise<ReadonlyMap<string, string>> {
  const approved = rows.filter(({ outcome }) => outcome === 'approved')
  if (approved.length === 0) return new Map()
  const orders = await db
    .selectFrom('orders')
    .select(['decision_id', sql<string>`sum(filled_lots)`.as('filled_lots')])
    .where('portfolio', '=', portfolio)
    .where('seq', '>=', Math.min(...approved.map(({ seq }) => seq)))
    .where(
      'decision_id',
      'in',
      approved.map(({ id }) => id),
    )
    .where(sql<boolean>`filled_lots > 0`)
    .groupBy('decision_id')
    .execute()
  return new Map(orders.map((order) => [order.decision_id, digits(order.filled_lots)]))
}

function showDecision(row: DecisionRow, filled: ReadonlyMap<string, string>): ShownDecision {
  return {
    id: row.id,
    alertId: row.alert_id,
    at: row.at.toISOString(),
    kind: row.kind,
    instrument: row.instrument,
    outcome: filled.has(row.id) ? 'executed' : row.outcome,
    reasons: row.reasons,
    boundBy: row.bound_by,
    lots: digits(row.lots),
    filledLots: filled.get(row.id) ?? '0',
  }
}
