import type { VenueOrderStatus } from '../broker.js'

/** An end that a read of an order showed. */
export interface SeenEnd {
  readonly status: Exclude<VenueOrderStatus, 'working' | 'filled'>
  /** What had traded by then, in lots, as text: more trades show that the order had not ended. */
  readonly traded: string
  /** Whether another order's status may have been shown in its place. */
  readonly isDoubtful: boolean
}

/** What a watch depends on: how long an end must be seen, in milliseconds, and a clock that never goes back. */
export interface EndWatchOptions {
  readonly seenFor: number
  readonly doubtfulSeenFor: number
  readonly monotonic: () => number
}

/**
 * Believes an end other than by fills only when it is still shown a while later, with no trade in between. A plugin of
 * OpenAlgo shows an order in a passing state with the status of the row before it, so that a working order can look
 * rejected.
 */
export class EndWatch {
  readonly #options: EndWatchOptions
  readonly #seen = new Map<string, SeenEnd & { readonly since: number }>()

  constructor(options: EndWatchOptions) {
    this.#options = options
  }

  /** Returns whether the end is certain; it begins to be watched when it is new. */
  isCertain(venueOrderId: string, end: SeenEnd): boolean {
    const { seenFor, doubtfulSeenFor, monotonic } = this.#options
    const seen = this.#seen.get(venueOrderId)
    if (seen?.status !== end.status || seen.traded !== end.traded) {
      this.#seen.set(venueOrderId, { ...end, since: monotonic() })
      return false
    }
    const wait = end.isDoubtful ? doubtfulSeenFor : seenFor
    return seen.since + wait <= monotonic()
  }

  /** Forgets what was seen of an order: it was shown working. */
  forget(venueOrderId: string): void {
    this.#seen.delete(venueOrderId)
  }
}
