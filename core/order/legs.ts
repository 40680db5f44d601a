import { type Decimal, ZERO } from '../decimal.js'
import type { OptionContract, OptionKind } from '../instrument/synthetic.js'
import { invariant } from '../invariant.js'
import type { Instant, LocalDate } from '../time.js'

/*
 * An order of a synthetic future is carried out by orders for its two legs. One leg is bought and then the other is
 * sold, so that nothing is sold of which the counterpart is not held: entering, the call is bought and then the put is
 * sold; exiting, the put is bought back and then the call is sold. What is bought and sold in the same lots is a fill of
 * the whole order. What cannot be matched is taken back: a rollback sells what was bought, or buys what was sold.
 */

/** Which part of a whole order an order is. */
export interface Leg {
  /** The whole order that it is a part of. */
  readonly of: string
  readonly kind: OptionKind
  /** In points. */
  readonly strike: number
  readonly expiry: LocalDate
  /** True when it takes back what an order for the same leg did. */
  readonly isRollback: boolean
}

/** A trade of a leg, or what is left of it once others took their part. */
export interface LegTrade {
  readonly orderId: string
  readonly tradeId: string
  readonly lots: Decimal
  readonly price: Decimal
  /** Goes with the first part that is taken. */
  readonly fee: Decimal
  readonly at: Instant
}

/** The leg that an order buys first, and the one that it sells then. */
export type LegSide = 'bought' | 'sold'

/** The trades of one leg that are neither matched nor taken back, the oldest first. */
export interface LegTrades {
  /** Of orders that do what the whole order needs. */
  done: LegTrade[]
  /** Of rollbacks. */
  undone: LegTrade[]
}

/** The legs of one order. Kept as long as the order. */
export interface Legs {
  readonly orderId: string
  readonly instrument: string
  readonly positionId: string
  readonly contract: OptionContract
  /** Quote currency per point and lot. */
  readonly pointValue: number
  /** True for entries, which buy the call; exits buy the put. */
  readonly isOpening: boolean
  /** Orders for its legs, in the order in which they were made. */
  readonly orderIds: string[]
  readonly bought: LegTrades
  readonly sold: LegTrades
  /** Count of fills that the two legs made together: the next one's trade id derives from it. */
  matches: number
  /** When the last order for one of them was recorded as sent; 0 before. */
  sentAt: Instant
  /** Count of leg orders when the imbalance was last told: once for each of them. */
  told: number
}

/** How the legs of an order begin. */
export interface LegsBeginning {
  readonly orderId: string
  readonly instrument: string
  readonly positionId: string
  readonly contract: OptionContract
  readonly pointValue: number
  readonly isOpening: boolean
}

/** Returns the legs of an order of which nothing was ordered. */
export function newLegs(beginning: LegsBeginning): Legs {
  const nothing = (): LegTrades => ({ done: [], undone: [] })
  return { ...beginning, orderIds: [], bought: nothing(), sold: nothing(), matches: 0, sentAt: 0, told: 0 }
}

/** Returns the option that is on `side`. */
export function kindOn({ isOpening }: Pick<Legs, 'isOpening'>, side: LegSide): OptionKind {
  return (side === 'bought') === isOpening ? 'call' : 'put'
}

/** Returns the side on which the option of a leg is. */
export function sideOf(legs: Pick<Legs, 'isOpening'>, { kind }: Leg): LegSide {
  return kindOn(legs, 'bought') === kind ? 'bought' : 'sold'
}

/** Returns the lots of a leg that are neither matched nor taken back; below 0 when more was taken back than done. */
export function looseLots({ done, undone }: LegTrades): Decimal {
  return lotsOf(done).minus(lotsOf(undone))
}

/** Returns the sum of the lots of trades. */
export function lotsOf(trades: readonly LegTrade[]): Decimal {
  return trades.reduce((lots, trade) => lots.plus(trade.lots), ZERO)
}

/** Returns the lots that are bought without their counterpart; below 0 when more was sold than bought. */
export function surplusOf({ bought, sold }: Legs): Decimal {
  return looseLots(bought).minus(looseLots(sold))
}

/** Takes up a trade of a leg's order. */
export function addTrade(legs: Legs, leg: Leg, trade: LegTrade): void {
  const trades = legs[sideOf(legs, leg)]
  if (leg.isRollback) trades.undone.push(trade)
  else trades.done.push(trade)
}

/** Takes `lots` out of the oldest of `trades`, with its fee. Throws when it has less. */
export function takeLots(trades: LegTrade[], lots: Decimal): void {
  const [first] = trades
  invariant(first !== undefined && !first.lots.isLessThan(lots), () => `a leg has no ${lots} lots to take`)
  if (first.lots.equals(lots)) trades.shift()
  else trades[0] = { ...first, lots: first.lots.minus(lots), fee: ZERO }
}
