import { type Decimal, decimal } from '../../decimal.js'
import type { Cell, Side } from './cell.js'
import { limitOfDay, type OrdersOfDay, sharesTowards, sideToBand } from './guardrails.js'
import type { CellSettings } from './settings.js'
import { type NoOrder, type SizedOrder, sizeOrder } from './size-order.js'
import { rawShares } from './sizing.js'
import { isAnomalous, triggeredSide } from './trigger.js'

/** What an evaluation knows besides the cell. */
export interface Circumstances {
  /** Above 0. */
  readonly price: Decimal
  /** Whether an order of the cell may be sent at present. */
  readonly isOpen: boolean
  readonly hasOrderAtWork: boolean
  readonly today: OrdersOfDay
}

/** Why a cell trades: a move from its anchor, or stock outside its guardrails. */
export type TradeReason = 'trigger' | 'auto_guardrail_rebalance'

/** What a price means for a cell. */
export type Evaluation =
  /** The first price: moves are measured from it. */
  | { readonly outcome: 'anchored'; readonly anchor: Decimal }
  /** Nothing is to be done at this price. */
  | { readonly outcome: 'held' }
  /** Something would be done, and is not. */
  | {
      readonly outcome: 'skipped' | 'blocked'
      readonly side: Side
      readonly reason:
        | NoOrder
        | 'order_at_work'
        | 'market_closed'
        | 'max_orders_per_day'
        | 'max_daily_notional'
    }
  /** Nobody should trade on this price before a person has looked. */
  | { readonly outcome: 'halted'; readonly reason: 'anchor_anomaly' }
  | {
      readonly outcome: 'order'
      readonly side: Side
      readonly reason: TradeReason
      /** Before any limit. */
      readonly rawShares: Decimal
      readonly order: Extract<SizedOrder, { outcome: 'order' }>
    }

/** Fewer shares than this beyond a guardrail are left alone when nothing triggers. */
const LEAST_RETURN = decimal('0.001')

/** Returns what `price` means for the cell: pure, and the same live, planned and in a simulation. */
export function evaluateCell(cell: Cell, circumstances: Circumstances, settings: CellSettings): Evaluation {
  const { price, isOpen, hasOrderAtWork, today } = circumstances
  if (cell.anchor === null) return { outcome: 'anchored', anchor: price }
  if (isAnomalous(cell.anchor, price)) return { outcome: 'halted', reason: 'anchor_anomaly' }
  const wanted = whatIsWanted(cell, cell.anchor, price, settings)
  if (wanted === null) return { outcome: 'held' }
  const { side } = wanted
  if (hasOrderAtWork) return { outcome: 'skipped', side, reason: 'order_at_work' }
  if (!isOpen) return { outcome: 'skipped', side, reason: 'market_closed' }
  const order = sizeOrder(cell, { side, price, shares: wanted.shares }, settings)
  if (order.outcome !== 'order') return { outcome: order.outcome, side, reason: order.reason }
  const limit = limitOfDay(today, order.notional, settings.guardrails)
  if (limit !== null) return { outcome: 'blocked', side, reason: limit }
  return { outcome: 'order', side, reason: wanted.reason, rawShares: wanted.shares, order }
}

function whatIsWanted(
  cell: Cell,
  anchor: Decimal,
  price: Decimal,
  settings: CellSettings,
): { readonly side: Side; readonly shares: Decimal; readonly reason: TradeReason } | null {
  const side = triggeredSide(anchor, price, settings.triggers)
  if (side !== null) {
    const shares = rawShares(cell, { anchor, side, price }, settings.orders)
    return { side, shares, reason: 'trigger' }
  }
  return settings.returnsToBand ? returnToBand(cell, price, settings) : null
}

function returnToBand(cell: Cell, price: Decimal, { guardrails, commissionRate }: CellSettings) {
  const side = sideToBand(cell, price, guardrails)
  if (side === null) return null
  const bound = side === 'buy' ? guardrails.minStock : guardrails.maxStock
  const shares = sharesTowards(cell, { side, price, bound }, commissionRate, 'ceil')
  if (!LEAST_RETURN.isLessThan(shares)) return null
  return { side, shares, reason: 'auto_guardrail_rebalance' } as const
}
