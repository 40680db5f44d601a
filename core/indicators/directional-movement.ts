import { type RangeColumns, trueRange } from './atr.js'
import { newRma } from './smoothed-average.js'

/**
 * The directional movement index of bars one at a time, each value 0..100, as TradingView's ta.dmi. A bar's movement up is
 * how far its high is above the one before, where that is positive and more than its low fell; down likewise. +DI and −DI
 * are 100 × Wilder's averages (ta.rma) of the movements ÷ that of the true range; where that is 0 ÷ 0 the last value
 * stays (fixnan). ADX is 100 × Wilder's average of |+DI − −DI| ÷ their sum, or of the difference alone where the sum is 0.
 * The first bar has no movement and, here, no true range (ta.tr without na handling): the DIs need `period` + 1 bars, and
 * the ADX `smoothing` − 1 more; NaN before.
 */
export class DirectionalMovement {
  /** +DI and −DI of the last bar. */
  plus = Number.NaN
  minus = Number.NaN
  readonly #up
  readonly #down
  readonly #range
  readonly #index
  #high = Number.NaN
  #low = Number.NaN
  #close = Number.NaN

  /** Both are counts of bars, at least 1. */
  constructor(period: number, smoothing: number) {
    this.#up = newRma(period)
    this.#down = newRma(period)
    this.#range = newRma(period)
    this.#index = newRma(smoothing)
  }

  /** Returns the ADX with this bar. */
  next(high: number, low: number, close: number): number {
    const up = high - this.#high
    const down = this.#low - low
    const previousClose = this.#close
    this.#high = high
    this.#low = low
    this.#close = close
    if (Number.isNaN(previousClose)) return Number.NaN
    const range = this.#range.next(trueRange(high, low, previousClose))
    // Numbers to multiply and not choices to make: which way a bar moves cannot be foreseen.
    const plus = (100 * this.#up.next(Number(up > down) * positivePart(up))) / range
    const minus = (100 * this.#down.next(Number(down > up) * positivePart(down))) / range
    if (!Number.isNaN(plus)) this.plus = plus
    if (!Number.isNaN(minus)) this.minus = minus
    const sum = this.plus + this.minus
    return 100 * this.#index.next(Math.abs(this.plus - this.minus) / (sum === 0 ? 1 : sum))
  }
}

/** Returns the larger of `value` and 0, exactly. */
function positivePart(value: number): number {
  return (Math.abs(value) + value) / 2
}

/** Returns the ADX of each bar over `period` bars, smoothed over as many, 0..100; NaN for the first 2 × `period` − 1. */
export function adxColumn({ high, low, close }: RangeColumns, period: number): Float64Array {
  const movement = new DirectionalMovement(period, period)
  const column = new Float64Array(close.length)
  for (let index = 0; index < column.length; index++) {
    column[index] = movement.next(high[index]!, low[index]!, close[index]!)
  }
  return column
}
