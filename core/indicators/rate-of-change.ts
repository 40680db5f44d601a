/**
 * The rate of change of closes one at a time, in percent, as TradingView's ta.roc: 100 × (close − close[n]) ÷ close[n], n
 * being `period`; NaN for the first `period` bars.
 */
export class RateOfChange {
  readonly #period: number
  readonly #closes: Float64Array
  #at = 0

  /** `period` is a count of bars, at least 1. */
  constructor(period: number) {
    this.#period = period
    this.#closes = new Float64Array(period).fill(Number.NaN)
  }

  /** Returns the rate with this close. */
  next(close: number): number {
    const before = this.#closes[this.#at]!
    this.#closes[this.#at] = close
    this.#at = this.#at + 1 === this.#period ? 0 : this.#at + 1
    return (100 * (close - before)) / before
  }
}

/** Returns the rate of change of each bar over `period` bars, in percent; NaN for the first `period` bars. */
export function rocColumn(close: Float64Array, period: number): Float64Array {
  const rate = new RateOfChange(period)
  const column = new Float64Array(close.length)
  for (let index = 0; index < column.length; index++) column[index] = rate.next(close[index]!)
  return column
}
