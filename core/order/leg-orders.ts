import { type Decimal, ZERO } from '../decimal.js'
import type { OrderInitialized } from '../event.js'
import { legOrderId } from '../ids.js'
import { optionName } from '../instrument/synthetic.js'
import { bookOf, instrumentOf, orderOf, type Portfolio } from '../portfolio/portfolio.js'
import { allowsEntries } from '../risk/trading-state.js'
import { kindOn, type LegSide, type Legs, looseLots, sideOf } from './legs.js'
import { isAtWork, type Order, remainingLots } from './order.js'

/** What the legs of an order need next. */
export interface NeededLeg {
  readonly side: LegSide
  /** True when it takes back what was done. */
  readonly isRollback: boolean
  readonly lots: Decimal
}

/**
 * Returns the order that the legs need next as if none of theirs were at work, or null when they need none. Nothing is
 * sold beyond what is bought: what is wrong in that direction is mended first. `atWork` is on its way already: what it
 * has begun, completing or taking back, goes on.
 */
export function neededLeg(portfolio: Portfolio, legs: Legs, atWork: Order | null = null): NeededLeg | null {
  const whole = orderOf(portfolio, legs.orderId)
  if (legs.orderIds.length === 0) {
    return isWanted(whole) ? { side: 'bought', isRollback: false, lots: whole.lots } : null
  }
  const bought = looseLots(legs.bought)
  const sold = looseLots(legs.sold)
  if (bought.isLessThan(ZERO)) return { side: 'bought', isRollback: false, lots: bought.negated() }
  if (sold.isLessThan(ZERO)) return { side: 'sold', isRollback: false, lots: sold.negated() }
  if (bought.isLessThan(sold)) return { side: 'sold', isRollback: true, lots: sold.minus(bought) }
  const surplus = bought.minus(sold)
  if (surplus.isZero()) return null
  const room = isCompleted(portfolio, legs, atWork) ? remainingLots(whole) : ZERO
  if (!room.isPositive()) return { side: 'bought', isRollback: true, lots: surplus }
  return { side: 'sold', isRollback: false, lots: room.isLessThan(surplus) ? room : surplus }
}

/** Returns whether nobody wants the order to end. */
function isWanted({ state, cancelRequested, latch }: Order): boolean {
  return isAtWork(state) && !cancelRequested && latch === null
}

/**
 * What an exit has begun is completed for as long as it is at work. An entry's put is sold only while the portfolio may
 * enter, as that opens a position; otherwise its call is sold again, which leaves nothing.
 */
function isCompleted(portfolio: Portfolio, legs: Legs, atWork: Order | null): boolean {
  const whole = orderOf(portfolio, legs.orderId)
  if (atWork?.leg?.isRollback) return false
  if (!legs.isOpening) return isAtWork(whole.state)
  if (!isWanted(whole)) return false
  if (atWork !== null) return true
  const { lock } = bookOf(portfolio, legs.instrument)
  return allowsEntries(portfolio.tradingState) && lock === null && hasTriesLeft(portfolio, legs)
}

function hasTriesLeft(portfolio: Portfolio, legs: Legs): boolean {
  const synthetic = instrumentOf(portfolio, legs.instrument)?.synthetic
  if (synthetic === undefined) return false
  const most = synthetic.legPolicy === 'complete' ? synthetic.legAttempts : 1
  return countOrders(portfolio, legs, { side: 'sold', isRollback: false }) < most
}

function countOrders(portfolio: Portfolio, legs: Legs, like: Pick<NeededLeg, 'side' | 'isRollback'>): number {
  return legs.orderIds.filter((id) => isLike(legs, portfolio.orders.get(id), like)).length
}

/** Returns whether an order does what `like` says. */
export function isLike(
  legs: Legs,
  order: Order | undefined,
  { side, isRollback }: Pick<NeededLeg, 'side' | 'isRollback'>,
): boolean {
  const leg = order?.leg ?? null
  return leg !== null && sideOf(legs, leg) === side && leg.isRollback === isRollback
}

/** Returns whether the order at work still does nothing but what its legs need. */
export function isStillNeeded(portfolio: Portfolio, legs: Legs, order: Order): boolean {
  if (order.id === legs.orderIds[0]) return isWanted(orderOf(portfolio, legs.orderId))
  const needed = neededLeg(portfolio, legs, order)
  return needed !== null && isLike(legs, order, needed) && !needed.lots.isLessThan(remainingLots(order))
}

/** Returns the order for a leg: a market order, as neither leg has a price of its own to be limited to. */
export function legOrder(portfolio: Portfolio, legs: Legs, needed: NeededLeg): OrderInitialized {
  const whole = orderOf(portfolio, legs.orderId)
  const { side, isRollback, lots } = needed
  const kind = kindOn(legs, side)
  const ordinal = countOrders(portfolio, legs, needed) + 1
  const { price } = bookOf(portfolio, legs.instrument).market
  // The two legs of a first try are measured from one price.
  const isFirstTry = legs.orderIds.length < 2
  return {
    type: 'OrderInitialized',
    orderId: legOrderId(whole.id, { kind, isRollback, ordinal }),
    decisionId: whole.decisionId,
    positionId: whole.positionId,
    instrument: whole.instrument,
    side: (side === 'bought') === isRollback ? 'sell' : 'buy',
    purpose: whole.purpose,
    orderType: 'market',
    lots,
    limitPrice: null,
    referencePrice: isFirstTry ? whole.referencePrice : (price ?? whole.referencePrice),
    at: portfolio.now,
    unit: null,
    leg: { of: whole.id, kind, ...legs.contract, isRollback },
  }
}

/** Returns what an order trades, by the name under which a broker's account shows it. */
export function tradedName({ instrument, leg }: Pick<Order, 'instrument' | 'leg'>): string {
  return leg === null ? instrument : optionName({ ...leg, underlying: instrument })
}

/** Returns whether nobody knows what became of an order, or of one for its legs. */
export function isUnknown(portfolio: Portfolio, { id, state, hasLegs }: Order): boolean {
  if (!hasLegs) return state === 'unresolved'
  const orderIds = portfolio.legs.get(id)?.orderIds ?? []
  return orderIds.some((leg) => portfolio.orders.get(leg)?.state === 'unresolved')
}
