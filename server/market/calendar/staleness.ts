import { type Calendar, findExchange, tradingDate } from '../../../core/calendar/calendar.js'
import { DAY, type Instant, parseInstant } from '../../../core/time.js'

/** So many days before the end of what is known, someone should import what comes next. */
export const STALE_DAYS = 45

/** Returns why the calendar does not, or soon will not, know an exchange, as a sentence; null when it does. */
export function findStaleness(calendar: Calendar, exchange: string, now: Instant): string | null {
  const facts = findExchange(calendar, exchange)
  const today = tradingDate(calendar, exchange, now)
  if (facts === null || today === null) return `the calendar does not know the exchange ${exchange}`
  const left = (parseInstant(facts.knownUntil)! - parseInstant(today)!) / DAY
  if (left > STALE_DAYS) return null
  const when = left < 0 ? `ended on ${facts.knownUntil}` : `ends on ${facts.knownUntil}, in ${left} days`
  return `what is known of the days of ${exchange} ${when}`
}
