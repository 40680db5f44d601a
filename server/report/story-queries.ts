import type { Alert } from '../../core/alert/alert.js'
import type { Decision } from '../../core/decision.js'
import { runIdOf } from '../../core/ids.js'
import type { Instant } from '../../core/time.js'
import type { InboxState } from '../db/column-values.js'
import { decodeEvent } from '../journal/codec/event-codec.js'
import { decodeInput } from '../journal/codec/input-codec.js'
import type { Queryable } from '../journal/read-log.js'
import type { StoryAlert, StoryInput, StoryMoment, StoryOrder, StoryPosition } from './story.js'

/** Where in the logs a story begins, and what it is about. */
export interface Anchor {
  readonly portfolio: string
  readonly currency: string
  /** The input it begins with; null when nothing was decided yet. */
  readonly seq: number | null
  readonly decisionIds: readonly string[]
  readonly positionIds: readonly string[]
}

/** Returns an alert of the inbox, or null. */
export async function readAlert(
  db: Queryable,
  id: string,
): Promise<Omit<StoryAlert, 'conflictingIds'> | null> {
  const { rows } = await db.query<{
    source: string
    received_at: Date
    state: InboxState
    conflict: boolean
    alert: Alert
    raw: Buffer
  }>(
    `select source, received_at, state, conflict, alert, raw from inbox
     where alert_id = $1 order by conflict limit 1`,
    [id],
  )
  const row = rows[0]
  if (row === undefined) return null
  const { source, state, conflict, alert } = row
  const body = row.raw.toString('utf8')
  return { id, source, receivedAt: row.received_at.getTime(), state, conflict, alert, body }
}

/** Returns the ids of the other alerts about the same thing as alert `id`. */
export async function readConflicts(db: Queryable, id: string): Promise<readonly string[]> {
  const { rows } = await db.query<{ alert_id: string }>(
    `select distinct other.alert_id from inbox own
       join inbox other on other.source = own.source and other.dedupe_key = own.dedupe_key
     where own.alert_id = $1 and other.alert_id <> own.alert_id order by other.alert_id`,
    [id],
  )
  return rows.map((row) => row.alert_id)
}

/** Returns the input that a story begins with, or null when nothing was decided yet. */
export async function readInput(db: Queryable, { portfolio, seq }: Anchor): Promise<StoryInput | null> {
  if (seq === null) return null
  const { rows } = await db.query<{
    id: string
    type: string
    version: number
    data: unknown
    recorded_at: Date
  }>(
    `select id, type, schema_version as version, data, recorded_at from inputs
     where portfolio = $1 and seq = $2`,
    [portfolio, seq],
  )
  const row = rows[0]
  if (row === undefined) return null
  return { seq, input: decodeInput({ portfolio, seq }, row), recordedAt: row.recorded_at.getTime() }
}

/** Returns decisions with all their arithmetic, in the order in which they were made. */
export async function readDecisions(
  db: Queryable,
  portfolio: string,
  ids: readonly string[],
): Promise<readonly Decision[]> {
  const { rows } = await db.query<{ seq: number; type: string; version: number; data: unknown }>(
    `select e.seq, e.type, e.schema_version as version, e.data from decisions d
       join events e on e.portfolio = d.portfolio and e.seq = d.seq and e.idx = d.idx
     where d.portfolio = $1 and d.id = any($2) order by d.seq, d.idx`,
    [portfolio, ids],
  )
  return rows.flatMap((row) => {
    const event = decodeEvent({ portfolio, seq: row.seq }, row)
    return event.type === 'DecisionMade' ? [event.decision] : []
  })
}

/** Returns the ids of the decisions that answered what these decisions had asked a person. */
export async function readAnswers(
  db: Queryable,
  portfolio: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await db.query<{ answer: string }>(
    `select data ->> 'answerId' as answer from events
     where portfolio = $1 and type = 'ApprovalClosed' and data ->> 'decisionId' = any($2)
       and data ->> 'answerId' is not null`,
    [portfolio, ids],
  )
  return rows.map(({ answer }) => answer)
}

/** Returns the orders that the anchor's decisions asked for and those of its positions, from its input on. */
export async function readOrders(db: Queryable, anchor: Anchor): Promise<readonly StoryOrder[]> {
  const { rows } = await db.query<{
    id: string
    decision_id: string
    position_id: string
    venue_order_id: string | null
    instrument: string
    side: string
    purpose: string
    lots: string
    filled_lots: string
    average_price: number | null
    reference_price: number
    state: string
    reason: string | null
    created_at: Date
    leg: string | null
  }>(
    `select id, decision_id, position_id, venue_order_id, instrument, side, purpose, lots, filled_lots,
       (filled_value / nullif(filled_lots, 0))::float8 as average_price, reference_price, state, reason, created_at,
       case when leg_of is not null then concat(case when is_rollback then 'rollback of the ' end, leg, ' ', strike) end as leg
     from orders
     where portfolio = $1 and seq >= $2 and (decision_id = any($3) or position_id = any($4)
       or position_id in (select position_id from orders where portfolio = $1 and decision_id = any($3)))
     order by seq, idx`,
    [anchor.portfolio, anchor.seq ?? 0, anchor.decisionIds, anchor.positionIds],
  )
  return rows.map((row) => ({
    id: row.id,
    decisionId: row.decision_id,
    positionId: row.position_id,
    venueOrderId: row.venue_order_id,
    instrument: row.instrument,
    side: row.side,
    purpose: row.purpose,
    lots: row.lots,
    filledLots: row.filled_lots,
    averagePrice: row.average_price,
    referencePrice: row.reference_price,
    state: row.state,
    reason: row.reason,
    createdAt: row.created_at.getTime(),
    leg: row.leg,
  }))
}

/** Returns positions as they are now. */
export async function readPositions(
  db: Queryable,
  portfolio: string,
  ids: readonly string[],
): Promise<readonly StoryPosition[]> {
  const { rows } = await db.query<{
    id: string
    instrument: string
    unit: number
    label: string | null
    state: string
    lots: string
    average_price: number | null
    initial_stop: number
    stop: number
    highest_close: number
    realized_pnl: string
    fees: string
    exit_reason: string | null
    opened_at: Date
    closed_at: Date | null
  }>(
    `select id, instrument, unit, label, state, lots,
       (bought_value / nullif(bought_lots, 0))::float8 as average_price,
       initial_stop, stop, highest_close, realized_pnl, fees, exit_reason, opened_at, closed_at
     from positions where portfolio = $1 and id = any($2) order by seq, idx`,
    [portfolio, ids],
  )
  return rows.map((row) => ({
    id: row.id,
    instrument: row.instrument,
    unit: row.unit,
    label: row.label,
    state: row.state,
    lots: row.lots,
    averagePrice: row.average_price,
    initialStop: row.initial_stop,
    stop: row.stop,
    highestClose: row.highest_close,
    realizedPnl: row.realized_pnl,
    fees: row.fees,
    exitReason: row.exit_reason,
    openedAt: row.opened_at.getTime(),
    closedAt: row.closed_at?.getTime() ?? null,
  }))
}

/** What a timeline is about, besides the anchor's positions. */
export interface TimelineSubject {
  readonly orderIds: readonly string[]
  /** What the story is asked for by: alarms name it. */
  readonly id: string
  /** True takes in everything that the anchor's input caused. */
  readonly isWhole: boolean
}

/** Returns what happened to the orders and positions from the anchor's input on, alarms about them included. */
export async function readTimeline(
  db: Queryable,
  { portfolio, seq, decisionIds, positionIds }: Anchor,
  { orderIds, id, isWhole }: TimelineSubject,
): Promise<readonly StoryMoment[]> {
  if (seq === null) return []
  const runIds = decisionIds.map(runIdOf)
  const { rows } = await db.query<{
    seq: number
    type: string
    version: number
    data: unknown
    input_id: string
    at: number
  }>(
    `select e.seq, e.type, e.schema_version as version, e.data, i.id as input_id,
       (i.data ->> 'at')::float8 as at
     from events e join inputs i on i.portfolio = e.portfolio and i.seq = e.seq
     where e.portfolio = $1 and e.seq >= $2 and e.type not in ('DecisionMade', 'ConfigurationApplied')
       and (e.data ->> 'orderId' = any($3) or e.data ->> 'positionId' = any($4)
         or e.data ->> 'subject' = any($5) or ($6 and e.seq = $2)
         or (e.type = 'ApprovalRequested' and e.data -> 'request' ->> 'decisionId' = any($7))
         or (e.type = 'ApprovalClosed' and (e.data ->> 'decisionId' = any($7) or e.data ->> 'answerId' = any($7)))
         or (e.type = 'AllocationRunStarted' and e.data -> 'run' ->> 'decisionId' = any($7))
         or (e.type = 'AllocationAdvanced' and e.data ->> 'runId' = any($8))
         or (e.type = 'AllocationRunEnded' and e.data -> 'ended' ->> 'decisionId' = any($7)))
     order by e.seq, e.idx`,
    [portfolio, seq, orderIds, positionIds, [id, ...orderIds, ...positionIds], isWhole, decisionIds, runIds],
  )
  return rows.map((row): StoryMoment => {
    const event = decodeEvent({ portfolio, seq: row.seq }, row)
    return { seq: row.seq, at: momentOf(event, row.at), inputId: row.input_id, event }
  })
}

/** A fill happened when the venue says so; everything else when its input was taken up. */
function momentOf(event: StoryMoment['event'], inputAt: Instant): Instant {
  return event.type === 'OrderFilled' ? event.at : inputAt
}
