import type { Instant } from '../../time.js'

/** Bars of one instrument in columns, ascending and without repetition in time; all columns have the same length. */
export interface Bars {
  /** When each bar opened. */
  readonly opensAt: Float64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
}

/** Returns the index of the bar that opened at `instant`, or −1 when there is none. */
export function barAt(bars: Bars, instant: Instant): number {
  const index = firstBarFrom(bars, instant)
  return bars.opensAt[index] === instant ? index : -1
}

/** Returns the index of the first bar that opened at `instant` or later; the count of bars when there is none. */
export function firstBarFrom(bars: Bars, instant: Instant): number {
  let low = 0
  let high = bars.opensAt.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (bars.opensAt[middle]! < instant) low = middle + 1
    else high = middle
  }
  return low
}
