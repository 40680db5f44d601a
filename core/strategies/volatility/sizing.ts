import { type Decimal, decimal } from '../../decimal.js'
import { type Cell, cellValue, QUOTIENT_SCALE, type Side } from './cell.js'
import type { OrderPolicy } from './settings.js'

const ONE = decimal(1)

/**
 * Returns the shares that a move asks for, before any limit, to 18 digits and rounded down.
 * proportional: |anchor ÷ price − 1| × r × value ÷ price, the receivable counting in the value (seed 004 §4.1, §9).
 * fixedPercentage: a share r of the cash, or of the shares.
 */
export function rawShares(
  cell: Cell,
  { anchor, side, price }: { readonly anchor: Decimal; readonly side: Side; readonly price: Decimal },
  { sizing, rebalanceRatio: ratio }: Pick<OrderPolicy, 'sizing' | 'rebalanceRatio'>,
): Decimal {
  if (sizing === 'proportional') {
    // (A ÷ P − 1) × r × V ÷ P as one quotient, which rounds once
    const wanted = anchor.minus(price).abs().times(ratio).times(cellValue(cell, price))
    return wanted.dividedBy(price.times(price), QUOTIENT_SCALE, 'floor')
  }
  if (side === 'sell') return cell.shares.times(ratio)
  return cell.cash.times(ratio).dividedBy(price, QUOTIENT_SCALE, 'floor')
}

/** Returns the shares that `cash` buys at `price` with the fee paid from it as well, rounded down. */
export function affordableShares(cash: Decimal, price: Decimal, commissionRate: Decimal): Decimal {
  return cash.dividedBy(price.times(ONE.plus(commissionRate)), QUOTIENT_SCALE, 'floor')
}
