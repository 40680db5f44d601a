import type { Instant } from '../../core/time.js'

interface Event {
  readonly at: number
  readonly act: () => void
}

/** Time that passes only from one thing that is due to the next. Things that are due at once happen in order of asking. */
export class VirtualTime {
  readonly #start: Instant
  /** Latest first, so that the next one is taken from the end. */
  readonly #due: Event[] = []
  #elapsed = 0

  constructor(start: Instant) {
    this.#start = start
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.#elapsed
  }

  /** Returns the present instant. */
  readonly now = (): Instant => this.#start + this.#elapsed

  /** Has `act` called `ms` milliseconds from now, at least 0. */
  after(ms: number, act: () => void): void {
    const at = this.#elapsed + Math.max(0, ms)
    let place = this.#due.length
    while (place > 0 && this.#due[place - 1]!.at <= at) place -= 1
    this.#due.splice(place, 0, { at, act })
  }

  /** Lets everything happen that is due by `until`, in milliseconds since the start, or until `isOver`. */
  async runUntil(until: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const next = this.#due.at(-1)
      if (next === undefined || until < next.at) break
      this.#due.pop()
      this.#elapsed = next.at
      next.act()
      await settleMicrotasks()
    }
    if (!isOver()) this.#elapsed = Math.max(this.#elapsed, until)
  }
}

/** A tick comes when everything that waits on promises alone has gone on; the event loop need not turn for it. */
function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
