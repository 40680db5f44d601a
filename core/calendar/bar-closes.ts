import { DAY, type Instant, localDate, MINUTE, parseInstant } from '../time.js'
import { type Calendar, nextSession, type Session, sessionAt, sessionsOn, tradingDate } from './calendar.js'

/** Where the bars of a chart close: every `barMinutes` after the open of a session, and at its close. */
export interface BarSchedule {
  readonly calendar: Calendar
  readonly exchange: string
  readonly barMinutes: number
}

/** No exchange pauses longer. */
const MOST_DAYS_WITHOUT_TRADING = 31

/** Returns the last close of a bar at or before `at`; null when the calendar does not know. */
export function lastBarClose(schedule: BarSchedule, at: Instant): Instant | null {
  const { calendar, exchange } = schedule
  const date = tradingDate(calendar, exchange, at)
  const midnight = date === null ? null : parseInstant(date)
  if (midnight === null) return null
  for (let back = 0; back <= MOST_DAYS_WITHOUT_TRADING; back++) {
    const sessions = sessionsOn(calendar, exchange, localDate(midnight - back * DAY))
    if (sessions === null) return null
    for (const session of sessions.toReversed()) {
      const close = lastCloseIn(session, schedule.barMinutes * MINUTE, at)
      if (close !== null) return close
    }
  }
  return null
}

/** Returns the close of the `count`th bar, at least 1, that closes after `at`; null when the calendar does not know. */
export function barCloseAfter(schedule: BarSchedule, at: Instant, count: number): Instant | null {
  let close: Instant | null = at
  for (let bars = 0; bars < count && close !== null; bars++) close = nextBarClose(schedule, close)
  return close
}

function lastCloseIn({ opensAt, closesAt }: Session, barMs: number, at: Instant): Instant | null {
  if (closesAt <= at) return closesAt
  const bars = Math.floor((at - opensAt) / barMs)
  return bars > 0 ? opensAt + bars * barMs : null
}

function nextBarClose({ calendar, exchange, barMinutes }: BarSchedule, after: Instant): Instant | null {
  const found = sessionAt(calendar, exchange, after)
  if (found === 'unknown') return null
  const session = found === 'closed' ? nextSession(calendar, exchange, after) : found
  if (session === null) return null
  const barMs = barMinutes * MINUTE
  const bars = Math.max(0, Math.floor((after - session.opensAt) / barMs)) + 1
  return Math.min(session.opensAt + bars * barMs, session.closesAt)
}
