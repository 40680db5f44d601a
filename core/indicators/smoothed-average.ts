/**
 * TradingView's exponential averages, one value at a time: weight × value + (1 − weight) × average before, from the plain
 * mean of the first `period` values on, and NaN before it. A value that is not known (NaN) changes nothing, so an average
 * of what is known only from some bar on begins there. Both ta.ema and ta.rma warm up so.
 */
export class SmoothedAverage {
  readonly #period: number
  readonly #weight: number
  readonly #rest: number
  #known = 0
  #sum = 0
  #average = Number.NaN

  /** `period` is a count of values, at least 1; `weight` is that of the newest value, above 0 and at most 1. */
  constructor(period: number, weight: number) {
    this.#period = period
    this.#weight = weight
    this.#rest = 1 - weight
  }

  /** Returns the average with `value`. */
  next(value: number): number {
    if (Number.isNaN(value)) return this.#average
    if (this.#known === this.#period) {
      this.#average = this.#weight * value + this.#rest * this.#average
      return this.#average
    }
    return this.#begin(value)
  }

  #begin(value: number): number {
    this.#known += 1
    this.#sum += value
    if (this.#known === this.#period) this.#average = this.#sum / this.#period
    return this.#average
  }
}

/** Returns an exponential moving average, ta.ema: the newest of `period` values weighs 2 ÷ (period + 1). */
export function newEma(period: number): SmoothedAverage {
  return new SmoothedAverage(period, 2 / (period + 1))
}

/** Returns Wilder's moving average, ta.rma: the newest of `period` values weighs 1 ÷ period. */
export function newRma(period: number): SmoothedAverage {
  return new SmoothedAverage(period, 1 / period)
}

/** Returns the exponential moving average of each bar's close over `period` bars, in points; NaN before bar `period`. */
export function emaColumn(close: Float64Array, period: number): Float64Array {
  const ema = newEma(period)
  const column = new Float64Array(close.length)
  for (let index = 0; index < column.length; index++) column[index] = ema.next(close[index]!)
  return column
}
