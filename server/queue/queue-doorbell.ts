import type { Log } from '../observe/log.js'
import type { Doorbell } from './doorbell.js'
import { OutageLog } from './outage-log.js'
import { PortfolioListener } from './portfolio-listener.js'
import { PortfolioRinger } from './portfolio-ringer.js'
import type { RingQueues } from './ring-queue.js'

/** What a doorbell between instances depends on. */
export interface QueueDoorbellOptions {
  /** Loads the queues; called when they are first needed. */
  readonly load: () => Promise<RingQueues>
  readonly log: Log
}

/**
 * A doorbell between instances. A listener in this process hears a ring directly, and no queue is asked; otherwise the
 * ring goes to the portfolio's queue, to which the instance that holds the portfolio alone listens. While the queue is
 * away rings are dropped, and its ends are opened again in the background.
 */
export class QueueDoorbell implements Doorbell {
  readonly #load: () => Promise<RingQueues>
  readonly #outages: OutageLog
  readonly #listeners = new Map<string, PortfolioListener>()
  readonly #ringers = new Map<string, PortfolioRinger>()
  #closed = false

  constructor({ load, log }: QueueDoorbellOptions) {
    this.#load = load
    this.#outages = new OutageLog(log)
  }

  ring(portfolio: string): void {
    if (this.#closed) return
    const here = this.#listeners.get(portfolio)
    if (here === undefined) this.#ringerOf(portfolio).ring()
    else here.hear()
  }

  onRing(portfolio: string, heard: () => void): () => Promise<void> {
    const listener = new PortfolioListener({ portfolio, heard, load: this.#load, outages: this.#outages })
    this.#listeners.set(portfolio, listener)
    return async () => {
      if (this.#listeners.get(portfolio) === listener) this.#listeners.delete(portfolio)
      await listener.close()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const ends = [...this.#listeners.values(), ...this.#ringers.values()]
    await Promise.all(ends.map((end) => end.close()))
  }

  #ringerOf(portfolio: string): PortfolioRinger {
    let ringer = this.#ringers.get(portfolio)
    if (ringer === undefined) {
      ringer = new PortfolioRinger(portfolio, this.#load, this.#outages)
      this.#ringers.set(portfolio, ringer)
    }
    return ringer
  }
}
