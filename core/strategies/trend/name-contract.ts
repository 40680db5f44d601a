import type { OrderInitialized, PortfolioEvent } from '../../event.js'
import { unitIn } from '../../portfolio/evolve.js'
import { bookOf, instrumentOf, type Portfolio } from '../../portfolio/portfolio.js'
import { monthToTrade } from './roll-due.js'

/**
 * Returns the events, with the month of its contract where one makes an order: what is held is added to and sold in its
 * own contract, and only a flat instrument goes to the one of the day.
 */
export function nameContracts(
  portfolio: Portfolio,
  events: readonly PortfolioEvent[],
): readonly PortfolioEvent[] {
  return events.map((event) => (event.type === 'OrderInitialized' ? nameContract(portfolio, event) : event))
}

function nameContract(portfolio: Portfolio, order: OrderInitialized): OrderInitialized {
  const instrument = instrumentOf(portfolio, order.instrument)
  const isNamed = order.contractMonth !== undefined || order.leg !== undefined
  if (isNamed || instrument === undefined || instrument.synthetic !== undefined) return order
  const book = bookOf(portfolio, order.instrument)
  const held = unitIn(book, order.positionId) ?? book.units.at(-1)
  const month = held === undefined ? monthToTrade(portfolio, instrument, order.at) : held.contractMonth
  return month === null ? order : { ...order, contractMonth: month }
}
