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

/** Returns a date, YYYY-MM-DD, as symbols spell it: 04DEC26. */
export function spellExpiry(date: string): string {
  const [year, month, day] = date.split('-')
  return `${day}${MONTHS[Number(month) - 1]}${year!.slice(2)}`
}

const DATE = String.raw`\d{4}[-/]\d{2}[-/]\d{2}|\d{2}-[A-Za-z]{3}-\d{4}|\d{2}[-/]\d{2}[-/]\d{4}`
const TIME = String.raw`\d{2}:\d{2}:\d{2}`
const SPELLINGS: readonly RegExp[] = [
  new RegExp(String.raw`^(?:(?<day>${DATE})[ T]+)?(?<time>${TIME})(?:\.\d+)?$`),
  new RegExp(String.raw`^(?<time>${TIME})(?:\.\d+)?[ ,]+(?<day>${DATE})$`),
]
/** Seconds since 1970 from 2001 on, and milliseconds since then. */
const EPOCH_SECONDS = /^1\d{9}$/
const EPOCH_MILLISECONDS = /^1\d{12}$/

/**
 * Returns the instant of a timestamp of a book, which is India's time unless it names a zone, and of trades often without
 * a date: then that of `now`. Null for a spelling that is not known.
 */
export function parseVenueTime(told: unknown, now: Instant): Instant | null {
  const text = typeof told === 'number' ? String(told) : typeof told === 'string' ? told.trim() : ''
  if (EPOCH_MILLISECONDS.test(text)) return Number(text)
  if (EPOCH_SECONDS.test(text)) return Number(text) * 1000
  if (/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/.test(text)) return parseInstant(text)
  const found = SPELLINGS.map((spelling) => spelling.exec(text)?.groups).find(
    (groups) => groups !== undefined,
  )
  if (found === undefined) return null
  const { day, time } = found
  const date = day === undefined ? indianDate(now) : readDay(day)
  const at = date === null ? null : parseInstant(`${date}T${time}`, () => INDIA)
  if (at === null) return null
  // A trade without a date that would lie ahead is of the day before
  return day === undefined && at > now + 5 * MINUTE ? at - DAY : at
}

/** Brokers of India write the day before the month. */
function readDay(day: string): string | null {
  if (/[A-Za-z]/.test(day)) return parseExpiry(day)
  const parts = day.split(/[-/]/)
  const [year, month, date] = parts[0]!.length === 4 ? parts : parts.toReversed()
  return `${year}-${month}-${date}`
}
