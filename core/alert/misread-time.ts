import { type Zone, zoneOffsetMinutes } from '../calendar/zone.js'
import { type Instant, isoInstant, MINUTE } from '../time.js'
import type { ExitAlert, MarketDataAlert } from './alert.js'

/** A time this near to a known mistake is that mistake: alerts take seconds on their way, and clocks differ. */
export const MISREAD_WITHIN = 2 * MINUTE

/** When an alert came, and what its times may have been mistaken for. */
export interface AlertArrival {
  readonly arrivedAt: Instant
  /** Of the exchange: a time without an offset is read in it. */
  readonly zone: Zone
  readonly barMinutes: number
}

/** One day of each season: the offsets of a zone with daylight saving time. */
const SEASONS = [Date.UTC(2026, 0, 1), Date.UTC(2026, 6, 1)]

/**
 * Returns an exit whose times are what they were meant to be, with a flag for each that was not. A time that is behind
 * its arrival by as much as the exchange's zone and UTC differ, in either season, was written in one of them and read
 * in the other. Left as it is, it would make the exit older than what it is to close. A time ahead is only flagged: it
 * speaks of everything that is held.
 */
export function readExitTimes(alert: ExitAlert, arrival: AlertArrival): ExitAlert {
  const { timestamp, barTime } = alert
  const behind = timestamp === null ? 0 : arrival.arrivedAt - timestamp
  const shift = timestamp === null ? 0 : zoneShift(behind, arrival.zone)
  const barShift = barTime === null ? 0 : zoneShiftOfBar(barTime, arrival)
  const isAhead = behind < -MISREAD_WITHIN
  if (shift === 0 && barShift === 0 && !isAhead) return alert
  const flags = [...alert.flags]
  if (isAhead) flags.push(`timestamp: is ${spell(-behind)} ahead of its arrival`)
  const { zone } = arrival
  if (shift > 0) flags.push(correction('timestamp', timestamp!, { shift, zone }))
  if (barShift > 0) flags.push(correction('barTime', barTime!, { shift: barShift, zone }))
  return {
    ...alert,
    timestamp: timestamp === null ? null : timestamp + shift,
    barTime: barTime === null ? null : barTime + barShift,
    flags,
  }
}

/**
 * Returns a bar whose times are what they were meant to be: written in the exchange's zone and read in UTC, or the
 * other way round, it would look older than what it is to stop out.
 */
export function readBarTimes(alert: MarketDataAlert, arrival: AlertArrival): MarketDataAlert {
  const { timestamp, barTime } = alert
  const shift = zoneShiftOfBar(timestamp, arrival)
  const barShift = barTime === null ? 0 : zoneShiftOfBar(barTime, arrival)
  if (shift === 0 && barShift === 0) return alert
  return { ...alert, timestamp: timestamp + shift, barTime: barTime === null ? null : barTime + barShift }
}

/** A time of its own is the moment of the alert. */
function zoneShift(behind: number, zone: Zone): number {
  if (behind <= MISREAD_WITHIN) return 0
  return zoneDifferences(zone).find((difference) => isAbout(behind, difference)) ?? 0
}

/** The time of a bar may be its open as well as its close: up to a bar's length nothing is wrong with it. */
function zoneShiftOfBar(told: Instant, { arrivedAt, zone, barMinutes }: AlertArrival): number {
  const behind = arrivedAt - told
  const bar = barMinutes * MINUTE
  if (behind <= bar + MISREAD_WITHIN) return 0
  const differences = zoneDifferences(zone)
  const exact = differences.find((difference) => isAbout(behind, difference))
  return exact ?? differences.find((difference) => isAbout(behind, difference + bar)) ?? 0
}

/** Returns by how much UTC and the times of the zone in its seasons differ, each once, in milliseconds. */
function zoneDifferences(zone: Zone): number[] {
  const offsets = [0, ...SEASONS.map((day) => zoneOffsetMinutes(zone, day))]
  const differences = offsets.flatMap((one) => offsets.map((other) => (one - other) * MINUTE))
  return [...new Set(differences.filter((difference) => difference > 0))]
}

function isAbout(length: number, expected: number): boolean {
  return Math.abs(length - expected) <= MISREAD_WITHIN
}

interface Correction {
  readonly shift: number
  readonly zone: Zone
}

function correction(field: string, told: Instant, { shift, zone }: Correction): string {
  const why = `as if UTC and ${zone} were taken for each other`
  return `${field}: is ${spell(shift)} too early, ${why}; it is read as ${isoInstant(told + shift)}`
}

function spell(length: number): string {
  const minutes = Math.round(length / MINUTE)
  const hours = Math.floor(minutes / 60)
  return [hours > 0 ? `${hours} h` : '', minutes % 60 > 0 ? `${minutes % 60} min` : '']
    .filter((part) => part !== '')
    .join(' ')
}
