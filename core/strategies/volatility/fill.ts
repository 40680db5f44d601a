import { type Decimal, ZERO } from '../../decimal.js'
import { type Cell, QUOTIENT_SCALE, type Side } from './cell.js'

/** An order of a cell as the fold of its fills. */
export interface CellOrder {
  readonly side: Side
  /** Above 0. */
  readonly shares: Decimal
  readonly filledShares: Decimal
  /** Σ price × shares of its fills. */
  readonly filledValue: Decimal
  readonly fees: Decimal
}

/** A trade of an order, as the broker tells it. */
export interface CellFill {
  readonly shares: Decimal
  readonly price: Decimal
  /** At least 0. */
  readonly fee: Decimal
}

/** Returns an order of which nothing has filled. */
export function newCellOrder(side: Side, shares: Decimal): CellOrder {
  return { side, shares, filledShares: ZERO, filledValue: ZERO, fees: ZERO }
}

/** Returns the cell and the order after a fill, booked exactly as it is told, also beyond the order or the guardrails. */
export function bookFill(
  cell: Cell,
  order: CellOrder,
  { shares, price, fee }: CellFill,
): { readonly cell: Cell; readonly order: CellOrder } {
  const value = shares.times(price)
  const isBuy = order.side === 'buy'
  return {
    cell: {
      ...cell,
      shares: isBuy ? cell.shares.plus(shares) : cell.shares.minus(shares),
      cash: (isBuy ? cell.cash.minus(value) : cell.cash.plus(value)).minus(fee),
    },
    order: {
      ...order,
      filledShares: order.filledShares.plus(shares),
      filledValue: order.filledValue.plus(value),
      fees: order.fees.plus(fee),
    },
  }
}

/** Returns whether the order filled in part, in full, or by more than it asked for. */
export function fillState({
  shares,
  filledShares,
}: CellOrder): 'unfilled' | 'partiallyFilled' | 'filled' | 'overfilled' {
  if (!filledShares.isPositive()) return 'unfilled'
  const beyond = filledShares.compare(shares)
  return beyond < 0 ? 'partiallyFilled' : beyond > 0 ? 'overfilled' : 'filled'
}

/**
 * Returns the cell once its order has ended: the anchor is the average price of what filled, and stays where nothing
 * did.
 */
export function endOrder(cell: Cell, { filledShares, filledValue }: CellOrder): Cell {
  if (!filledShares.isPositive()) return cell
  return { ...cell, anchor: filledValue.dividedBy(filledShares, QUOTIENT_SCALE, 'halfEven') }
}
