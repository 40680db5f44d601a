import type { Instant } from '../core/time.js'

/** Tells the time. The only source of it outside of PostgreSQL's own row stamps. */
export interface Clock {
  /** Returns the present instant. It may go back when the machine's clock is set. */
  readonly now: () => Instant
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() }

/** How a simulated clock runs. */
export interface SimulatedClockOptions {
  readonly start: Instant
  /** Simulated milliseconds per real one; 0 (default) stands still between advances. */
  readonly speed?: number
  /** Milliseconds of real time that have passed since any origin. Default: the process's monotonic clock. */
  readonly elapsed?: () => number
}

/** A clock for demonstrations and tests: it starts where it is told, and never goes back. */
export class SimulatedClock implements Clock {
  readonly #speed: number
  readonly #elapsed: () => number
  #base: Instant
  #baseElapsed: number

  constructor(options: SimulatedClockOptions) {
    this.#speed = options.speed ?? 0
    this.#elapsed = options.elapsed ?? (() => performance.now())
    this.#base = options.start
    this.#baseElapsed = this.#elapsed()
  }

  /** Returns the simulated instant, in whole milliseconds. */
  readonly now = (): Instant =>
    this.#speed === 0
      ? this.#base
      : Math.floor(this.#base + (this.#elapsed() - this.#baseElapsed) * this.#speed)

  /** Moves the clock to `instant`; an instant that has passed changes nothing. */
  advanceTo(instant: Instant): void {
    const reached = Math.max(this.now(), instant)
    this.#baseElapsed = this.#elapsed()
    this.#base = reached
  }

  /** Moves the clock on by `milliseconds`, at least 0. */
  advanceBy(milliseconds: number): void {
    this.advanceTo(this.now() + milliseconds)
  }
}
