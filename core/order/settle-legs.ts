import { type Decimal, decimal, least } from '../decimal.js'
import type { PortfolioEvent } from '../event.js'
import { chooseContract, type OptionContract } from '../instrument/synthetic.js'
import { alarm } from '../portfolio/alarm.js'
import type { Book } from '../portfolio/book.js'
import { unitIn } from '../portfolio/evolve.js'
import { bookOf, instrumentOf, orderOf, type Portfolio } from '../portfolio/portfolio.js'
import { marketHours } from '../portfolio/sessions.js'
import { type Instant, SECOND } from '../time.js'
import type { LegsOpened } from './leg-event.js'
import { isLike, isStillNeeded, legOrder, neededLeg } from './leg-orders.js'
import { kindOn, type LegSide, type Legs, type LegTrade, lotsOf, surplusOf } from './legs.js'
import { isAtWork, isEntry, mayBeAtVenue, type Order, remainingLots } from './order.js'
import { decideReport, delayNextExit, EXIT_RETRY_DELAY } from './reports.js'

/** An order for a leg that takes longer than this is ordered anew if it rests, and told if its counterpart waits for it. */
export const LEG_PATIENCE = 10 * SECOND

const NOTHING: PortfolioEvent[] = []

type Recorder = (events: readonly PortfolioEvent[]) => void

/**
 * Brings every order of a synthetic future a step further, as far as it goes at once: gives new orders their legs,
 * books what both legs traded, orders what is missing, takes back what cannot be completed, and ends what is over.
 *
 * It looks at the state alone and not at what changed it, so that reports in any order, repeated or late, lead to the
 * same end. `follow` records what the ends and fills of a book's orders lead to.
 */
export function settleLegs(portfolio: Portfolio, record: Recorder, follow: (book: Book) => void): void {
  for (const book of portfolio.books.values()) {
    const { entryOrderId, exitOrderIds, openLegs } = book
    if (entryOrderId === null && exitOrderIds.length === 0 && openLegs.length === 0) continue
    while (settleBook(portfolio, book, record)) follow(book)
  }
}

/** Returns whether anything happened. */
function settleBook(portfolio: Portfolio, book: Book, record: Recorder): boolean {
  const opened = beginLegs(portfolio, book)
  record(opened)
  let hasHappened = opened.length > 0
  for (const id of [...book.openLegs]) {
    const legs = portfolio.legs.get(id)!
    while (book.openLegs.includes(id)) {
      const events = decideLegs(portfolio, legs, portfolio.now)
      if (events.length === 0) break
      record(events)
      hasHappened = true
    }
  }
  return hasHappened
}

/** Returns whether an order of a synthetic future has something to do now that it had not when it was last looked at. */
export function hasLegsDue(portfolio: Portfolio, now: Instant): boolean {
  for (const { openLegs } of portfolio.books.values()) {
    for (const id of openLegs) if (decideLegs(portfolio, portfolio.legs.get(id)!, now).length > 0) return true
  }
  return false
}

/** Returns the beginnings of the legs of orders that were made and never sent. */
function beginLegs(portfolio: Portfolio, { entryOrderId, exitOrderIds }: Book): PortfolioEvent[] {
  const begun: PortfolioEvent[] = []
  if (entryOrderId !== null) begun.push(...beginLegsOf(portfolio, orderOf(portfolio, entryOrderId)))
  for (const id of exitOrderIds) begun.push(...beginLegsOf(portfolio, orderOf(portfolio, id)))
  return begun
}

function beginLegsOf(portfolio: Portfolio, order: Order): LegsOpened[] {
  if (order.state !== 'initialized' || order.attempt > 0) return []
  const begun = isEntry(order) ? contractToEnter(portfolio, order) : contractHeld(portfolio, order)
  if (begun === null) return []
  const { contract, pointValue } = begun
  return [{ type: 'LegsOpened', orderId: order.id, ...contract, pointValue, at: portfolio.now }]
}

interface Begun {
  readonly contract: OptionContract
  readonly pointValue: number
}

/** What is held is closed in the options in which it is held, whatever the settings say by then. */
function contractHeld(portfolio: Portfolio, order: Order): Begun | null {
  const unit = unitIn(bookOf(portfolio, order.instrument), order.positionId)
  if (unit === undefined || unit.contract === null) return null
  return { contract: unit.contract, pointValue: unit.pointValue }
}

/** A unit that is bought by more than one order is of one contract. */
function contractToEnter(portfolio: Portfolio, order: Order): Begun | null {
  const unit =
    unitIn(bookOf(portfolio, order.instrument), order.positionId) ??
    portfolio.closedUnits.get(order.positionId)
  const instrument = instrumentOf(portfolio, order.instrument)
  const plan = portfolio.unitPlans.get(order.id)
  if (plan === undefined) return null
  const { pointValue } = plan
  if (unit !== undefined) return unit.contract === null ? null : { contract: unit.contract, pointValue }
  const earlier = portfolio.legs.get(`O${order.positionId.slice(1)}`)?.contract
  if (earlier !== undefined) return { contract: earlier, pointValue }
  if (instrument === undefined) return null
  const { referencePrice: price, createdAt: at, contractMonth: month } = order
  const contract = chooseContract(instrument, { price, at, month, calendar: portfolio.calendar })
  return contract === null ? null : { contract, pointValue }
}

/** Returns what the legs of an order do next at `now`; nothing when they wait. */
function decideLegs(portfolio: Portfolio, legs: Legs, now: Instant): PortfolioEvent[] {
  const traded = unwound(legs, 'bought') ?? unwound(legs, 'sold') ?? matched(portfolio, legs)
  if (traded !== null) return traded
  const atWork = legs.orderIds.flatMap((id) => {
    const order = portfolio.orders.get(id)
    return order !== undefined && isAtWork(order.state) ? [order] : []
  })
  return atWork.length > 0 ? lookAtWork(portfolio, legs, { atWork, now }) : goOn(portfolio, legs, now)
}

/** Returns what follows from a leg's trade that was taken back by another, or null when there is none. */
function unwound(legs: Legs, side: LegSide): PortfolioEvent[] | null {
  const [done] = legs[side].done
  const [undone] = legs[side].undone
  if (done === undefined || undone === undefined) return null
  const lots = least(done.lots, undone.lots)
  const [bought, sold] = side === 'bought' ? [done, undone] : [undone, done]
  const profit = sold.price.minus(bought.price).times(lots).times(decimal(legs.pointValue))
  const at = Math.max(done.at, undone.at)
  const note = `${lots} of the ${kindOn(legs, side)}s of order ${legs.orderId} were taken back`
  const posting = { at, orderId: undone.orderId, positionId: null, note } as const
  const fee = done.fee.plus(undone.fee)
  const events: PortfolioEvent[] = [
    { type: 'LegUnwound', orderId: legs.orderId, side, lots, at },
    { type: 'LedgerPosted', kind: 'realizedPnl', amount: profit, ...posting },
  ]
  if (!fee.isZero()) events.push({ type: 'LedgerPosted', kind: 'fee', amount: fee.negated(), ...posting })
  return events
}

/** Returns what follows from what both legs traded, which is a fill of their order; null when there is none. */
function matched(portfolio: Portfolio, legs: Legs): PortfolioEvent[] | null {
  const [bought] = legs.bought.done
  const [sold] = legs.sold.done
  if (bought === undefined || sold === undefined) return null
  // What an order at work may yet take back is not there to be matched.
  const free = least(freeLots(portfolio, legs, 'bought'), freeLots(portfolio, legs, 'sold'))
  const lots = least(free, least(bought.lots, sold.lots))
  if (!lots.isPositive()) return null
  return decideReport(portfolio, {
    kind: 'fill',
    orderId: legs.orderId,
    tradeId: `legs ${legs.matches + 1}`,
    lots,
    price: syntheticPrice(legs, bought, sold),
    fee: bought.fee.plus(sold.fee),
    at: Math.max(bought.at, sold.at),
  })
}

function freeLots(portfolio: Portfolio, legs: Legs, side: LegSide): Decimal {
  let lots = lotsOf(legs[side].done)
  for (const id of legs.orderIds) {
    const order = portfolio.orders.get(id)
    if (order === undefined || !isAtWork(order.state) || !isLike(legs, order, { side, isRollback: true }))
      continue
    lots = lots.minus(remainingLots(order))
  }
  return lots
}

/** Strike + call − put: what the future would have cost. */
function syntheticPrice({ contract, isOpening }: Legs, bought: LegTrade, sold: LegTrade): Decimal {
  const [call, put] = isOpening ? [bought, sold] : [sold, bought]
  return decimal(contract.strike).plus(call.price).minus(put.price)
}

interface AtWork {
  readonly atWork: readonly Order[]
  readonly now: Instant
}

/** Orders for legs at work end when they are not needed any more, or rest; one that takes long is told. */
function lookAtWork(portfolio: Portfolio, legs: Legs, { atWork, now }: AtWork): PortfolioEvent[] {
  for (const order of atWork) {
    const reason = order.cancelRequested ? null : whyToEnd(portfolio, legs, { order, now })
    if (reason === null) continue
    if (mayBeAtVenue(order.state)) return [{ type: 'OrderCancelRequested', orderId: order.id, reason }]
    return [{ type: 'OrderCanceled', orderId: order.id, reason, at: portfolio.now }]
  }
  const isLong = atWork.some(({ createdAt }) => LEG_PATIENCE <= now - createdAt)
  if (!isLong || isTold(legs) || surplusOf(legs).isZero()) return NOTHING
  return tellImbalance(portfolio, legs, 'what is to mend it is at work')
}

/** A venue that makes a limit of a market order may let it rest: the next one is priced anew. */
function whyToEnd(
  portfolio: Portfolio,
  legs: Legs,
  { order, now }: { readonly order: Order; readonly now: Instant },
): string | null {
  if (!isStillNeeded(portfolio, legs, order)) return 'it is not needed any more'
  const isResting = order.state === 'accepted' || order.state === 'partiallyFilled'
  if (!isResting || portfolio.tradingState === 'frozen' || now - legs.sentAt < LEG_PATIENCE) return null
  if (marketHours(portfolio, legs.instrument, now) === 'closed') return null
  return 'it rests, and its price may be gone'
}

/** With nothing at work: the next order for a leg, or the end. */
function goOn(portfolio: Portfolio, legs: Legs, now: Instant): PortfolioEvent[] {
  const needed = neededLeg(portfolio, legs)
  if (needed === null) return settle(portfolio, legs)
  // That the second leg follows the first is how it goes; anything else is told before it is mended.
  if (legs.orderIds.length > 1 || needed.isRollback) {
    const verb = (needed.side === 'bought') !== needed.isRollback ? 'bought' : 'sold'
    const what = `${needed.lots} ${kindOn(legs, needed.side)}s are to be ${verb}`
    if (!isTold(legs)) return tellImbalance(portfolio, legs, what)
  }
  if (portfolio.tradingState === 'frozen' || now < notBefore(portfolio, legs)) return NOTHING
  if (legs.orderIds.length > 0 && marketHours(portfolio, legs.instrument, now) === 'closed') return NOTHING
  return [legOrder(portfolio, legs, needed)]
}

function isTold({ told, orderIds }: Legs): boolean {
  return told === orderIds.length
}

/** After an order that the venue ended, the next one waits a little, so that a refusing broker is not flooded. */
function notBefore(portfolio: Portfolio, legs: Legs): Instant {
  const last = portfolio.orders.get(legs.orderIds.at(-1) ?? '')
  if (last === undefined || last.closedAt === null || last.cancelRequested) return 0
  const isEndedThere = last.state === 'rejected' || last.state === 'canceled' || last.state === 'expired'
  const isFirst = legs.orderIds.length === 1
  return isEndedThere && !isFirst ? last.closedAt + EXIT_RETRY_DELAY : 0
}

/** A wish of ours that leaves a leg alone for a moment is a warning; all else needs a person's eye. */
function tellImbalance(portfolio: Portfolio, legs: Legs, follows: string): PortfolioEvent[] {
  const lots = surplusOf(legs)
  const { cancelRequested, latch } = orderOf(portfolio, legs.orderId)
  const isWished = legs.isOpening && (cancelRequested || latch !== null)
  const [side, other] = lots.isPositive() ? (['bought', 'sold'] as const) : (['sold', 'bought'] as const)
  const count = lots.isPositive() ? lots : lots.negated()
  const state = `${count} ${kindOn(legs, side)}s of order ${legs.orderId} are ${side} and their ${kindOn(legs, other)}s are not ${other}`
  return [
    { type: 'LegsImbalanced', orderId: legs.orderId, lots, at: portfolio.now },
    alarm(portfolio, {
      code: 'LEG_IMBALANCE',
      severity: isWished ? 'warning' : 'critical',
      instrument: legs.instrument,
      subject: legs.orderId,
      message: `${state}: ${follows}`,
    }),
  ]
}

/** Returns the end of legs that need nothing more, and of their order if it is at work still. */
function settle(portfolio: Portfolio, legs: Legs): PortfolioEvent[] {
  const whole = orderOf(portfolio, legs.orderId)
  const settled: PortfolioEvent = { type: 'LegsSettled', orderId: legs.orderId, at: portfolio.now }
  return isAtWork(whole.state) ? [...endWhole(portfolio, legs, whole), settled] : [settled]
}

/** An order ends as its first leg did when that filled nothing; otherwise what it has not filled is cancelled. */
function endWhole(portfolio: Portfolio, legs: Legs, whole: Order): PortfolioEvent[] {
  const { id: orderId } = whole
  const at = portfolio.now
  const first = portfolio.orders.get(legs.orderIds[0] ?? '')
  const kind = kindOn(legs, 'bought')
  const isUnfilled = first?.filledLots.isZero() ?? true
  const reason = `its ${kind}s: ${first?.reason ?? 'not ordered'}`
  if (first?.state === 'denied' && isUnfilled) return [{ type: 'OrderDenied', orderId, reason, at }]
  const delay = first?.cancelRequested ? [] : delayNextExit(portfolio, whole)
  if (first?.state === 'rejected' && isUnfilled) {
    return [{ type: 'OrderRejected', orderId, code: 'LEG_REJECTED', message: reason, at }, ...delay]
  }
  if (first?.state === 'expired' && isUnfilled) return [{ type: 'OrderExpired', orderId, at }, ...delay]
  const isShort = first?.state !== 'filled'
  const rest = isShort ? reason : `its ${kindOn(legs, 'sold')}s were not all sold`
  return [{ type: 'OrderCanceled', orderId, reason: rest, at }, ...delay]
}
