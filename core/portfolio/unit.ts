import { type Decimal, decimal, ZERO } from '../decimal.js'
import type { OptionContract } from '../instrument/synthetic.js'
import { invariant } from '../invariant.js'
import type { ExitIntent } from '../order/order.js'
import type { Instant } from '../time.js'
import type { RollTerms } from './roll-run.js'

/**
 * One unit of a position: a base entry or a pyramid, with a stop of its own. It exists from its first fill.
 * Quantity and cost are kept and the average follows from them, so that no rounding enters the books.
 */
export interface Unit {
  readonly id: string
  readonly instrument: string
  /** 1 for the base unit; the general counts, whatever the alert's label says. */
  readonly number: number
  label: string | null
  readonly entryOrderId: string
  readonly openedAt: Instant
  /** Of the contract bought; a later change of the lot size does not touch an open unit. */
  readonly pointValue: number
  /** Points from entry to stop, fixed when the unit was sized. */
  readonly stopDistance: number
  /** ATR when the unit was sized. */
  readonly entryAtr: number
  /** The options that it is made of, which its exits close; null where it is held as one contract. */
  readonly contract: OptionContract | null
  /** Month of the future that it is held in, YYYY-MM; null where that is not recorded. */
  readonly contractMonth: string | null
  /** What it took over from the unit that it follows in another contract; null where it follows none. */
  readonly roll: RollTerms | null
  lots: Decimal
  /** Σ price × lots of what is held. */
  cost: Decimal
  /** Of all that was ever bought: their quotient is the entry price. */
  boughtLots: Decimal
  boughtValue: Decimal
  soldLots: Decimal
  soldValue: Decimal
  realizedPnl: Decimal
  fees: Decimal
  /** Where the fills left the stop, before it trailed: first fill less the distance, raised with the average. */
  initialStop: number
  stop: number
  highestClose: number
  exit: ExitIntent | null
  /** Count of exit orders made for it: the next one's id derives from it. */
  exitOrders: number
  /** No new exit order before this instant: the last one was refused. */
  exitNotBefore: Instant
  /** Count of stops made for it at the venue, and no new one before this instant. */
  stopOrders: number
  stopNotBefore: Instant
  /** A peel-off that waits for the end of a stop at the venue. */
  peel: { readonly decisionId: string; readonly lots: Decimal } | null
  closedAt: Instant | null
  /** `lots` and the entry price as doubles, for sizing and exposure. */
  heldLots: number
  averagePrice: number
}

/** How a unit begins: with a plan for its stop, and without lots. */
export interface UnitBeginning {
  readonly positionId: string
  readonly instrument: string
  readonly number: number
  readonly label: string | null
  readonly entryOrderId: string
  readonly stop: number
  readonly stopDistance: number
  readonly atr: number
  readonly pointValue: number
  readonly exit: ExitIntent | null
  readonly contract: OptionContract | null
  readonly contractMonth: string | null
  readonly roll: RollTerms | null
  readonly at: Instant
}

/** Returns a unit that holds nothing yet. */
export function newUnit(beginning: UnitBeginning): Unit {
  const { positionId, instrument, number, label, entryOrderId, at } = beginning
  const { stop, stopDistance, atr, pointValue, exit, contract, contractMonth, roll } = beginning
  return {
    id: positionId,
    instrument,
    number,
    label,
    entryOrderId,
    openedAt: at,
    pointValue,
    stopDistance,
    entryAtr: atr,
    contract,
    contractMonth,
    roll,
    lots: ZERO,
    cost: ZERO,
    boughtLots: ZERO,
    boughtValue: ZERO,
    soldLots: ZERO,
    soldValue: ZERO,
    realizedPnl: ZERO,
    fees: ZERO,
    initialStop: stop,
    stop,
    highestClose: 0,
    exit,
    exitOrders: 0,
    exitNotBefore: 0,
    stopOrders: 0,
    stopNotBefore: 0,
    peel: null,
    closedAt: null,
    heldLots: 0,
    averagePrice: 0,
  }
}

/** Returns the profit, in quote currency before fees, of selling `lots` at `price`: against the average cost of what is held. */
export function profitOfSale(unit: Unit, lots: Decimal, price: Decimal): Decimal {
  return price.times(lots).minus(costOf(unit, lots)).times(decimal(unit.pointValue))
}

/** Returns the share of the unit's cost that `lots` carry; the last lots carry whatever is left, so nothing is lost. */
export function costOf(unit: Unit, lots: Decimal): Decimal {
  invariant(!unit.lots.isLessThan(lots), () => `${unit.id} holds ${unit.lots} lots, less than ${lots}`)
  if (lots.equals(unit.lots)) return unit.cost
  return unit.cost.times(lots).dividedBy(unit.lots, 12, 'halfEven')
}

/** Books a purchase of `lots` for `value` (Σ price × lots) into `unit`. */
export function bookPurchase(unit: Unit, lots: Decimal, value: Decimal): void {
  unit.lots = unit.lots.plus(lots)
  unit.cost = unit.cost.plus(value)
  unit.boughtLots = unit.boughtLots.plus(lots)
  unit.boughtValue = unit.boughtValue.plus(value)
  unit.heldLots = unit.lots.toNumber()
  unit.averagePrice = unit.boughtValue.toNumber() / unit.boughtLots.toNumber()
}

/** Books a sale of `lots` for `value` (Σ price × lots) out of `unit`. */
export function bookSale(unit: Unit, lots: Decimal, value: Decimal): void {
  unit.cost = unit.cost.minus(costOf(unit, lots))
  unit.lots = unit.lots.minus(lots)
  unit.soldLots = unit.soldLots.plus(lots)
  unit.soldValue = unit.soldValue.plus(value)
  unit.heldLots = unit.lots.toNumber()
  if (unit.lots.isZero()) unit.cost = ZERO
}

/** Returns the unit's risk in quote currency: what it loses from its entry if its stop is hit, never below 0. */
export function unitRisk(unit: Unit): number {
  return Math.max(0, entryPriceOf(unit) - unit.stop) * unit.heldLots * unit.pointValue
}

/**
 * Returns the price, in points of its own contract, at which the strategy sees the unit as bought: what was paid, less what
 * the units that it follows in other contracts have earned.
 */
export function entryPriceOf({ averagePrice, roll }: Pick<Unit, 'averagePrice' | 'roll'>): number {
  return roll === null ? averagePrice : averagePrice - roll.rolledBy
}

/** Returns when the unit was opened, or the first of those that it follows in other contracts. */
export function heldSince({ openedAt, roll }: Pick<Unit, 'openedAt' | 'roll'>): Instant {
  return roll?.heldSince ?? openedAt
}

/** Returns the profit in quote currency at `price` since the strategy's entry, before fees, whatever of it is booked. */
export function profitFromEntry(unit: Unit, price: number): number {
  return (price - entryPriceOf(unit)) * unit.heldLots * unit.pointValue
}

/** Returns the unit's volatility in quote currency: one `atr` (points) against all of its lots. */
export function unitVolatility(unit: Unit, atr: number): number {
  return atr * unit.heldLots * unit.pointValue
}

/** Returns the unit's unrealized profit in quote currency at `price`, before fees. */
export function unrealizedProfit(unit: Unit, price: number): number {
  return (price - unit.averagePrice) * unit.heldLots * unit.pointValue
}
