/** Trades with an R-multiple from `from` up to, without, `to`; null: without a bound. */
export interface MultipleBin {
  readonly from: number | null
  readonly to: number | null
  readonly trades: number
}

/** R-multiples counted in bins of half an R: constant memory for any number of trades. */
export interface MultipleCounts {
  /** Index 0 is everything below LEAST, the last everything from MOST on. */
  readonly bins: number[]
}

/** Width of a bin, in R. */
export const BIN_WIDTH = 0.5
const LEAST = -5
const MOST = 20

/** Returns counts of no trades. */
export function newMultipleCounts(): MultipleCounts {
  return { bins: new Array<number>((MOST - LEAST) / BIN_WIDTH + 2).fill(0) }
}

/** Counts an R-multiple. */
export function countMultiple({ bins }: MultipleCounts, multiple: number): void {
  const index = Math.floor((multiple - LEAST) / BIN_WIDTH) + 1
  bins[Math.min(Math.max(index, 0), bins.length - 1)]! += 1
}

/** Returns the bins from the first to the last that has a trade; none without trades. */
export function multipleBins({ bins }: MultipleCounts): readonly MultipleBin[] {
  const first = bins.findIndex((trades) => trades > 0)
  const last = bins.findLastIndex((trades) => trades > 0)
  if (first === -1) return []
  return bins.slice(first, last + 1).map((trades, offset) => {
    const index = first + offset
    const from = index === 0 ? null : LEAST + (index - 1) * BIN_WIDTH
    const to = index === bins.length - 1 ? null : LEAST + index * BIN_WIDTH
    return { from, to, trades }
  })
}
