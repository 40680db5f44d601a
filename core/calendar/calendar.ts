import { DAY, HOUR, type Instant, type LocalDate, localDate, MINUTE, parseInstant } from '../time.js'
import type {
  ClosedSessions,
  ExchangeCalendar,
  RegularHours,
  SessionHours,
  SpecialDay,
} from './exchange-calendar.js'
import { mcxClose } from './mcx.js'
import { localOffsetMinutes, zoneOffsetMinutes } from './zone.js'

/**
 * When exchanges trade, as plain JSON: recorded with the decisions that it led to. Every exchange's facts are data;
 * what follows from them for a date or an instant is answered by the functions below.
 */
export interface Calendar {
  /** Hash of the content: equal calendars have equal versions. */
  readonly version: string
  readonly exchanges: Readonly<Record<string, ExchangeCalendar>>
}

/** A stretch of uninterrupted trading. */
export interface Session {
  readonly name: string
  readonly opensAt: Instant
  /** The first instant without trading. */
  readonly closesAt: Instant
}

/** The name under which every calendar knows an exchange that never closes. */
export const ALWAYS_OPEN = 'always'

const NO_SESSION: readonly Session[] = []
/** The first day of 1970 was a Thursday. */
const WEEKDAY_OF_DAY_0 = 4

/**
 * Returns the sessions of a local date, ascending; none on a day without trading; null when the calendar does not know
 * the exchange or the date. Sessions that follow each other without a pause, as MCX's morning and evening, are one.
 */
export function sessionsOn(calendar: Calendar, exchange: string, date: LocalDate): readonly Session[] | null {
  const days = tradingDaysOf(calendar, exchange)
  const midnight = parseInstant(date)
  return days === null || midnight === null ? null : sessionsOfDay(days, midnight / DAY)
}

/** Returns the session that is open at `at`, or that there is none, or that the calendar does not know. */
export function sessionAt(calendar: Calendar, exchange: string, at: Instant): Session | 'closed' | 'unknown' {
  const days = tradingDaysOf(calendar, exchange)
  if (days === null) return 'unknown'
  const sessions = sessionsOfDay(days, localDay(days.exchange, at))
  if (sessions === null) return 'unknown'
  for (const session of sessions) if (session.opensAt <= at && at < session.closesAt) return session
  return 'closed'
}

/** Returns the first session that opens after `at`; null when the calendar does not reach so far. */
export function nextSession(calendar: Calendar, exchange: string, at: Instant): Session | null {
  const days = tradingDaysOf(calendar, exchange)
  if (days === null) return null
  for (let day = localDay(days.exchange, at); ; day++) {
    const sessions = sessionsOfDay(days, day)
    if (sessions === null) return null
    for (const session of sessions) if (session.opensAt > at) return session
  }
}

/**
 * Returns when a local date's trading ends: the close of its last session, be it the regular one, what is left of it on
 * a half day (17:00 on MCX when the evening is closed), or a Muhurat session with nothing after it. A session that is
 * followed by another one on the same date does not end the day. Null on a day without trading, on a date that the
 * calendar does not know, and for an exchange that never closes.
 */
export function closeOf(calendar: Calendar, exchange: string, date: LocalDate): Instant | null {
  if (tradingDaysOf(calendar, exchange)?.exchange.isAlwaysOpen !== false) return null
  return sessionsOn(calendar, exchange, date)?.at(-1)?.closesAt ?? null
}

/**
 * Returns whether regular trading takes place on a local date, if only in the evening or in the morning; a Muhurat
 * session or a Saturday's special one does not make it so. Null when the calendar does not know.
 */
export function hasRegularTrading(calendar: Calendar, exchange: string, date: LocalDate): boolean | null {
  const days = tradingDaysOf(calendar, exchange)
  const midnight = parseInstant(date)
  if (days === null || midnight === null || !isKnownDay(days, midnight / DAY)) return null
  return days.exchange.isAlwaysOpen || regularSessions(days.exchange, midnight / DAY, date).length > 0
}

/** Returns the facts that the calendar has of an exchange, or null; ALWAYS_OPEN is known to every calendar. */
export function findExchange(calendar: Calendar, exchange: string): ExchangeCalendar | null {
  if (exchange === ALWAYS_OPEN) return alwaysOpen
  return Object.hasOwn(calendar.exchanges, exchange) ? calendar.exchanges[exchange]! : null
}

/** Returns what is special about a local date at an exchange; null on a date like others. */
export function findSpecialDay(exchange: ExchangeCalendar, date: LocalDate): SpecialDay | null {
  return exchange.days.find((candidate) => candidate.date === date) ?? null
}

/** Returns the local date of an instant at an exchange; null when the calendar does not know the exchange. */
export function tradingDate(calendar: Calendar, exchange: string, at: Instant): LocalDate | null {
  const found = findExchange(calendar, exchange)
  return found === null ? null : localDate(localDay(found, at) * DAY)
}

/** Returns the regular hours of an exchange in force on a date, whether or not it trades on it. */
export function regularHoursOn(exchange: ExchangeCalendar, date: LocalDate): RegularHours | null {
  return exchange.hours.findLast(({ from }) => from <= date) ?? exchange.hours[0] ?? null
}

/** An exchange with what was worked out of it so far, by the number of the day since its first known one. */
interface TradingDays {
  readonly exchange: ExchangeCalendar
  readonly firstDay: number
  readonly lastDay: number
  readonly sessions: (readonly Session[] | undefined)[]
}

const alwaysOpen: ExchangeCalendar = {
  name: ALWAYS_OPEN,
  zone: 'UTC',
  knownFrom: '1970-01-01',
  knownUntil: '9999-12-31',
  isAlwaysOpen: true,
  weekend: [],
  hours: [],
  days: [],
  sources: [],
}

/** Memory of pure results: the facts of a calendar do not change, and it goes when the calendar goes. */
const known = new WeakMap<ExchangeCalendar, TradingDays>()

function tradingDaysOf(calendar: Calendar, name: string): TradingDays | null {
  const exchange = findExchange(calendar, name)
  if (exchange === null) return null
  const found = known.get(exchange)
  if (found !== undefined) return found
  const days: TradingDays = {
    exchange,
    firstDay: dayNumber(exchange.knownFrom),
    lastDay: dayNumber(exchange.knownUntil),
    sessions: [],
  }
  known.set(exchange, days)
  return days
}

function dayNumber(date: LocalDate): number {
  const midnight = parseInstant(date)
  return midnight === null ? Number.NaN : midnight / DAY
}

function localDay({ zone }: ExchangeCalendar, at: Instant): number {
  return Math.floor((at + zoneOffsetMinutes(zone, at) * MINUTE) / DAY)
}

function sessionsOfDay(days: TradingDays, day: number): readonly Session[] | null {
  if (!isKnownDay(days, day)) return null
  const { exchange, firstDay, sessions } = days
  if (exchange.isAlwaysOpen) return [{ name: 'day', opensAt: day * DAY, closesAt: (day + 1) * DAY }]
  const found = sessions[day - firstDay]
  if (found !== undefined) return found
  const worked = workOutSessions(exchange, day)
  sessions[day - firstDay] = worked
  return worked
}

function isKnownDay({ firstDay, lastDay }: TradingDays, day: number): boolean {
  return firstDay <= day && day <= lastDay
}

function workOutSessions(exchange: ExchangeCalendar, day: number): readonly Session[] {
  const date = localDate(day * DAY)
  const open = [...regularSessions(exchange, day, date), ...(findSpecialDay(exchange, date)?.extra ?? [])]
  if (open.length === 0) return NO_SESSION
  const local = open.map((hours) => toSession(exchange, date, hours))
  return joinAdjacent(local.sort((left, right) => left.opensAt - right.opensAt))
}

function regularSessions(exchange: ExchangeCalendar, day: number, date: LocalDate): readonly SessionHours[] {
  if (exchange.weekend.includes((day + WEEKDAY_OF_DAY_0) % 7)) return []
  const special = findSpecialDay(exchange, date)
  const regular = regularHoursOn(exchange, date)?.sessions ?? []
  return regular.filter(({ name }) => !isClosed(name, special?.closed))
}

function isClosed(session: string, closed: ClosedSessions = 'none'): boolean {
  return closed === 'all' || closed === session
}

function toSession({ zone }: ExchangeCalendar, date: LocalDate, hours: SessionHours): Session {
  const midnight = dayNumber(date) * DAY
  const instant = (text: string) => {
    const local = midnight + Number(text.slice(0, 2)) * HOUR + Number(text.slice(3)) * MINUTE
    return local - localOffsetMinutes(zone, local) * MINUTE
  }
  const closes = hours.closes === 'mcx' ? mcxClose(date) : hours.closes
  return { name: hours.name, opensAt: instant(hours.opens), closesAt: instant(closes) }
}

function joinAdjacent(sessions: readonly Session[]): readonly Session[] {
  const joined: Session[] = []
  for (const session of sessions) {
    const last = joined.at(-1)
    if (last !== undefined && session.opensAt <= last.closesAt) {
      const closesAt = Math.max(last.closesAt, session.closesAt)
      joined[joined.length - 1] = {
        name: `${last.name} and ${session.name}`,
        opensAt: last.opensAt,
        closesAt,
      }
    } else joined.push(session)
  }
  return joined
}
