/** The four prices of a bar, in points. */
export interface BarPrices {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** Returns whether a bar's body is at most `bodyShare` (0..1) of its range; a bar without any range is no doji. */
export function isDoji({ open, high, low, close }: BarPrices, bodyShare: number): boolean {
  const range = high - low
  return range > 0 && Math.abs(close - open) / range <= bodyShare
}
