import type { Decimal } from '../decimal.js'
import type { Instant, LocalDate } from '../time.js'
import type { LegSide } from './legs.js'

/** An order of a synthetic future is carried out by orders for its legs, in these options. */
export interface LegsOpened {
  readonly type: 'LegsOpened'
  readonly orderId: string
  /** In points. */
  readonly strike: number
  readonly expiry: LocalDate
  /** Quote currency per point and lot. */
  readonly pointValue: number
  readonly at: Instant
}

/** Lots of a leg were taken back: what they came to is posted. */
export interface LegUnwound {
  readonly type: 'LegUnwound'
  readonly orderId: string
  readonly side: LegSide
  readonly lots: Decimal
  readonly at: Instant
}

/** One leg is without the other. Told once for each order that could not mend it. */
export interface LegsImbalanced {
  readonly type: 'LegsImbalanced'
  readonly orderId: string
  /** Bought without their counterpart; below 0 when more is sold than bought. */
  readonly lots: Decimal
  readonly at: Instant
}

/** Nothing of an order's legs is at work, and none is without the other. */
export interface LegsSettled {
  readonly type: 'LegsSettled'
  readonly orderId: string
  readonly at: Instant
}

/** What can have happened to the legs of an order, their own orders apart. */
export type LegEvent = LegsOpened | LegUnwound | LegsImbalanced | LegsSettled
