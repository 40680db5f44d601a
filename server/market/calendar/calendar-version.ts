import type { Calendar } from '../../../core/calendar/calendar.js'
import type { ExchangeCalendar } from '../../../core/calendar/exchange-calendar.js'
import { digest } from '../../../core/ids.js'
import { canonicalJson } from '../../canonical-json.js'

/** Returns the calendar of these exchanges; its version is a hash of what it says. */
export function toCalendar(exchanges: Readonly<Record<string, ExchangeCalendar>>): Calendar {
  return { version: digest('calendar', canonicalJson(exchanges)), exchanges }
}

/** Returns the part of a calendar that is about these exchanges, those that it knows; its version is that of the part. */
export function calendarOf(calendar: Calendar, exchanges: Iterable<string>): Calendar {
  const names = [...new Set(exchanges)].sort()
  const known = names.filter((name) => Object.hasOwn(calendar.exchanges, name))
  return toCalendar(Object.fromEntries(known.map((name) => [name, calendar.exchanges[name]!])))
}
