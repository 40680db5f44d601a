import { type Decimal, decimal, ZERO } from '../../decimal.js'
import { unreachable } from '../../invariant.js'
import { findSizeProblem, type TradeRules, wholeLots } from './order-size.js'
import { percentOf } from './percent.js'
import { type PlannedOrder, rankByDifference } from './plan.js'

/** How buys share what there is: each in the same proportion, or the largest difference first. */
export type FundingMode = 'proportional' | 'priority'

/** What buys can be paid from. */
export interface FundingSettings {
  /** Settled cash that the strategy may spend. */
  readonly cash: Decimal
  /** Fee of every order, in percent of its value. */
  readonly feePct: number
  readonly mode: FundingMode
  readonly rules: ReadonlyMap<string, TradeRules>
}

/** A buy that was made smaller, or dropped. */
export interface FundingCut {
  readonly symbol: string
  readonly wanted: Decimal
  /** What remains, in quote currency; 0 when it was dropped. */
  readonly funded: Decimal
}

/** Orders that can be paid for. */
export interface FundedOrders {
  /** In the given order; buys that cannot be paid for are left out. */
  readonly orders: readonly PlannedOrder[]
  /** Cash and what the sells bring after fees. */
  readonly available: Decimal
  /** What all wanted buys cost with fees. */
  readonly required: Decimal
  /** `full`: nothing was cut; `proportional`: all buys were; `partial`: some were, or nothing could be bought. */
  readonly outcome: 'full' | 'proportional' | 'partial'
  readonly cuts: readonly FundingCut[]
}

/**
 * Returns the orders with buys limited to settled cash plus what the sells bring, fees of both reserved (seed 002):
 * buys × (1 + f) ≤ cash + sells × (1 − f). Only buys are made smaller; sells are what the target asks for.
 */
export function fundBuys(orders: readonly PlannedOrder[], settings: FundingSettings): FundedOrders {
  const buys = orders.filter(({ side }) => side === 'buy')
  const sold = sumOf(orders.filter(({ side }) => side === 'sell'))
  const available = settings.cash.plus(sold).minus(percentOf(sold, settings.feePct))
  const required = withFee(sumOf(buys), settings.feePct)
  if (!available.isLessThan(required)) return { orders, available, required, outcome: 'full', cuts: [] }
  const quantities = available.isPositive() ? shareOut(buys, available, required, settings) : new Map()
  return { ...applyCuts(orders, quantities, settings), available, required }
}

/** Returns the value of an order with its fee. */
export function withFee(value: Decimal, feePct: number): Decimal {
  return value.plus(percentOf(value, feePct))
}

function sumOf(orders: readonly PlannedOrder[]): Decimal {
  return orders.reduce((sum, { value }) => sum.plus(value), ZERO)
}

/** Returns each buy's quantity in whole lots. */
function shareOut(
  buys: readonly PlannedOrder[],
  available: Decimal,
  required: Decimal,
  { feePct, mode, rules }: FundingSettings,
): Map<string, Decimal> {
  switch (mode) {
    case 'proportional':
      return new Map(
        buys.map(({ symbol, quantity }) => {
          const { lot } = rules.get(symbol)!
          return [symbol, wholeLots(quantity.times(available), required, lot)]
        }),
      )
    case 'priority': {
      let left = available
      const quantities = new Map<string, Decimal>()
      for (const { symbol, quantity, price, value } of rankByDifference(buys)) {
        const isPaid = !left.isLessThan(withFee(value, feePct))
        const paid = isPaid ? quantity : wholeLots(left, withFee(price, feePct), rules.get(symbol)!.lot)
        quantities.set(symbol, paid)
        left = left.minus(withFee(paid.times(price), feePct))
      }
      return quantities
    }
    default:
      return unreachable(mode)
  }
}

function applyCuts(
  orders: readonly PlannedOrder[],
  quantities: ReadonlyMap<string, Decimal>,
  { mode, rules }: FundingSettings,
): Pick<FundedOrders, 'orders' | 'outcome' | 'cuts'> {
  const funded: PlannedOrder[] = []
  const cuts: FundingCut[] = []
  for (const order of orders) {
    if (order.side === 'sell') {
      funded.push(order)
      continue
    }
    const { symbol, price, value } = order
    const quantity = quantities.get(symbol) ?? ZERO
    const isOrder = findSizeProblem(quantity, price, rules.get(symbol)!) === null
    const paid = isOrder ? quantity.times(price) : ZERO
    if (isOrder) funded.push(resized(order, quantity, paid))
    if (!paid.equals(value)) cuts.push({ symbol, wanted: value, funded: paid })
  }
  const boughtNothing = funded.every(({ side }) => side === 'sell')
  return { orders: funded, cuts, outcome: mode === 'priority' || boughtNothing ? 'partial' : 'proportional' }
}

function resized(order: PlannedOrder, quantity: Decimal, value: Decimal): PlannedOrder {
  const { symbol, side, limitPrice, price, difference } = order
  return { symbol, side, quantity, limitPrice, price, value, difference }
}

/** How far the sells of a run have come. */
export interface SellProgress {
  /** Settled cash at the start, less what released buys have cost or will cost with their fees. */
  readonly cash: Decimal
  /** What filled sells have brought, fees deducted. */
  readonly proceeds: Decimal
  /** Whether every sell has ended: filled, cancelled or refused. */
  readonly sellsEnded: boolean
}

/** Buys that may go out, and those that wait for sells or have nothing left to pay them. */
export interface ReleasedBuys {
  readonly released: readonly PlannedOrder[]
  readonly waiting: readonly PlannedOrder[]
  readonly dropped: readonly PlannedOrder[]
}

/**
 * Returns which of the waiting buys may go out as sells fill: in order, each as soon as cash and proceeds pay for it whole.
 * Once every sell has ended, what is left pays for smaller ones; a sell that brought nothing buys nothing.
 */
export function releaseBuys(
  buys: readonly PlannedOrder[],
  { cash, proceeds, sellsEnded }: SellProgress,
  { feePct, rules }: Pick<FundingSettings, 'feePct' | 'rules'>,
): ReleasedBuys {
  let left = cash.plus(proceeds)
  const released: PlannedOrder[] = []
  const dropped: PlannedOrder[] = []
  for (const [index, buy] of buys.entries()) {
    const rule = rules.get(buy.symbol)!
    const isPaid = !left.isLessThan(withFee(buy.value, feePct))
    if (!isPaid && !sellsEnded) return { released, waiting: buys.slice(index), dropped }
    const most = left.isPositive() ? wholeLots(left, withFee(buy.price, feePct), rule.lot) : ZERO
    const quantity = isPaid ? buy.quantity : most
    if (findSizeProblem(quantity, buy.price, rule) !== null) {
      dropped.push(buy)
      continue
    }
    const value = quantity.times(buy.price)
    released.push(resized(buy, quantity, value))
    left = left.minus(withFee(value, feePct))
  }
  return { released, waiting: [], dropped }
}

/** The share of wanted buys that can be paid for, and what they come to. */
export interface FundableBuys {
  readonly total: Decimal
  /** 0..1, rounded down. */
  readonly scale: Decimal
}

/** Digits after the point of sums that are only reported. */
const REPORTED_DIGITS = 8

/** Returns what buys of `wanted` come to: (cash + sells × (1 − f)) ÷ (1 + f), at most `wanted`, rounded down to 8 digits. */
export function fundableBuys(wanted: Decimal, sells: Decimal, cash: Decimal, feePct: number): FundableBuys {
  const available = cash.plus(sells).minus(percentOf(sells, feePct))
  const one = decimal(1)
  if (!available.isLessThan(withFee(wanted, feePct))) return { total: wanted, scale: one }
  if (!available.isPositive()) return { total: ZERO, scale: ZERO }
  const total = available.dividedBy(withFee(one, feePct), REPORTED_DIGITS, 'floor')
  return { total, scale: available.dividedBy(withFee(wanted, feePct), REPORTED_DIGITS, 'floor') }
}
