import { digest } from '../../core/ids.js'
import type { VenueOrdersObserved } from '../../core/input.js'
import type { Order } from '../../core/order/order.js'
import { compareOrders, isNothingNew } from '../../core/reconcile/compare.js'
import type { VenueOrder } from '../brokers/broker.js'
import type { OrderDeskOptions } from './desk-options.js'
import type { OrderInputs } from './order-inputs.js'
import { referenceTo } from './order-request.js'
import type { Reporter } from './reporter.js'
import { externalOrders, isAccepted } from './strangers.js'

/** So many orders are asked for by name after one list; the others after the next. */
const ASKED_MOST = 10

/**
 * Looks at a list of the venue's orders for what is not in ours, and at ours for what is not in the list. What it finds
 * is recorded when it is new, and once more when a later list, not too soon after the first, says the same.
 */
export class OrderSurvey {
  readonly #options: OrderDeskOptions
  readonly #inputs: OrderInputs
  readonly #reporter: Reporter
  #recorded = 0
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(options: OrderDeskOptions, inputs: OrderInputs, reporter: Reporter) {
    this.#options = options
    this.#inputs = inputs
    this.#reporter = reporter
  }

  /** Records what is new about a list that was read in full; `accepted` are ours that the venue had before it was read. */
  async take(list: readonly VenueOrder[], accepted: readonly Order[]): Promise<void> {
    const { sequencer, monotonic, timings } = this.#options
    if (monotonic() < this.#notBefore) return
    const external = externalOrders(sequencer.state(), list, (key) => this.#reporter.knows(key))
    const missing = await this.#missingFrom(list, accepted)
    const portfolio = sequencer.state()
    const seen: Pick<VenueOrdersObserved, 'external' | 'missing'> = { external, missing }
    if (isNothingNew(compareOrders(portfolio, seen, portfolio.now))) return
    this.#notBefore = monotonic() + timings.secondLookAfter
    this.#recorded += 1
    const id = `V-${digest('orders', portfolio.id, this.#options.occasion, `survey ${this.#recorded}`)}`
    await this.#inputs.submit({ type: 'VenueOrdersObserved', id, ...seen })
  }

  /** An order that is not in the list is asked for by name: only that it is not there either is evidence. */
  async #missingFrom(list: readonly VenueOrder[], accepted: readonly Order[]): Promise<string[]> {
    const { broker, sequencer } = this.#options
    const keys = new Set(list.map(({ clientOrderId }) => clientOrderId))
    const venueIds = new Set(list.map(({ venueOrderId }) => venueOrderId))
    const missing: string[] = []
    let asked = 0
    for (const order of accepted) {
      if (!isAccepted(order) || asked === ASKED_MOST || venueIds.has(order.venueOrderId ?? '')) continue
      const reference = referenceTo(sequencer.state(), order)
      if (keys.has(reference.clientOrderId)) continue
      asked += 1
      const answer = await broker.order(reference)
      if (answer.kind === 'found') await this.#reporter.reportShown(order.id, answer.order)
      else if (answer.kind === 'absent' && isAccepted(order)) missing.push(order.id)
    }
    return missing
  }
}
