import type { ScoutAlert } from '../alert/alert.js'
import { type Decimal, ZERO } from '../decimal.js'
import { type Instant, MINUTE } from '../time.js'
import type { Approval } from './approval.js'
import type { CellState } from './cell-state.js'
import type { Holding } from './holding.js'
import type { PlannedEntry, PreCloseRun } from './pre-close-run.js'
import { activeRoll, type RollRun } from './roll-run.js'
import type { Unit } from './unit.js'

/** The last that was seen of an instrument's market. A fold of inputs, not of events. */
export interface MarketView {
  /** Last price, from whatever source, and when. */
  price: number | null
  priceAt: Instant
  /** The last confirmed bar: its close and that close's time. A bar is applied once. */
  barClose: number | null
  barAt: Instant
  /** The ATR of the last confirmed bar that had one, and that bar's time. */
  atr: number | null
  atrAt: Instant
  /** A close too far from the last to be believed until the next bar agrees. */
  suspectClose: number | null
  /** The last scout's report, and when. */
  scout: ScoutAlert | null
  scoutAt: Instant
}

/** What a portfolio holds and has at work in one instrument. */
export interface Book {
  readonly instrument: string
  /** Units with lots, in the order of their numbers. */
  units: Unit[]
  /** Pyramids opened since the instrument was last flat. */
  pyramidsOpened: number
  /** The base unit since the instrument was last flat; kept after that unit is closed. */
  baseUnitId: string | null
  /** Price of the first fill of the last unit opened. */
  lastUnitFillPrice: number | null
  /** The one entry or pyramid order at work. */
  entryOrderId: string | null
  /** The last entry or pyramid that was ordered, whatever became of it. */
  lastEntry: { readonly lots: Decimal; readonly at: Instant } | null
  /** Exit and peel-off orders at work. */
  exitOrderIds: string[]
  /** Protective stops at the venue; they rest, so they count as at work only where quantities are bounded. */
  stopOrderIds: string[]
  /** Orders at work that buy or sell the holding. */
  rebalanceOrderIds: string[]
  /** What is held of an asset that is paid for in full; null where there never was any. */
  holding: Holding | null
  /** What is known of the cell that trades it; null where it is none. */
  cell: CellState | null
  /** Orders for legs at work. */
  legOrderIds: string[]
  /** Orders whose legs are not settled, whether or not they are at work themselves. */
  openLegs: string[]
  /** Why only exits run here, until someone decides. */
  lock: {
    readonly reason: string
    readonly since: Instant
    /** The difference from the broker that is the reason; null where it is another. */
    readonly breakId: string | null
  } | null
  /** Lots of ours that the broker did not count when it was last asked at rest; sales change both counts alike. */
  missingLots: Decimal
  /** The last run before a close, over or not. */
  preClose: PreCloseRun | null
  /** The last run by which units left their contract, over or not. */
  roll: RollRun | null
  /** The last question to a person, over or not. */
  approval: Approval | null
  readonly market: MarketView
}

/** flat: nothing held or at work · opening: an entry asked for, planned or at work · open: held · closing: every unit is being closed. */
export type BookState = 'flat' | 'opening' | 'open' | 'closing'

/** Returns the book of an instrument in which nothing has happened. */
export function emptyBook(instrument: string): Book {
  return {
    instrument,
    units: [],
    pyramidsOpened: 0,
    baseUnitId: null,
    lastUnitFillPrice: null,
    entryOrderId: null,
    lastEntry: null,
    exitOrderIds: [],
    stopOrderIds: [],
    rebalanceOrderIds: [],
    holding: null,
    cell: null,
    legOrderIds: [],
    openLegs: [],
    lock: null,
    missingLots: ZERO,
    preClose: null,
    roll: null,
    approval: null,
    market: {
      price: null,
      priceAt: 0,
      barClose: null,
      barAt: 0,
      atr: null,
      atrAt: 0,
      suspectClose: null,
      scout: null,
      scoutAt: 0,
    },
  }
}

/** Returns whether the last confirmed bar, of a chart with bars of `barMinutes`, is young enough to judge a price by. */
export function isBarFresh(market: MarketView, barMinutes: number, now: Instant): boolean {
  return now - market.barAt <= 2 * barMinutes * MINUTE
}

/** Returns where the instrument is between flat and closing. */
export function bookState(book: Book): BookState {
  if (book.entryOrderId !== null || plannedEntry(book) !== null) return 'opening'
  if (pendingApproval(book) !== null) return 'opening'
  if (book.units.length === 0 && activeRoll(book) !== null) return 'opening'
  if (book.rebalanceOrderIds.length > 0 || book.holding?.quantity.isPositive()) return 'open'
  if (book.units.length === 0) return 'flat'
  return book.units.every((unit) => unit.exit !== null) ? 'closing' : 'open'
}

/** Returns the entry that a run before the close has decided and not yet placed, or null. */
export function plannedEntry(book: Book): PlannedEntry | null {
  return book.preClose?.plan ?? null
}

/** Returns the entry that waits for a person's answer, or null. */
export function pendingApproval({ approval }: Book): Approval | null {
  return approval === null || approval.closed !== null ? null : approval
}

/** Returns the base unit while it is open. */
export function baseUnit(book: Book): Unit | undefined {
  return book.units.find((unit) => unit.id === book.baseUnitId)
}
