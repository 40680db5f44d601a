import type { PortfolioEvent } from '../../core/event.js'
import type { Input } from '../../core/input.js'
import type { AlertOutcome } from '../journal/alert-outcome.js'
import type { LogEntry } from '../journal/touched.js'
import type { Log } from '../observe/log.js'
import type { Metrics } from '../observe/metrics.js'
import { countEvents } from './count-batch.js'
import type { DecidedWork } from './decide-batch.js'
import { DecidedAlerts } from './decided-alerts.js'
import { Submissions } from './submissions.js'

/** Is told of every recorded input, in order, after its commit. */
export type EventsListener = (events: readonly PortfolioEvent[], input: Input) => void

/** What telling depends on. */
export interface PublisherOptions {
  readonly portfolio: string
  readonly log: Log
  readonly metrics: Metrics
}

/** Tells everyone concerned about recorded inputs: who submitted them, who waits for an alert, and the listeners. */
export class Publisher {
  readonly submissions = new Submissions()
  readonly #decided = new DecidedAlerts()
  readonly #listeners: EventsListener[] = []
  readonly #options: PublisherOptions
  #lastSeq = 0

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Says up to which input the listeners need not be told. */
  beginAfter(seq: number): void {
    this.#lastSeq = seq
  }

  /** Calls `listener` for every input that is recorded from here on. */
  listen(listener: EventsListener): void {
    this.#listeners.push(listener)
  }

  /** Returns what became of an alert once it is recorded, or null after `timeoutMs`. */
  whenDecided(alertId: string, timeoutMs: number): Promise<AlertOutcome | null> {
    return this.#decided.wait(alertId, timeoutMs)
  }

  /** Tells about a recorded input. The listeners hear of each input once, however often it is found in the log. */
  publish({ work, entry, alert, failure }: DecidedWork): void {
    const { id } = work.input
    const repeated = entry.seq <= this.#lastSeq
    if (failure === null) this.submissions.settle(id, { ...entry, repeated })
    else this.submissions.fail(id, failure)
    if (alert !== null) this.#decided.announce(alert)
    if (repeated) return
    this.#lastSeq = entry.seq
    countEvents(this.#options.metrics, entry.events)
    for (const listener of this.#listeners) this.#tell(listener, entry)
  }

  /** Tells everyone who still waits that nothing comes any more. */
  close(): void {
    this.submissions.abandonAll(this.#options.portfolio)
    this.#decided.close()
  }

  #tell(listener: EventsListener, { events, input, seq }: LogEntry): void {
    try {
      listener(events, input)
    } catch (error) {
      const { portfolio, log } = this.#options
      log.error({ err: error, portfolio, seq }, 'A listener failed on a recorded input')
    }
  }
}
