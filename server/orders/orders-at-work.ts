import type { Order } from '../../core/order/order.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'

/** Returns the orders at work. The books know them; all orders of a week would be many to look through each second. */
export function ordersAtWork(portfolio: Portfolio): Order[] {
  const atWork: Order[] = []
  const add = (id: string): void => {
    const order = portfolio.orders.get(id)
    if (order !== undefined) atWork.push(order)
  }
  for (const { entryOrderId, exitOrderIds } of portfolio.books.values()) {
    if (entryOrderId !== null) add(entryOrderId)
    for (const id of exitOrderIds) add(id)
  }
  return atWork
}
