import type { Decimal } from '../decimal.js'
import { unreachable } from '../invariant.js'
import type { Instant } from '../time.js'
import type { Leg } from './legs.js'

/** The standing wish to close a position until it is done. */
export interface ExitIntent {
  readonly decisionId: string
  readonly reason: string
}

/**
 * Where an order is, in FIX's words. `denied` is ours, `rejected` is the venue's; `unresolved` means that a request
 * left and nobody knows what became of it: it stays so until there is evidence, and it counts in full until then.
 */
export type OrderState =
  | 'initialized'
  | 'submitted'
  | 'unresolved'
  | 'accepted'
  | 'partiallyFilled'
  | 'filled'
  | 'canceled'
  | 'rejected'
  | 'expired'
  | 'denied'

/** What an order is for. Entries add risk; exits and peel-offs shed it; a rebalance buys or sells a holding. */
export type OrderPurpose = 'entry' | 'pyramid' | 'exit' | 'peelOff' | 'stop' | 'rebalance'

/** How an order is priced; a stop is a limit order that the venue holds back until its trigger price is reached. */
export type OrderType = 'market' | 'limit' | 'stop'

/** Where an order stands in the chase of one wish: its steps follow one another, each with a limit of its own. */
export interface Chase {
  /** The order of the first step. */
  readonly parentId: string
  /** From 0. */
  readonly step: number
  /** The price that the steps go out from, in points. */
  readonly referencePrice: number
}

/** An order of ours, as the fold of its events. */
export interface Order {
  readonly id: string
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly purpose: OrderPurpose
  readonly positionId: string
  readonly decisionId: string
  readonly type: OrderType
  readonly lots: Decimal
  readonly limitPrice: Decimal | null
  /** Null but for a stop. */
  readonly triggerPrice: Decimal | null
  /** The price that the decision saw: slippage is measured from it. */
  readonly referencePrice: number
  readonly createdAt: Instant
  /** Null for an order that waits for its fill for as long as it takes. */
  readonly chase: Chase | null
  state: OrderState
  /** Count of times the order was recorded as sent. */
  attempt: number
  venueOrderId: string | null
  filledLots: Decimal
  /** Σ price × lots of its fills. */
  filledValue: Decimal
  tradeIds: readonly string[]
  /** Why it was denied, rejected, cancelled or is unresolved. */
  reason: string | null
  cancelRequested: boolean
  /** An exit that came while this entry was at work: what it fills is closed once it has ended. */
  latch: ExitIntent | null
  closedAt: Instant | null
  /** What it is a part of; null for an order that stands for itself. */
  readonly leg: Leg | null
  /** Month of the contract that it trades, YYYY-MM; null where that is the broker's matter. */
  readonly contractMonth: string | null
  /** True once orders for its legs carry it out: it is not sent itself. */
  hasLegs: boolean
}

/** Returns whether an order in `state` may still fill: initialized, sent, unknown or resting. */
export function isAtWork(state: OrderState): boolean {
  switch (state) {
    case 'initialized':
    case 'submitted':
    case 'unresolved':
    case 'accepted':
    case 'partiallyFilled':
      return true
    case 'filled':
    case 'canceled':
    case 'rejected':
    case 'expired':
    case 'denied':
      return false
    default:
      return unreachable(state)
  }
}

/** Returns whether an order in `state` may have reached the venue, so that only the venue's evidence ends it. */
export function mayBeAtVenue(state: OrderState): boolean {
  return state !== 'initialized' && isAtWork(state)
}

/** Returns the lots of `order` that may still fill. */
export function remainingLots(order: Order): Decimal {
  return order.lots.minus(order.filledLots)
}

/** Returns whether `order` adds to a position. A leg does not: the order that it is a part of does. */
export function isEntry(order: Order): boolean {
  if (order.leg !== null) return false
  return order.purpose === 'entry' || order.purpose === 'pyramid'
}
