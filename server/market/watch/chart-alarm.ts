import type { Lateness } from '../../../core/alert/lateness.js'
import { RATE_LIMIT } from '../../../core/alert/rate.js'
import { zoneOffsetMinutes } from '../../../core/calendar/zone.js'
import type { Instrument } from '../../../core/instrument/instrument.js'
import { unreachable } from '../../../core/invariant.js'
import type { Unit } from '../../../core/portfolio/unit.js'
import type { MissingBar } from '../../../core/strategies/trend/missing-bar.js'
import { EXIT_CONFIRMED_WITHIN_BARS } from '../../../core/strategies/trend/unconfirmed-exit.js'
import { type Instant, isoInstant, MINUTE, SECOND } from '../../../core/time.js'

const LOOK = 'look on TradingView whether its alert is still active'

/** Returns what to tell of a window that is without scouts since `since`. */
export function tellSilence(instrument: Instrument, since: Instant, closesAt: Instant, now: Instant): string {
  const silent = Math.round((now - since) / SECOND)
  return `no scout of ${instrument.name} for ${silent} s, and it closes at ${timeAt(instrument, closesAt)}: ${LOOK}; without a fresh one nothing is opened before the close, and exits go by an old price`
}

/** Returns what to tell of a window that ended with too few scouts. */
export function tellFewScouts(instrument: Instrument, came: number, fewest: number): string {
  return `${came} scouts of ${instrument.name} came before the close, and at least ${fewest} are usual: ${LOOK}`
}

/** Returns what to tell of a bar that was not told. */
export function tellMissingBar(instrument: Instrument, { closedAt, since, isHeld }: MissingBar): string {
  const held = isHeld ? '; the stops of what is held do not trail and do not fire until one comes' : ''
  return `no MARKET_DATA of ${instrument.name} for the bar that closed at ${timeAt(instrument, closedAt)}, the last was at ${dayTimeAt(instrument, since)}: ${LOOK}${held}`
}

/** Returns what to tell of a script that is about to be stopped. */
export function tellRate(instrument: string, source: string, count: number): string {
  const many = count >= RATE_LIMIT ? `${RATE_LIMIT} or more` : String(count)
  return `${many} alerts of ${instrument} came from ${source} within 3 minutes: TradingView stops a script that fires more than ${RATE_LIMIT}; let it fire less often`
}

/** Returns what to tell of a unit that we sold and the strategy may still hold. */
export function tellMissingExit({ id, instrument, label, exit }: Unit): string {
  return `${label} of ${instrument} (${id}) was sold by ${exit?.reason}, and within ${EXIT_CONFIRMED_WITHIN_BARS} bars the strategy sent no EXIT for it: the chart may show it as held, and its next alerts speak of that; ${LOOK}`
}

/** Returns what to tell of an alert whose own time is wrong. */
export function tellLateness(type: string, { name, zone }: Instrument, { kind, seconds }: Lateness): string {
  const away = `${Math.round(Math.abs(seconds))} s ${seconds > 0 ? 'before' : 'after'} it came`
  const told = `a ${type} of ${name} tells a time ${away}`
  switch (kind) {
    case 'zone':
      return `${told}, which is the offset of ${zone}: local time and UTC were taken for each other; send a timestamp with its offset`
    case 'barOpen':
      return `${told}, which is one bar: it came a bar late, or tells the open of the bar; send the time of the alert (timenow)`
    case 'late':
      return `${told}: it was long on its way, or a clock is wrong; entries that are too old are refused`
    case 'ahead':
      return `${told}: a clock is wrong, or the time zone of the timestamp; entries that are ahead are refused`
    default:
      return unreachable(kind)
  }
}

function timeAt(instrument: Instrument, at: Instant): string {
  return dayTimeAt(instrument, at).slice(11)
}

function dayTimeAt({ zone }: Instrument, at: Instant): string {
  return isoInstant(at + zoneOffsetMinutes(zone, at) * MINUTE)
    .slice(0, 16)
    .replace('T', ' ')
}
