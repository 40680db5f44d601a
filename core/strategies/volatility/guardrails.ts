import { type Decimal, decimal } from '../../decimal.js'
import { type Cell, cellValue, QUOTIENT_SCALE, type Side, stockValue } from './cell.js'
import type { Guardrails } from './settings.js'

const ONE = decimal(1)

/** A fill that ends this far beyond a guardrail, as a share of value, is what prices do between order and fill. */
const FILL_TOLERANCE = decimal('0.005')

/** A share of its value to which an order would bring a cell. */
export interface Towards {
  readonly side: Side
  readonly price: Decimal
  /** Stock as a fraction of the value, 0..1. */
  readonly bound: Decimal
}

/**
 * Returns the shares after which the cell holds exactly `bound` of its value in stock, the fee paid from the value:
 * buying (m V − Q P) ÷ (P (1 + m c)), selling (Q P − m V) ÷ (P (1 − m c)). 0 or less when it is there already, which
 * never turns the side (seed 004).
 */
export function sharesTowards(
  cell: Cell,
  { side, price, bound }: Towards,
  commissionRate: Decimal,
  rounding: 'floor' | 'ceil',
): Decimal {
  const missing = bound.times(cellValue(cell, price)).minus(stockValue(cell, price))
  const fee = bound.times(commissionRate)
  return side === 'buy'
    ? missing.dividedBy(price.times(ONE.plus(fee)), QUOTIENT_SCALE, rounding)
    : missing.negated().dividedBy(price.times(ONE.minus(fee)), QUOTIENT_SCALE, rounding)
}

/** How a cell breaks its guardrails. */
export type Breach = 'above_max_stock' | 'below_min_stock' | 'negative_cash' | 'no_capital'

/**
 * Returns how the cell breaks its guardrails after a fill at `price`, or null. Half a percentage point beyond is let
 * pass: prices move between an order and its fill. A breach is told; the fill is booked all the same.
 */
export function breachAfterFill(
  cell: Cell,
  price: Decimal,
  { minStock, maxStock }: Pick<Guardrails, 'minStock' | 'maxStock'>,
): Breach | null {
  if (cell.cash.isNegative()) return 'negative_cash'
  const value = cellValue(cell, price)
  if (!value.isPositive()) return 'no_capital'
  const held = stockValue(cell, price)
  if (held.compare(maxStock.plus(FILL_TOLERANCE).times(value)) > 0) return 'above_max_stock'
  if (held.compare(minStock.minus(FILL_TOLERANCE).times(value)) < 0) return 'below_min_stock'
  return null
}

/** What a cell ordered on a day of its exchange. */
export interface OrdersOfDay {
  readonly count: number
  readonly notional: Decimal
}

/** Returns which limit of the day an order of `notional` would pass, or null. */
export function limitOfDay(
  today: OrdersOfDay,
  notional: Decimal,
  { maxDailyNotional, maxOrdersPerDay }: Pick<Guardrails, 'maxDailyNotional' | 'maxOrdersPerDay'>,
): 'max_orders_per_day' | 'max_daily_notional' | null {
  if (maxOrdersPerDay !== null && today.count >= maxOrdersPerDay) return 'max_orders_per_day'
  if (maxDailyNotional !== null && today.notional.plus(notional).compare(maxDailyNotional) > 0)
    return 'max_daily_notional'
  return null
}

/** Returns the side that leads back into the guardrails from outside of them; null inside. */
export function sideToBand(
  cell: Cell,
  price: Decimal,
  { minStock, maxStock }: Pick<Guardrails, 'minStock' | 'maxStock'>,
): Side | null {
  const value = cellValue(cell, price)
  const held = stockValue(cell, price)
  if (held.compare(maxStock.times(value)) > 0) return 'sell'
  return held.compare(minStock.times(value)) < 0 ? 'buy' : null
}
