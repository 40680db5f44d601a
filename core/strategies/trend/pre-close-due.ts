import { closeOf } from '../../calendar/calendar.js'
import { zoneOffsetMinutes } from '../../calendar/zone.js'
import type { Instrument } from '../../instrument/instrument.js'
import { bookOf, type Portfolio } from '../../portfolio/portfolio.js'
import { hasReached, type PreClosePhase } from '../../portfolio/pre-close-run.js'
import type { PreCloseSettings } from '../../settings.js'
import { DAY, HOUR, type Instant, localDate, SECOND } from '../../time.js'

/** A part of the run before one close, and the instruments that close together. */
export interface DuePreClose {
  readonly closesAt: Instant
  readonly phase: PreClosePhase
  readonly instruments: readonly string[]
}

/** A run that nobody began is reported for this long after the close. */
const REPORTED_FOR = 12 * HOUR

const PHASES = ['monitor', 'decide', 'place', 'market', 'end'] as const satisfies PreClosePhase[]

/** Returns when a part of the run before a close begins. */
export function phaseBegins(settings: PreCloseSettings, closesAt: Instant, phase: PreClosePhase): Instant {
  switch (phase) {
    case 'monitor':
      return closesAt - settings.monitorSeconds * SECOND
    case 'decide':
      return closesAt - settings.decideSeconds * SECOND
    case 'place':
      return closesAt - settings.placeSeconds * SECOND
    case 'market':
      return closesAt - settings.marketSeconds * SECOND
    case 'end':
      return closesAt - settings.endSeconds * SECOND
  }
}

/**
 * Returns the parts of runs that are due at `now` and not done, in their order. It follows from the calendar and from
 * what is recorded of the runs alone, so that a restart at any second finds what is left to do; a part that is done is
 * never due again.
 */
export function preCloseDue(portfolio: Portfolio, now: Instant): DuePreClose[] {
  const { settings } = portfolio
  if (settings?.hours !== 'exchange' || settings.preClose === null) return []
  const due = new Map<string, { closesAt: Instant; phase: PreClosePhase; instruments: string[] }>()
  for (const instrument of settings.instruments) {
    const closesAt = closeAround(portfolio, instrument, now, settings.preClose)
    if (closesAt === null) continue
    for (const phase of phasesLeft(portfolio, instrument.name, closesAt, now, settings.preClose)) {
      const key = `${closesAt} ${PHASES.indexOf(phase)}`
      const together = due.get(key)
      if (together === undefined) due.set(key, { closesAt, phase, instruments: [instrument.name] })
      else together.instruments.push(instrument.name)
    }
  }
  return [...due.values()].sort(
    (left, right) =>
      left.closesAt - right.closesAt || PHASES.indexOf(left.phase) - PHASES.indexOf(right.phase),
  )
}

/** Returns the close whose run may have something to do at `now`: today's, or yesterday's while it is to be reported. */
function closeAround(
  { calendar }: Portfolio,
  { exchange, zone }: Instrument,
  now: Instant,
  settings: PreCloseSettings,
): Instant | null {
  if (calendar === null) return null
  const offset = zoneOffsetMinutes(zone, now)
  const today = closeOf(calendar, exchange, localDate(now, offset))
  if (today !== null && phaseBegins(settings, today, 'monitor') <= now) return today
  const yesterday = closeOf(calendar, exchange, localDate(now - DAY, offset))
  return yesterday !== null && now < yesterday + REPORTED_FOR ? yesterday : null
}

function phasesLeft(
  portfolio: Portfolio,
  instrument: string,
  closesAt: Instant,
  now: Instant,
  settings: PreCloseSettings,
): readonly PreClosePhase[] {
  const book = bookOf(portfolio, instrument)
  const run = book.preClose?.closesAt === closesAt ? book.preClose : null
  if (run === null && book.preClose !== null && closesAt < book.preClose.closesAt) return []
  if (phaseBegins(settings, closesAt, 'end') <= now) {
    if (run !== null) return hasReached(run, 'end') ? [] : ['end']
    const wasWatched = closesAt - settings.monitorSeconds * SECOND <= book.market.scoutAt
    const isMissed = now < closesAt + REPORTED_FOR && (book.units.length > 0 || wasWatched)
    return isMissed ? ['end'] : []
  }
  return PHASES.filter(
    (phase) => phaseBegins(settings, closesAt, phase) <= now && (run === null || !hasReached(run, phase)),
  )
}
