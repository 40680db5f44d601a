import { type Decimal, ZERO } from '../decimal.js'
import type { OrderInitialized, PortfolioEvent } from '../event.js'
import { stepOrderId } from '../ids.js'
import type { Book } from '../portfolio/book.js'
import { unitIn } from '../portfolio/evolve.js'
import { bookOf, type Portfolio, settingsOf } from '../portfolio/portfolio.js'
import { marketHours } from '../portfolio/sessions.js'
import { sellableLots } from '../portfolio/standing-exits.js'
import { allowsEntries, allowsReductions } from '../risk/trading-state.js'
import { type Instant, SECOND } from '../time.js'
import { executionOf, marketableStep, priceStep, restsFor } from './chase.js'
import { type Chase, isEntry, mayBeAtVenue, type Order, remainingLots } from './order.js'

/** Returns the orders of the book whose step of a chase is over at `now`, and which the venue is to end. */
export function stepsOver(portfolio: Portfolio, book: Book, now: Instant): Order[] {
  const ids = book.entryOrderId === null ? book.exitOrderIds : [book.entryOrderId, ...book.exitOrderIds]
  const over = ids.flatMap((id) => {
    const order = portfolio.orders.get(id)
    return order !== undefined && isOver(portfolio, order, now) ? order : []
  })
  const isIdle = over.length === 0 || portfolio.tradingState === 'frozen'
  return isIdle || marketHours(portfolio, book.instrument, now) === 'closed' ? [] : over
}

/** A step that the venue has not confirmed is not over: what became of it must be known first. */
function isOver(portfolio: Portfolio, order: Order, now: Instant): boolean {
  const { chase, state, cancelRequested, createdAt } = order
  const isResting = state === 'accepted' || state === 'partiallyFilled'
  // What its legs carry out is priced by theirs.
  if (chase === null || order.hasLegs || !isResting || cancelRequested) return false
  const execution = executionOf(portfolio)
  return execution === null || createdAt + restsFor(execution, chase) <= now
}

/** Returns the instruments in which a step of a chase is over, so that a timer should end it. */
export function instrumentsOver(portfolio: Portfolio, now: Instant): string[] {
  const instruments: string[] = []
  for (const book of portfolio.books.values()) {
    const isAtWork = book.entryOrderId !== null || book.exitOrderIds.length > 0
    if (isAtWork && stepsOver(portfolio, book, now).length > 0) instruments.push(book.instrument)
  }
  return instruments
}

/** Returns the wishes to end the steps that are over. What follows them is decided when their end is known. */
export function endSteps(portfolio: Portfolio, book: Book): PortfolioEvent[] {
  return stepsOver(portfolio, book, portfolio.now).map(({ id, chase }) => {
    const reason = `step ${(chase?.step ?? 0) + 1} of the chase is over`
    return { type: 'OrderCancelRequested', orderId: id, reason }
  })
}

/**
 * Returns the next step of an entry's or a reduction's chase, for what the steps before left open, once the last of them
 * has ended for certain because its time was over. Exits go on by themselves: they stand.
 */
export function nextStep(portfolio: Portfolio, order: Order): OrderInitialized[] {
  const { chase, purpose, instrument, side } = order
  const execution = executionOf(portfolio)
  if (chase === null || execution === null || purpose === 'exit') return []
  const isStepOver = order.state === 'canceled' && order.cancelRequested && order.latch === null
  const next: Chase = { ...chase, step: chase.step + 1 }
  if (!isStepOver || marketableStep(execution) < next.step || !mayGoOn(portfolio, order, next)) return []
  const lots = lotsLeft(portfolio, order)
  const isEnough = execution.partialFill === 'cancel' && filledBy(stepsOf(portfolio, chase)).isPositive()
  if (isEnough || !lots.isPositive()) return []
  return [
    {
      type: 'OrderInitialized',
      orderId: stepOrderId(chase.parentId, next.step),
      decisionId: order.decisionId,
      positionId: order.positionId,
      instrument,
      side,
      purpose,
      lots,
      ...priceStep(portfolio, order, next),
      referencePrice: bookOf(portfolio, instrument).market.price ?? chase.referencePrice,
      at: portfolio.now,
      unit: portfolio.unitPlans.get(order.id) ?? null,
    },
  ]
}

/** A step that comes later than planned by more than an entry may be old is not made: its reference price is as old. */
function mayGoOn(portfolio: Portfolio, order: Order, next: Chase): boolean {
  const first = portfolio.orders.get(next.parentId)
  const { stepSeconds } = executionOf(portfolio)!
  const late = first === undefined ? Number.POSITIVE_INFINITY : portfolio.now - first.createdAt
  const limit = (next.step * stepSeconds + settingsOf(portfolio).entryMaxAgeSeconds) * SECOND
  const isMade = portfolio.orders.has(stepOrderId(next.parentId, next.step))
  if (limit < late || isMade || marketHours(portfolio, order.instrument) === 'closed') return false
  const book = bookOf(portfolio, order.instrument)
  if (book.lock !== null || unitIn(book, order.positionId)?.exit != null) return false
  return isEntry(order)
    ? book.entryOrderId === null && allowsEntries(portfolio.tradingState)
    : allowsReductions(portfolio.tradingState)
}

/** What the chase was to trade less all that its steps have traded; of a reduction no more than may still be sold. */
function lotsLeft(portfolio: Portfolio, order: Order): Decimal {
  const steps = stepsOf(portfolio, order.chase!)
  const left = (steps[0]?.lots ?? ZERO).minus(filledBy(steps))
  if (isEntry(order)) return left
  const book = bookOf(portfolio, order.instrument)
  const unit = unitIn(book, order.positionId)
  const sellable = unit === undefined ? ZERO : sellableLots(portfolio, book, unit)
  return sellable.isLessThan(left) ? sellable : left
}

/** The steps of a chase up to this one that are still known, the first one first. */
function stepsOf(portfolio: Portfolio, { parentId, step }: Chase): Order[] {
  const ids = Array.from({ length: step + 1 }, (_, index) => stepOrderId(parentId, index))
  return ids.flatMap((id) => portfolio.orders.get(id) ?? [])
}

function filledBy(steps: readonly Order[]): Decimal {
  return steps.reduce((lots, { filledLots }) => lots.plus(filledLots), ZERO)
}

/**
 * Returns what takes back the step at work when `lots` that an earlier step of the same chase has just traded leave less
 * to trade than it may.
 */
export function takeBackStep(portfolio: Portfolio, order: Order, lots: Decimal): PortfolioEvent[] {
  const { entryOrderId } = bookOf(portfolio, order.instrument)
  const atWork = entryOrderId === null ? undefined : portfolio.orders.get(entryOrderId)
  const { chase } = atWork ?? order
  if (atWork === undefined || atWork.id === order.id || chase === null) return []
  if (chase.parentId !== order.chase?.parentId || atWork.cancelRequested) return []
  if (!lotsLeft(portfolio, atWork).minus(lots).isLessThan(remainingLots(atWork))) return []
  const reason = 'an earlier step of the chase has filled'
  return mayBeAtVenue(atWork.state)
    ? [{ type: 'OrderCancelRequested', orderId: atWork.id, reason }]
    : [{ type: 'OrderCanceled', orderId: atWork.id, reason, at: portfolio.now }]
}

/** Returns when the wish for `order` was first ordered: a step of a chase is as old as the first one. */
export function orderedSince(portfolio: Portfolio, { chase, createdAt }: Order): Instant {
  return (chase === null ? undefined : portfolio.orders.get(chase.parentId)?.createdAt) ?? createdAt
}
