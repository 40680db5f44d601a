import { type Decimal, decimal } from '../../decimal.js'
import { QUOTIENT_SCALE, type Side } from './cell.js'
import type { Triggers } from './settings.js'

const HUNDRED = decimal(100)

/** Beyond this move from the anchor, in percent, a price is more likely wrong, or a split, than a chance. */
const ANOMALY_PCT = decimal(50)

/**
 * Returns what a price asks for: a rise of `upPct` or more from the anchor sells, a fall of `downPct` or more buys, and
 * anything between does nothing. Compared as products, so that the bound itself counts exactly (seed 004).
 */
export function triggeredSide(anchor: Decimal, price: Decimal, { upPct, downPct }: Triggers): Side | null {
  const move = price.minus(anchor).times(HUNDRED)
  if (move.compare(upPct.times(anchor)) >= 0) return 'sell'
  return move.negated().compare(downPct.times(anchor)) >= 0 ? 'buy' : null
}

/** Returns the move from the anchor in percent of it, above 0 for a rise. */
export function movePct(anchor: Decimal, price: Decimal): Decimal {
  return price.minus(anchor).times(HUNDRED).dividedBy(anchor, QUOTIENT_SCALE, 'halfEven')
}

/**
 * Returns whether a price is so far from the anchor that nobody should trade on it before a person, or a corporate
 * action, has said why. The anchor is never moved for it.
 */
export function isAnomalous(anchor: Decimal, price: Decimal): boolean {
  return price.minus(anchor).abs().times(HUNDRED).compare(ANOMALY_PCT.times(anchor)) > 0
}

const BASIS_POINTS = decimal(10_000)

/** Returns whether the price has moved by more than `limit` basis points since it was evaluated: decide again then. */
export function hasDrifted(evaluated: Decimal, present: Decimal, limit: Decimal): boolean {
  return present.minus(evaluated).abs().times(BASIS_POINTS).compare(limit.times(evaluated)) > 0
}
