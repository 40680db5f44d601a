import type { OutageLog } from './outage-log.js'
import type { Ringer, RingQueues } from './ring-queue.js'

/** After a failure rings are dropped for this long, in milliseconds: each would only wait for the same failure. */
const REST_MS = 1_000

/** Rings at the queue of one portfolio. Rings that come while one is being sent become one more. */
export class PortfolioRinger {
  readonly #portfolio: string
  readonly #load: () => Promise<RingQueues>
  readonly #outages: OutageLog
  #ringer: Ringer | null = null
  #sending: Promise<void> | null = null
  #again = false
  #restUntil = 0
  readonly #stopping = new AbortController()

  constructor(portfolio: string, load: () => Promise<RingQueues>, outages: OutageLog) {
    this.#portfolio = portfolio
    this.#load = load
    this.#outages = outages
  }

  /** Rings, or lets it be when the queue is away. */
  ring(): void {
    if (this.#stopping.signal.aborted || performance.now() < this.#restUntil) return
    this.#again = true
    this.#sending ??= this.#sendAll()
  }

  /** Rings once more if that was asked for, then no more, and ends the connections. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#sending
    await this.#ringer?.close()
  }

  async #sendAll(): Promise<void> {
    while (this.#again) {
      this.#again = false
      await this.#send()
    }
    this.#sending = null
  }

  async #send(): Promise<void> {
    try {
      this.#ringer ??= await this.#open()
      await this.#ringer.ring()
      this.#outages.worked()
    } catch (error) {
      this.#outages.failed(error)
      this.#restUntil = performance.now() + REST_MS
      this.#again = false
    }
  }

  async #open(): Promise<Ringer> {
    const queues = await this.#load()
    const onError = (error: Error) => this.#outages.failed(error)
    return queues.openRinger({ portfolio: this.#portfolio, onError, signal: this.#stopping.signal })
  }
}
