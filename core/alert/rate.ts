import { type Instant, MINUTE } from '../time.js'

/** TradingView counts the alerts of a script over this time. */
export const RATE_WINDOW = 3 * MINUTE
/** A script that fires more alerts within RATE_WINDOW is stopped by TradingView until somebody starts it again. */
export const RATE_LIMIT = 15
/** Reports every 15 s are 12 of them, with a closing bar 13: that much is usual, and one more is not. */
export const RATE_ALARM_FROM = 14

/** Returns the last RATE_LIMIT times, ascending, of `recent` and `at`; they may come in any order. */
export function withTime(recent: readonly Instant[], at: Instant): readonly Instant[] {
  const index = recent.findLastIndex((time) => time <= at) + 1
  return [...recent.slice(0, index), at, ...recent.slice(index)].slice(-RATE_LIMIT)
}

/** Returns how many of the times are within the RATE_WINDOW that ends at `now`; RATE_LIMIT also stands for more. */
export function countRecent(recent: readonly Instant[], now: Instant): number {
  return recent.filter((time) => now - RATE_WINDOW < time && time <= now).length
}
