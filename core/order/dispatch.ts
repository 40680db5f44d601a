import type { PortfolioEvent } from '../event.js'
import { bookOf, type Portfolio, settingsOf } from '../portfolio/portfolio.js'
import { allowsEntries, allowsExits, allowsReductions } from '../risk/trading-state.js'
import { SECOND } from '../time.js'
import { isEntry, type Order } from './order.js'

/**
 * Returns, for each order that is about to be sent, that it is submitted, or that it is denied because the portfolio
 * may no longer do it. What is already on its way is left out: an order is recorded as sent once per attempt.
 */
export function decideDispatch(portfolio: Portfolio, orderIds: readonly string[]): PortfolioEvent[] {
  const events: PortfolioEvent[] = []
  for (const id of orderIds) {
    const order = portfolio.orders.get(id)
    if (order === undefined || order.state !== 'initialized') continue
    const reason = whyDenied(portfolio, order)
    if (reason === null) {
      events.push({ type: 'OrderSubmitted', orderId: id, attempt: order.attempt + 1, at: portfolio.now })
    } else {
      events.push({ type: 'OrderDenied', orderId: id, reason, at: portfolio.now })
    }
  }
  return events
}

function whyDenied(portfolio: Portfolio, order: Order): string | null {
  const state = portfolio.tradingState
  if (isEntry(order)) {
    const { lock } = bookOf(portfolio, order.instrument)
    if (!allowsEntries(state)) return `the portfolio is ${state}`
    if (lock !== null) return `${order.instrument} is locked: ${lock.reason}`
    const age = (portfolio.now - order.createdAt) / SECOND
    const limit = settingsOf(portfolio).entryMaxAgeSeconds
    return age > limit ? `it is ${age} s old, the limit is ${limit} s` : null
  }
  const isAllowed = order.purpose === 'exit' ? allowsExits(state) : allowsReductions(state)
  return isAllowed ? null : `the portfolio is ${state}`
}
