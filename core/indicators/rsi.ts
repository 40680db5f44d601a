import { newRma } from './smoothed-average.js'

/**
 * The relative strength index of closes one at a time, 0..100, as TradingView's ta.rsi: 100 − 100 ÷ (1 + gains ÷ losses),
 * each Wilder's average (ta.rma) of the changes in its direction. The first close has no change, so `period` + 1 closes
 * are needed; NaN before. Without losses it is 100, also where nothing ever moved; without gains alone it is 0.
 */
export class Rsi {
  readonly #gains
  readonly #losses
  #previous = Number.NaN

  /** `period` is a count of bars, at least 1. */
  constructor(period: number) {
    this.#gains = newRma(period)
    this.#losses = newRma(period)
  }

  /** Returns the index with this close. */
  next(close: number): number {
    const change = close - this.#previous
    this.#previous = close
    // The larger of change and 0, exactly, and of −change and 0: no branch, for a price cannot be foreseen.
    const size = Math.abs(change)
    const gain = this.#gains.next((size + change) / 2)
    const loss = this.#losses.next((size - change) / 2)
    if (loss === 0) return 100
    return gain === 0 ? 0 : 100 - 100 / (1 + gain / loss)
  }
}

/** Returns the relative strength index of each bar over `period` bars, 0..100; NaN for the first `period` bars. */
export function rsiColumn(close: Float64Array, period: number): Float64Array {
  const rsi = new Rsi(period)
  const column = new Float64Array(close.length)
  for (let index = 0; index < column.length; index++) column[index] = rsi.next(close[index]!)
  return column
}
