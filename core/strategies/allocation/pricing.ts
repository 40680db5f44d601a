import { unreachable } from '../../invariant.js'
import type { Instant } from '../../time.js'
import type { AllocationHalt, PriceProblem } from './halt.js'

/** Prices of one market at one moment; null where the venue gave none. */
export interface MarketQuote {
  readonly bid: number | null
  readonly ask: number | null
  readonly last: number | null
  readonly observedAt: Instant
}

/** Which price of a quote counts, and when it does not. */
export interface PriceRule {
  readonly source: 'mid' | 'last'
  readonly now: Instant
  readonly maxAgeMs: number
  /** Farthest from the previous price of the same market, in percent of it; null without the guard. */
  readonly outlierPct: number | null
}

/** Returns the price of a quote, always above 0, or why it has none. `previous` is the last price that was used, if any. */
export function choosePrice(
  quote: MarketQuote | undefined,
  rule: PriceRule,
  previous: number | null,
): number | PriceProblem {
  const price = quote === undefined ? null : priceOf(quote, rule.source)
  if (quote === undefined || price === null) return 'missing'
  const age = rule.now - quote.observedAt
  if (!(age >= 0 && age <= rule.maxAgeMs)) return 'stale'
  if (rule.outlierPct === null || previous === null) return price
  return Math.abs(price / previous - 1) * 100 > rule.outlierPct ? 'outlier' : price
}

function priceOf({ bid, ask, last }: MarketQuote, source: PriceRule['source']): number | null {
  switch (source) {
    case 'mid':
      // A crossed book has no middle.
      return isPrice(bid) && isPrice(ask) && bid <= ask ? bid + (ask - bid) / 2 : null
    case 'last':
      return isPrice(last) ? last : null
    default:
      return unreachable(source)
  }
}

/** Returns whether a value can be a price: a finite number above 0. */
export function isPrice(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

/** Quotes, the prices used before, and the rule, for all members of a portfolio. */
export interface PriceRequest {
  readonly symbols: readonly string[]
  readonly quotes: ReadonlyMap<string, MarketQuote>
  readonly previous: ReadonlyMap<string, number>
  readonly rule: PriceRule
}

/** Returns the price of every symbol, or which symbols have none and why: one unusable price stops the run. */
export function choosePrices({
  symbols,
  quotes,
  previous,
  rule,
}: PriceRequest): ReadonlyMap<string, number> | AllocationHalt {
  const prices = new Map<string, number>()
  const problems = new Map<PriceProblem, string[]>()
  for (const symbol of symbols) {
    const price = choosePrice(quotes.get(symbol), rule, previous.get(symbol) ?? null)
    if (typeof price === 'number') prices.set(symbol, price)
    else problems.set(price, [...(problems.get(price) ?? []), symbol])
  }
  for (const problem of ['missing', 'stale', 'outlier'] as const) {
    const affected = problems.get(problem)
    if (affected !== undefined) return { halt: 'price', problem, symbols: affected }
  }
  return prices
}
