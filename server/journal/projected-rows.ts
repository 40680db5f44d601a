import type { AlarmRaised, DecisionMade, LedgerPosted, OrderFilled } from '../../core/event.js'
import { clientOrderId } from '../../core/ids.js'
import { isAtWork, type Order } from '../../core/order/order.js'
import type { Book } from '../../core/portfolio/book.js'
import type { Unit } from '../../core/portfolio/unit.js'
import { type Instant, isoInstant } from '../../core/time.js'
import type { PositionState } from '../db/column-values.js'
import type {
  alarmColumns,
  decisionColumns,
  fillColumns,
  ledgerColumns,
  marketViewColumns,
  orderColumns,
  positionColumns,
  Row,
} from './projection-columns.js'

/*
 * What each projected row holds, as a function of the state or the event that it projects. Writing and verifying both
 * come here, so a row can only differ from the fold when it was not written by it.
 */

/** Where an event stands in its portfolio's log. */
export interface EventPlace {
  readonly seq: number
  readonly idx: number
}

const timeOrNull = (at: Instant | null): string | null => (at === null ? null : isoInstant(at))

/** Returns the row of a decision. `alertId` is null when no alert caused it. */
export function decisionRow(
  place: EventPlace,
  { decision }: DecisionMade,
  alertId: string | null,
): Row<typeof decisionColumns> {
  return {
    id: decision.id,
    ...place,
    input_id: decision.inputId,
    alert_id: alertId,
    at: isoInstant(decision.at),
    kind: decision.kind,
    instrument: decision.instrument,
    outcome: decision.outcome,
    reasons: decision.reasons,
    bound_by: decision.boundBy,
    lots: decision.lots,
  }
}

/** Returns the row of an order that the event at `place` made. */
export function orderRow(portfolio: string, place: EventPlace, order: Order): Row<typeof orderColumns> {
  return {
    id: order.id,
    ...place,
    client_order_id: clientOrderId(portfolio, order.id),
    venue_order_id: order.venueOrderId,
    instrument: order.instrument,
    side: order.side,
    type: order.type,
    purpose: order.purpose,
    lots: order.lots,
    limit_price: order.limitPrice,
    reference_price: order.referencePrice,
    filled_lots: order.filledLots,
    filled_value: order.filledValue,
    state: order.state,
    reason: order.reason,
    attempt: order.attempt,
    cancel_requested: order.cancelRequested,
    decision_id: order.decisionId,
    position_id: order.positionId,
    created_at: isoInstant(order.createdAt),
    closed_at: timeOrNull(order.closedAt),
    leg_of: order.leg?.of ?? null,
    leg: order.leg?.kind ?? null,
    strike: order.leg?.strike ?? null,
    expiry: order.leg?.expiry ?? null,
    is_rollback: order.leg?.isRollback ?? false,
    has_legs: order.hasLegs,
  }
}

/**
 * Returns the row of a unit that the event at `place` opened; `entry` is the order that buys it, undefined once that
 * ended so long ago that it is forgotten.
 */
export function positionRow(
  place: EventPlace,
  unit: Unit,
  entry: Order | undefined,
): Row<typeof positionColumns> {
  return {
    id: unit.id,
    ...place,
    instrument: unit.instrument,
    unit: unit.number,
    label: unit.label,
    state: positionState(unit, entry),
    lots: unit.lots,
    cost: unit.cost,
    bought_lots: unit.boughtLots,
    bought_value: unit.boughtValue,
    sold_lots: unit.soldLots,
    sold_value: unit.soldValue,
    realized_pnl: unit.realizedPnl,
    fees: unit.fees,
    initial_stop: unit.initialStop,
    stop: unit.stop,
    highest_close: unit.highestClose,
    stop_distance: unit.stopDistance,
    entry_atr: unit.entryAtr,
    point_value: unit.pointValue,
    entry_order_id: unit.entryOrderId,
    exit_orders: unit.exitOrders,
    exit_not_before: isoInstant(unit.exitNotBefore),
    exit_decision_id: unit.exit?.decisionId ?? null,
    exit_reason: unit.exit?.reason ?? null,
    opened_at: isoInstant(unit.openedAt),
    closed_at: timeOrNull(unit.closedAt),
    strike: unit.contract?.strike ?? null,
    expiry: unit.contract?.expiry ?? null,
  }
}

/** Returns where a unit is between opening and closed. */
export function positionState(unit: Unit, entry: Order | undefined): PositionState {
  if (unit.closedAt !== null) return 'closed'
  if (unit.exit !== null) return 'closing'
  return entry !== undefined && isAtWork(entry.state) ? 'opening' : 'open'
}

/** Returns the row of a trade. */
export function fillRow(place: EventPlace, fill: OrderFilled): Row<typeof fillColumns> {
  return {
    order_id: fill.orderId,
    trade_id: fill.tradeId,
    ...place,
    lots: fill.lots,
    price: fill.price,
    fee: fill.fee,
    at: isoInstant(fill.at),
  }
}

/** Returns the row of a posting. */
export function ledgerRow(place: EventPlace, posting: LedgerPosted): Row<typeof ledgerColumns> {
  return {
    ...place,
    kind: posting.kind,
    amount: posting.amount,
    at: isoInstant(posting.at),
    order_id: posting.orderId,
    position_id: posting.positionId,
    note: posting.note,
  }
}

/** Returns the row of an alarm of the core. */
export function alarmRow(place: EventPlace, alarm: AlarmRaised): Row<typeof alarmColumns> {
  return {
    ...place,
    code: alarm.code,
    severity: alarm.severity,
    instrument: alarm.instrument,
    subject: alarm.subject,
    message: alarm.message,
    at: isoInstant(alarm.at),
  }
}

/** Returns the row of an instrument's market view. */
export function marketViewRow(book: Book): Row<typeof marketViewColumns> {
  return { instrument: book.instrument, data: book.market }
}
