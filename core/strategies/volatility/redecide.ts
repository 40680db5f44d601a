import { decimal } from '../../decimal.js'
import type { PortfolioEvent } from '../../event.js'
import type { Order } from '../../order/order.js'
import { newDecision } from '../../portfolio/new-decision.js'
import { bookOf, type Portfolio } from '../../portfolio/portfolio.js'
import { decideEvaluation } from './decide-evaluation.js'
import { hasDrifted } from './trigger.js'

/** An order that was decided again so often is given up. */
const MOST_ATTEMPTS = 3

/** Orders that are about to be sent. */
export interface DueOrders {
  readonly inputId: string
  readonly orderIds: readonly string[]
  readonly record: (events: readonly PortfolioEvent[]) => void
}

/**
 * Decides again what was decided at a price from which the market has moved on: the order is not sent, and what the last
 * price asks for takes its place, if it asks for anything. An operator's order is sent as it was ordered.
 */
export function redecideDrifted(portfolio: Portfolio, { inputId, orderIds, record }: DueOrders): void {
  const limit = portfolio.settings?.volatility?.maxDriftBps
  if (limit === undefined) return
  let ordinal = 1
  for (const id of orderIds) {
    const order = portfolio.orders.get(id)
    if (order === undefined) continue
    const { cell, market } = bookOf(portfolio, order.instrument)
    const attempt = cell?.order?.id === id ? cell.order.attempt : null
    if (order.state !== 'initialized' || attempt === null || market.price === null) continue
    const present = market.price
    if (!hasDrifted(decimal(order.referencePrice), decimal(present), decimal(limit))) continue
    const moved = `the price moved from ${order.referencePrice} to ${present}, more than ${limit} basis points`
    record([{ type: 'OrderDenied', orderId: id, reason: `${moved}: it is decided again`, at: portfolio.now }])
    record(decideAgain(portfolio, { order, attempt, inputId, ordinal, price: present }))
    ordinal += 1
  }
}

interface Again {
  readonly order: Order
  readonly attempt: number
  readonly inputId: string
  readonly ordinal: number
  readonly price: number
}

function decideAgain(portfolio: Portfolio, again: Again): PortfolioEvent[] {
  const { order, attempt, inputId, ordinal, price } = again
  const { instrument } = order
  const book = bookOf(portfolio, instrument)
  if (attempt >= MOST_ATTEMPTS) {
    const fields = { inputId, ordinal, kind: 'evaluation', instrument, price } as const
    const decision = newDecision(portfolio, { ...fields, outcome: 'ignored', reasons: ['PRICE_DRIFT'] })
    return [{ type: 'DecisionMade', decision }]
  }
  const { priceAt } = book.market
  return decideEvaluation(portfolio, {
    book,
    price,
    priceAt,
    inputId,
    ordinal,
    isAsked: true,
    attempt: attempt + 1,
  })
}
