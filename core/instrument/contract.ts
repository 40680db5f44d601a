import { type Calendar, findExchange, findSpecialDay, hasRegularTrading } from '../calendar/calendar.js'
import { invariant } from '../invariant.js'
import { civilDate, DAY, type LocalDate, localDate, parseInstant } from '../time.js'

/*
 * Which contract of a product is traded on a date, when it expires and when to leave it. Dates of expiry follow the
 * rules of the exchange; what a broker lists has the last word, since exchanges move an expiry for a late holiday.
 */

/** A product that is traded through contracts that expire. */
export type Product = 'GOLD_MINI' | 'SILVER_MINI' | 'COPPER' | 'BANK_NIFTY'

/** Every product with contracts. */
export const PRODUCTS = ['GOLD_MINI', 'SILVER_MINI', 'COPPER', 'BANK_NIFTY'] as const satisfies Product[]

/** Returns whether a name is that of a product with contracts. */
export function isProduct(name: string): name is Product {
  return (PRODUCTS as readonly string[]).includes(name)
}

/** A contract of a product, by the month of its nominal expiry. */
export interface Contract {
  readonly product: Product
  /** YYYY-MM. */
  readonly month: string
  /** Last day on which it trades. */
  readonly expiry: LocalDate
  /**
   * False when the calendar does not know every date that the expiry depends on, so that only weekends were considered,
   * and when it falls on a half day: MCX has kept such an expiry (5 November 2025) and has moved one (29 March 2018).
   */
  readonly isCertain: boolean
}

/** What is known of the contracts of a product. */
interface ProductRules {
  readonly exchange: string
  /** Months of the year that have a contract, ascending; 1 is January. */
  readonly months: readonly number[]
  /** Day of its month, as days since 1970, on which the contract expires unless that is no trading day. */
  readonly nominalExpiry: (year: number, month: number) => number
  /** New orders go to the next contract when no more than so many trading days lie between a date and the expiry. */
  readonly entryMargin: number
  /** Positions leave the contract so many calendar days before its expiry, less one: brokers close them by force later. */
  readonly holdingMargin: number
}

const EVERY_MONTH = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]

const RULES: Readonly<Record<Product, ProductRules>> = {
  GOLD_MINI: {
    exchange: 'MCX',
    months: EVERY_MONTH,
    nominalExpiry: (year, month) => dayNumber(year, month, 5),
    entryMargin: 3,
    holdingMargin: 8,
  },
  SILVER_MINI: {
    exchange: 'MCX',
    months: [2, 4, 6, 8, 11],
    nominalExpiry: lastDayOfMonth,
    entryMargin: 8,
    holdingMargin: 8,
  },
  COPPER: {
    exchange: 'MCX',
    months: EVERY_MONTH,
    nominalExpiry: lastDayOfMonth,
    entryMargin: 3,
    holdingMargin: 8,
  },
  BANK_NIFTY: {
    exchange: 'NFO',
    months: EVERY_MONTH,
    nominalExpiry: lastBankNiftyWeekday,
    entryMargin: 5,
    holdingMargin: 7,
  },
}

/** Weekday of Bank Nifty's monthly expiry from a month on, 0 is Sunday; by circulars of NSE of 2024 and 23 June 2025. */
const BANK_NIFTY_WEEKDAYS: readonly (readonly [string, number])[] = [
  ['0000-01', 4],
  ['2024-03', 3],
  ['2025-01', 4],
  ['2025-09', 2],
]

/**
 * Units in a lot of Bank Nifty by the month of the contract: a contract keeps its lot while another one already has a new
 * lot. From 2023 by circulars FAOP64625, 70616 and 67372 of NSE; before, the contract after the change of the lot.
 */
const BANK_NIFTY_LOTS: readonly (readonly [string, number])[] = [
  ['0000-01', 25],
  ['2005-06', 100],
  ['2007-03', 50],
  ['2010-05', 25],
  ['2015-09', 30],
  ['2016-05', 40],
  ['2018-11', 20],
  ['2020-05', 25],
  ['2023-07', 15],
  ['2025-02', 30],
  ['2025-07', 35],
  ['2026-01', 30],
]

/** Returns the exchange whose trading days a product's contracts follow. */
export function exchangeOf(product: Product): string {
  return RULES[product].exchange
}

/** Returns the contract of a month, YYYY-MM. Throws when the product has none in it. */
export function contractOf(product: Product, month: string, calendar: Calendar): Contract {
  const { exchange, months, nominalExpiry } = RULES[product]
  const [year, number] = month.split('-').map(Number)
  invariant(months.includes(number!), () => `${product} has no contract of ${month}`)
  let day = nominalExpiry(year!, number!)
  let isCertain = true
  for (; ; day--) {
    const known = hasRegularTrading(calendar, exchange, localDate(day * DAY))
    isCertain &&= known !== null
    if (known ?? isWeekday(day)) break
  }
  const expiry = localDate(day * DAY)
  const facts = findExchange(calendar, exchange)
  isCertain &&= facts !== null && findSpecialDay(facts, expiry) === null
  return { product, month, expiry, isCertain }
}

/** Returns the last day on which the contract of a month, YYYY-MM, trades. */
export function expiryOf(product: Product, month: string, calendar: Calendar): LocalDate {
  return contractOf(product, month, calendar).expiry
}

/** Returns the contract that expires first, on `date` or later. */
export function nearestContract(product: Product, date: LocalDate, calendar: Calendar): Contract {
  let contract = contractOf(product, contractMonth(product, date.slice(0, 7)), calendar)
  while (contract.expiry < date) contract = nextContract(contract, calendar)
  return contract
}

/** Returns the contract that follows another one. */
export function nextContract({ product, month }: Contract, calendar: Calendar): Contract {
  return contractOf(product, contractMonth(product, shiftMonth(month, 1)), calendar)
}

/** Returns the contract that new orders of a date go to: the nearest, or the next once that is too near its expiry. */
export function contractToTrade(product: Product, date: LocalDate, calendar: Calendar): Contract {
  let contract = nearestContract(product, date, calendar)
  while (rollsOn(contract, calendar) <= date) contract = nextContract(contract, calendar)
  return contract
}

/** Returns the first date on which new orders go to the next contract instead of this one. */
export function rollsOn({ product, expiry }: Contract, calendar: Calendar): LocalDate {
  const { exchange, entryMargin } = RULES[product]
  let day = parseDay(expiry) - 1
  for (let between = 0; ; day--) {
    const isTrading = hasRegularTrading(calendar, exchange, localDate(day * DAY)) ?? isWeekday(day)
    if (isTrading && ++between > entryMargin) return localDate(day * DAY)
  }
}

/** Returns the date on which positions have to leave a contract. */
export function leaveOn({ product, expiry }: Contract): LocalDate {
  return localDate((parseDay(expiry) - RULES[product].holdingMargin + 1) * DAY)
}

/** Returns the calendar days from `date` until positions have to leave a contract; 0 or less when that is due. */
export function daysToRoll(contract: Contract, date: LocalDate): number {
  return parseDay(leaveOn(contract)) - parseDay(date)
}

/** Returns the units in a lot of Bank Nifty's contract of a month, YYYY-MM. */
export function bankNiftyLot(month: string): number {
  return BANK_NIFTY_LOTS.findLast(([from]) => from <= month)![1]
}

/** Units in a lot of the contract that is traded from a date on. */
export interface DatedLot {
  readonly from: LocalDate
  readonly lotSize: number
}

/** Returns the lots of Bank Nifty by date of trading, ascending: a lot holds from when orders go to the first contract with it. */
export function bankNiftyLotsByDate(calendar: Calendar): readonly DatedLot[] {
  return BANK_NIFTY_LOTS.map(([month, lotSize], index) => {
    if (index === 0) return { from: '2000-01-01', lotSize }
    return { from: rollsOn(contractOf('BANK_NIFTY', shiftMonth(month, -1), calendar), calendar), lotSize }
  })
}

/** Returns the first month from `month` on that has a contract. */
function contractMonth(product: Product, month: string): string {
  let found = month
  while (!RULES[product].months.includes(Number(found.slice(5)))) found = shiftMonth(found, 1)
  return found
}

function shiftMonth(month: string, by: number): string {
  const count = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + by
  return `${String(Math.floor(count / 12)).padStart(4, '0')}-${String((count % 12) + 1).padStart(2, '0')}`
}

function lastDayOfMonth(year: number, month: number): number {
  return dayNumber(year, month + 1, 1) - 1
}

function lastBankNiftyWeekday(year: number, month: number): number {
  const last = lastDayOfMonth(year, month)
  const [, number] = civilDate(last)
  const spelled = `${String(year).padStart(4, '0')}-${String(number).padStart(2, '0')}`
  const weekday = BANK_NIFTY_WEEKDAYS.findLast(([from]) => from <= spelled)![1]
  return last - ((weekdayOf(last) - weekday + 7) % 7)
}

function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY
}

function parseDay(date: LocalDate): number {
  const midnight = parseInstant(date)
  invariant(midnight !== null, () => `${date} is no date`)
  return midnight / DAY
}

function isWeekday(day: number): boolean {
  const weekday = weekdayOf(day)
  return weekday !== 0 && weekday !== 6
}

/** Returns the day of the week, 0 is Sunday; the first day of 1970 was a Thursday. */
function weekdayOf(day: number): number {
  return (day + 4) % 7
}
