import { regularCloseMinutes } from '../../calendar/regular-close.js'
import { zoneOffsetMinutes } from '../../calendar/zone.js'
import type { Instrument } from '../../instrument/instrument.js'
import { civilDate, DAY, type Instant, MINUTE } from '../../time.js'

/** Which days a daily return is of. */
export interface TradingDays {
  /** Minutes east of UTC in which a day begins at midnight. */
  readonly offsetMinutes: (instant: Instant) => number
  /** Every day counts, else Monday to Friday, and a weekend's day on which something happened. */
  readonly isAroundTheClock: boolean
}

/** Weekdays in UTC. */
export const UTC_WEEKDAYS: TradingDays = { offsetMinutes: () => 0, isAroundTheClock: false }

/** Daily returns in a year: 365 of a market that never closes, 252 of others. */
export function daysPerYear(days: TradingDays): 252 | 365 {
  return days.isAroundTheClock ? 365 : 252
}

/** Returns the days of a portfolio of these instruments: around the clock when one of them is, in the first one's zone. */
export function tradingDaysOf(instruments: readonly Pick<Instrument, 'exchange' | 'zone'>[]): TradingDays {
  const zone = instruments[0]?.zone ?? 'UTC'
  return {
    offsetMinutes: (instant) => zoneOffsetMinutes(zone, instant),
    isAroundTheClock: instruments.some(isAlwaysOpen),
  }
}

/** An exchange that keeps no hours that we know of, in no country's time. */
function isAlwaysOpen({ exchange, zone }: Pick<Instrument, 'exchange' | 'zone'>): boolean {
  return zone === 'UTC' && regularCloseMinutes(exchange, '2026-01-05') === null
}

/** Returns the count of local days since 1970-01-01. */
export function localDay(days: TradingDays, at: Instant): number {
  return Math.floor((at + days.offsetMinutes(at) * MINUTE) / DAY)
}

/** Returns how many trading days are strictly between two days, when nothing happened on any of them. */
export function quietDays(days: TradingDays, from: number, to: number): number {
  const between = Math.max(0, to - from - 1)
  return days.isAroundTheClock ? between : weekdaysUntil(from + between) - weekdaysUntil(from)
}

/** Monday to Friday from 1970-01-01, a Thursday, up to and with `day`. */
function weekdaysUntil(day: number): number {
  const sinceMonday = day + 4
  const weeks = Math.floor(sinceMonday / 7)
  return weeks * 5 + Math.min(5, sinceMonday - weeks * 7)
}

/** Returns the months of a day since 0000-01: year × 12 + month − 1. */
export function monthOf(day: number): number {
  const [year, month] = civilDate(day)
  return year * 12 + month - 1
}
