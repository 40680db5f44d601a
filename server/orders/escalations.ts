import type { Order } from '../../core/order/order.js'
import type { OrderDeskOptions } from './desk-options.js'

/** Calls a person, once for each attempt of an order. */
export class Escalations {
  readonly #options: OrderDeskOptions
  readonly #called = new Set<string>()

  constructor(options: OrderDeskOptions) {
    this.#options = options
  }

  /** Raises the alarm that nobody but a person can find out what became of `order`, and says why. */
  async call(order: Order, why: string): Promise<void> {
    const occasion = `${order.id}#${order.attempt}`
    if (this.#called.has(occasion)) return
    this.#called.add(occasion)
    const { raise, clock, portfolio, broker } = this.#options
    const what = `${order.side} ${order.lots} ${order.instrument}`
    const message = `Order ${order.id} (${what}) at ${broker.name}: ${why}. Look at the account, and say what became of it: general reconcile order ${order.id}`
    const at = clock.now()
    const { instrument, id: subject } = order
    await raise({
      code: 'ORDER_ESCALATED',
      severity: 'critical',
      message,
      at,
      portfolio,
      instrument,
      subject,
    })
  }

  /** Forgets the orders that are no longer at work, so that what is remembered stays small. */
  forget(isAtWork: (orderId: string) => boolean): void {
    for (const occasion of this.#called) {
      if (!isAtWork(occasion.slice(0, occasion.lastIndexOf('#')))) this.#called.delete(occasion)
    }
  }
}
