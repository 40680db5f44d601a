import { civilDate, DAY, HOUR, type Instant, MINUTE } from '../time.js'

/** The zones of the exchanges that we know. */
export type Zone = 'UTC' | 'Asia/Kolkata' | 'Europe/Moscow' | 'America/New_York'

/** Every zone, for schemas. */
export const ZONES = ['UTC', 'Asia/Kolkata', 'Europe/Moscow', 'America/New_York'] as const

/** Returns minutes east of UTC in `zone` at `instant`. */
export function zoneOffsetMinutes(zone: Zone, instant: Instant): number {
  switch (zone) {
    case 'UTC':
      return 0
    case 'Asia/Kolkata':
      return 330
    case 'Europe/Moscow':
      return 180
    case 'America/New_York':
      return isUsDaylightSaving(instant) ? -240 : -300
  }
}

/** Returns minutes east of UTC for a wall-clock time in `zone`, given as if it were UTC. */
export function localOffsetMinutes(zone: Zone, local: Instant): number {
  return zoneOffsetMinutes(zone, local - zoneOffsetMinutes(zone, local) * MINUTE)
}

/** Returns whether New York keeps daylight saving time: from the 2nd Sunday of March to the 1st of November, at 02:00. */
export function isUsDaylightSaving(instant: Instant): boolean {
  const [year] = civilDate(Math.floor((instant - 5 * HOUR) / DAY))
  const starts = nthSunday(year, 3, 2) + 7 * HOUR
  const ends = nthSunday(year, 11, 1) + 6 * HOUR
  return starts <= instant && instant < ends
}

function nthSunday(year: number, month: number, nth: number): Instant {
  const first = Date.UTC(year, month - 1, 1)
  const weekday = (Math.floor(first / DAY) + 4) % 7
  return first + (((7 - weekday) % 7) + (nth - 1) * 7) * DAY
}
