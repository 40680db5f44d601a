import type { Zone } from '../calendar/zone.js'
import type { Decimal } from '../decimal.js'
import type { Instant, LocalDate } from '../time.js'

/** An asset became a cell, with cash of its own out of the portfolio's. */
export interface CellOpened {
  readonly type: 'CellOpened'
  readonly instrument: string
  readonly zone: Zone
  readonly cash: Decimal
  readonly at: Instant
}

/** Cash moved between a cell and what is in no cell; above 0 into the cell. */
export interface CellFunded {
  readonly type: 'CellFunded'
  readonly instrument: string
  readonly decisionId: string
  readonly amount: Decimal
  readonly at: Instant
}

/** Why a cell has the anchor that it has. */
export type AnchorCause = 'firstPrice' | 'fill' | 'operator'

/** Moves are measured from this price from here on; a halt is over. */
export interface CellAnchored {
  readonly type: 'CellAnchored'
  readonly instrument: string
  readonly anchor: Decimal
  readonly cause: AnchorCause
  /** The order whose average price it is; null otherwise. */
  readonly orderId: string | null
  readonly at: Instant
}

/** Nothing is traded in the cell until a person has set its anchor. */
export interface CellHalted {
  readonly type: 'CellHalted'
  readonly instrument: string
  readonly reason: string
  readonly at: Instant
}

/** An order of a cell counts in its day, with the commission rate as it is at present. */
export interface CellOrdered {
  readonly type: 'CellOrdered'
  readonly instrument: string
  readonly orderId: string
  /** How often it was decided again because the price had moved; null for an operator's. */
  readonly attempt: number | null
  readonly notional: Decimal
  readonly commissionRate: Decimal
  readonly at: Instant
}

/** A company said what it will pay. */
export interface DividendAnnounced {
  readonly type: 'DividendAnnounced'
  readonly instrument: string
  readonly dividendId: string
  readonly decisionId: string
  readonly perShare: Decimal
  readonly withholdingRate: Decimal
  readonly exDate: LocalDate
  readonly payDate: LocalDate
  readonly at: Instant
}

/** The stock trades without the dividend: the anchor fell by it, and what is due is receivable. */
export interface DividendWentEx {
  readonly type: 'DividendWentEx'
  readonly instrument: string
  readonly dividendId: string
  /** Held at the close before the ex-date. */
  readonly shares: Decimal
  readonly gross: Decimal
  readonly withheld: Decimal
  readonly net: Decimal
  /** The anchor from here on. */
  readonly anchor: Decimal | null
  readonly at: Instant
}

/** The dividend came: what was receivable is cash. The ledger's postings stand beside it. */
export interface DividendPaid {
  readonly type: 'DividendPaid'
  readonly instrument: string
  readonly dividendId: string
  readonly net: Decimal
  readonly at: Instant
}

/** What was recorded of a dividend was wrong: this is right. What it changes in the ledger stands beside it. */
export interface DividendCorrected {
  readonly type: 'DividendCorrected'
  readonly instrument: string
  readonly dividendId: string
  readonly decisionId: string
  readonly perShare: Decimal
  readonly withholdingRate: Decimal
  readonly payDate: LocalDate
  /** What is due by the corrected facts; null before the ex-date. */
  readonly due: { readonly gross: Decimal; readonly withheld: Decimal; readonly net: Decimal } | null
  readonly anchor: Decimal | null
  readonly reason: string
  readonly at: Instant
}

/** One share became `ratio` shares; nothing changed in value. */
export interface SharesSplit {
  readonly type: 'SharesSplit'
  readonly instrument: string
  readonly splitId: string
  readonly decisionId: string
  readonly ratio: Decimal
  readonly shares: Decimal
  readonly anchor: Decimal | null
  readonly at: Instant
}

/** What happens to a cell besides its orders. */
export type CellEvent =
  | CellOpened
  | CellFunded
  | CellAnchored
  | CellHalted
  | CellOrdered
  | DividendAnnounced
  | DividendWentEx
  | DividendPaid
  | DividendCorrected
  | SharesSplit
