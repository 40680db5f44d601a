import { lastBarClose } from '../../calendar/bar-closes.js'
import { type Calendar, sessionAt } from '../../calendar/calendar.js'
import type { Instrument } from '../../instrument/instrument.js'
import type { TradingHours } from '../../settings.js'
import { type Instant, MINUTE, SECOND } from '../../time.js'

/** A bar is told this long after its close at the latest. */
export const BAR_GRACE = 3 * MINUTE
/** Clocks differ: a bar may be told this long before its close. */
const EARLY = 30 * SECOND

/** A bar that has closed at the exchange and was not told. */
export interface MissingBar {
  /** When the last one that is missing closed. */
  readonly closedAt: Instant
  /** When the last one that was told came, or told; where there was none, since when one is waited for. */
  readonly since: Instant
  /** Whether units are held, whose stops do not trail and do not fire meanwhile. */
  readonly isHeld: boolean
}

/** What is known of the bars of an instrument. */
export interface BarFacts {
  readonly hours: TradingHours
  readonly calendar: Calendar
  /** Since when units are held; null when nothing is. */
  readonly heldSince: Instant | null
  /** What the last bar said of its own time; 0 when none ever came. */
  readonly barAt: Instant
  /** When a bar was last heard of; null when none was since `listeningSince`. */
  readonly heardAt: Instant | null
  readonly listeningSince: Instant
}

/**
 * Returns the bar that is overdue at `now`, or null. Bars are expected of what is held, and in a portfolio that keeps
 * the exchange's hours also of what has ever told one. While the exchange is closed nothing is overdue: the closing
 * bar may come with the first trade of the next session.
 */
export function findMissingBar(instrument: Instrument, facts: BarFacts, now: Instant): MissingBar | null {
  const { hours, calendar, heldSince, barAt, heardAt, listeningSince } = facts
  const { exchange, barMinutes } = instrument
  const isHeld = heldSince !== null
  const isExpected = isHeld || (hours === 'exchange' && barAt > 0)
  const session = isExpected ? sessionAt(calendar, exchange, now) : 'closed'
  if (typeof session === 'string' || now < session.opensAt + BAR_GRACE) return null
  const closedAt = lastBarClose({ calendar, exchange, barMinutes }, now - BAR_GRACE)
  if (closedAt === null) return null
  const since = heardAt ?? (barAt > 0 ? barAt : (heldSince ?? 0))
  if (heardAt !== null || barAt === 0) return since < closedAt - EARLY ? { closedAt, since, isHeld } : null
  // A bar that came before anybody listened is known by its own time, which may be that of its open.
  const wouldBeHeard = listeningSince < closedAt - EARLY
  const isTold = !wouldBeHeard && closedAt - barMinutes * MINUTE <= barAt
  return isTold || closedAt <= barAt ? null : { closedAt, since, isHeld }
}
