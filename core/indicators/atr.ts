/**
 * Returns the average true range of each bar over `period` bars, in points; NaN until `period` bars are known.
 * TradingView's ta.atr: the true range is max(high − low, |high − previous close|, |low − previous close|), high − low for
 * the first bar; the average is Wilder's (ta.rma), (previous × (period − 1) + range) ÷ period, seeded with the plain mean.
 */
export function averageTrueRange(
  bars: { readonly high: Float64Array; readonly low: Float64Array; readonly close: Float64Array },
  period: number,
): Float64Array {
  const count = bars.close.length
  const averages = new Float64Array(count).fill(Number.NaN)
  let sum = 0
  for (let index = 0; index < count; index++) {
    const range = trueRange(bars.high[index]!, bars.low[index]!, index === 0 ? null : bars.close[index - 1]!)
    if (index < period) sum += range
    if (index === period - 1) averages[index] = sum / period
    else if (index >= period) averages[index] = (averages[index - 1]! * (period - 1) + range) / period
  }
  return averages
}

/** Returns the true range of a bar, in points; `previousClose` is null for the first bar. */
export function trueRange(high: number, low: number, previousClose: number | null): number {
  if (previousClose === null) return high - low
  return Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose))
}
