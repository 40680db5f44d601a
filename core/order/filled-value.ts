import { type Decimal, ZERO } from '../decimal.js'

/** What a venue's order report says of its fills; null where it says nothing. */
export interface ReportedFill {
  /** Sum of price × quantity over all fills. */
  readonly value: Decimal | null
  readonly averagePrice: Decimal | null
  readonly quantity: Decimal | null
}

/** Digits after the point that venues keep of a value. */
const VALUE_DIGITS = 8

/**
 * Returns what an order has filled in quote currency: the reported value, else average price × quantity, to 8 digits; from 0
 * to `most`, the order's own value, where that is given.
 */
export function filledValue({ value, averagePrice, quantity }: ReportedFill, most: Decimal | null): Decimal {
  const derived = averagePrice !== null && quantity !== null ? averagePrice.times(quantity) : ZERO
  const filled = value ?? derived
  if (!filled.isPositive()) return ZERO
  if (most?.isLessThan(filled) === true) return most
  return filled.toScale(VALUE_DIGITS, 'halfUp')
}
