import type { Decimal } from '../../decimal.js'
import type { OrderFilled, PortfolioEvent } from '../../event.js'
import { isAtWork, type Order } from '../../order/order.js'
import { alarm } from '../../portfolio/alarm.js'
import { isOfHolding } from '../../portfolio/holding.js'
import { bookOf, type Portfolio } from '../../portfolio/portfolio.js'
import { type Cell, QUOTIENT_SCALE } from './cell.js'
import { cellOf, rulesOfCells } from './cell-rules.js'
import { type Breach, breachAfterFill } from './guardrails.js'

const NOTHING: readonly PortfolioEvent[] = []

/**
 * Returns what follows from the fills and ends of orders of cells, whoever told of them: once an order has ended, the
 * average price of what filled is the anchor, also after a late fill; a breach of the guardrails is told when a fill makes
 * it. What filled is booked either way.
 */
export function followOrders(
  portfolio: Portfolio,
  happened: readonly PortfolioEvent[],
): readonly PortfolioEvent[] {
  if (portfolio.settings?.volatility === undefined) return NOTHING
  const fills = new Map<string, OrderFilled[]>()
  for (const event of happened) {
    if (event.type === 'OrderFilled') fills.set(event.orderId, [...(fills.get(event.orderId) ?? []), event])
    else if (isEnd(event) && !fills.has(event.orderId)) fills.set(event.orderId, [])
  }
  if (fills.size === 0) return NOTHING
  const events: PortfolioEvent[] = []
  for (const [id, filled] of fills) {
    const order = portfolio.orders.get(id)
    if (order !== undefined && isOfHolding(order)) events.push(...followOrder(portfolio, order, filled))
  }
  return events
}

function isEnd(
  event: PortfolioEvent,
): event is Extract<PortfolioEvent, { type: 'OrderCanceled' | 'OrderExpired' | 'OrderRejected' }> {
  return event.type === 'OrderCanceled' || event.type === 'OrderExpired' || event.type === 'OrderRejected'
}

function followOrder(portfolio: Portfolio, order: Order, filled: readonly OrderFilled[]): PortfolioEvent[] {
  const book = bookOf(portfolio, order.instrument)
  if (book.cell === null) return []
  // That it holds too little is what an operator's exit is for.
  const events = filled.length === 0 || order.purpose === 'exit' ? [] : breaches(portfolio, order, filled)
  if (isAtWork(order.state) || !order.filledLots.isPositive() || book.cell.order?.id !== order.id)
    return events
  const anchor = order.filledValue.dividedBy(order.filledLots, QUOTIENT_SCALE, 'halfEven')
  events.push({
    ...{ type: 'CellAnchored', instrument: order.instrument, anchor, cause: 'fill' },
    ...{ orderId: order.id, at: portfolio.now },
  })
  return events
}

/** A breach that was there before the fills is told already. */
function breaches(portfolio: Portfolio, order: Order, filled: readonly OrderFilled[]): PortfolioEvent[] {
  const { instrument, side } = order
  const rules = rulesOfCells(portfolio).get(instrument)
  const after = cellOf(bookOf(portfolio, instrument))
  if (rules === undefined || after === null) return []
  const { guardrails } = rules.settings
  const { price } = filled.at(-1)!
  const breach = breachAfterFill(after, price, guardrails)
  if (breach === null || breach === breachAfterFill(before(after, side, filled), price, guardrails)) return []
  const message = `${instrument} is ${WORDS[breach]} after order ${order.id}; the fill is booked, and orders that would deepen it are refused`
  return [
    alarm(portfolio, {
      code: 'GUARDRAIL_BREACH',
      severity: 'critical',
      instrument,
      subject: order.id,
      message,
    }),
  ]
}

const WORDS: Readonly<Record<Breach, string>> = {
  above_max_stock: 'above its maximum share of stock',
  below_min_stock: 'below its minimum share of stock',
  negative_cash: 'without the cash that it spent',
  no_capital: 'worth nothing',
}

function before(after: Cell, side: Order['side'], filled: readonly OrderFilled[]): Cell {
  let { shares, cash } = after
  for (const { lots, price, fee } of filled) {
    const value: Decimal = lots.times(price)
    shares = side === 'buy' ? shares.minus(lots) : shares.plus(lots)
    cash = (side === 'buy' ? cash.plus(value) : cash.minus(value)).plus(fee)
  }
  return { ...after, shares, cash }
}
