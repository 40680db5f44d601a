import { invariant } from '../invariant.js'
import { HOUR, type LocalDate, parseInstant } from '../time.js'
import { isUsDaylightSaving } from './zone.js'

/** Returns the close of MCX's evening session, HH:MM Indian time: 23:30 while New York keeps daylight saving, else 23:55. Throws on what is no date. */
export function mcxClose(date: LocalDate): '23:30' | '23:55' {
  const midnight = parseInstant(date)
  invariant(midnight !== null, () => `${date} is no date`)
  // Noon in New York, or an hour later: far from the change of its clocks.
  return isUsDaylightSaving(midnight + 17 * HOUR) ? '23:30' : '23:55'
}
