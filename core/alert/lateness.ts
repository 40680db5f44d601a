import { type Zone, zoneOffsetMinutes } from '../calendar/zone.js'
import { type Instant, MINUTE, SECOND } from '../time.js'
import type { Alert } from './alert.js'

/** An alert's own time may differ from its arrival by this much. */
export const LATENESS_ALLOWED = 60 * SECOND

/**
 * What a wrong time looks like. zone: it differs by the whole offset of the exchange's zone, so local time and UTC were
 * taken for each other · barOpen: it is one bar old, so the open of the bar was told and not its close · late: it was
 * long on its way, or a clock is behind · ahead: a clock is ahead.
 */
export type LatenessKind = 'zone' | 'barOpen' | 'late' | 'ahead'

/** How far an alert's own time is from its arrival. */
export interface Lateness {
  readonly kind: LatenessKind
  /** From the alert's own time to its arrival; below 0 when it is ahead. */
  readonly seconds: number
}

/** When and where an alert arrived. */
export interface Arrival {
  readonly receivedAt: Instant
  readonly zone: Zone
  readonly barMinutes: number
}

/**
 * Returns what is wrong with the alert's own time; null when nothing is, or when it tells none. A bar may be told by its
 * open: that is how charts name it.
 */
export function findLateness(
  { type, timestamp }: Alert,
  { receivedAt, zone, barMinutes }: Arrival,
): Lateness | null {
  if (timestamp === null) return null
  const behind = receivedAt - timestamp
  if (Math.abs(behind) <= LATENESS_ALLOWED) return null
  const seconds = behind / SECOND
  const offset = Math.abs(zoneOffsetMinutes(zone, receivedAt)) * MINUTE
  const isAbout = (length: number): boolean => Math.abs(behind - length) <= LATENESS_ALLOWED
  if (offset > 0 && (isAbout(offset) || isAbout(-offset))) return { kind: 'zone', seconds }
  if (isAbout(barMinutes * MINUTE)) return type === 'MARKET_DATA' ? null : { kind: 'barOpen', seconds }
  return { kind: behind > 0 ? 'late' : 'ahead', seconds }
}
