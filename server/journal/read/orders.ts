import { type Kysely, type Selectable, sql } from 'kysely'
import { decimal } from '../../../core/decimal.js'
import type { Chase, OrderPurpose, OrderType } from '../../../core/order/order.js'
import type { OrdersTable, Tables } from '../../db/tables.js'
import { afterPlace, type FilteredPageQuery, type Page, pageOfRows, placeOf } from './page.js'

/** An order of ours. Quantities and prices are decimal digits, instants ISO 8601. */
export interface ShownOrder {
  readonly id: string
  readonly clientOrderId: string
  readonly venueOrderId: string | null
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly type: OrderType
  readonly purpose: OrderPurpose
  readonly lots: string
  readonly limitPrice: string | null
  readonly filledLots: string
  /** Of its fills, to 8 digits after the point; null without any. */
  readonly averagePrice: string | null
  readonly state: string
  readonly reason: string | null
  readonly attempt: number
  /** Null outside of a chase. */
  readonly chase: Chase | null
  readonly decisionId: string
  readonly positionId: string
  readonly createdAt: string
  readonly closedAt: string | null
  /** What it is a part of; null for an order that stands for itself. */
  readonly leg: {
    readonly of: string
    readonly kind: 'call' | 'put'
    readonly strike: string
    readonly expiry: string
    readonly isRollback: boolean
  } | null
  /** Orders for its legs carry it out. */
  readonly hasLegs: boolean
}

/** States of an order that may still fill. */
export const ORDERS_AT_WORK = [
  'initialized',
  'submitted',
  'unresolved',
  'accepted',
  'partiallyFilled',
] as const

/** Returns a page of a portfolio's orders, newest first; open ones are those that may still fill. */
export async function readOrders(
  db: Kysely<Tables>,
  portfolio: string,
  page: FilteredPageQuery,
): Promise<Page<ShownOrder>> {
  let query = db
    .selectFrom('orders')
    .selectAll()
    .select(sql<Chase | null>`(${chaseOfEvent})`.as('chase'))
    .where('portfolio', '=', portfolio)
    .where(afterPlace('orders', page.cursor))
  if (page.status === 'open') query = query.where('state', 'in', ORDERS_AT_WORK)
  if (page.status === 'closed') query = query.where('state', 'not in', ORDERS_AT_WORK)
  const ordered = query.orderBy('seq', 'desc').orderBy('idx', 'desc')
  const rows = await ordered.limit(page.limit + 1).execute()
  return pageOfRows(rows, page.limit, { item: showOrder, cursor: placeOf })
}

/** The order's row stands where the event does that made it. */
const chaseOfEvent = sql`select events.data->'chase' from events
  where (events.portfolio, events.seq, events.idx) = (orders.portfolio, orders.seq, orders.idx)`

function showOrder(row: Selectable<OrdersTable> & { readonly chase: Chase | null }): ShownOrder {
  return {
    id: row.id,
    clientOrderId: row.client_order_id,
    venueOrderId: row.venue_order_id,
    instrument: row.instrument,
    side: row.side,
    type: row.type,
    purpose: row.purpose,
    lots: digits(row.lots),
    limitPrice: row.limit_price === null ? null : digits(row.limit_price),
    filledLots: digits(row.filled_lots),
    averagePrice: quotient(row.filled_value, row.filled_lots),
    state: row.state,
    reason: row.reason,
    attempt: row.attempt,
    chase: row.chase,
    decisionId: row.decision_id,
    positionId: row.position_id,
    createdAt: row.created_at.toISOString(),
    closedAt: row.closed_at?.toISOString() ?? null,
    leg: showLeg(row),
    hasLegs: row.has_legs,
  }
}

function showLeg({ leg_of, leg, strike, expiry, is_rollback }: Selectable<OrdersTable>): ShownOrder['leg'] {
  if (leg_of === null || leg === null || strike === null || expiry === null) return null
  return { of: leg_of, kind: leg, strike: digits(strike), expiry, isRollback: is_rollback }
}

/** Returns the digits of an exact number as this service writes them, without trailing zeros. */
export function digits(value: string): string {
  return decimal(value).toString()
}

/** Returns value ÷ quantity to 8 digits after the point, or null when the quantity is 0. */
export function quotient(value: string, quantity: string): string | null {
  const divisor = decimal(quantity)
  return divisor.isZero() ? null : decimal(value).dividedBy(divisor, 8, 'halfEven').toString()
}
