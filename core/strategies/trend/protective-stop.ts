import { type Decimal, ZERO } from '../../decimal.js'
import type { OrderInitialized, PortfolioEvent } from '../../event.js'
import { orderId, stopOrderId } from '../../ids.js'
import { factsAt, limitBelow } from '../../instrument/instrument.js'
import { firstStep } from '../../order/chase.js'
import { mayBeAtVenue, type Order, remainingLots } from '../../order/order.js'
import type { Book } from '../../portfolio/book.js'
import { unitIn } from '../../portfolio/evolve.js'
import { instrumentOf, type Portfolio } from '../../portfolio/portfolio.js'
import { marketHours } from '../../portfolio/sessions.js'
import { isStillFilling, sellableLots } from '../../portfolio/standing-exits.js'
import type { Unit } from '../../portfolio/unit.js'
import { allowsExits } from '../../risk/trading-state.js'
import type { Instant } from '../../time.js'

const NOTHING: readonly PortfolioEvent[] = []

/** A stop as it is to rest at the venue. */
export interface WantedStop {
  readonly lots: Decimal
  readonly triggerPrice: Decimal
  readonly limitPrice: Decimal
}

/**
 * Returns what brings the protective stops at the venue in line with the book: one for each unit, of all of its lots, at
 * its stop. One that is to be another is cancelled, and made anew when its end is known; so is one that stands in the way
 * of an exit or a peel-off: two orders never sell the same lots. Nothing happens while the portfolio is frozen.
 */
export function planStops(portfolio: Portfolio, book: Book): readonly PortfolioEvent[] {
  if (book.units.length === 0 && book.stopOrderIds.length === 0) return NOTHING
  if (!allowsExits(portfolio.tradingState)) return []
  const events = book.stopOrderIds.flatMap((id) => takeBack(portfolio, book, portfolio.orders.get(id)!))
  for (const { unit, wanted } of dueStops(portfolio, book, portfolio.now)) {
    events.push(stopOrder(portfolio, unit, wanted))
  }
  return [...events, ...peelOffs(portfolio, book)]
}

/** Returns whether a stop could be placed at `now`, so that a timer should ask for it. */
export function hasStopDue(portfolio: Portfolio, now: Instant): boolean {
  if (portfolio.settings?.protectiveStop == null || !allowsExits(portfolio.tradingState)) return false
  for (const book of portfolio.books.values()) if (dueStops(portfolio, book, now).length > 0) return true
  return false
}

function takeBack(portfolio: Portfolio, book: Book, order: Order): PortfolioEvent[] {
  const unit = unitIn(book, order.positionId)
  const wanted = unit === undefined ? null : wantedStop(portfolio, book, unit)
  // What has begun to trade is not moved, as its price is reached
  const isThere =
    !order.filledLots.isZero() || wanted?.triggerPrice.equals(order.triggerPrice ?? ZERO) === true
  const isRight = isThere && wanted?.lots.equals(remainingLots(order)) === true
  if (isRight || order.cancelRequested) return []
  const reason = wanted === null ? 'it is in the way' : 'it moves'
  return mayBeAtVenue(order.state)
    ? [{ type: 'OrderCancelRequested', orderId: order.id, reason }]
    : [{ type: 'OrderCanceled', orderId: order.id, reason, at: portfolio.now }]
}

/** What the unit's stop is to be; null when none is to rest. */
function wantedStop(portfolio: Portfolio, book: Book, unit: Unit): WantedStop | null {
  const { settings } = portfolio
  const instrument = instrumentOf(portfolio, book.instrument)
  if (settings?.protectiveStop == null || instrument === undefined || unit.contract !== null) return null
  const isSold = book.exitOrderIds.some((id) => portfolio.orders.get(id)?.positionId === unit.id)
  const isBusy = unit.exit !== null || unit.peel !== null || isSold || isStillFilling(portfolio, book, unit)
  if (isBusy || !book.missingLots.isZero()) return null
  const { tick } = factsAt(instrument, portfolio.now)
  const triggerPrice = limitBelow(unit.stop, 0, tick)
  const limitPrice = limitBelow(unit.stop, settings.protectiveStop.limitPct, tick)
  return { lots: unit.lots, triggerPrice, limitPrice }
}

/** Returns the units of which a stop is to be placed at `now`, and how. */
export function dueStops(
  portfolio: Portfolio,
  book: Book,
  now: Instant,
): { unit: Unit; wanted: WantedStop }[] {
  if (portfolio.settings?.protectiveStop == null || book.units.length === 0) return []
  const due = book.units.flatMap((unit) => {
    const wanted = wantedStop(portfolio, book, unit)
    const isFree = wanted !== null && unit.stopNotBefore <= now && !hasStopAtWork(portfolio, book, unit)
    return isFree ? { unit, wanted } : []
  })
  return due.length === 0 || marketHours(portfolio, book.instrument, now) === 'closed' ? [] : due
}

/** Returns whether a stop of the unit may still trade at the venue. */
export function hasStopAtWork(portfolio: Portfolio, book: Book, unit: Unit): boolean {
  return book.stopOrderIds.some((id) => portfolio.orders.get(id)?.positionId === unit.id)
}

function stopOrder(portfolio: Portfolio, unit: Unit, wanted: WantedStop): OrderInitialized {
  return {
    type: 'OrderInitialized',
    orderId: stopOrderId(unit.id, unit.stopOrders + 1),
    decisionId: `D${unit.id.slice(1)}`,
    positionId: unit.id,
    instrument: unit.instrument,
    side: 'sell',
    purpose: 'stop',
    orderType: 'stop',
    ...wanted,
    referencePrice: portfolio.books.get(unit.instrument)?.market.price ?? unit.averagePrice,
    at: portfolio.now,
    unit: null,
  }
}

/** A peel-off that a stop stood in the way of is ordered when that has ended, for what may still be sold. */
function peelOffs(portfolio: Portfolio, book: Book): OrderInitialized[] {
  return book.units.flatMap((unit) => {
    const { peel } = unit
    if (peel === null || unit.exit !== null || hasStopAtWork(portfolio, book, unit)) return []
    const sellable = sellableLots(portfolio, book, unit)
    const lots = sellable.isLessThan(peel.lots) ? sellable : peel.lots
    const price = book.market.price ?? unit.averagePrice
    return lots.isPositive()
      ? peelOffOrder(portfolio, { unit, lots, decisionId: peel.decisionId }, price)
      : []
  })
}

/** Lots of a unit that are to be sold because it has outgrown its limits. */
export interface PeelOff {
  readonly unit: Unit
  readonly lots: Decimal
  readonly decisionId: string
}

/** Returns the order of a peel-off that was decided at `price`. */
export function peelOffOrder(
  portfolio: Portfolio,
  { unit, lots, decisionId }: PeelOff,
  price: number,
): OrderInitialized {
  const id = orderId(decisionId)
  const order = { instrument: unit.instrument, side: 'sell', purpose: 'peelOff' } as const
  return {
    type: 'OrderInitialized',
    orderId: id,
    decisionId,
    positionId: unit.id,
    ...order,
    ...firstStep(portfolio, id, order, price),
    lots,
    referencePrice: price,
    at: portfolio.now,
    unit: null,
  }
}
