/**
 * At most so many requests of a kind within any second. OpenAlgo and its brokers count a moving window, in which a
 * bucket that is full at first would let through twice its rate.
 */
export class RateLimit {
  readonly #most: number
  readonly #monotonic: () => number
  readonly #begun = new Map<string, number[]>()

  constructor(perSecond: number, monotonic: () => number) {
    this.#most = perSecond
    this.#monotonic = monotonic
  }

  /** Counts a request and returns 0, or returns the milliseconds until one would be let through, and counts none. */
  take(kind: string): number {
    const now = this.#monotonic()
    const begun = (this.#begun.get(kind) ?? []).filter((at) => now < at + 1000)
    this.#begun.set(kind, begun)
    if (begun.length >= this.#most) return begun[0]! + 1000 - now
    begun.push(now)
    return 0
  }
}
