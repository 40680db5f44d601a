import type { Order } from '../../core/order/order.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'

/**
 * Returns the orders at work that a venue has or is to get: of one that its legs carry out, those. The books know them;
 * all orders of a week would be many to look through each second.
 */
export function ordersAtWork(portfolio: Portfolio): Order[] {
  const atWork: Order[] = []
  const add = (id: string): void => {
    const order = portfolio.orders.get(id)
    if (order !== undefined && !order.hasLegs) atWork.push(order)
  }
  for (const book of portfolio.books.values()) {
    const { entryOrderId, exitOrderIds, stopOrderIds, rebalanceOrderIds, legOrderIds } = book
    if (entryOrderId !== null) add(entryOrderId)
    for (const id of exitOrderIds) add(id)
    for (const id of stopOrderIds) add(id)
    for (const id of rebalanceOrderIds) add(id)
    for (const id of legOrderIds) add(id)
  }
  return atWork
}
