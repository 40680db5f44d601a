import type { EquityMode } from '../settings.js'
import { unrealizedOfHolding } from './holding.js'
import { type Portfolio, settingsOf } from './portfolio.js'
import { unrealizedProfit } from './unit.js'

/** Equity in quote currency, in the four ways in which it can be read. */
export interface Equity {
  /** Sum of the ledger: realized only. */
  readonly closed: number
  /** Closed plus all of the unrealized profit. */
  readonly open: number
  /** Closed plus the configured share of the unrealized profit. */
  readonly blended: number
  /** Watermark of closed equity; moves with every deposit and withdrawal. */
  readonly high: number
}

/**
 * Returns the unrealized profit of units and holdings at the last seen prices, before fees, and the dividends that are
 * receivable. Without a price it counts 0.
 */
export function unrealizedOf(portfolio: Portfolio): number {
  let sum = 0
  for (const book of portfolio.books.values()) {
    if (book.cell !== null) sum += book.cell.receivable.toNumber()
    const price = book.market.price
    if (price === null) continue
    for (const unit of book.units) sum += unrealizedProfit(unit, price)
    if (book.holding !== null) sum += unrealizedOfHolding(book.holding, price)
  }
  return sum
}

/** Returns the portfolio's equity in all modes. */
export function equityOf(portfolio: Portfolio): Equity {
  const closed = portfolio.ledger.closedEquity
  const unrealized = unrealizedOf(portfolio)
  return {
    closed,
    open: closed + unrealized,
    blended: closed + settingsOf(portfolio).blendedWeight * unrealized,
    high: portfolio.ledger.highEquity,
  }
}

/** Returns the equity that sizing and caps use: the mode of the settings. */
export function sizingEquity(portfolio: Portfolio): number {
  const mode: EquityMode = settingsOf(portfolio).equityMode
  return equityOf(portfolio)[mode]
}
