import { type Decimal, ZERO } from '../decimal.js'
import { type Legs, type LegTrade, surplusOf } from '../order/legs.js'
import { isAtWork } from '../order/order.js'
import type { Book } from './book.js'
import type { Portfolio } from './portfolio.js'
import { entryPriceOf } from './unit.js'

/**
 * Returns what legs without their counterpart put at risk in quote currency, beyond what is counted of their orders and
 * units already: an option that is bought can lose all that it is worth, one that is sold alone all of its strike.
 */
export function legRisk(portfolio: Portfolio, book: Book): number {
  let risk = 0
  for (const id of book.openLegs) {
    const legs = portfolio.legs.get(id)
    if (legs === undefined) continue
    const surplus = surplusOf(legs).toNumber()
    if (surplus > 0) risk += surplus * riskOfBought(portfolio, book, legs) * legs.pointValue
    if (surplus < 0)
      risk -= surplus * Math.max(legs.contract.strike, book.market.price ?? 0) * legs.pointValue
  }
  return risk
}

/** Points a lot. */
function riskOfBought(portfolio: Portfolio, book: Book, legs: Legs): number {
  const whole = portfolio.orders.get(legs.orderId)
  const paid = averageOf(legs.bought.done)
  // The order has ended: nothing else counts these lots.
  if (whole === undefined || !isAtWork(whole.state)) return paid
  if (legs.isOpening) return Math.max(0, paid - (portfolio.unitPlans.get(whole.id)?.stopDistance ?? 0))
  // Its put is bought back: what is left of the unit is a call, worth price − strike + put by parity.
  const unit = book.units.find((held) => held.id === legs.positionId)
  const counted = unit === undefined ? 0 : Math.max(0, entryPriceOf(unit) - unit.stop)
  const price = book.market.price ?? whole.referencePrice
  return Math.max(0, price - legs.contract.strike + paid - counted)
}

function averageOf(trades: readonly LegTrade[]): number {
  let [value, lots]: [Decimal, Decimal] = [ZERO, ZERO]
  for (const trade of trades) {
    value = value.plus(trade.price.times(trade.lots))
    lots = lots.plus(trade.lots)
  }
  return lots.isZero() ? 0 : value.toNumber() / lots.toNumber()
}
