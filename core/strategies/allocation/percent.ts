import { type Decimal, decimal } from '../../decimal.js'

const HUNDREDTH = decimal('0.01')

/** Returns `pct` percent of `amount`, exactly. */
export function percentOf(amount: Decimal, pct: number): Decimal {
  return amount.times(decimal(pct)).times(HUNDREDTH)
}
