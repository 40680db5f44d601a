import type { PortfolioEvent } from '../../core/event.js'
import { isAtWork, type OrderState } from '../../core/order/order.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'

/**
 * Which wishes of orders are recorded: to be sent, and to be cancelled. The state may be ahead of the logs by a batch that
 * is lost, and what is decided again then comes after whatever was asked of it meanwhile. So what is to leave the house
 * is looked up here and not in the state.
 */
export class RecordedOrders {
  readonly #toSend = new Set<string>()
  readonly #toCancel = new Set<string>()

  /** Takes up a state of which everything is recorded. */
  begin({ orders }: Portfolio): void {
    for (const { id, state, cancelRequested } of orders.values()) {
      if (state === 'initialized') this.#toSend.add(id)
      if (cancelRequested) this.#toCancel.add(id)
    }
  }

  /** Takes up events that were recorded. */
  follow(events: readonly PortfolioEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case 'OrderInitialized':
        case 'OrderProvenAbsent':
          this.#toSend.add(event.orderId)
          break
        case 'OrderSubmitted':
        case 'LegsOpened':
          this.#toSend.delete(event.orderId)
          break
        case 'OrderCancelRequested':
          this.#toCancel.add(event.orderId)
          break
        case 'OrderDenied':
        case 'OrderRejected':
        case 'OrderCanceled':
        case 'OrderExpired':
          this.#toSend.delete(event.orderId)
          this.#toCancel.delete(event.orderId)
          break
      }
    }
  }

  /** Returns whether it is recorded that the order is to be sent, and not that it was. */
  isToBeSent(orderId: string): boolean {
    return this.#toSend.has(orderId)
  }

  /** Returns whether it is recorded that the order is to be cancelled. */
  isToBeCanceled(orderId: string): boolean {
    return this.#toCancel.has(orderId)
  }

  /** Forgets the orders that have ended, of which `stateOf` tells the state. */
  forget(stateOf: (orderId: string) => OrderState | undefined): void {
    for (const ids of [this.#toSend, this.#toCancel]) {
      for (const id of ids) {
        const state = stateOf(id)
        if (state !== undefined && !isAtWork(state)) ids.delete(id)
      }
    }
  }
}
