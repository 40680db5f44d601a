/** Count, mean and spread of values, in constant memory (B. P. Welford, Technometrics 4, 1962). */
export interface Spread {
  count: number
  mean: number
  /** Σ (value − mean)². */
  squares: number
}

/** Returns the spread of no values. */
export function newSpread(): Spread {
  return { count: 0, mean: 0, squares: 0 }
}

/** Adds a value to `spread`. */
export function addValue(spread: Spread, value: number): void {
  spread.count += 1
  const away = value - spread.mean
  spread.mean += away / spread.count
  spread.squares += away * (value - spread.mean)
}

/** Adds the values of another spread (T. F. Chan, G. H. Golub and R. J. LeVeque, The American Statistician 37, 1983). */
export function addSpread(spread: Spread, other: Spread): void {
  const count = spread.count + other.count
  if (count === 0) return
  const away = other.mean - spread.mean
  spread.squares += other.squares + (away * away * spread.count * other.count) / count
  spread.mean += (away * other.count) / count
  spread.count = count
}

/** Adds 0 to `spread` so many times. */
export function addZeros(spread: Spread, times: number): void {
  if (times > 0) addSpread(spread, { count: times, mean: 0, squares: 0 })
}

/** Returns the standard deviation of a sample (divisor n − 1); null for fewer than two values. */
export function deviation(spread: Spread): number | null {
  return spread.count < 2 ? null : Math.sqrt(spread.squares / (spread.count - 1))
}
