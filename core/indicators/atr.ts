import { newRma } from './smoothed-average.js'

/** Columns of the highest, lowest and last price of bars, in points; all have the same length. */
export interface RangeColumns {
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
}

/**
 * The average true range of bars one at a time, in points: Wilder's average (ta.rma) of the true range, as TradingView's
 * ta.atr. Of the first bar, which follows no close, the true range is its high − low; NaN until `period` bars are known.
 */
export class AverageTrueRange {
  readonly #average
  #previousClose = Number.NaN

  /** `period` is a count of bars, at least 1. */
  constructor(period: number) {
    this.#average = newRma(period)
  }

  /** Returns the average with this bar. */
  next(high: number, low: number, close: number): number {
    const range = trueRange(high, low, this.#previousClose)
    this.#previousClose = close
    return this.#average.next(range)
  }
}

/** Returns the average true range of each bar over `period` bars, in points; NaN until `period` bars are known. */
export function atrColumn({ high, low, close }: RangeColumns, period: number): Float64Array {
  const atr = new AverageTrueRange(period)
  const column = new Float64Array(close.length)
  for (let index = 0; index < column.length; index++) {
    column[index] = atr.next(high[index]!, low[index]!, close[index]!)
  }
  return column
}

/**
 * Returns the true range of a bar, in points, ta.tr(true): the largest of high − low, |high − previous close| and
 * |low − previous close|; high − low when the previous close is NaN, for a bar that is the first.
 */
export function trueRange(high: number, low: number, previousClose: number): number {
  const range = high - low
  if (Number.isNaN(previousClose)) return range
  return Math.max(range, Math.abs(high - previousClose), Math.abs(low - previousClose))
}
