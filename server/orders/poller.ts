import type { Order } from '../../core/order/order.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Instant } from '../../core/time.js'
import type { OrderDeskOptions } from './desk-options.js'
import type { OrderSurvey } from './order-survey.js'
import { ordersAtWork } from './orders-at-work.js'
import type { Reporter } from './reporter.js'
import { SingleFlight } from './single-flight.js'
import { isAccepted } from './strangers.js'

/**
 * Reads what changed at the venue: at every beat while it has an order of ours at work, and now and then while only stops
 * rest there or orders that ended lately may still get a late trade. One question, however many orders. Orders that were sent and not
 * answered are the resolver's.
 */
export class Poller {
  readonly #options: OrderDeskOptions
  readonly #reporter: Reporter
  readonly #survey: OrderSurvey
  /** Up to when the venue's changes were read. */
  #readTo: Instant | null = null
  #lastPoll = Number.NEGATIVE_INFINITY
  #reads = 0
  #failure: unknown = null
  readonly #polling = new SingleFlight()

  constructor(options: OrderDeskOptions, reporter: Reporter, survey: OrderSurvey) {
    this.#options = options
    this.#reporter = reporter
    this.#survey = survey
  }

  /** Reads the venue if that may tell something; never throws. */
  async poll(atWork: readonly Order[], isForced = false): Promise<void> {
    if (!isForced && !this.#isDue(atWork)) return
    const { log } = this.#options
    const failed = (error: unknown) => {
      this.#failure = error
      log.warn({ err: error }, 'The orders at the venue could not be read; they will be read again')
    }
    await this.#polling.run('orders', () => this.#read(atWork), failed)
  }

  /** Reads the venue now. Rejects with the reason when it cannot be read. */
  async readNow(): Promise<void> {
    const before = this.#reads
    await this.poll(ordersAtWork(this.#options.sequencer.state()), true)
    if (this.#reads === before) throw this.#failure ?? new Error('the orders at the venue were not read')
  }

  #isDue(atWork: readonly Order[]): boolean {
    const accepted = atWork.filter(({ state }) => state === 'accepted' || state === 'partiallyFilled')
    if (accepted.some(({ purpose }) => purpose !== 'stop')) return true
    const { sequencer, clock, monotonic, timings } = this.#options
    if (monotonic() - this.#lastPoll < timings.idlePollEvery) return false
    return accepted.length > 0 || lastEnd(sequencer.state()) >= clock.now() - timings.lateFor
  }

  async #read(atWork: readonly Order[]): Promise<void> {
    const { broker, clock, monotonic, timings } = this.#options
    const now = clock.now()
    const earliest = Math.min(now - timings.lateFor, ...atWork.map((order) => order.createdAt))
    const since = this.#readTo === null ? earliest : this.#readTo
    this.#lastPoll = monotonic()
    const accepted = atWork.filter(isAccepted)
    const list = await broker.orders(since - timings.pollOverlap)
    this.#readTo = now
    await this.#reporter.reportList(list)
    await this.#survey.take(list, accepted)
    this.#reads += 1
  }
}

/** Returns when an order last ended; 0 for never. */
function lastEnd(portfolio: Portfolio): Instant {
  return portfolio.ended.at(-1)?.at ?? 0
}
