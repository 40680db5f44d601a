import type { AllocationHalt } from './halt.js'
import { isPrice } from './pricing.js'

/** What one unit of `from` costs in `to`. */
export interface CurrencyRate {
  readonly from: string
  readonly to: string
  readonly rate: number
}

/** A rate that was found or derived. */
export interface FoundRate {
  readonly rate: number
}

/**
 * Returns what one unit of `from` is worth in `to`: 1 for the same currency, a rate as given or turned around, else by way
 * of one other currency; or that no such rate is known. A rate of 0 is no rate.
 */
export function findRate(
  rates: readonly CurrencyRate[],
  from: string,
  to: string,
): FoundRate | AllocationHalt {
  const direct = directRate(rates, from, to)
  if (direct !== null) return { rate: direct }
  for (const { from: left, to: right } of rates) {
    for (const middle of [left, right]) {
      const [first, second] = [directRate(rates, from, middle), directRate(rates, middle, to)]
      if (first !== null && second !== null) return { rate: first * second }
    }
  }
  return { halt: 'rate', from, to }
}

function directRate(rates: readonly CurrencyRate[], from: string, to: string): number | null {
  if (from === to) return 1
  for (const known of rates) {
    if (!isPrice(known.rate)) continue
    if (known.from === from && known.to === to) return known.rate
    if (known.from === to && known.to === from) return 1 / known.rate
  }
  return null
}
