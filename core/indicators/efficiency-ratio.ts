/**
 * The efficiency ratio of closes one at a time, 0..1 whatever the direction: |close − close[n]| ÷ Σ|close[i] − close[i+1]|
 * for i from 0 to n − 1, n being `period`. NaN for the first `period` bars, and where no close of the window differs from
 * the next: a division of 0 by 0, which is na in Pine too, and makes the condition false.
 */
export class EfficiencyRatio {
  readonly #period: number
  /** The last closes, and each one's distance from the close before it. */
  readonly #closes: Float64Array
  readonly #steps: Float64Array
  #previous = Number.NaN
  #at = 0

  /** `period` is a count of bars, at least 1. */
  constructor(period: number) {
    this.#period = period
    this.#closes = new Float64Array(period).fill(Number.NaN)
    this.#steps = new Float64Array(period).fill(Number.NaN)
  }

  /** Returns the ratio with this close. */
  next(close: number): number {
    const period = this.#period
    const at = this.#at
    const steps = this.#steps
    const moved = Math.abs(close - this.#closes[at]!)
    steps[at] = Math.abs(close - this.#previous)
    this.#closes[at] = close
    this.#previous = close
    this.#at = at + 1 === period ? 0 : at + 1
    // Added up anew, the newest first, as a script's loop does: a sum carried along would drift from it, would be no
    // exact 0 on a flat stretch, and at the threshold the last digit decides.
    let path = 0
    for (let index = at; index >= 0; index--) path += steps[index]!
    for (let index = period - 1; index > at; index--) path += steps[index]!
    return moved / path
  }
}

/** Returns the efficiency ratio of each bar over `period` bars, 0..1; NaN for the first `period`, and without any move. */
export function efficiencyColumn(close: Float64Array, period: number): Float64Array {
  const ratio = new EfficiencyRatio(period)
  const column = new Float64Array(close.length)
  for (let index = 0; index < column.length; index++) column[index] = ratio.next(close[index]!)
  return column
}
