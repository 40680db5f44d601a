import type { Decimal } from '../decimal.js'
import type { OrderInitialized } from '../event.js'
import { exitOrderId } from '../ids.js'
import { isAtWork, remainingLots } from '../order/order.js'
import { allowsExits } from '../risk/trading-state.js'
import type { Book } from './book.js'
import type { Portfolio } from './portfolio.js'
import type { Unit } from './unit.js'

/**
 * Returns the exit orders that the book's standing exits still need. An exit is a standing intent of a unit: its
 * quantity is what is held less what exits at work or unknown may still sell, so no sale can exceed the holding.
 * It waits while the unit's own entry may still fill, while a refused exit's delay runs, and while frozen.
 */
export function planExits(portfolio: Portfolio, book: Book): OrderInitialized[] {
  if (book.units.length === 0 || !allowsExits(portfolio.tradingState)) return []
  const orders: OrderInitialized[] = []
  for (const unit of book.units) {
    if (unit.exit === null || portfolio.now < unit.exitNotBefore) continue
    if (unit.entryOrderId === book.entryOrderId) continue
    const lots = sellableLots(portfolio, book, unit)
    if (!lots.isPositive()) continue
    orders.push({
      type: 'OrderInitialized',
      orderId: exitOrderId(unit.id, unit.exitOrders + 1),
      decisionId: unit.exit.decisionId,
      positionId: unit.id,
      instrument: unit.instrument,
      side: 'sell',
      purpose: 'exit',
      orderType: 'market',
      lots,
      limitPrice: null,
      referencePrice: book.market.price ?? unit.averagePrice,
      at: portfolio.now,
      unit: null,
    })
  }
  return orders
}

function sellableLots(portfolio: Portfolio, book: Book, unit: Unit): Decimal {
  let lots = unit.lots
  for (const id of book.exitOrderIds) {
    const order = portfolio.orders.get(id)
    if (order?.positionId === unit.id && isAtWork(order.state)) lots = lots.minus(remainingLots(order))
  }
  return lots
}

/** Returns whether a standing exit's delay is over, so that a timer should ask for its order. */
export function hasExitDue(portfolio: Portfolio, now: number): boolean {
  if (!allowsExits(portfolio.tradingState)) return false
  for (const book of portfolio.books.values()) {
    for (const unit of book.units) {
      if (unit.exit === null || now < unit.exitNotBefore || unit.entryOrderId === book.entryOrderId) continue
      if (sellableLots(portfolio, book, unit).isPositive()) return true
    }
  }
  return false
}
