import type { Order } from '../../core/order/order.js'
import type { CancelOutcome } from '../brokers/broker.js'
import type { OrderDeskOptions } from './desk-options.js'
import type { Escalations } from './escalations.js'
import { referenceTo } from './order-request.js'
import type { RecordedOrders } from './recorded-orders.js'
import type { Reporter } from './reporter.js'
import { SingleFlight } from './single-flight.js'

/** How many denials are remembered. */
const DENIALS_MOST = 1_000

/** Whom a canceler works with. */
export interface CancelerParts {
  readonly reporter: Reporter
  readonly escalations: Escalations
  readonly recorded: RecordedOrders
}

/**
 * Cancels orders that the venue has. A cancel is a wish: the order is at work until the venue shows its end, and the
 * sweeper asks again until it does. An order whose fate is unknown is found first, as there is nothing yet to cancel.
 */
export class Canceler {
  readonly #options: OrderDeskOptions
  readonly #reporter: Reporter
  readonly #escalations: Escalations
  readonly #recorded: RecordedOrders
  readonly #canceling = new SingleFlight()
  /** When the venue first denied an order that it had accepted, by the monotonic clock. */
  readonly #denials = new Map<string, number>()

  constructor(options: OrderDeskOptions, { reporter, escalations, recorded }: CancelerParts) {
    this.#options = options
    this.#reporter = reporter
    this.#escalations = escalations
    this.#recorded = recorded
  }

  /** Cancels the order if that wish is recorded and the venue has it; never throws. */
  async cancel(order: Order): Promise<void> {
    const isAtVenue = order.state === 'accepted' || order.state === 'partiallyFilled'
    if (!isAtVenue || order.hasLegs || !this.#recorded.isToBeCanceled(order.id)) return
    const { log, broker, sequencer } = this.#options
    const failed = (error: unknown) =>
      log.warn({ err: error, order: order.id }, 'A cancel failed; it will be tried again')
    const cancel = async () => this.#settle(order, await broker.cancel(referenceTo(sequencer.state(), order)))
    await this.#canceling.run(order.id, cancel, failed)
  }

  async #settle(order: Order, outcome: CancelOutcome): Promise<void> {
    switch (outcome.kind) {
      case 'canceled':
        return this.#reporter.reportShown(order.id, outcome.order)
      case 'tooLate':
      case 'absent':
        return this.#lookUp(order)
      case 'requested':
      case 'unknown':
      case 'notSent':
        return
    }
  }

  /** The cancel told that the order is not at work there; only the order itself tells why. */
  async #lookUp(order: Order): Promise<void> {
    const { broker, sequencer } = this.#options
    const answer = await broker.order(referenceTo(sequencer.state(), order))
    if (answer.kind !== 'absent') this.#denials.delete(order.id)
    if (answer.kind === 'found') await this.#reporter.reportShown(order.id, answer.order)
    if (answer.kind === 'absent' && this.#isDeniedAgain(order))
      await this.#escalations.call(order, 'the venue had accepted it and denies it')
  }

  /** One read may lag behind, so that a second one, not too soon after it, must say the same. */
  #isDeniedAgain({ id }: Order): boolean {
    const { monotonic, timings } = this.#options
    const since = this.#denials.get(id)
    if (since !== undefined) return timings.secondLookAfter <= monotonic() - since
    if (this.#denials.size === DENIALS_MOST) this.#denials.clear()
    this.#denials.set(id, monotonic())
    return false
  }
}
