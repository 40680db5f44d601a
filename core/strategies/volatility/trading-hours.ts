import { sessionsOn } from '../../calendar/calendar.js'
import { zoneOffsetMinutes } from '../../calendar/zone.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { marketHours } from '../../portfolio/sessions.js'
import { HOUR, type Instant, localDate, MINUTE } from '../../time.js'
import type { CellRules } from './cell-rules.js'

/** Trading before the open and after the close, of the day's own sessions: from 04:00 to 20:00 in New York on a full day. */
const BEFORE_OPEN = 5.5 * HOUR
const AFTER_CLOSE = 4 * HOUR

/** Returns whether orders of the cell may be sent at present: in a session, or around it where its policy allows that. */
export function isCellOpen(portfolio: Portfolio, { asset, configuration }: CellRules): boolean {
  const { now } = portfolio
  if (marketHours(portfolio, asset.name) === 'open') return true
  return configuration.afterHours && isAroundSessions(portfolio, asset, now)
}

function isAroundSessions(
  { calendar }: Portfolio,
  { exchange, zone }: CellRules['asset'],
  at: Instant,
): boolean {
  if (calendar === null) return false
  const sessions = sessionsOn(calendar, exchange, localDate(at + zoneOffsetMinutes(zone, at) * MINUTE)) ?? []
  const [first, last] = [sessions[0], sessions.at(-1)]
  if (first === undefined || last === undefined) return false
  return first.opensAt - BEFORE_OPEN <= at && at < last.closesAt + AFTER_CLOSE
}
