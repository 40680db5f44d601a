import type { PortfolioEvent } from '../../core/event.js'
import { isAtWork } from '../../core/order/order.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'

/** Tells those who wait that one of the orders they named has a fill, or that none of them will have one. */
export class OrderWatch {
  readonly #looks = new Map<string, Set<() => void>>()

  /** Takes note of what was recorded. */
  follow(events: readonly PortfolioEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case 'OrderFilled':
        case 'OrderDenied':
        case 'OrderRejected':
        case 'OrderCanceled':
        case 'OrderExpired':
          for (const look of this.#looks.get(event.orderId) ?? []) look()
      }
    }
  }

  /** Resolves to whether one of the orders has a fill: once it has, once none is at work, or after `timeoutMs`. */
  whenFilled(state: () => Portfolio, orderIds: readonly string[], timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (filled: boolean) => {
        clearTimeout(timer)
        for (const id of orderIds) this.#forget(id, look)
        resolve(filled)
      }
      const look = () => {
        const fate = fateOf(state(), orderIds)
        if (fate !== 'waiting') end(fate === 'filled')
      }
      const timer = setTimeout(() => end(false), timeoutMs)
      for (const id of orderIds) this.#add(id, look)
      look()
    })
  }

  #add(id: string, look: () => void): void {
    const looks = this.#looks.get(id)
    if (looks === undefined) this.#looks.set(id, new Set([look]))
    else looks.add(look)
  }

  #forget(id: string, look: () => void): void {
    const looks = this.#looks.get(id)
    looks?.delete(look)
    if (looks?.size === 0) this.#looks.delete(id)
  }
}

function fateOf(portfolio: Portfolio, orderIds: readonly string[]): 'filled' | 'over' | 'waiting' {
  let fate: 'over' | 'waiting' = 'over'
  for (const id of orderIds) {
    const order = portfolio.orders.get(id)
    if (order === undefined) continue
    if (order.filledLots.isPositive()) return 'filled'
    if (isAtWork(order.state)) fate = 'waiting'
  }
  return fate
}
