import { type Decimal, ZERO } from '../../decimal.js'
import { type Cell, cellValue, QUOTIENT_SCALE, type Side } from './cell.js'
import { sharesTowards } from './guardrails.js'
import type { CellSettings, Guardrails, OrderPolicy } from './settings.js'
import { affordableShares } from './sizing.js'

/** What took shares off an order. */
export type Cap = 'position' | 'max_trade' | 'cash' | 'max_stock' | 'min_stock'

/** Why there is no order. */
export type NoOrder =
  | 'at_or_above_max_stock'
  | 'at_or_below_min_stock'
  | 'nothing_to_sell'
  | 'insufficient_cash'
  | 'below_min_shares'
  | 'below_min_notional'

/** An order as its policy and the guardrails let it be, or why there is none. Shares are above 0; the side is told. */
export type SizedOrder =
  | {
      readonly outcome: 'order'
      readonly shares: Decimal
      readonly notional: Decimal
      readonly fee: Decimal
      readonly cappedBy: readonly Cap[]
    }
  | {
      /** blocked: a guardrail or the cell's means forbid it · skipped: it is not worth an order. */
      readonly outcome: 'blocked' | 'skipped'
      readonly reason: NoOrder
      /** What was left when it was given up. */
      readonly shares: Decimal
    }

/** An order that somebody wants, before any limit. */
export interface WantedOrder {
  readonly side: Side
  readonly price: Decimal
  readonly shares: Decimal
}

interface Limit {
  readonly cap: Cap
  readonly shares: Decimal
  /** Why there is no order when it leaves nothing. */
  readonly otherwise: NoOrder
}

/**
 * Returns what becomes of a wanted order: each limit takes shares off, in the order position, trade, cash, guardrail,
 * then it is rounded down to the step, then held against the minimum. No limit turns the side.
 */
export function sizeOrder(cell: Cell, wanted: WantedOrder, settings: CellSettings): SizedOrder {
  let { shares } = wanted
  const cappedBy: Cap[] = []
  const limits = limitsOn(cell, wanted, settings)
  for (const limit of limits) {
    if (!limit.shares.isPositive()) return { outcome: 'blocked', reason: limit.otherwise, shares: ZERO }
    if (!limit.shares.isLessThan(shares)) continue
    shares = limit.shares
    cappedBy.push(limit.cap)
  }
  const stepped = toStep(shares, settings.orders, 'floor')
  return heldToMinimum({ ...wanted, shares: stepped }, limits, cappedBy, settings)
}

/** The position, the trade, the means and the guardrail, each with what it leaves of an order. */
function limitsOn(cell: Cell, { side, price }: WantedOrder, settings: CellSettings): Limit[] {
  const { guardrails, commissionRate } = settings
  const limits: Limit[] = []
  if (side === 'sell') limits.push({ cap: 'position', shares: cell.shares, otherwise: 'nothing_to_sell' })
  limits.push(...tradeLimit(cell, price, guardrails))
  if (side === 'buy') {
    const shares = affordableShares(cell.cash, price, commissionRate)
    limits.push({ cap: 'cash', shares, otherwise: 'insufficient_cash' })
  }
  const bound = side === 'buy' ? guardrails.maxStock : guardrails.minStock
  const shares = sharesTowards(cell, { side, price, bound }, commissionRate, 'floor')
  limits.push(
    side === 'buy'
      ? { cap: 'max_stock', shares, otherwise: 'at_or_above_max_stock' }
      : { cap: 'min_stock', shares, otherwise: 'at_or_below_min_stock' },
  )
  return limits
}

function tradeLimit(cell: Cell, price: Decimal, { maxTrade }: Guardrails): Limit[] {
  if (maxTrade === null) return []
  const shares = maxTrade.times(cellValue(cell, price)).dividedBy(price, QUOTIENT_SCALE, 'floor')
  return [{ cap: 'max_trade', shares, otherwise: 'insufficient_cash' }]
}

/** A lot is a step that matters more. */
function toStep(shares: Decimal, { lot, qtyStep }: OrderPolicy, rounding: 'floor' | 'ceil'): Decimal {
  const step = lot.isPositive() ? lot : qtyStep
  return step.isPositive() ? shares.toMultipleOf(step, rounding) : shares
}

function heldToMinimum(
  wanted: WantedOrder,
  limits: readonly Limit[],
  cappedBy: readonly Cap[],
  settings: CellSettings,
): SizedOrder {
  const { price, shares } = wanted
  const { orders, commissionRate } = settings
  const reason = whyTooSmall(wanted, orders)
  if (reason === null) {
    const notional = shares.times(price)
    return { outcome: 'order', shares, notional, fee: notional.times(commissionRate), cappedBy }
  }
  if (orders.belowMinimum === 'reject') return { outcome: 'blocked', reason, shares }
  const least = leastOrder(price, orders)
  const isAllowed = limits.every((limit) => !limit.shares.isLessThan(least))
  if (orders.belowMinimum === 'hold' || !isAllowed || !least.isPositive())
    return { outcome: 'skipped', reason, shares }
  const notional = least.times(price)
  return { outcome: 'order', shares: least, notional, fee: notional.times(commissionRate), cappedBy }
}

function whyTooSmall(
  { price, shares }: WantedOrder,
  { minShares, minNotional }: OrderPolicy,
): NoOrder | null {
  if (!shares.isPositive() || shares.isLessThan(minShares)) return 'below_min_shares'
  return shares.times(price).isLessThan(minNotional) ? 'below_min_notional' : null
}

/** Returns the smallest order that its policy takes, a whole step. */
function leastOrder(price: Decimal, orders: OrderPolicy): Decimal {
  const byNotional = orders.minNotional.dividedBy(price, QUOTIENT_SCALE, 'ceil')
  const least = byNotional.isLessThan(orders.minShares) ? orders.minShares : byNotional
  return toStep(least, orders, 'ceil')
}
