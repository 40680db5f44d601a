import type { Instant } from '../../time.js'

/** How long something was held, in milliseconds of the calendar, nights and weekends included. */
export interface MarketTime {
  firstAt: Instant
  lastAt: Instant
  held: number
  isHolding: boolean
}

/** Returns the times of a run that has not begun. */
export function newMarketTime(): MarketTime {
  return { firstAt: Number.NaN, lastAt: Number.NaN, held: 0, isHolding: false }
}

/** Takes a moment after which so many units are held. */
export function seeHolding(time: MarketTime, at: Instant, openPositions: number): void {
  if (Number.isNaN(time.firstAt)) time.firstAt = at
  else if (time.isHolding) time.held += at - time.lastAt
  time.lastAt = at
  time.isHolding = openPositions > 0
}

/** Returns the share of the time from the first to the last moment in which something was held, in percent; null without time. */
export function timeInMarketPct({ firstAt, lastAt, held }: MarketTime): number | null {
  return lastAt > firstAt ? (held / (lastAt - firstAt)) * 100 : null
}

/** Returns the years of 365.25 days from the first to the last moment; 0 without moments. */
export function yearsOf({ firstAt, lastAt }: MarketTime): number {
  return lastAt > firstAt ? (lastAt - firstAt) / (365.25 * 86_400_000) : 0
}
