import { clientOrderId } from '../../core/ids.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'

/** How many forgotten orders are remembered here before the index is made anew. */
const FORGOTTEN_MOST = 1_000

/**
 * Finds our order by the key that the venue knows it by, which is a hash of the order's id. Orders that the state has
 * already are hashed at the first question, later ones as they are made.
 */
export class ClientOrderIndex {
  readonly #state: () => Portfolio
  readonly #orderIds = new Map<string, string>()
  #isComplete = false

  constructor(state: () => Portfolio) {
    this.#state = state
  }

  /** Returns the id of the order with this key, or undefined when the portfolio has none. */
  find(key: string): string | undefined {
    if (!this.#isComplete) this.#fill()
    return this.#orderIds.get(key)
  }

  /** Takes up an order that was made. */
  add(orderId: string): void {
    const { id, orders } = this.#state()
    this.#orderIds.set(clientOrderId(id, orderId), orderId)
    if (this.#orderIds.size - orders.size > FORGOTTEN_MOST) this.#isComplete = false
  }

  #fill(): void {
    const { id, orders } = this.#state()
    this.#orderIds.clear()
    for (const orderId of orders.keys()) this.#orderIds.set(clientOrderId(id, orderId), orderId)
    this.#isComplete = true
  }
}
