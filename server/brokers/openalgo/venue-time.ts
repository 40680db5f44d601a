import { DAY, type Instant, localDate, MINUTE, parseInstant } from '../../../core/time.js'

/** India's clocks are so many minutes ahead of UTC, all year. */
const INDIA = 330
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']

/** Returns the date in India at an instant. */
export function indianDate(at: Instant): string {
  return localDate(at, INDIA)
}

/** Returns a date that is spelled DD-MMM-YY or DDMMMYY, such as 04-DEC-26, as YYYY-MM-DD; null for anything else. */
export function parseExpiry(text: string): string | null {
  const found = /^(\d{2})-?([A-Z]{3})-?(?:20)?(\d{2})$/.exec(text.trim().toUpperCase())
  const month = MONTHS.indexOf(found?.[2] ?? '') + 1
  if (found === null || month === 0) return null
  const date = `20${found[3]}-${String(month).padStart(2, '0')}-${found[1]}`
  return parseInstant(date) === null ? null : date
}

/**
 * Returns the instant of a timestamp of a book, which is India's time without a zone, and of trades often without a
 * date: then that of `now`. Null for a spelling that is not known.
 */
export function parseVenueTime(text: unknown, now: Instant): Instant | null {
  if (typeof text !== 'string') return null
  const found = /^(?:(\d{4}-\d{2}-\d{2}|\d{2}-[A-Za-z]{3}-\d{4})[ T])?(\d{2}:\d{2}:\d{2})(?:\.\d+)?$/.exec(
    text.trim(),
  )
  if (found === null) return null
  const [, day, time] = found
  const date = day === undefined ? indianDate(now) : /^\d{4}/.test(day) ? day : parseExpiry(day)
  const at = date === null ? null : parseInstant(`${date}T${time}`, () => INDIA)
  if (at === null) return null
  // A trade without a date that would lie ahead is of the day before
  return day === undefined && at > now + 5 * MINUTE ? at - DAY : at
}
