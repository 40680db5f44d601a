import { setTimeout as delay } from 'node:timers/promises'
import type { OutageLog } from './outage-log.js'
import type { QueueEnd, RingQueues } from './ring-queue.js'

/** Waits between two tries to open the listening end, in milliseconds. */
const RETRY_MS = 250
const RETRY_MOST_MS = 10_000

/** What a listener depends on. */
export interface PortfolioListenerOptions {
  readonly portfolio: string
  readonly heard: () => void
  readonly load: () => Promise<RingQueues>
  readonly outages: OutageLog
}

/** Listens at the queue of one portfolio, from whenever the queue is there. */
export class PortfolioListener {
  readonly #options: PortfolioListenerOptions
  readonly #stopping = new AbortController()
  readonly #opening: Promise<QueueEnd | null>

  constructor(options: PortfolioListenerOptions) {
    this.#options = options
    this.#opening = this.#keepOpening()
  }

  /** A ring of this very process, which needs no queue. */
  hear(): void {
    if (!this.#stopping.signal.aborted) this.#options.heard()
  }

  /** Listens no more, and ends the connections. */
  async close(): Promise<void> {
    this.#stopping.abort()
    const end = await this.#opening
    await end?.close()
  }

  async #keepOpening(): Promise<QueueEnd | null> {
    const { signal } = this.#stopping
    for (let wait = RETRY_MS; !signal.aborted; wait = Math.min(RETRY_MOST_MS, 2 * wait)) {
      try {
        return await this.#open()
      } catch (error) {
        if (!signal.aborted) this.#options.outages.failed(error)
      }
      await delay(wait, undefined, { signal, ref: false }).catch(() => undefined)
    }
    return null
  }

  async #open(): Promise<QueueEnd> {
    const { load, portfolio, outages } = this.#options
    const queues = await load()
    const heard = () => {
      outages.worked()
      this.hear()
    }
    const onError = (error: Error) => outages.failed(error)
    return queues.openListener({ portfolio, onError, signal: this.#stopping.signal }, heard)
  }
}
