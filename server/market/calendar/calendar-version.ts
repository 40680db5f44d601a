import type { Calendar } from '../../../core/calendar/calendar.js'
import type { ExchangeCalendar } from '../../../core/calendar/exchange-calendar.js'
import { digest } from '../../../core/ids.js'
import { canonicalJson } from '../../canonical-json.js'

/** Returns the calendar of these exchanges; its version is a hash of what it says. */
export function toCalendar(exchanges: Readonly<Record<string, ExchangeCalendar>>): Calendar {
  return { version: digest('calendar', canonicalJson(exchanges)), exchanges }
}
