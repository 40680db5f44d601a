import type { TimerFired } from '../../core/input.js'
import { instrumentsOver } from '../../core/order/chase-steps.js'
import { isAtWork, type Order } from '../../core/order/order.js'
import { hasLegsDue } from '../../core/order/settle-legs.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { hasExitDue } from '../../core/portfolio/standing-exits.js'
import { hasApprovalDue } from '../../core/risk/approvals.js'
import { hasRunDue } from '../../core/strategies/allocation/continue-run.js'
import { hasStopDue } from '../../core/strategies/trend/protective-stop.js'
import type { Instant } from '../../core/time.js'
import type { Canceler } from './canceler.js'
import type { OrderDeskOptions } from './desk-options.js'
import type { Dispatcher } from './dispatcher.js'
import type { Escalations } from './escalations.js'
import { timerId } from './input-ids.js'
import type { OrderInputs } from './order-inputs.js'
import { ordersAtWork } from './orders-at-work.js'
import type { Poller } from './poller.js'
import type { RecordedOrders } from './recorded-orders.js'
import type { Reporter } from './reporter.js'
import type { Resolver } from './resolver.js'

/** Who does what the sweeper finds. */
export interface Sweepers {
  readonly dispatcher: Dispatcher
  readonly canceler: Canceler
  readonly resolver: Resolver
  readonly poller: Poller
  readonly inputs: OrderInputs
  readonly reporter: Reporter
  readonly escalations: Escalations
  readonly recorded: RecordedOrders
}

/**
 * Looks for work at every beat, in the state and nowhere else: whatever a crash, a lost ring, a failed commit or a lost
 * report left lying is found here. Everything that is rung for would be found without the ring, one beat later.
 */
export class Sweeper {
  readonly #options: OrderDeskOptions
  readonly #to: Sweepers
  /** When an order that nobody is sending was first seen as submitted, by order and attempt. */
  #unanswered = new Map<string, number>()
  #stopBeats: (() => void) | null = null
  /** When the alarm of a frozen portfolio is due again, by the monotonic clock. */
  #frozenAlarmAt = 0

  constructor(options: OrderDeskOptions, to: Sweepers) {
    this.#options = options
    this.#to = to
  }

  /** Sweeps now and then at every beat. */
  start(): void {
    const { timers, timings } = this.#options
    const sweep = () => void this.sweep()
    this.#stopBeats ??= timers.every(timings.sweepEvery, sweep)
    sweep()
  }

  /** Sweeps no more. */
  stop(): void {
    this.#stopBeats?.()
    this.#stopBeats = null
  }

  /** Looks once, and resolves when what it found is done or has failed. A slow venue holds up only its own part. */
  async sweep(): Promise<void> {
    const { sequencer } = this.#options
    const { dispatcher, canceler, resolver, poller } = this.#to
    sequencer.ring()
    const atWork = ordersAtWork(sequencer.state())
    dispatcher.ring(idsIn(atWork, 'initialized'))
    this.#forget()
    const doing = [poller.poll(atWork), this.#fireTimer()]
    for (const order of this.#overdue(atWork)) doing.push(this.#giveUpOn(order))
    for (const order of atWork) {
      if (order.state === 'unresolved') doing.push(resolver.resolve(order))
      if (order.cancelRequested) doing.push(canceler.cancel(order))
    }
    await Promise.all(doing)
  }

  /** Returns the submitted orders that nobody here is sending, for longer than a former holder's send may take to begin. */
  #overdue(atWork: readonly Order[]): Order[] {
    const { monotonic, timings } = this.#options
    const now = monotonic()
    const unanswered = new Map<string, number>()
    const overdue: Order[] = []
    for (const order of atWork) {
      if (order.state !== 'submitted' || this.#to.dispatcher.isSending(order.id)) continue
      const key = `${order.id}#${order.attempt}`
      const since = this.#unanswered.get(key) ?? now
      unanswered.set(key, since)
      if (timings.sendBy < now - since) overdue.push(order)
    }
    this.#unanswered = unanswered
    return overdue
  }

  #giveUpOn(order: Order): Promise<void> {
    const cause = 'nobody is left to hear the answer'
    return this.#to.reporter.report(order.id, [{ kind: 'unresolved', orderId: order.id, cause }])
  }

  async #fireTimer(): Promise<void> {
    const { sequencer, clock } = this.#options
    const isDue = this.#isTimerDue(sequencer.state(), clock.now())
    if (!isDue && !this.#isFrozenAlarmDue(sequencer.state())) return
    const quotes = await this.#quotesForSteps()
    const id = timerId(sequencer.state(), clock.now())
    await this.#to.inputs.submit({ type: 'TimerFired', id, ...quotes })
  }

  #isTimerDue(portfolio: Portfolio, now: Instant): boolean {
    return (
      hasExitDue(portfolio, now) ||
      hasLegsDue(portfolio, now) ||
      hasApprovalDue(portfolio, now) ||
      hasStopDue(portfolio, now) ||
      hasRunDue(portfolio, now) ||
      instrumentsOver(portfolio, now).length > 0
    )
  }

  /** What follows a step is priced by what the broker tells now: a bar's close may be an hour old. */
  async #quotesForSteps(): Promise<Pick<TimerFired, 'quotes'>> {
    const { sequencer, clock, quotesOf } = this.#options
    const instruments = instrumentsOver(sequencer.state(), clock.now())
    const quotes = instruments.length === 0 ? {} : await quotesOf(instruments)
    return Object.keys(quotes).length === 0 ? {} : { quotes }
  }

  /** A frozen portfolio executes no stop: somebody must be told again and again. */
  #isFrozenAlarmDue(portfolio: Portfolio): boolean {
    const { monotonic, timings } = this.#options
    if (portfolio.tradingState !== 'frozen' || monotonic() < this.#frozenAlarmAt) return false
    this.#frozenAlarmAt = monotonic() + timings.frozenAlarmEvery
    return true
  }

  #forget(): void {
    const { orders } = this.#options.sequencer.state()
    this.#to.resolver.forget((id) => orders.get(id))
    this.#to.escalations.forget((id) => isAtWork(orders.get(id)?.state ?? 'denied'))
    this.#to.recorded.forget((id) => orders.get(id)?.state)
  }
}

function idsIn(orders: readonly Order[], state: Order['state']): string[] {
  return orders.filter((order) => order.state === state).map((order) => order.id)
}
