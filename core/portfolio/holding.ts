import { type Decimal, ZERO } from '../decimal.js'
import { invariant } from '../invariant.js'
import type { ExitIntent, Order } from '../order/order.js'
import type { Instant } from '../time.js'
import type { Portfolio } from './portfolio.js'

/** What is held of an asset that is paid for in full: no stop, no margin, an average cost. */
export interface Holding {
  /** Never below 0. */
  quantity: Decimal
  /** What the quantity was bought for, in the portfolio's currency, without fees. */
  cost: Decimal
  realizedPnl: Decimal
  /** Above 0. */
  fees: Decimal
  /** An operator's wish to sell it, until the asset is unlocked; null: there is none. */
  exit: HoldingExit | null
}

/** The standing wish to sell what is held of an asset, and what is bought of it all the same. */
export interface HoldingExit extends ExitIntent {
  /** Count of the orders that it made. */
  orders: number
  /** The next order goes out no sooner. */
  notBefore: Instant
}

/** Returns a holding of nothing. */
export function emptyHolding(): Holding {
  return { quantity: ZERO, cost: ZERO, realizedPnl: ZERO, fees: ZERO, exit: null }
}

const PREFIX = 'H-'

/** Returns the id under which an asset's holding is named in orders and postings. */
export function holdingId(instrument: string): string {
  return `${PREFIX}${instrument}`
}

/** Returns whether `order` buys or sells a holding. */
export function isOfHolding({ purpose, positionId }: Pick<Order, 'purpose' | 'positionId'>): boolean {
  return purpose === 'rebalance' || (purpose === 'exit' && positionId.startsWith(PREFIX))
}

/** Digits of the cost that a part of a holding carries; the last part carries what is left, so that nothing is lost. */
const COST_SCALE = 12

/** Returns what `quantity` of the holding was bought for: its share of the average cost. Throws beyond what is held. */
export function costOfHolding(holding: Holding, quantity: Decimal): Decimal {
  invariant(
    !holding.quantity.isLessThan(quantity),
    () => `the holding is ${holding.quantity}, less than ${quantity}`,
  )
  if (quantity.equals(holding.quantity)) return holding.cost
  return holding.cost.times(quantity).dividedBy(holding.quantity, COST_SCALE, 'halfEven')
}

/** Books a purchase of `quantity` for `value` into `holding`. */
export function bookIntoHolding(holding: Holding, quantity: Decimal, value: Decimal): void {
  holding.quantity = holding.quantity.plus(quantity)
  holding.cost = holding.cost.plus(value)
}

/** Takes `quantity` out of `holding`, with the cost that it carries. */
export function bookOutOfHolding(holding: Holding, quantity: Decimal): void {
  holding.cost = holding.cost.minus(costOfHolding(holding, quantity))
  holding.quantity = holding.quantity.minus(quantity)
}

/** Returns the profit of `holding` at `price` before fees. */
export function unrealizedOfHolding(holding: Holding, price: number): number {
  return holding.quantity.toNumber() * price - holding.cost.toNumber()
}

/** Returns the asset whose holding has this id, or null for an id of something else. */
export function assetOfHolding(id: string): string | null {
  return id.startsWith(PREFIX) ? id.slice(PREFIX.length) : null
}

/** Returns the cash that is there to be spent: the ledger's balance less what the holdings were bought for. */
export function settledCash(portfolio: Portfolio): Decimal {
  let cash = portfolio.ledger.balance
  for (const { holding } of portfolio.books.values()) if (holding !== null) cash = cash.minus(holding.cost)
  return cash
}

/** Returns the settled cash that is in no cell. */
export function unassignedCash(portfolio: Portfolio): Decimal {
  let cash = settledCash(portfolio)
  for (const { cell } of portfolio.books.values()) if (cell !== null) cash = cash.minus(cell.cash)
  return cash
}
