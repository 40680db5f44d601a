import { factsAt } from '../instrument/instrument.js'
import { type Order, remainingLots } from '../order/order.js'
import type { OrderReport } from '../order/report.js'
import { unitIn } from '../portfolio/evolve.js'
import { bookOf, type Portfolio, tradedOf } from '../portfolio/portfolio.js'
import type { Instant } from '../time.js'
import { type Bars, firstBarFrom } from './bars/bars.js'
import { modelFill, type TradingCosts } from './fill.js'

/** close: at the price of the decision · next-open: at the open of the next bar. */
export type FillAt = 'close' | 'next-open'

/** The market that a backtest trades on: every order fills in full, sooner or later. */
export interface Venue {
  readonly fillAt: FillAt
  readonly costs: TradingCosts
  /** By instrument; fills at the next open need them. */
  readonly bars: ReadonlyMap<string, Bars>
  /** Orders that wait for the open of a bar. */
  readonly waiting: Map<string, { readonly at: Instant; readonly price: number }>
  /** What fills cost that were worse than their reference, in quote currency. */
  slippage: number
}

/**
 * Takes an order that was sent and returns what the venue says at once. An order for the next open waits when that bar
 * has not opened; after the last bar it waits for ever.
 */
export function sendToVenue(venue: Venue, portfolio: Portfolio, order: Order): OrderReport[] {
  const accepted: OrderReport = { kind: 'accepted', orderId: order.id, venueOrderId: `V${order.id.slice(1)}` }
  if (venue.fillAt === 'close') return [accepted, fillReport(venue, portfolio, order, order.referencePrice)]
  const bars = venue.bars.get(order.instrument)
  const index = bars === undefined ? 0 : firstBarFrom(bars, portfolio.now)
  const at = bars?.opensAt[index] ?? Number.POSITIVE_INFINITY
  const price = bars?.open[index] ?? order.referencePrice
  if (at <= portfolio.now) return [accepted, fillReport(venue, portfolio, order, price)]
  venue.waiting.set(order.id, { at, price })
  return [accepted]
}

/** Returns when the next waiting order fills; infinity when none waits. */
export function nextFillAt(venue: Venue): Instant {
  let next = Number.POSITIVE_INFINITY
  for (const { at } of venue.waiting.values()) next = Math.min(next, at)
  return next
}

/** Returns the fills of the orders that waited for a bar that has opened by now. */
export function takeDueFills(venue: Venue, portfolio: Portfolio): OrderReport[] {
  const reports: OrderReport[] = []
  for (const [id, { at, price }] of venue.waiting) {
    const order = portfolio.orders.get(id)
    if (at > portfolio.now || order === undefined) continue
    venue.waiting.delete(id)
    reports.push(fillReport(venue, portfolio, order, price))
  }
  return reports
}

/** Takes back an order that waits and returns what the venue says. */
export function cancelAtVenue(venue: Venue, orderId: string): OrderReport[] {
  if (!venue.waiting.delete(orderId)) return []
  return [{ kind: 'canceled', orderId, reason: 'cancelled before the bar opened' }]
}

function fillReport(venue: Venue, portfolio: Portfolio, order: Order, referencePrice: number): OrderReport {
  const instrument = tradedOf(portfolio, order.instrument)!
  const facts = factsAt(instrument, portfolio.now)
  const lots = remainingLots(order)
  const { side } = order
  // Lots keep the point value of the contract that was bought, whatever a lot is by now.
  const held =
    unitIn(bookOf(portfolio, order.instrument), order.positionId) ?? portfolio.unitPlans.get(order.id)
  const pointValue = held?.pointValue ?? facts.pointValue
  const terms = { side, lots, referencePrice, tick: facts.tick, pointValue }
  const { price, fee } = modelFill(terms, venue.costs)
  venue.slippage += Math.abs(price.toNumber() - referencePrice) * lots.toNumber() * pointValue
  return { kind: 'fill', orderId: order.id, tradeId: `${order.id}-1`, lots, price, fee, at: portfolio.now }
}
