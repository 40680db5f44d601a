import type { Instant } from '../../time.js'
import type { BarClose } from './bar-close.js'
import { type Bars, firstBarFrom } from './bars.js'

/** The bars of an instrument as a backtest goes through them. */
export interface BarFeed {
  readonly instrument: string
  readonly bars: Bars
  /** ATR in points of each bar, NaN while unknown. */
  readonly atr: Float64Array
  readonly closesAt: Float64Array
  /** The next bar to close. */
  next: number
}

/** Returns a feed that begins with the first bar that opened at `from` or later. */
export function newBarFeed(
  instrument: string,
  history: { readonly bars: Bars; readonly atr: Float64Array; readonly barClose: BarClose },
  from: Instant,
): BarFeed {
  const { bars, atr, barClose } = history
  const closesAt = Float64Array.from(bars.opensAt, (open) => barClose(open))
  return { instrument, bars, atr, closesAt, next: firstBarFrom(bars, from) }
}

/** Returns the feed whose next bar closes first, and not after `until`; null when none does. The first of equals wins. */
export function nextFeed(feeds: readonly BarFeed[], until: Instant): BarFeed | null {
  let first: BarFeed | null = null
  let closesAt = until
  for (const feed of feeds) {
    const at = feed.closesAt[feed.next]
    if (at === undefined || (first === null ? closesAt < at : closesAt <= at)) continue
    first = feed
    closesAt = at
  }
  return first
}
