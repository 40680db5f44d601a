import { type Zone, zoneOffsetMinutes } from '../calendar/zone.js'
import { type Decimal, ZERO } from '../decimal.js'
import { DAY, type Instant, type LocalDate, MINUTE } from '../time.js'

/** A dividend of a cell's stock, from its announcement on. */
export interface CellDividend {
  readonly id: string
  readonly perShare: Decimal
  /** Withheld at the source, a fraction 0..1. */
  readonly withholdingRate: Decimal
  readonly exDate: LocalDate
  readonly payDate: LocalDate
  /** What it came to on its ex-date; null before. */
  readonly due: DividendDue | null
  readonly paidAt: Instant | null
}

/** What a dividend means for the shares that were held at the close before its ex-date. */
export interface DividendDue {
  readonly shares: Decimal
  readonly gross: Decimal
  readonly withheld: Decimal
  readonly net: Decimal
  readonly at: Instant
}

/** The last order of a cell. */
export interface CellOrderState {
  readonly id: string
  /** How often it was decided again because the price had moved; null for an operator's. */
  readonly attempt: number | null
  readonly notional: Decimal
  /** Fee as a fraction of the value, as it was when the order was made. */
  readonly commissionRate: Decimal
}

/** What a portfolio knows of one cell besides its shares, which are the holding. */
export interface CellState {
  /** Zone of the exchange: its days begin there. */
  readonly zone: Zone
  /** Settled, and the cell's own: only this is ever spent. */
  cash: Decimal
  /** Net of what is withheld; part of the value, never spent. */
  receivable: Decimal
  /** The price that moves are measured from; null until the first price. */
  anchor: Decimal | null
  anchorAt: Instant
  /** Why nothing is traded until a person sets the anchor; null: nothing is wrong. */
  halt: string | null
  dividends: CellDividend[]
  /** Splits that were booked, by their ids. */
  splitIds: string[]
  /** Orders of a day of the exchange, counted in days since 1970. */
  today: { day: number; count: number; notional: Decimal }
  /** What was held before the first change of a day, the oldest first. */
  openings: { readonly day: number; readonly shares: Decimal }[]
  order: CellOrderState | null
  /** What the last recorded evaluation came to. */
  outcome: string
}

/** So many days with changes are kept: a dividend is told of within weeks. */
const OPENINGS_KEPT = 60

/** Returns a cell in which nothing has happened. */
export function newCellState(zone: Zone, cash: Decimal): CellState {
  return {
    zone,
    cash,
    receivable: ZERO,
    anchor: null,
    anchorAt: 0,
    halt: null,
    dividends: [],
    splitIds: [],
    today: { day: 0, count: 0, notional: ZERO },
    openings: [],
    order: null,
    outcome: '',
  }
}

/** Returns the local day of `at` at an exchange, counted in days since 1970. */
export function exchangeDay(zone: Zone, at: Instant): number {
  return Math.floor((at + zoneOffsetMinutes(zone, at) * MINUTE) / DAY)
}

/** Remembers what was held before a change at `at`, if it is the first one of its day. */
export function rememberOpening(cell: CellState, shares: Decimal, at: Instant): void {
  const day = exchangeDay(cell.zone, at)
  const last = cell.openings.at(-1)
  if (last !== undefined && day <= last.day) return
  cell.openings.push({ day, shares })
  if (cell.openings.length > OPENINGS_KEPT) cell.openings.shift()
}

/** Returns what was held at the close before `day`; `held` is what is held at present. */
export function heldBefore(cell: CellState, day: number, held: Decimal): Decimal {
  return cell.openings.find((opening) => opening.day >= day)?.shares ?? held
}

/** Returns the orders of the day of `at`. */
export function ordersOfDay(
  { zone, today }: CellState,
  at: Instant,
): { readonly count: number; readonly notional: Decimal } {
  return today.day === exchangeDay(zone, at) ? today : { count: 0, notional: ZERO }
}
