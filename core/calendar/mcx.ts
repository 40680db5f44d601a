import { HOUR, type LocalDate, parseInstant } from '../time.js'
import { isUsDaylightSaving } from './zone.js'

/** Returns the close of MCX's evening session, HH:MM Indian time: 23:30 while New York keeps daylight saving, else 23:55. */
export function mcxClose(date: LocalDate): '23:30' | '23:55' {
  const noon = (parseInstant(date) ?? 0) + 17 * HOUR
  return isUsDaylightSaving(noon) ? '23:30' : '23:55'
}
