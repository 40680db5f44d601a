import { ZERO } from '../decimal.js'
import { remainingLots } from '../order/order.js'
import type { Book } from '../portfolio/book.js'
import type { Portfolio } from '../portfolio/portfolio.js'
import { MINUTE } from '../time.js'
import { type Break, breakId, orderSubject, positionSubject } from './break.js'
import { heldLots } from './compare.js'

/** suspected: seen once, or young · confirmed: somebody has to decide · ignored: accepted until it changes. */
export type BreakState = 'suspected' | 'confirmed' | 'ignored'

/** A break as it is listed, with the lock of its instrument. */
export interface ListedBreak {
  readonly found: Break
  readonly state: BreakState
  readonly lock: Book['lock']
}

/** An order whose fate is unknown for longer than this is a person's business. */
const UNKNOWN_FOR = MINUTE

/**
 * Returns every difference from the broker that a person can decide on, confirmed ones first: those that were seen,
 * orders whose fate is unknown, locks without a difference, and what was accepted.
 */
export function listBreaks(portfolio: Portfolio): ListedBreak[] {
  const seen = [...portfolio.breaks.values()]
  const listed = [
    ...[...seen, ...unknownOrders(portfolio)].map((found) => list(portfolio, found)),
    ...locksAlone(portfolio, seen).map((found) => list(portfolio, found)),
    ...[...portfolio.accepted.values()].map((found) => ({
      ...list(portfolio, found),
      state: 'ignored' as const,
    })),
  ]
  const order: readonly BreakState[] = ['confirmed', 'suspected', 'ignored']
  return listed.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
}

/** Returns the break with this id, or undefined when there is none any more. */
export function findBreak(portfolio: Portfolio, id: string): ListedBreak | undefined {
  return listBreaks(portfolio).find(({ found }) => found.id === id)
}

function list(portfolio: Portfolio, found: Break): ListedBreak {
  const lock = portfolio.books.get(found.instrument)?.lock ?? null
  return { found, state: found.isConfirmed ? 'confirmed' : 'suspected', lock }
}

/** What an operator has accepted of an order whose fate is unknown is told once, as accepted. */
function unknownOrders(portfolio: Portfolio): Break[] {
  const unknown: Break[] = []
  for (const order of ordersAtWork(portfolio)) {
    const { id: orderId, state, instrument, side, createdAt: since } = order
    const subject = orderSubject('unknownOrder', orderId)
    if (state !== 'unresolved' || portfolio.breaks.has(subject) || portfolio.accepted.has(subject)) continue
    const id = breakId(portfolio.id, subject, { lots: order.lots, since })
    const counts = { ours: remainingLots(order), theirs: ZERO, averagePrice: null }
    const isConfirmed = portfolio.now - since >= UNKNOWN_FOR
    unknown.push({ id, class: 'unknownOrder', instrument, orderId, side, ...counts, since, isConfirmed })
  }
  return unknown
}

function* ordersAtWork(portfolio: Portfolio) {
  for (const book of portfolio.books.values()) {
    for (const id of [
      ...(book.entryOrderId === null ? [] : [book.entryOrderId]),
      ...book.exitOrderIds,
      ...book.stopOrderIds,
      ...book.legOrderIds,
      ...book.rebalanceOrderIds,
    ]) {
      const order = portfolio.orders.get(id)
      if (order !== undefined) yield order
    }
  }
}

/** A lock whose difference is gone, or that had another cause, waits for someone all the same. */
function locksAlone(portfolio: Portfolio, seen: readonly Break[]): Break[] {
  const alone: Break[] = []
  for (const book of portfolio.books.values()) {
    const { instrument, lock } = book
    if (lock === null || seen.some((found) => found.instrument === instrument && found.isConfirmed)) continue
    const lots = heldLots(book)
    const { since } = lock
    const id = breakId(portfolio.id, `lock ${positionSubject(instrument)}`, { lots: ZERO, since })
    const counts = { ours: lots, theirs: lots.minus(book.missingLots), averagePrice: null }
    const seenNow = { since, isConfirmed: true }
    alone.push({ id, class: 'match', instrument, orderId: null, side: null, ...counts, ...seenNow })
  }
  return alone
}
