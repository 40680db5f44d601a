import type { Instant } from '../../core/time.js'

interface Event {
  readonly at: number
  readonly act: () => void
  /** Whether promises may go on after it. */
  readonly isRousing: boolean
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

  /** Has `act` called `ms` milliseconds from now, at least 0; all that waits on promises alone goes on before anything else. */
  after(ms: number, act: () => void): void {
    this.#add(ms, act, true)
  }

  /** Like after, for what settles no promise: waiting until nothing of that kind is left costs more than the act itself. */
  afterAlone(ms: number, act: () => void): void {
    this.#add(ms, act, false)
  }

  #add(ms: number, act: () => void, isRousing: boolean): void {
    const at = this.#elapsed + Math.max(0, ms)
    const due = this.#due
    let place = due.length
    while (place > 0 && due[place - 1]!.at <= at) place -= 1
    const event: Event = { at, act, isRousing }
    if (place === due.length) due.push(event)
    else due.splice(place, 0, event)
  }

  /** Lets everything happen that is due by `until`, in milliseconds since the start, or until `isOver`. */
  async runUntil(until: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const next = this.#due.at(-1)
      if (next === undefined || until < next.at) break
      this.#due.pop()
      this.#elapsed = next.at
      next.act()
      if (next.isRousing) await settleMicrotasks()
    }
    if (!isOver()) this.#elapsed = Math.max(this.#elapsed, until)
  }
}

/** A tick comes when everything that waits on promises alone has gone on; the event loop need not turn for it. */
function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
