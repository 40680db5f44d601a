import { type Decimal, ZERO } from '../../../core/decimal.js'
import type { OrderType } from '../../../core/order/order.js'
import type { Instant } from '../../../core/time.js'
import type { VenueOrder, VenueOrderStatus } from '../broker.js'

/** A trade of a paper order. It happens at `at`, and the venue tells of it from `shownAt` on. */
export interface PaperTrade {
  readonly tradeId: string
  readonly lots: Decimal
  readonly price: Decimal
  readonly fee: Decimal
  readonly at: Instant
  readonly shownAt: Instant
}

/**
 * An order in the paper venue's book. All that will happen to it is written when it arrives, so that the venue needs no
 * process of its own: what has happened is what lies at or before the present instant. A cancel removes the rest.
 */
export interface PaperOrder {
  readonly clientOrderId: string
  readonly venueOrderId: string
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly type: OrderType
  readonly lots: Decimal
  readonly limitPrice: Decimal | null
  /** Null but for a stop. */
  readonly triggerPrice: Decimal | null
  readonly acceptedAt: Instant
  /** How and when the order ends other than by its trades. */
  readonly end: PaperOrderEnd | null
  readonly trades: readonly PaperTrade[]
}

/** An end that is not a fill. */
export interface PaperOrderEnd {
  readonly status: 'canceled' | 'rejected'
  readonly at: Instant
  readonly code: string
  readonly message: string
}

/** Returns the lots of `order` that have traded at `now`, shown or not. */
export function tradedLots(order: PaperOrder, now: Instant): Decimal {
  return order.trades.reduce((sum, trade) => (trade.at <= now ? sum.plus(trade.lots) : sum), ZERO)
}

/** Returns the order as the venue shows it at `now`. */
export function showOrder(order: PaperOrder, now: Instant): VenueOrder {
  const status = statusAt(order, now)
  const end = status === 'canceled' || status === 'rejected' ? order.end : null
  return {
    clientOrderId: order.clientOrderId,
    venueOrderId: order.venueOrderId,
    instrument: order.instrument,
    side: order.side,
    lots: order.lots,
    status,
    code: end?.code ?? null,
    message: end?.message ?? null,
    fills: order.trades
      .filter((trade) => trade.shownAt <= now)
      .map(({ tradeId, lots, price, fee, at }) => ({ tradeId, lots, price, fee, at })),
  }
}

/** When a trade happens whose price is not reached yet. */
export const FAR_AHEAD: Instant = Date.UTC(9999, 0, 1)

/** Returns the instants after `now` at which the venue will have something new to tell of the order. */
export function instantsOfNews(order: PaperOrder, now: Instant): Instant[] {
  const news = order.trades.map((trade) => trade.shownAt)
  if (order.end !== null) news.push(order.end.at)
  const isAhead = (instant: Instant): boolean => now < instant && instant < FAR_AHEAD
  return [...new Set(news)].filter(isAhead).sort((left, right) => left - right)
}

/** Returns the last instant at which the venue will have something new to tell; null for an order that rests. */
export function lastNews(order: PaperOrder): Instant | null {
  const planned = order.trades.reduce((sum, trade) => sum.plus(trade.lots), ZERO)
  if (order.end === null && planned.isLessThan(order.lots)) return null
  const shown = order.trades.map((trade) => trade.shownAt)
  return Math.max(order.acceptedAt, order.end?.at ?? 0, ...shown)
}

function statusAt(order: PaperOrder, now: Instant): VenueOrderStatus {
  if (order.end !== null && order.end.at <= now) return order.end.status
  return tradedLots(order, now).equals(order.lots) ? 'filled' : 'working'
}
