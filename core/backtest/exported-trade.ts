import type { Instant } from '../time.js'

/** What the comment of a strategy's order says, with the tags that it may carry. */
export interface EntrySignal {
  /** base: opens a position · pyramid: adds to one. */
  readonly kind: 'base' | 'pyramid'
  /** What the strategy calls the unit: its POS tag, else Long_1 for a base entry and Long_{k+1} for PYRk. */
  readonly label: string
  /** Average true range in points; null without an ATR tag. */
  readonly atr: number | null
  /** Efficiency ratio as sent; null without an ER tag. */
  readonly er: number | null
  /** Stop in points; null without a STOP tag. */
  readonly stop: number | null
}

/** A row of an export: which bar it happened on, at what price, and where it stands in the file. */
export interface ExportedRow {
  /** Line of the file, the first one is 1. */
  readonly line: number
  /** When its bar opened. */
  readonly barOpen: Instant
  /** Points; what the strategy tester filled at. */
  readonly price: number
}

/** The exit row of a trade. */
export interface ExportedExit extends ExportedRow {
  /** The strategy's comment, without tags. */
  readonly reason: string
  /** The unit that it names with a POS tag, or ALL; null without one. */
  readonly label: string | null
  /** The position is still open, and the price only values it. */
  readonly open: boolean
}

/** A long trade of a "List of trades" export. */
export interface ExportedTrade {
  /** The export's own number. */
  readonly number: number
  readonly instrument: string
  readonly file: string
  /** Lots that the strategy traded, above 0. */
  readonly quantity: number
  readonly entry: ExportedRow
  readonly signal: EntrySignal
  /** Null when the export has no exit row. */
  readonly exit: ExportedExit | null
  /** Net profit that the export itself states, in its currency; null when it states none. */
  readonly statedNet: number | null
}

/** A row that cannot be used, and why. */
export interface RejectedRow {
  readonly file: string
  readonly line: number
  readonly reason: string
}
