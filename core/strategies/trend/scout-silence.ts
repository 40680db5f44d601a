import { type Calendar, closeOf, sessionAt, tradingDate } from '../../calendar/calendar.js'
import type { Instrument } from '../../instrument/instrument.js'
import type { Book } from '../../portfolio/book.js'
import type { PortfolioSettings } from '../../settings.js'
import { type Instant, MINUTE } from '../../time.js'
import { phaseBegins } from './pre-close-due.js'

/** The minutes before a close in which scouts are expected. */
export interface ScoutWindow {
  readonly opensAt: Instant
  readonly closesAt: Instant
}

/** Longest time between two scouts in the window; they are sent every 15 s. */
export const SCOUT_GAP = MINUTE
/** A window that is over is judged for this long after its close. */
const JUDGED_WITHIN = 10 * MINUTE

/**
 * Returns the window of an instrument that is open at `now`, or was a few minutes ago; null where there is none, where
 * nothing is done before the close, and where the calendar does not know.
 */
export function scoutWindowAt(
  settings: PortfolioSettings,
  calendar: Calendar | null,
  { exchange }: Instrument,
  now: Instant,
): ScoutWindow | null {
  if (settings.hours !== 'exchange' || settings.preClose === null || calendar === null) return null
  const date = tradingDate(calendar, exchange, now - JUDGED_WITHIN)
  const closesAt = date === null ? null : closeOf(calendar, exchange, date)
  if (closesAt === null || closesAt + JUDGED_WITHIN <= now) return null
  const session = sessionAt(calendar, exchange, closesAt - 1)
  const begins = phaseBegins(settings.preClose, closesAt, 'monitor')
  const opensAt = typeof session === 'string' ? begins : Math.max(begins, session.opensAt)
  return now < opensAt ? null : { opensAt, closesAt }
}

/** Returns whether scouts are expected of an instrument: it is held, or its chart has told something before. */
export function isScouted({ units, market }: Book): boolean {
  return units.length > 0 || market.scout !== null || market.priceAt > 0
}

/**
 * Returns since when a window has been without scouts, when that is longer than SCOUT_GAP: the last scout, or the
 * window's begin. Null otherwise. Nobody listened before `listeningSince`, so that time is no silence.
 */
export function silentSince(
  window: ScoutWindow,
  { lastScoutAt, listeningSince }: { readonly lastScoutAt: Instant; readonly listeningSince: Instant },
  now: Instant,
): Instant | null {
  if (window.closesAt <= now) return null
  const since = Math.max(window.opensAt, lastScoutAt)
  return now - Math.max(since, listeningSince) > SCOUT_GAP ? since : null
}

/** Returns the least number of scouts with which a whole window can be without a silence. */
export function fewestScouts({ opensAt, closesAt }: ScoutWindow): number {
  return Math.ceil((closesAt - opensAt) / SCOUT_GAP) - 1
}
