import { type Decimal, decimal, ZERO } from '../../decimal.js'
import { percentOf } from './percent.js'

/** Which side of the market an order takes. */
export type Side = 'buy' | 'sell'

/** What a venue asks of an order in one market. */
export interface TradeRules {
  /** Smallest step of a limit price. */
  readonly tick: Decimal
  /** Smallest step of a quantity: a lot, or the last digit of a coin. */
  readonly lot: Decimal
  readonly minimumQuantity: Decimal
  /** Least price × quantity. */
  readonly minimumNotional: Decimal
}

/** Why a size is no order. */
export type SizeProblem = 'below_lot_size' | 'below_min_quantity' | 'below_min_notional'

/** Returns the price on the grid nearest to `price`, ties away from zero. The step from the market has chosen the side already. */
export function normalizePrice(price: Decimal, tick: Decimal): Decimal {
  return price.toMultipleOf(tick, 'halfUp')
}

/** Returns the quantity in whole lots, never more than `quantity`; 0 for one that is not above 0. */
export function normalizeQuantity(quantity: Decimal, lot: Decimal): Decimal {
  return quantity.isPositive() ? quantity.toMultipleOf(lot, 'floor') : ZERO
}

/** Returns whether price × quantity reaches the venue's least value; one exactly at it does, and a least value of 0 asks nothing. */
export function reachesNotional(price: Decimal, quantity: Decimal, minimumNotional: Decimal): boolean {
  return !minimumNotional.isPositive() || !price.times(quantity).isLessThan(minimumNotional)
}

/** Returns why `quantity`, in whole lots, is no order at `price`; null when it is one. */
export function findSizeProblem(quantity: Decimal, price: Decimal, rules: TradeRules): SizeProblem | null {
  if (!quantity.isPositive()) return 'below_lot_size'
  if (quantity.isLessThan(rules.minimumQuantity)) return 'below_min_quantity'
  return reachesNotional(price, quantity, rules.minimumNotional) ? null : 'below_min_notional'
}

/** A limit order before it is known whether the venue takes it. */
export interface LimitSize {
  readonly limitPrice: Decimal
  readonly quantity: Decimal
}

/** What a limit order is sized from. */
export interface LimitRequest {
  readonly side: Side
  /** The market's price. */
  readonly reference: Decimal
  /** Distance of the limit from it, in percent: below for a buy, above for a sell. */
  readonly stepPct: number
  /** What the order is to be worth, in quote currency. */
  readonly amount: Decimal
  readonly rules: TradeRules
}

/**
 * Returns a limit order's price and quantity in the order that keeps both on their grids (seed 001): price to the tick,
 * then amount ÷ that price, then down to the lot. A limit that rounds to 0 buys and sells nothing.
 */
export function sizeLimitOrder({ side, reference, stepPct, amount, rules }: LimitRequest): LimitSize {
  const step = percentOf(reference, stepPct)
  const limitPrice = normalizePrice(side === 'buy' ? reference.minus(step) : reference.plus(step), rules.tick)
  if (!limitPrice.isPositive()) return { limitPrice, quantity: ZERO }
  return { limitPrice, quantity: wholeLots(amount, limitPrice, rules.lot) }
}

/** Returns as many whole lots as `amount` pays for at `price`, which is above 0. */
export function wholeLots(amount: Decimal, price: Decimal, lot: Decimal): Decimal {
  return amount.dividedBy(price.times(lot), 0, 'truncate').times(lot)
}

/** What a member is to hold in whole lots. */
export interface LotTarget {
  /** Whole lots that the target value pays for. */
  readonly lots: Decimal
  readonly quantity: Decimal
  /** What they are worth. */
  readonly value: Decimal
}

/** Returns the whole lots of a target value, rounded towards zero (seed 000). */
export function lotTarget(target: Decimal, price: Decimal, lot: Decimal): LotTarget {
  const lots = target.dividedBy(price.times(lot), 0, 'truncate')
  return lotsAt(lots, price, lot)
}

/** Returns the target of exactly one lot. */
export function oneLot(price: Decimal, lot: Decimal): LotTarget {
  return lotsAt(decimal(1), price, lot)
}

function lotsAt(lots: Decimal, price: Decimal, lot: Decimal): LotTarget {
  const quantity = lots.times(lot)
  return { lots, quantity, value: quantity.times(price) }
}
