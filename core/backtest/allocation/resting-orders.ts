import type { Decimal } from '../../decimal.js'
import { factsAt } from '../../instrument/instrument.js'
import { type Order, remainingLots } from '../../order/order.js'
import type { OrderReport } from '../../order/report.js'
import { type Portfolio, tradedOf } from '../../portfolio/portfolio.js'
import { allocationOf } from '../../strategies/allocation/plan-allocation.js'
import { type Instant, SECOND } from '../../time.js'
import { firstBarFrom } from '../bars/bars.js'
import { modelFill } from '../fill.js'
import type { AssetFeed } from './run-allocation.js'

/** When the prices reach a limit, and what it fills at. */
export interface Reach {
  readonly at: Instant
  readonly price: number
}

const NEVER: Reach = { at: Number.POSITIVE_INFINITY, price: 0 }

/** Milliseconds: a run at the close before, which may be the same instant, does not know of the open yet. */
const AFTER_OPEN = 1

/** Limit orders that rest at the venue of a simulation, by their ids, with what the prices will do to them. */
export type RestingOrders = Map<string, Reach>

/**
 * Returns when a limit order that goes out at `from` is reached by a bar that opens then or later: at the open, where that
 * is at the limit or better for us, else at the limit once the range of the bar is known, at its close. Infinitely late
 * when it is not.
 */
export function reachOf(
  { side, limitPrice }: { readonly side: 'buy' | 'sell'; readonly limitPrice: Decimal },
  { bars, closesAt, end }: AssetFeed,
  from: Instant,
): Reach {
  const limit = limitPrice.toNumber()
  for (let index = firstBarFrom(bars, from); index < end; index++) {
    const open = bars.open[index]!
    const isThrough = side === 'buy' ? open <= limit : open >= limit
    if (isThrough) return { at: bars.opensAt[index]! + AFTER_OPEN, price: open }
    const isReached = side === 'buy' ? bars.low[index]! <= limit : bars.high[index]! >= limit
    if (isReached) return { at: closesAt[index]!, price: limit }
  }
  return NEVER
}

/** Returns when the next order that rests fills or becomes too old; infinity when none ever does. */
export function nextChangeAt(resting: RestingOrders, portfolio: Portfolio): Instant {
  let next = Number.POSITIVE_INFINITY
  for (const [id, { at }] of resting) next = Math.min(next, at, agedAt(portfolio, id))
  return next
}

/** Returns whether an order that rests has become too old by now. Age goes first: within a bar nobody knows what came first. */
export function isAnyAged(resting: RestingOrders, portfolio: Portfolio): boolean {
  return [...resting.keys()].some((id) => agedAt(portfolio, id) <= portfolio.now)
}

function agedAt(portfolio: Portfolio, id: string): Instant {
  const style = allocationOf(portfolio)?.style
  const { createdAt, cancelRequested } = portfolio.orders.get(id)!
  if (cancelRequested || style?.kind !== 'limit' || style.maxAgeSeconds === null)
    return Number.POSITIVE_INFINITY
  return createdAt + style.maxAgeSeconds * SECOND
}

/** Takes the orders away that are to be cancelled, and returns what the venue says. */
export function takeCanceled(resting: RestingOrders, portfolio: Portfolio): OrderReport[] {
  const reports: OrderReport[] = []
  for (const id of resting.keys()) {
    if (portfolio.orders.get(id)?.cancelRequested !== true) continue
    resting.delete(id)
    reports.push({ kind: 'canceled', orderId: id, reason: 'cancelled while it rested' })
  }
  return reports
}

/** Takes the orders away that the prices have reached by now, and returns their fills: whole, and without slippage. */
export function takeReached(
  resting: RestingOrders,
  portfolio: Portfolio,
  commissionPct: number,
): OrderReport[] {
  const reports: OrderReport[] = []
  for (const [id, { at, price }] of resting) {
    if (at > portfolio.now) continue
    resting.delete(id)
    reports.push(fillOf(portfolio, portfolio.orders.get(id)!, { price, commissionPct }))
  }
  return reports
}

interface Terms {
  readonly price: number
  readonly commissionPct: number
}

function fillOf(portfolio: Portfolio, order: Order, { price, commissionPct }: Terms): OrderReport {
  const { id, side, instrument } = order
  const lots = remainingLots(order)
  const { tick, pointValue } = factsAt(tradedOf(portfolio, instrument)!, portfolio.now)
  const terms = { side, lots, referencePrice: price, tick, pointValue }
  const filled = modelFill(terms, { commissionPct, slippageTicks: 0 })
  return { kind: 'fill', orderId: id, tradeId: `${id}-1`, lots, ...filled, at: portfolio.now }
}
