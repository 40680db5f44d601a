import type { Log } from '../observe/log.js'

/** Milliseconds between two lines about the same outage: a lost connection fails many times a second. */
const REPEAT_MS = 60_000

/** Logs that a queue is away, and that it is back, without flooding the log in between. */
export class OutageLog {
  readonly #log: Log
  #loggedAt: number | null = null

  constructor(log: Log) {
    this.#log = log
  }

  /** The queue failed. */
  failed(error: unknown): void {
    const now = performance.now()
    if (this.#loggedAt !== null && now - this.#loggedAt < REPEAT_MS) return
    this.#loggedAt = now
    this.#log.warn(
      { err: error },
      'The queue of rings does not answer; what waits is found by looking each second',
    )
  }

  /** The queue did what it was asked. */
  worked(): void {
    if (this.#loggedAt === null) return
    this.#loggedAt = null
    this.#log.info({}, 'The queue of rings answers again')
  }
}
