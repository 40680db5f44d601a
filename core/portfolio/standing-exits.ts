import type { Decimal } from '../decimal.js'
import type { AlarmRaised, OrderInitialized } from '../event.js'
import { exitOrderId } from '../ids.js'
import { factsAt, limitBelow } from '../instrument/instrument.js'
import { AT_MARKET, executionOf, marketableStep, type Pricing, priceStep } from '../order/chase.js'
import { type Chase, type ExitIntent, isAtWork, type Order, remainingLots } from '../order/order.js'
import { positionSubject } from '../reconcile/break.js'
import { allowsExits } from '../risk/trading-state.js'
import type { Instant } from '../time.js'
import { alarm } from './alarm.js'
import type { Book } from './book.js'
import { isHoldingExitDue } from './holding-exits.js'
import { instrumentOf, type Portfolio } from './portfolio.js'
import { isPlacing } from './pre-close-run.js'
import { marketHours } from './sessions.js'
import type { Unit } from './unit.js'

interface DueExit {
  readonly unit: Unit
  readonly exit: ExitIntent
  readonly lots: Decimal
}

/**
 * Returns the exit orders that the book's standing exits still need. An exit is a standing intent of a unit: its
 * quantity is what is held less what exits at work or unknown may still sell, so no sale can exceed the holding.
 * It waits while the unit's own entry may still fill, while a refused exit's delay runs, while the exchange is closed,
 * and while frozen.
 */
export function planExits(portfolio: Portfolio, book: Book): readonly (OrderInitialized | AlarmRaised)[] {
  const due = dueExits(portfolio, book, portfolio.now)
  if (due.length === 0) return NO_ORDERS
  const bookLimit = exitLimit(portfolio, book)
  return due.flatMap(({ unit, exit, lots }) => {
    // A call and a put together have a price, and neither of them has one to be limited to.
    const limit = unit.contract === null ? bookLimit : null
    const orderId = exitOrderId(unit.id, unit.exitOrders + 1)
    const order = { instrument: unit.instrument, side: 'sell', purpose: 'exit' } as const
    const chase = limit === null && unit.contract === null ? exitChase(portfolio, book, unit, orderId) : null
    const ordered: OrderInitialized = {
      type: 'OrderInitialized',
      orderId,
      decisionId: exit.decisionId,
      positionId: unit.id,
      ...order,
      ...(chase === null ? limited(limit) : priceStep(portfolio, order, chase)),
      lots,
      referencePrice: book.market.price ?? unit.averagePrice,
      at: portfolio.now,
      unit: null,
    }
    return [ordered, ...escalation(portfolio, ordered)]
  })
}

function limited(limitPrice: Decimal | null): Pricing {
  return limitPrice === null ? AT_MARKET : { orderType: 'limit', limitPrice }
}

/** Before the close an exit begins as a limit order a little below the price; at all other times it takes what it gets. */
function exitLimit(portfolio: Portfolio, book: Book): Decimal | null {
  const buffer = portfolio.settings?.preClose?.limitBufferPct
  if (buffer === undefined || !isPlacing(book.preClose) || book.preClose.phase !== 'place') return null
  const instrument = instrumentOf(portfolio, book.instrument)
  const { price } = book.market
  if (instrument === undefined || price === null) return null
  return limitBelow(price, buffer, factsAt(instrument, portfolio.now).tick)
}

/**
 * Returns where the exit stands in its chase. It goes on where its last order ended, whatever ended that, and never back:
 * an exit that was not filled is pursued further. It is marketable at once in the last seconds before a close, and when
 * the price is beyond the hard limit.
 */
function exitChase(portfolio: Portfolio, book: Book, unit: Unit, orderId: string): Chase | null {
  const execution = executionOf(portfolio)
  if (execution === null) return null
  const isLate = isPlacing(book.preClose) && book.preClose.phase === 'market'
  const last = lastEndedExit(portfolio, unit)
  const price = book.market.price ?? unit.averagePrice
  if (last?.chase == null || last.state === 'filled') {
    return { parentId: orderId, step: isLate ? marketableStep(execution) : 0, referencePrice: price }
  }
  const { parentId, step, referencePrice } = last.chase
  // A limit that the price has left behind is waited for in vain
  const isLeftBehind = price < referencePrice * (1 - execution.maxSlippagePct / 100)
  const least = isLate || isLeftBehind ? marketableStep(execution) : 0
  const isElsewhere = book.exitOrderIds.some((id) => portfolio.orders.get(id)?.chase?.parentId === parentId)
  const next = last.attempt > 0 ? step + 1 : step
  return { parentId: isElsewhere ? orderId : parentId, step: Math.max(next, least), referencePrice }
}

function lastEndedExit(portfolio: Portfolio, unit: Unit): Order | undefined {
  for (let ordinal = unit.exitOrders; ordinal > 0; ordinal--) {
    const order = portfolio.orders.get(exitOrderId(unit.id, ordinal))
    if (order === undefined || !isAtWork(order.state)) return order
  }
  return undefined
}

/** An exit that a marketable order did not fill needs a person, once; it goes on by itself all the same. */
function escalation(portfolio: Portfolio, ordered: OrderInitialized): AlarmRaised[] {
  const execution = executionOf(portfolio)
  if (execution === null || ordered.chase?.step !== marketableStep(execution) + 1) return []
  const { lots, instrument, positionId, limitPrice } = ordered
  const message = `${lots} lots of ${positionId} are not sold at a marketable price: the exit goes on, next at ${limitPrice}`
  return [
    alarm(portfolio, {
      code: 'EXIT_ESCALATED',
      severity: 'critical',
      instrument,
      subject: positionId,
      message,
    }),
  ]
}

/** Returns whether a standing exit's delay is over, so that a timer should ask for its order. */
export function hasExitDue(portfolio: Portfolio, now: Instant): boolean {
  for (const book of portfolio.books.values()) {
    if (dueExits(portfolio, book, now).length > 0 || isHoldingExitDue(portfolio, book, now)) return true
  }
  return false
}

const NONE: readonly DueExit[] = []
const NO_ORDERS: readonly (OrderInitialized | AlarmRaised)[] = []

function dueExits(portfolio: Portfolio, book: Book, now: Instant): readonly DueExit[] {
  if (!book.units.some(({ exit }) => exit !== null) || !allowsExits(portfolio.tradingState)) return NONE
  const due: DueExit[] = []
  for (const unit of book.units) {
    const { exit } = unit
    if (exit === null || now < unit.exitNotBefore || isStillFilling(portfolio, book, unit)) continue
    if (waitsForPlacing(book, unit, now)) continue
    const lots = sellableLots(portfolio, book, unit)
    if (lots.isPositive()) due.push({ unit, exit, lots })
  }
  if (due.length === 0 || marketHours(portfolio, book.instrument, now) === 'closed') return NONE
  if (book.missingLots.isZero()) return due
  const isBounded = book.lock !== null || portfolio.accepted.has(positionSubject(book.instrument))
  return isBounded ? withinVenueHolding(portfolio, book, due) : due
}

/** Returns whether the unit's own entry may still fill. */
export function isStillFilling(portfolio: Portfolio, book: Book, unit: Unit): boolean {
  const id = book.entryOrderId
  return id !== null && portfolio.orders.get(id)?.positionId === unit.id
}

/** What a run before the close has decided to sell is placed with the run's other orders, seconds later. */
function waitsForPlacing({ preClose }: Book, unit: Unit, now: Instant): boolean {
  if (preClose === null || preClose.phase !== 'decide' || preClose.closesAt <= now) return false
  return preClose.exits.some(({ positionId }) => positionId === unit.id)
}

/** What the broker does not hold cannot be sold: once that is certain, exits run for at most its count of our lots. */
function withinVenueHolding(portfolio: Portfolio, book: Book, due: readonly DueExit[]): readonly DueExit[] {
  let left = book.missingLots.negated()
  for (const unit of book.units) left = left.plus(sellableLots(portfolio, book, unit))
  const bounded: DueExit[] = []
  for (const one of due) {
    if (!left.isPositive()) break
    const lots = left.isLessThan(one.lots) ? left : one.lots
    bounded.push({ ...one, lots })
    left = left.minus(lots)
  }
  return bounded
}

/** Returns the lots of the unit that nothing at work may sell yet. */
export function sellableLots(portfolio: Portfolio, book: Book, unit: Unit): Decimal {
  let lots = unit.lots
  for (const id of [...book.exitOrderIds, ...book.stopOrderIds]) {
    const order = portfolio.orders.get(id)
    if (order?.positionId === unit.id && isAtWork(order.state)) lots = lots.minus(remainingLots(order))
  }
  return lots
}
