import { type Decimal, ZERO } from '../../decimal.js'

/** Digits after the point of a quotient: far below any step of shares, so that what is floored later decides. */
export const QUOTIENT_SCALE = 18

/** One position with money of its own: shares of one stock, and the cash that buys and sells them. */
export interface Cell {
  readonly shares: Decimal
  /** Settled: only this is ever spent. */
  readonly cash: Decimal
  /** Dividends that went ex and are not paid yet, net of withholding: part of the value, never spent. */
  readonly receivable: Decimal
  /** The price that moves are measured from; null until the first price. */
  readonly anchor: Decimal | null
}

/** Which way an order goes. */
export type Side = 'buy' | 'sell'

/** Returns the value of the cell's shares at `price`. */
export function stockValue(cell: Cell, price: Decimal): Decimal {
  return cell.shares.times(price)
}

/** Returns what the cell is worth at `price`: shares, cash and receivable. */
export function cellValue(cell: Cell, price: Decimal): Decimal {
  return stockValue(cell, price).plus(cell.cash).plus(cell.receivable)
}

/** Returns the share of its value that the cell holds in stock, a fraction to 18 digits; 0 when it is worth nothing. */
export function stockShare(cell: Cell, price: Decimal): Decimal {
  const value = cellValue(cell, price)
  return value.isPositive() ? stockValue(cell, price).dividedBy(value, QUOTIENT_SCALE, 'halfEven') : ZERO
}
