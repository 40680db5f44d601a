/** Strikes of Bank Nifty options are this many points apart. */
export const STRIKE_STEP = 500

/** Returns the at-the-money strike: the nearest multiple of 500; midway (within 0.01) the multiple of 1,000 wins. */
export function atTheMoneyStrike(price: number): number {
  const lower = Math.floor(price / STRIKE_STEP) * STRIKE_STEP
  const upper = lower + STRIKE_STEP
  const below = price - lower
  const above = upper - price
  if (Math.abs(below - above) < 0.01) return lower % 1000 === 0 ? lower : upper
  return below < above ? lower : upper
}
