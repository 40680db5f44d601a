/** The middle of repeated measurements, and how far they lie apart. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Returns the spread of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  const isEven = sorted.length % 2 === 0
  const median = isEven ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[middle]!
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** Returns the spread of the ratios of what was measured in the same repetition. */
export function ratioSpread(values: readonly number[], baselines: readonly number[]): Spread {
  return spreadOf(values.map((value, index) => value / baselines[index]!))
}

/** Returns the value below which `share` (0..1) of the values lie, which are sorted ascending; 0 without values. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
