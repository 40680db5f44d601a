import type { Decimal } from '../decimal.js'
import type { Instant } from '../time.js'

/** One line of the list of trades: a unit from its first fill to its last, money in quote currency. */
export interface BacktestTrade {
  readonly trade: number
  readonly instrument: string
  /** 1 for a base unit. */
  readonly unit: number
  readonly entryTime: Instant
  /** Average, in points. */
  readonly entryPrice: number
  /** Null for an open unit that nothing values. */
  readonly exitTime: Instant | null
  /** Average, in points; for an open unit the price that values it. */
  readonly exitPrice: number | null
  /** All lots that were bought. */
  readonly lots: Decimal
  readonly grossPnl: Decimal
  /** Paid, and for an open unit also what its exit would cost. */
  readonly fees: Decimal
  readonly netPnl: Decimal
  /** Loss at the stop that the unit was sized with, before fees, for all lots that were bought; null where it is not known. */
  readonly initialRisk: number | null
  readonly exitReason: string
  readonly open: boolean
}
