import { setTimeout as delay } from 'node:timers/promises'
import { digest } from '../../core/ids.js'
import { compareAccount, isNothingNew } from '../../core/reconcile/compare.js'
import type { Broker } from '../brokers/broker.js'
import type { Clock } from '../clock.js'
import type { Sequencer } from '../kernel/sequencer.js'
import type { ShellAlarm } from '../observe/alarms.js'
import type { Log } from '../observe/log.js'
import { readAccount } from './read-account.js'

/** When the account is looked at, in milliseconds. */
export interface AccountWatchTimings {
  readonly lookEvery: number
  /** After a difference that was seen once, and after a look into which an order fell. */
  readonly secondLookAfter: number
}

/** What watching an account depends on. */
export interface AccountWatchOptions {
  readonly portfolio: string
  readonly sequencer: Pick<Sequencer, 'submit' | 'state' | 'onEvents'>
  readonly broker: Broker
  readonly clock: Clock
  readonly log: Log
  /** Tells the inputs of this tenure from those of another. */
  readonly occasion: string
  /** Takes up what the venue shows of orders; rejects when it cannot be read. */
  readonly readOrders: () => Promise<void>
  /** Must not throw. */
  readonly raise: (alarm: ShellAlarm) => Promise<void>
  readonly timings: AccountWatchTimings
}

/** The times of a running service. */
export const ACCOUNT_TIMINGS: AccountWatchTimings = { lookEvery: 60_000, secondLookAfter: 5_000 }

/** After so many looks in a row that failed a person is told. */
const FAILURES_BEFORE_ALARM = 3

/**
 * Compares what a running portfolio holds with what its broker holds, for as long as it runs. Only what is new is
 * recorded: a difference, its second sight, its change and its end.
 */
export class AccountWatch {
  readonly #options: AccountWatchOptions
  readonly #stop = new AbortController()
  #running: Promise<void> | null = null
  #recorded = 0
  #failures = 0
  /** Grows with every fill and every order: what was read meanwhile is of no certain time. */
  #activity = 0

  constructor(options: AccountWatchOptions) {
    this.#options = options
    options.sequencer.onEvents((events) => {
      if (events.some(({ type }) => type === 'OrderFilled' || type === 'OrderInitialized'))
        this.#activity += 1
    })
  }

  /** Begins to look; as a recovery has just looked, the first look is soon only after something that was seen once. */
  start(): void {
    this.#running ??= this.#keepLooking()
  }

  /** Looks no more. A look under way is not waited for: the broker may take its time, and nothing is recorded of it. */
  async stop(): Promise<void> {
    this.#stop.abort()
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stop
    let isSoon = this.#hasSuspicion()
    while (!signal.aborted) {
      const { lookEvery, secondLookAfter } = this.#options.timings
      await delay(isSoon ? secondLookAfter : lookEvery, undefined, { signal, ref: false }).catch(
        () => undefined,
      )
      if (!signal.aborted) isSoon = await this.look()
    }
  }

  /** Looks once, and resolves to whether the next look should come soon; never throws. */
  async look(): Promise<boolean> {
    const { log, portfolio } = this.#options
    try {
      await this.#options.readOrders()
      const isSoon = await this.#compare()
      this.#failures = 0
      return isSoon
    } catch (error) {
      if (this.#stop.signal.aborted) return false
      log.warn(
        { err: error, portfolio },
        'The account at the broker could not be compared; it is tried again',
      )
      await this.#countFailure(error)
      return false
    }
  }

  async #compare(): Promise<boolean> {
    const { sequencer, broker, occasion } = this.#options
    const before = this.#activity
    const account = await readAccount(broker, () => sequencer.state())
    if (this.#stop.signal.aborted) return false
    if (this.#activity !== before) return true
    const portfolio = sequencer.state()
    if (!isNothingNew(compareAccount(portfolio, account, portfolio.now))) {
      this.#recorded += 1
      const id = `V-${digest('account', portfolio.id, occasion, `watch ${this.#recorded}`)}`
      await sequencer.submit({ type: 'AccountObserved', id, ...account })
    }
    return this.#hasSuspicion()
  }

  #hasSuspicion(): boolean {
    const { breaks } = this.#options.sequencer.state()
    return [...breaks.values()].some(({ isConfirmed }) => !isConfirmed)
  }

  async #countFailure(error: unknown): Promise<void> {
    this.#failures += 1
    if (this.#failures !== FAILURES_BEFORE_ALARM) return
    const { raise, clock, broker, portfolio } = this.#options
    const reason = error instanceof Error ? error.message : String(error)
    const message = `the account at ${broker.name} was not comparable ${this.#failures} times in a row: ${reason}. What differs there is not noticed meanwhile`
    await raise({ code: 'BROKER_UNREACHABLE', severity: 'warning', message, at: clock.now(), portfolio })
  }
}
