/** Strikes of Bank Nifty options are chosen so many points apart unless told otherwise. */
export const STRIKE_STEP = 500

/**
 * Returns the at-the-money strike: the nearest multiple of `step`; midway (within 0.01) the rounder one wins, which is
 * the multiple of twice the step. Never below one step.
 */
export function atTheMoneyStrike(price: number, step = STRIKE_STEP): number {
  const lower = Math.floor(price / step) * step
  const upper = lower + step
  const below = price - lower
  const above = upper - price
  if (lower <= 0) return upper
  if (Math.abs(below - above) < 0.01) return lower % (2 * step) === 0 ? lower : upper
  return below < above ? lower : upper
}
