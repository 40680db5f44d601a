import type { Confidence, SessionHours, SpecialDay } from '../../../core/calendar/exchange-calendar.js'
import type { LocalDate } from '../../../core/time.js'

/** How sure a day is, and what is doubtful about it. */
export interface DayDetails {
  readonly confidence?: Confidence
  readonly note?: string
}

/** Returns a day without trading. */
export function closed(date: LocalDate, name: string, details: DayDetails = {}): SpecialDay {
  return day({ date, name, closed: 'all', extra: [] }, details)
}

/** Returns a day of MCX on which only the evening session trades. */
export function eveningOnly(date: LocalDate, name: string, details: DayDetails = {}): SpecialDay {
  return day({ date, name, closed: 'morning', extra: [] }, details)
}

/** Returns a day of MCX on which only the morning session trades. */
export function morningOnly(date: LocalDate, name: string, details: DayDetails = {}): SpecialDay {
  return day({ date, name, closed: 'evening', extra: [] }, details)
}

/** Returns a day on which `sessions` take the place of the regular hours. */
export function onlySessions(
  date: LocalDate,
  name: string,
  sessions: readonly SessionHours[],
  details: DayDetails = {},
): SpecialDay {
  return day({ date, name, closed: 'all', extra: sessions }, details)
}

/** Returns the Muhurat session of Diwali, for one hour from `opens` on (HH:MM). */
export function muhurat(opens: string, closes: string): SessionHours {
  return { name: 'muhurat', opens, closes }
}

function day(
  facts: Pick<SpecialDay, 'date' | 'name' | 'closed' | 'extra'>,
  { confidence = 'confirmed', note }: DayDetails,
): SpecialDay {
  return { ...facts, confidence, note: note ?? null }
}
