/**
 * Returns the share of each value in their sum, times `whole`, or null when the values (0 or above) give no proportions:
 * their sum is 0 or not finite.
 */
export function proportional(values: readonly number[], whole: number): number[] | null {
  const sum = values.reduce((total, value) => total + value, 0)
  if (sum > 0 && Number.isFinite(sum)) return values.map((value) => (value / sum) * whole)
  const most = values.reduce((largest, value) => Math.max(largest, value), 0)
  // Values that are fine alone may still overflow their sum.
  if (!(most > 0) || !Number.isFinite(most)) return null
  return proportional(
    values.map((value) => value / most),
    whole,
  )
}
