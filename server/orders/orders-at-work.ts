import type { Order } from '../../core/order/order.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'

/** Returns the orders at work. The books know them; all orders of a week would be many to look through each second. */
export function ordersAtWork(portfolio: Portfolio): Order[] {
  const ids: string[] = []
  for (const book of portfolio.books.values()) {
    if (book.entryOrderId !== null) ids.push(book.entryOrderId)
    ids.push(...book.exitOrderIds)
  }
  return ids.flatMap((id) => portfolio.orders.get(id) ?? [])
}
