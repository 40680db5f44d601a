import { AverageTrueRange, atrColumn, type RangeColumns } from './atr.js'

/** Where a SuperTrend stands: −1 below a rising price, 1 above a falling one; the signs are TradingView's. */
export type SuperTrendDirection = -1 | 1

/**
 * The SuperTrend of bars one at a time, in points, as TradingView's ta.supertrend. Bands stand `factor` ATRs above and
 * below the middle of the bar; the lower one only rises while closes stay above it, the upper one only falls while they
 * stay below. The value is the upper band until a close is above it, then the lower band until a close is below it. It
 * begins as the upper band, with the first ATR; NaN before.
 */
export class SuperTrend {
  /** That of the last bar. */
  direction: SuperTrendDirection = 1
  readonly #factor: number
  readonly #atr
  #upper = Number.NaN
  /** Pine takes the band before the first as 0, so the first is not below 0 either. */
  #lower = 0
  #value = Number.NaN
  #previousClose = Number.NaN

  /** `factor` is a number of ATRs above 0; `period`, that of the ATR, a count of bars, at least 1. */
  constructor(factor: number, period: number) {
    this.#factor = factor
    this.#atr = new AverageTrueRange(period)
  }

  /** Returns the value with this bar. */
  next(high: number, low: number, close: number): number {
    return this.nextOf(high, low, close, this.#atr.next(high, low, close))
  }

  /** Returns the value with this bar, whose ATR over the period of this SuperTrend is known already. */
  nextOf(high: number, low: number, close: number, atr: number): number {
    const distance = this.#factor * atr
    const middle = (high + low) / 2
    const before = this.#previousClose
    const upperBefore = this.#upper
    const lowerBefore = this.#lower
    let upper = middle + distance
    let lower = middle - distance
    this.#previousClose = close
    if (!(lower > lowerBefore || before < lowerBefore)) lower = lowerBefore
    if (upper >= upperBefore && before <= upperBefore) upper = upperBefore
    // Asked of the value and not of the direction: where both bands meet, on bars that do not move, Pine's test is true.
    if (Number.isNaN(this.#value)) this.direction = 1
    else if (this.#value === upperBefore) this.direction = close > upper ? -1 : 1
    else this.direction = close < lower ? 1 : -1
    this.#upper = upper
    this.#lower = lower
    this.#value = this.direction === -1 ? lower : upper
    return this.#value
  }
}

/**
 * Returns the SuperTrend of each bar, in points; NaN until `period` bars are known. `atr` is their column over `period` bars,
 * where there is one already.
 */
export function superTrendColumn(
  bars: RangeColumns,
  parameters: { readonly factor: number; readonly period: number; readonly atr?: Float64Array },
): Float64Array {
  const { high, low, close } = bars
  const { factor, period } = parameters
  const atr = parameters.atr ?? atrColumn(bars, period)
  const superTrend = new SuperTrend(factor, period)
  const column = new Float64Array(close.length)
  for (let index = 0; index < column.length; index++) {
    column[index] = superTrend.nextOf(high[index]!, low[index]!, close[index]!, atr[index]!)
  }
  return column
}
