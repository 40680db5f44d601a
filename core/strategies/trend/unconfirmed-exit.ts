import { barCloseAfter } from '../../calendar/bar-closes.js'
import type { Calendar } from '../../calendar/calendar.js'
import type { Instrument } from '../../instrument/instrument.js'
import type { Unit } from '../../portfolio/unit.js'
import { type Instant, MINUTE } from '../../time.js'

/** The strategy's own exit is waited for this many bars. */
export const EXIT_CONFIRMED_WITHIN_BARS = 2
const GRACE = 3 * MINUTE

const OURS: ReadonlySet<string> = new Set(['STOP_HIT', 'PRE_CLOSE_STOP', 'PRE_CLOSE_SUPERTREND'])

/**
 * Returns whether the general sold the unit by a rule of its own, and the strategy knows it: then the strategy's EXIT is
 * expected. A unit that no alert has named is not known to any strategy.
 */
export function isSoldByUs({ label, exit }: Unit): boolean {
  return label !== null && exit !== null && OURS.has(exit.reason)
}

/** Returns until when the strategy's EXIT of a unit that we sold is waited for; without a calendar, by the clock. */
export function exitExpectedUntil(unit: Unit, instrument: Instrument, calendar: Calendar | null): Instant {
  const { exchange, barMinutes } = instrument
  const soldAt = unit.closedAt ?? 0
  const bars = EXIT_CONFIRMED_WITHIN_BARS
  const known = calendar === null ? null : barCloseAfter({ calendar, exchange, barMinutes }, soldAt, bars)
  return (known ?? soldAt + bars * barMinutes * MINUTE) + GRACE
}
