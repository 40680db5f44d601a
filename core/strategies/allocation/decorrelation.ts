/** How the market prices a fund against what it holds; exactly ±5 % is neutral. */
export type Interpretation = 'overvalued' | 'undervalued' | 'neutral'

const NEUTRAL_PCT = 5

/** Returns the premium of market cap over assets under management, in percent: (cap − AUM) ÷ AUM × 100 (seed 000). */
export function decorrelationPct(marketCap: number, aum: number): number {
  return ((marketCap - aum) / aum) * 100
}

/** Returns what a premium means: above 5 % overvalued, below −5 % undervalued, else neutral (seed 000). */
export function interpretDecorrelation(pct: number): Interpretation {
  if (pct > NEUTRAL_PCT) return 'overvalued'
  return pct < -NEUTRAL_PCT ? 'undervalued' : 'neutral'
}
