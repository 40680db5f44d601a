import type { LocalDate } from '../time.js'
import type { Zone } from './zone.js'

/** The facts of one exchange. */
export interface ExchangeCalendar {
  readonly name: string
  readonly zone: Zone
  /** First and last date, both included, for which closures and special sessions are known. */
  readonly knownFrom: LocalDate
  readonly knownUntil: LocalDate
  /** Trades every minute of every day: one session a UTC day, and no close worth acting before. */
  readonly isAlwaysOpen: boolean
  /** Days of the week without trading; 0 is Sunday. */
  readonly weekend: readonly number[]
  /** Ascending by date; the first entry also holds before its date. */
  readonly hours: readonly RegularHours[]
  /** Ascending by date, at most one entry for a date. */
  readonly days: readonly SpecialDay[]
  readonly sources: readonly CalendarSource[]
}

/** The sessions of an ordinary day from a date on. */
export interface RegularHours {
  readonly from: LocalDate
  readonly sessions: readonly SessionHours[]
}

/** One session in local time of the exchange. It ends on the day on which it opens. */
export interface SessionHours {
  readonly name: string
  /** HH:MM. */
  readonly opens: string
  /** HH:MM, or `mcx`: 23:30 while New York keeps daylight saving time, else 23:55. */
  readonly closes: string
}

/** Which of the regular sessions do not take place. */
export type ClosedSessions = 'all' | 'morning' | 'evening' | 'none'

/** Every value of ClosedSessions, for schemas. */
export const CLOSED_SESSIONS = ['all', 'morning', 'evening', 'none'] as const satisfies ClosedSessions[]

/**
 * How sure a fact is: the exchange's own announcement was read, or agrees in several places (`confirmed`); it was
 * reported by others (`announced`); it follows from a rule or a habit and has not been announced (`expected`).
 */
export type Confidence = 'confirmed' | 'announced' | 'expected'

/** Every value of Confidence, for schemas. */
export const CONFIDENCES = ['confirmed', 'announced', 'expected'] as const satisfies Confidence[]

/** A date that is not like others: a holiday, a half day, a Muhurat session, a Saturday with trading. */
export interface SpecialDay {
  readonly date: LocalDate
  readonly name: string
  readonly closed: ClosedSessions
  /** Sessions of this day alone, beside the regular ones that are left. */
  readonly extra: readonly SessionHours[]
  readonly confidence: Confidence
  /** What is doubtful or worth knowing. */
  readonly note: string | null
}

/** Where a list of facts comes from. */
export interface CalendarSource {
  /** What the source tells, such as `holidays of 2026`. */
  readonly facts: string
  readonly source: string
  readonly confidence: Confidence
}
