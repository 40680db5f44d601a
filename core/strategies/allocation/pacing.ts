/** How many requests a venue takes in any window of time. */
export interface RequestLimit {
  readonly maxRequests: number
  readonly windowMs: number
}

/**
 * Returns how long each of `count` requests that are ready at the same moment waits, in milliseconds: a log of the last
 * window lets at most `maxRequests` go in any `windowMs`.
 */
export function waitsInWindow(count: number, { maxRequests, windowMs }: RequestLimit): readonly number[] {
  return Array.from({ length: count }, (_, index) => Math.floor(index / maxRequests) * windowMs)
}
