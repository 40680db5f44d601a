/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** A calendar date, YYYY-MM-DD. */
export type LocalDate = string

/** One second, in milliseconds. */
export const SECOND = 1_000
/** One minute, in milliseconds. */
export const MINUTE = 60_000
/** One hour, in milliseconds. */
export const HOUR = 3_600_000
/** One day, in milliseconds. */
export const DAY = 86_400_000

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{2}:?\d{2})?)?$/

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

/** Returns the date of `instant` in a zone `offsetMinutes` east of UTC. */
export function localDate(instant: Instant, offsetMinutes = 0): LocalDate {
  return isoInstant(instant + offsetMinutes * MINUTE).slice(0, 10)
}

/** Returns the ISO 8601 text of `instant` in UTC, with milliseconds: 2026-01-05T09:30:01.000Z. */
export function isoInstant(instant: Instant): string {
  const days = Math.floor(instant / DAY)
  const [year, month, day] = civilDate(days)
  const ms = instant - days * DAY
  const time = `${pad(Math.floor(ms / HOUR))}:${pad(Math.floor(ms / MINUTE) % 60)}:${pad(Math.floor(ms / SECOND) % 60)}`
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${time}.${pad(ms % SECOND, 3)}Z`
}

/**
 * Returns the instant that an ISO 8601 text names, or null when it names none (a 31 April included).
 * A text without an offset is read in a zone `offsetMinutes(localInstant)` east of UTC.
 */
export function parseInstant(
  text: string,
  offsetMinutes: (local: Instant) => number = () => 0,
): Instant | null {
  const match = ISO.exec(text.trim())
  if (match === null) return null
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) =>
    Number(match[group] ?? 0),
  )
  const local = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!, milliseconds(match[7]))
  const valid =
    hour! <= 23 && minute! <= 59 && second! <= 59 && isoInstant(local).startsWith(text.trim().slice(0, 10))
  if (!valid) return null
  const zone = match[8]
  const minutes = zone === undefined ? offsetMinutes(local) : zoneMinutes(zone)
  return minutes === null ? null : local - minutes * MINUTE
}

function milliseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'))
}

function zoneMinutes(zone: string): number | null {
  if (zone === 'Z' || zone === 'z') return 0
  const digits = zone.replace(':', '')
  const hour = Number(digits.slice(1, 3))
  const minute = Number(digits.slice(3, 5))
  if (hour > 23 || minute > 59) return null
  return (digits.startsWith('-') ? -1 : 1) * (hour * 60 + minute)
}

/** Returns [year, month 1-12, day 1-31] of a count of days since 1970-01-01 (proleptic Gregorian). */
export function civilDate(days: number): readonly [number, number, number] {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day]
}
