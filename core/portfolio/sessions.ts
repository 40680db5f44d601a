import { nextSession, type Session, sessionAt } from '../calendar/calendar.js'
import type { Instant } from '../time.js'
import { type Portfolio, tradedOf } from './portfolio.js'

/** Whether orders of an instrument can be sent; unknown where the calendar does not reach. */
export type MarketHours = 'open' | 'closed' | 'unknown'

/** Returns whether the instrument trades at `at`. A portfolio that keeps no exchange's hours trades always. */
export function marketHours(
  portfolio: Portfolio,
  instrument: string,
  at: Instant = portfolio.now,
): MarketHours {
  const { settings, calendar } = portfolio
  if (settings?.hours !== 'exchange') return 'open'
  const exchange = tradedOf(portfolio, instrument)?.exchange
  if (calendar === null || exchange === undefined) return 'unknown'
  const session = sessionAt(calendar, exchange, at)
  return typeof session === 'string' ? session : 'open'
}

/** Returns the session in which the instrument trades next; null when the calendar does not know. */
export function nextSessionOf(portfolio: Portfolio, instrument: string): Session | null {
  const exchange = tradedOf(portfolio, instrument)?.exchange
  if (portfolio.calendar === null || exchange === undefined) return null
  return nextSession(portfolio.calendar, exchange, portfolio.now)
}
