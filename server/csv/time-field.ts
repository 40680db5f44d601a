import { IANAZone } from 'luxon'
import { localOffsetMinutes, ZONES, type Zone, zoneOffsetMinutes } from '../../core/calendar/zone.js'
import { type Instant, MINUTE, parseInstant } from '../../core/time.js'

/** Turns a wall-clock time, given as if it were UTC, into minutes east of UTC at that time. */
export type LocalOffset = (local: Instant) => number

/** The time zone of a chart. */
export interface ChartZone {
  readonly name: string
  readonly localOffset: LocalOffset
  /** Minutes east of UTC at an instant. */
  readonly offsetAt: (instant: Instant) => number
}

const NUMERIC_DATE = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/
const NAMED_DATE =
  /^([A-Za-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})(?:[ ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])[Mm])?)?$/
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const UNIX_SECONDS = /^\d{9,11}$/
const UNIX_MILLISECONDS = /^\d{12,14}$/
const FIXED_OFFSET = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/

/** Returns the zone named as IANA does (Asia/Kolkata), UTC, or +05:30; null when there is no such zone. */
export function chartZone(name: string): ChartZone | null {
  if ((ZONES as readonly string[]).includes(name)) {
    const known = name as Zone
    return {
      name,
      localOffset: (local) => localOffsetMinutes(known, local),
      offsetAt: (instant) => zoneOffsetMinutes(known, instant),
    }
  }
  const fixed = FIXED_OFFSET.exec(name)
  if (fixed !== null) {
    const minutes = (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0))
    return { name, localOffset: () => minutes, offsetAt: () => minutes }
  }
  if (!IANAZone.isValidZone(name)) return null
  const zone = IANAZone.create(name)
  const offsetAt = (instant: Instant): number => zone.offset(instant)
  return { name, localOffset: (local) => offsetAt(local - offsetAt(local) * MINUTE), offsetAt }
}

/** Reads the time fields of one file. */
export type TimeReader = (field: string) => Instant | null

/** Returns a reader that does what readTime does, and remembers the dates it has seen: a file repeats them. */
export function timeReader(offset: LocalOffset): TimeReader {
  const midnights = new Map<number, number | null>()
  return (field) => {
    const minutes = minutesOfDay(field)
    if (minutes === -1) return readTime(field, offset)
    const day = digits(field, 0, 4) * 10_000 + digits(field, 5, 2) * 100 + digits(field, 8, 2)
    let midnight = midnights.get(day)
    if (midnight === undefined) {
      midnight = parseInstant(field.slice(0, 10))
      midnights.set(day, midnight)
    }
    if (midnight === null) return null
    const local = midnight + minutes * MINUTE
    return local - offset(local) * MINUTE
  }
}

/** Returns the minutes since midnight when `field` is spelled 2009-02-13 13:15, else −1. No expression is as fast. */
function minutesOfDay(field: string): number {
  if (field.length !== 16 || field[4] !== '-' || field[7] !== '-' || field[10] !== ' ' || field[13] !== ':')
    return -1
  const hour = digits(field, 11, 2)
  const minute = digits(field, 14, 2)
  const valid =
    hour <= 23 && minute <= 59 && digits(field, 0, 4) + digits(field, 5, 2) + digits(field, 8, 2) > 0
  return valid ? hour * 60 + minute : -1
}

/** Returns the number that `count` digits from `from` on spell; NaN when one of them is no digit. */
function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let index = from; index < from + count; index++) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || 9 < digit) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/**
 * Returns the instant that a time field of an export names, or null when it names none. A time without an offset is
 * local to the chart. Reads ISO 8601, 2009/02/13 13:15, Feb 13, 2009, 13:15 and Unix seconds or milliseconds;
 * 02/03/2009 could be two days and is none.
 */
export function readTime(field: string, offset: LocalOffset): Instant | null {
  const text = field.trim()
  if (UNIX_SECONDS.test(text)) return Number(text) * 1000
  if (UNIX_MILLISECONDS.test(text)) return Number(text)
  const instant = parseInstant(text, offset)
  if (instant !== null) return instant
  const iso = isoSpelling(text)
  return iso === null ? null : parseInstant(iso, offset)
}

function isoSpelling(text: string): string | null {
  const numeric = NUMERIC_DATE.exec(text)
  if (numeric !== null) {
    const [, year, month, day, hour = '0', minute = '00', second = '00'] = numeric
    return `${year}-${two(month!)}-${two(day!)} ${two(hour)}:${minute}:${second}`
  }
  const named = NAMED_DATE.exec(text)
  if (named === null) return null
  const [, month, day, year, hour = '0', minute = '00', second = '00', half] = named
  const index = MONTHS.indexOf(month!.toLowerCase())
  if (index === -1) return null
  const hours =
    half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
  return `${year}-${two(String(index + 1))}-${two(day!)} ${two(String(hours))}:${minute}:${second}`
}

function two(digits: string): string {
  return digits.padStart(2, '0')
}
