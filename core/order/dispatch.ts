import { ZERO } from '../decimal.js'
import type { PortfolioEvent } from '../event.js'
import type { OrdersDue } from '../input.js'
import { bookOf, type Portfolio, settingsOf } from '../portfolio/portfolio.js'
import { allowsEntries, allowsExits, allowsReductions } from '../risk/trading-state.js'
import { SECOND } from '../time.js'
import { sideOf } from './legs.js'
import { isEntry, type Order } from './order.js'

const NO_RESENDS: readonly string[] = []

/**
 * Returns, for each order that is about to be sent, that it is submitted, or that it is denied because the portfolio
 * may no longer do it. What is already on its way is left out: an order is recorded as sent once per attempt.
 *
 * An unresolved order leaves again only where the venue takes the second request for the first, and while it is wanted.
 * One that is not sent again stays unresolved: its first request may still land, so that only evidence ends it.
 */
export function decideDispatch(
  portfolio: Portfolio,
  { orderIds, resendIds = NO_RESENDS }: Pick<OrdersDue, 'orderIds' | 'resendIds'>,
): PortfolioEvent[] {
  const events: PortfolioEvent[] = []
  for (const id of orderIds) {
    const order = portfolio.orders.get(id)
    if (order === undefined) continue
    const isResend = order.state === 'unresolved' && resendIds.includes(id) && isStillWanted(order)
    if (order.state !== 'initialized' && !isResend) continue
    const reason = whyDenied(portfolio, order)
    if (reason === null) {
      events.push({ type: 'OrderSubmitted', orderId: id, attempt: order.attempt + 1, at: portfolio.now })
    } else if (!isResend) {
      events.push({ type: 'OrderDenied', orderId: id, reason, at: portfolio.now })
    }
  }
  return events
}

/** Returns whether nothing has told that the venue has the order, and nobody wants it to end. */
export function isStillWanted({ latch, cancelRequested, venueOrderId, filledLots }: Order): boolean {
  return latch === null && !cancelRequested && venueOrderId === null && filledLots.equals(ZERO)
}

function whyDenied(portfolio: Portfolio, order: Order): string | null {
  const state = portfolio.tradingState
  if (order.leg !== null) return whyLegDenied(portfolio, order)
  if (isEntry(order) || order.purpose === 'rebalance') {
    const isWrongWay = order.side === 'buy' ? !allowsEntries(state) : !allowsReductions(state)
    if (isWrongWay) return `the portfolio is ${state}`
    const { lock } = bookOf(portfolio, order.instrument)
    if (lock !== null) return `${order.instrument} is locked: ${lock.reason}`
    const age = (portfolio.now - order.createdAt) / SECOND
    const limit = settingsOf(portfolio).entryMaxAgeSeconds
    return age > limit ? `it is ${age} s old, the limit is ${limit} s` : null
  }
  const isExit = order.purpose === 'exit' || order.purpose === 'stop'
  const isAllowed = isExit ? allowsExits(state) : allowsReductions(state)
  return isAllowed ? null : `the portfolio is ${state}`
}

/**
 * The first leg begins its order, and the second of an entry opens the position: both leave only if the whole order
 * could. All else mends, and only a frozen portfolio holds it up.
 */
function whyLegDenied(portfolio: Portfolio, order: Order): string | null {
  const { leg } = order
  const legs = leg === null ? undefined : portfolio.legs.get(leg.of)
  const whole = legs === undefined ? undefined : portfolio.orders.get(legs.orderId)
  if (leg === null || legs === undefined || whole === undefined)
    return 'the order that it is a part of is forgotten'
  const isFirst = legs.orderIds[0] === order.id
  const isOpening = legs.isOpening && !leg.isRollback && sideOf(legs, leg) === 'sold'
  if (isFirst || isOpening) return whyDenied(portfolio, { ...whole, createdAt: order.createdAt })
  return portfolio.tradingState === 'frozen' ? 'the portfolio is frozen' : null
}
