import { type Decimal, least, ZERO } from '../decimal.js'
import type { PortfolioEvent } from '../event.js'
import type { SettleBreak } from '../input.js'
import { isAtWork, isEntry, type Order, remainingLots } from '../order/order.js'
import { bookFill, decideReport, type Fill } from '../order/reports.js'
import { findUnit } from '../portfolio/evolve.js'
import { bookOf, orderOf, type Portfolio } from '../portfolio/portfolio.js'
import { type Break, describeBreak, differenceOf } from './break.js'
import { heldLots } from './compare.js'
import { farPriceNotes, type Plan, type Refusal, refusal } from './plan.js'

interface Booking {
  readonly inputId: string
  readonly command: SettleBreak
}

/**
 * Returns how a difference is booked as fills that the broker did not report: of orders of ours that were sent, ended
 * and could have filled more, the latest first.
 */
export function planMissingFills(portfolio: Portfolio, found: Break, booking: Booking): Plan | Refusal {
  const difference = differenceOf(found)
  if (heldLots(bookOf(portfolio, found.instrument)).plus(difference).isLessThan(ZERO)) {
    return refusal('BROKER_IS_SHORT', `${describeBreak(found)}: no fill of ours sells more than is held`)
  }
  const lots = difference.isPositive() ? difference : difference.negated()
  if (booking.command.price === null) return priceMissing(lots)
  const parts = unfilledParts(portfolio, found)
  const able = parts.reduce((sum, [, part]) => sum.plus(part), ZERO)
  if (able.isLessThan(lots)) {
    const side = difference.isPositive() ? 'bought' : 'sold'
    const words = `the orders of the last days could have ${side} ${able} lots more, not ${lots}: adopt takes the broker's count without an order`
    return refusal('NO_ORDER_FOR_FILL', words)
  }
  const chosen = parts.map(([order, part]): [Order, Decimal] => [order, part])
  return planFills(portfolio, chosen, booking)
}

function priceMissing(lots: Decimal): Refusal {
  return refusal('PRICE_MISSING', `state the price at which ${lots} lots were filled`)
}

/** Returns ended orders with the lots of the difference that each could have filled, as many as it takes. */
function unfilledParts(portfolio: Portfolio, found: Break): [Order, Decimal][] {
  const difference = differenceOf(found)
  const isBuying = difference.isPositive()
  const candidates = [...portfolio.orders.values()]
    .filter((order) => order.instrument === found.instrument && isEntry(order) === isBuying)
    // What two legs did together is not booked at one price.
    .filter(({ leg, hasLegs }) => leg === null && !hasLegs)
    .filter(({ state, attempt }) => !isAtWork(state) && attempt > 0)
    .sort((a, b) => b.createdAt - a.createdAt)
  const parts: [Order, Decimal][] = []
  let left = isBuying ? difference : difference.negated()
  const sold = new Map<string, Decimal>()
  for (const order of candidates) {
    const taken = sold.get(order.positionId) ?? ZERO
    const held = (findUnit(portfolio, order.positionId)?.lots ?? ZERO).minus(taken)
    const part = least(left, least(remainingLots(order), isBuying ? left : held))
    if (!part.isPositive()) continue
    parts.push([order, part])
    sold.set(order.positionId, taken.plus(part))
    left = left.minus(part)
  }
  return parts
}

function planFills(portfolio: Portfolio, parts: readonly [Order, Decimal][], booking: Booking): Plan {
  const steps = parts.map(([order, lots], index) => () => {
    // A fee is stated for all of it together.
    const fee = index === 0 ? (booking.command.fee ?? ZERO) : ZERO
    return bookFill(portfolio, orderOf(portfolio, order.id), fillOf(portfolio, booking, { order, lots, fee }))
  })
  const { price } = booking.command
  const booked = parts.map(([{ id }, lots]) => `${lots} lots of order ${id} are booked as filled at ${price}`)
  const [first] = parts
  const isStated = price !== null && first !== undefined
  const far = isStated ? farPriceNotes(bookOf(portfolio, first[0].instrument), price) : []
  const notes = [...booked, ...far]
  const lots = parts.reduce((sum, [, part]) => sum.plus(part), ZERO).toNumber()
  const positionIds = [...new Set(parts.map(([order]) => order.positionId))]
  return { reason: 'BOOKED', steps, notes, shown: { lots, positionIds } }
}

interface Part {
  readonly order: Order
  readonly lots: Decimal
  readonly fee: Decimal
}

/** The trade id says who told of it: should the broker report the trade after all, that is a difference again. */
function fillOf(portfolio: Portfolio, { inputId, command }: Booking, { order, lots, fee }: Part): Fill {
  const trade = { tradeId: `operator ${inputId}`, price: command.price ?? ZERO, at: portfolio.now }
  return { kind: 'fill', orderId: order.id, lots, fee, ...trade }
}

/** Returns how an order whose fate is unknown is booked as filled; what it did not fill ends with it. */
export function planFillOfUnknown(portfolio: Portfolio, found: Break, booking: Booking): Plan | Refusal {
  const order = orderOf(portfolio, found.orderId ?? '')
  const left = remainingLots(order)
  const { lots: stated, price, reason } = booking.command
  const lots = stated ?? left
  if (!lots.isPositive() || left.isLessThan(lots)) {
    return refusal('LOTS_DO_NOT_FIT', `order ${order.id} could fill up to ${left} lots more, not ${lots}`)
  }
  if (price === null) return priceMissing(lots)
  const filled = planFills(portfolio, [[order, lots]], booking)
  const endRest = (): PortfolioEvent[] => {
    const why = `nothing more of it is known: ${reason}`
    return decideReport(portfolio, { kind: 'canceled', orderId: order.id, reason: why })
  }
  return { ...filled, steps: [...filled.steps, endRest] }
}
