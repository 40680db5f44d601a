import { type Decimal, least, ZERO } from '../../decimal.js'
import { unreachable } from '../../invariant.js'
import { type DriftMeasure, isBeyond } from './drift.js'
import type { AllocationHalt } from './halt.js'
import {
  findSizeProblem,
  type LotTarget,
  lotTarget,
  normalizeQuantity,
  oneLot,
  type Side,
  type SizeProblem,
  sizeLimitOrder,
  type TradeRules,
} from './order-size.js'
import { percentOf } from './percent.js'
import type { Member, Valuation } from './valuation.js'

/** How a difference becomes an order. */
export type OrderStyle =
  | {
      /** The full difference, at the market. */
      readonly kind: 'market'
      /** Whether every weight above 0 holds at least one lot, where the equity pays for one. */
      readonly minimumOneLot: boolean
    }
  | {
      /** A clip of the difference, resting below or above the market. */
      readonly kind: 'limit'
      readonly stepPct: number
      /** Clip as percent of the equity. */
      readonly clipPct: number
      /** `capped`: the clip, at most the difference; `fixed`: the clip whatever the difference. */
      readonly clip: 'capped' | 'fixed'
    }

/** An order that a run wants. */
export interface PlannedOrder {
  readonly symbol: string
  readonly side: Side
  /** Whole lots, above 0. */
  readonly quantity: Decimal
  /** Null for a market order. */
  readonly limitPrice: Decimal | null
  /** The limit, or the market's price: what the order is valued at. */
  readonly price: Decimal
  /** Quantity × price. */
  readonly value: Decimal
  /** Target − current value; above 0 for a buy. */
  readonly difference: Decimal
}

/** Why a member is left alone. */
export type HoldReason =
  | 'on_target'
  | 'below_min_delta'
  | 'not_sellable'
  | 'beyond_max_orders'
  | ClosedReason
  | SizeProblem

/** Why nothing may be ordered of a member at present, whatever it is worth. */
export type ClosedReason = 'order_at_work' | 'locked' | 'only_reductions'

/** A member that is left alone. */
export interface HeldMember {
  readonly symbol: string
  readonly difference: Decimal
  readonly reason: HoldReason
}

/** What a run wants, before funding. */
export interface AllocationPlan {
  /** Sells first, each side by the size of its difference. */
  readonly orders: readonly PlannedOrder[]
  readonly holds: readonly HeldMember[]
}

/** How a plan is made. */
export interface PlanSettings {
  readonly style: OrderStyle
  /** The no-trade region: a member that has drifted less is left alone; null for none. */
  readonly band: DriftMeasure | null
  /** Rules of every member's market. */
  readonly rules: ReadonlyMap<string, TradeRules>
  /** Most orders of one run, 0 for none; null without a limit. */
  readonly maxOrders: number | null
}

/**
 * Returns the orders that bring a portfolio towards its targets, or which members are no known instruments. No stage
 * changes a side: every order has the side of its difference. Ranked by the size of the difference, cut to the maximum,
 * then sells first.
 */
export function planOrders(valuation: Valuation, settings: PlanSettings): AllocationPlan | AllocationHalt {
  const { band, rules, maxOrders } = settings
  const { equity, members } = valuation
  const unknown = members.filter(({ symbol }) => !rules.has(symbol)).map(({ symbol }) => symbol)
  if (unknown.length > 0) return { halt: 'unknownSymbol', symbols: unknown }
  const wanted: PlannedOrder[] = []
  const holds: HeldMember[] = []
  for (const member of members) {
    const { symbol, difference, target } = member
    const isWithin = band !== null && !isBeyond(band, { difference, target, equity })
    const planned = difference.isZero()
      ? 'on_target'
      : isWithin
        ? 'below_min_delta'
        : planMember(member, rules.get(symbol)!, settings.style, equity)
    if (typeof planned === 'string') holds.push({ symbol, difference, reason: planned })
    else wanted.push(planned)
  }
  const ranked = rankByDifference(wanted)
  const most = maxOrders ?? ranked.length
  for (const { symbol, difference } of ranked.slice(most))
    holds.push({ symbol, difference, reason: 'beyond_max_orders' })
  return { orders: sellsFirst(ranked.slice(0, most)), holds }
}

/** Returns orders by the size of their differences, largest first; equal ones by symbol. */
export function rankByDifference<T extends Pick<PlannedOrder, 'symbol' | 'difference'>>(
  orders: readonly T[],
): readonly T[] {
  const sized = orders.map((order) => {
    const size = order.difference.abs()
    return { order, size, near: size.toNumber() }
  })
  // Doubles tell most sizes apart; only those that they do not are compared exactly.
  sized.sort(
    (left, right) =>
      right.near - left.near ||
      right.size.compare(left.size) ||
      (left.order.symbol < right.order.symbol ? -1 : 1),
  )
  return sized.map(({ order }) => order)
}

/** Returns the sells, then the buys, each in the given order. */
export function sellsFirst<T extends Pick<PlannedOrder, 'side'>>(orders: readonly T[]): readonly T[] {
  return [...orders.filter(({ side }) => side === 'sell'), ...orders.filter(({ side }) => side === 'buy')]
}

function planMember(
  member: Member,
  rules: TradeRules,
  style: OrderStyle,
  equity: Decimal,
): PlannedOrder | HoldReason {
  const side = member.difference.isPositive() ? 'buy' : 'sell'
  const limit = style.kind === 'limit' ? sizeClip(member, rules, style, equity) : null
  const wanted =
    limit?.quantity ?? normalizeQuantity(missingQuantity(member, rules, style, equity), rules.lot)
  const sellable = normalizeQuantity(member.sellable, rules.lot)
  const quantity = side === 'sell' ? least(wanted, sellable) : wanted
  const price = limit?.limitPrice ?? member.price
  const problem = findSizeProblem(quantity, price, rules)
  if (problem !== null) return wanted.isPositive() && quantity.isZero() ? 'not_sellable' : problem
  return {
    symbol: member.symbol,
    side,
    quantity,
    limitPrice: limit?.limitPrice ?? null,
    price,
    value: quantity.times(price),
    difference: member.difference,
  }
}

/** How much a member is away from its lots, on the side of its difference; 0 when that is the other side. */
function missingQuantity(member: Member, rules: TradeRules, style: OrderStyle, equity: Decimal): Decimal {
  const { lots } = lotsWanted(member, rules.lot, style, equity)
  const missing = lots.times(rules.lot).minus(member.quantity)
  if (missing.isZero() || missing.isPositive() !== member.difference.isPositive()) return ZERO
  return missing.abs()
}

/** Returns the whole lots that a member is to hold. */
export function lotsWanted(member: Member, lot: Decimal, style: OrderStyle, equity: Decimal): LotTarget {
  const { target, price, targetPct } = member
  const wanted = lotTarget(target, price, lot)
  if (style.kind !== 'market' || !style.minimumOneLot) return wanted
  const isAffordable = !equity.isLessThan(price.times(lot))
  return wanted.lots.isZero() && targetPct > 0 && isAffordable ? oneLot(price, lot) : wanted
}

function sizeClip(
  member: Member,
  rules: TradeRules,
  style: Extract<OrderStyle, { kind: 'limit' }>,
  equity: Decimal,
) {
  const side = member.difference.isPositive() ? 'buy' : 'sell'
  const amount = clipAmount(member.difference, equity, style)
  return sizeLimitOrder({ side, reference: member.price, stepPct: style.stepPct, amount, rules })
}

/** Returns what one limit order is to be worth (seed 001): a share of the equity, `capped` at the difference or `fixed`. */
export function clipAmount(
  difference: Decimal,
  equity: Decimal,
  { clip, clipPct }: Pick<Extract<OrderStyle, { kind: 'limit' }>, 'clip' | 'clipPct'>,
): Decimal {
  const amount = percentOf(equity, clipPct)
  switch (clip) {
    case 'fixed':
      return amount
    case 'capped':
      return least(amount, difference.abs())
    default:
      return unreachable(clip)
  }
}
