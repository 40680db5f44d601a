import type { LocalDate } from '../time.js'
import { mcxClose } from './mcx.js'

/** From this date on NSE's equity derivatives trade until 15:40. */
const LONGER_NSE_SESSION_FROM: LocalDate = '2026-08-03'

/**
 * Returns when the regular session of an exchange ends on `date`, as minutes after midnight in the exchange's zone;
 * null for exchanges that we do not know, or that never close.
 */
export function regularCloseMinutes(exchange: string, date: LocalDate): number | null {
  switch (exchange) {
    case 'NSE':
    case 'NFO':
    case 'BSE':
    case 'BFO':
      return date < LONGER_NSE_SESSION_FROM ? 15 * 60 + 30 : 15 * 60 + 40
    case 'MCX':
      return mcxClose(date) === '23:30' ? 23 * 60 + 30 : 23 * 60 + 55
    default:
      return null
  }
}
