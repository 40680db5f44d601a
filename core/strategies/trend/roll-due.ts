import type { Calendar } from '../../calendar/calendar.js'
import { zoneOffsetMinutes } from '../../calendar/zone.js'
import {
  type Contract,
  contractOf,
  contractToTrade,
  isProduct,
  leaveOn,
  nextContract,
  type Product,
} from '../../instrument/contract.js'
import type { Instrument } from '../../instrument/instrument.js'
import { type Book, pendingApproval, plannedEntry } from '../../portfolio/book.js'
import { bookOf, type Portfolio } from '../../portfolio/portfolio.js'
import { activeRoll } from '../../portfolio/roll-run.js'
import { marketHours } from '../../portfolio/sessions.js'
import type { Unit } from '../../portfolio/unit.js'
import { allowsExits } from '../../risk/trading-state.js'
import { DAY, type Instant, type LocalDate, localDate, MINUTE, SECOND } from '../../time.js'

/** Units of an instrument that leave their contract, and the one that they go to. */
export interface PlannedRoll {
  readonly instrument: string
  readonly units: readonly Unit[]
  /** Months, YYYY-MM. */
  readonly from: string
  readonly to: string
  /** The date on which they have to leave. */
  readonly leaveOn: LocalDate
}

/** Instruments of which something is to be rolled, or whose run waits too long, on a date at their exchange. */
export interface DueRoll {
  readonly date: LocalDate
  readonly instruments: readonly string[]
  /** Orders that rest too long; with them it is due again. */
  readonly overdue: readonly string[]
}

/** A successor that is not bought by then is bought no more, in seconds. */
const WAITS_FOR = 60

/**
 * Returns what is due at `now`. It follows from the calendar and from what is recorded of the runs alone, so that a
 * restart goes on where the log ends, and no date has a second run.
 */
export function rollsDue(portfolio: Portfolio, now: Instant): DueRoll[] {
  const { settings } = portfolio
  if (settings?.rollover == null || !allowsExits(portfolio.tradingState)) return []
  const due: DueRoll[] = []
  for (const instrument of settings.instruments) {
    const book = bookOf(portfolio, instrument.name)
    if (book.units.length === 0 && activeRoll(book) === null) continue
    const date = dateAt(instrument, now)
    const overdue = overdueOrders(portfolio, book, now)
    const isToBegin = isTime(portfolio, instrument, now) && plannedRoll(portfolio, instrument, date) !== null
    if (overdue.length === 0 && !isToBegin) continue
    due.push({ date, instruments: [instrument.name], overdue })
  }
  return due
}

/** Returns what of an instrument is to leave its contract on `date`; null when nothing is, or not yet. */
export function plannedRoll(
  portfolio: Portfolio,
  instrument: Instrument,
  date: LocalDate,
): PlannedRoll | null {
  const book = bookOf(portfolio, instrument.name)
  if (!isAtRest(book) || book.roll?.date === date) return null
  const next = nextRoll(portfolio, instrument, date)
  return next === null || date < next.leaveOn ? null : next
}

/** Returns what of an instrument leaves its contract next, and when; null where nothing is held, or nothing is rolled. */
export function nextRoll(portfolio: Portfolio, instrument: Instrument, date: LocalDate): PlannedRoll | null {
  const { calendar, settings } = portfolio
  if (calendar === null || settings?.rollover == null || !isProduct(instrument.name)) return null
  const book = bookOf(portfolio, instrument.name)
  const units = book.units.filter((unit) => unit.exit === null)
  const from = units
    .map(monthOf)
    .filter((month) => month !== null)
    .sort()[0]
  if (from === undefined) return null
  const contract = contractOf(instrument.name, from, calendar)
  const leavingOn = leaveOn(contract)
  const leaving = units.filter((unit) => monthOf(unit) === from)
  const onDate = date < leavingOn ? leavingOn : date
  const to = openContract(instrument.name, onDate, calendar, nextContract(contract, calendar))
  return { instrument: instrument.name, units: leaving, from, to: to.month, leaveOn: leavingOn }
}

/** Returns the month of the contract that new lots of an instrument are bought in at `now`; null where that is not known. */
export function monthToTrade(portfolio: Portfolio, instrument: Instrument, now: Instant): string | null {
  const { calendar } = portfolio
  if (calendar === null || !isProduct(instrument.name)) return null
  const date = dateAt(instrument, now)
  const first = contractToTrade(instrument.name, date, calendar)
  return openContract(instrument.name, date, calendar, first).month
}

/** Returns the month of the contract that a unit is held in; null where that is not recorded. */
export function monthOf({ contract, contractMonth }: Unit): string | null {
  return contract === null ? contractMonth : contract.expiry.slice(0, 7)
}

/** What has to be left on the very date is not bought. */
function openContract(product: Product, date: LocalDate, calendar: Calendar, from: Contract): Contract {
  let contract = from
  const first = contractToTrade(product, date, calendar)
  if (contract.month < first.month) contract = first
  while (leaveOn(contract) <= date) contract = nextContract(contract, calendar)
  return contract
}

/** With anything at work it waits: what that fills would have to be rolled, too. */
function isAtRest(book: Book): boolean {
  const isAsked = plannedEntry(book) !== null || pendingApproval(book) !== null
  return book.entryOrderId === null && book.exitOrderIds.length === 0 && !isAsked && activeRoll(book) === null
}

function isTime(portfolio: Portfolio, instrument: Instrument, now: Instant): boolean {
  const atMinutes = portfolio.settings?.rollover?.atMinutes ?? 0
  const local = now + zoneOffsetMinutes(instrument.zone, now) * MINUTE
  const minutes = (((local % DAY) + DAY) % DAY) / MINUTE
  return atMinutes <= minutes && marketHours(portfolio, instrument.name, now) === 'open'
}

/** Returns the date at the exchange of an instrument. */
export function dateAt({ zone }: Pick<Instrument, 'zone'>, now: Instant): LocalDate {
  return localDate(now, zoneOffsetMinutes(zone, now))
}

/** Returns the order of a run that rests too long: only its end lets the run go on. */
function overdueOrders(portfolio: Portfolio, book: Book, now: Instant): string[] {
  const step = activeRoll(book)?.steps.find(({ phase }) => phase === 'in')
  const order = step?.entryOrderId == null ? undefined : portfolio.orders.get(step.entryOrderId)
  if (order === undefined || order.cancelRequested || now < order.createdAt + WAITS_FOR * SECOND) return []
  return order.state === 'accepted' || order.state === 'partiallyFilled' ? [order.id] : []
}
