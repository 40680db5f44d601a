import type { Decimal } from '../../decimal.js'
import type { Side } from './order-size.js'
import { percentOf } from './percent.js'

/** A limit order that rests at the venue. */
export interface RestingOrder {
  readonly side: Side
  readonly limitPrice: Decimal
}

/** What the plan wants instead: a limit on a side, or nothing while the asset is on target; null once it left the targets. */
export type WantedOrder = { readonly side: Side | 'hold'; readonly limitPrice: Decimal } | null

/** When a resting order gives way, in percent of its price. */
export interface RestingRules {
  /** The plan wants the other side, and the market has moved beyond the order by this much. */
  readonly switchBufferPct: number
  /** The plan wants the same side this far from the order; null to let it rest for ever. */
  readonly repriceBufferPct: number | null
}

/** What becomes of a resting order; after a cancel the next run decides again, once the order has ended. */
export type RestingVerdict = 'keep' | 'side_switch' | 'reprice' | 'left_universe'

/** Returns whether a resting order stays or is cancelled, and why (seed 001). */
export function reviewResting(
  resting: RestingOrder,
  wanted: WantedOrder,
  { switchBufferPct, repriceBufferPct }: RestingRules,
): RestingVerdict {
  if (wanted === null) return 'left_universe'
  if (wanted.side === 'hold') return 'keep'
  if (wanted.side !== resting.side) {
    return isBeyondOrder(resting, wanted.limitPrice, switchBufferPct) ? 'side_switch' : 'keep'
  }
  if (repriceBufferPct === null) return 'keep'
  const distance = wanted.limitPrice.minus(resting.limitPrice).abs()
  return distance.isLessThan(percentOf(resting.limitPrice, repriceBufferPct)) ? 'keep' : 'reprice'
}

/** A buy gives way to a sell once the price is above it, a sell to a buy once it is below it; without a buffer always. */
function isBeyondOrder({ side, limitPrice }: RestingOrder, price: Decimal, bufferPct: number): boolean {
  if (!(bufferPct > 0)) return true
  const buffer = percentOf(limitPrice, bufferPct)
  return side === 'buy'
    ? !price.isLessThan(limitPrice.plus(buffer))
    : price.compare(limitPrice.minus(buffer)) <= 0
}

/** Returns the orders of one asset that are one too many: all but the latest. `orders` are oldest first. */
export function findDuplicates<T>(orders: readonly T[]): readonly T[] {
  return orders.slice(0, -1)
}
