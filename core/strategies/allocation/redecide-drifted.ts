import type { PortfolioEvent } from '../../event.js'
import { bookOf, type Portfolio } from '../../portfolio/portfolio.js'
import { hasDrifted } from './continue-run.js'
import { orderFor } from './run-progress.js'

/**
 * Returns, for each order of the run in progress that is about to be sent at a price from which the market has moved on,
 * that it is denied and waits again: it is then decided at the present price.
 */
export function redecideRunOrders(portfolio: Portfolio, orderIds: readonly string[]): PortfolioEvent[] {
  const { run } = portfolio.allocation
  if (run === null || run.maxDriftBps === null) return []
  const due = new Set(orderIds)
  const events: PortfolioEvent[] = []
  for (const planned of run.orders) {
    const { orderId, symbol, quantity, price, attempt } = planned
    if (orderId === null || !due.has(orderId)) continue
    const present = bookOf(portfolio, symbol).market.price
    if (orderFor(portfolio, planned)?.state !== 'initialized' || present === null) continue
    if (!hasDrifted(run, planned, present)) continue
    const reason = `the price moved from ${price} to ${present}, more than ${run.maxDriftBps} basis points: it is decided again`
    const waits = { symbol, quantity, price, orderId: null, attempt, skipped: null }
    const { id: runId, notBefore } = run
    events.push(
      { type: 'OrderDenied', orderId, reason, at: portfolio.now },
      { type: 'AllocationAdvanced', runId, changes: [waits], notBefore: Math.min(notBefore, portfolio.now) },
    )
  }
  return events
}
