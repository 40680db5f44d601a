/**
 * The upper Donchian channel of the bars before a bar, one at a time, in points: ta.highest(high, period)[1]. NaN until
 * `period` bars are before. Highs that a later one has reached can never be the highest again, so only a falling row of
 * them is kept, in a ring: each high enters and leaves once, however long the period is.
 */
export class DonchianUpper {
  readonly #period: number
  readonly #mask: number
  readonly #highs: Float64Array
  readonly #bars: Float64Array
  #first = 0
  #end = 0
  #bar = 0

  /** `period` is a count of bars, at least 1. */
  constructor(period: number) {
    const room = 2 ** Math.ceil(Math.log2(period + 1))
    this.#period = period
    this.#mask = room - 1
    this.#highs = new Float64Array(room)
    this.#bars = new Float64Array(room)
  }

  /** Returns the highest of the `period` highs before this bar, and takes this bar's in. */
  next(high: number): number {
    const highs = this.#highs
    const mask = this.#mask
    const bar = this.#bar
    if (this.#end !== this.#first && this.#bars[this.#first & mask]! < bar - this.#period) this.#first += 1
    const highest = bar < this.#period ? Number.NaN : highs[this.#first & mask]!
    let end = this.#end
    while (end !== this.#first && highs[(end - 1) & mask]! <= high) end -= 1
    highs[end & mask] = high
    this.#bars[end & mask] = bar
    this.#end = end + 1
    this.#bar = bar + 1
    return highest
  }
}

/**
 * Returns the highest high of the `period` bars before each bar, in points; NaN for the first `period` bars. The bars are
 * cut into blocks of `period`: what is before a bar is the end of one block and the beginning of the next, and the highest
 * of both is known from one walk in either direction (van Herk 1992, Gil and Werman 1993).
 */
export function donchianColumn(high: Float64Array, period: number): Float64Array {
  const column = new Float64Array(high.length).fill(Number.NaN, 0, period)
  const ends = new Float64Array(period)
  for (let block = 0; block + period < high.length; block += period) {
    let highest = Number.NEGATIVE_INFINITY
    for (let at = period - 1; at >= 0; at--) {
      const value = high[block + at]!
      if (value > highest) highest = value
      ends[at] = highest
    }
    highest = Number.NEGATIVE_INFINITY
    const bars = Math.min(period, high.length - block - period)
    for (let at = 0; at < bars; at++) {
      const end = ends[at]!
      column[block + period + at] = end > highest ? end : highest
      const value = high[block + period + at]!
      if (value > highest) highest = value
    }
  }
  return column
}
