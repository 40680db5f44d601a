import { type Alert, alertTime } from '../../core/alert/alert.js'
import { type Zone, zoneOffsetMinutes } from '../../core/calendar/zone.js'
import { alertId } from '../../core/ids.js'
import { DAY, type Instant, isoInstant, localDate } from '../../core/time.js'
import type { ReadAlert } from './alert-schema.js'
import { bodyHash, contentHash } from './content-hash.js'

/** What an alert is known by. */
export interface AlertIdentity {
  readonly alertId: string
  /** Says what happened; with its source it is unique among accepted alerts, for ever. */
  readonly dedupeKey: string
  readonly contentHash: string
  /** When the alert says that it happened; for an exit that does not say, the start of the day on which it came. */
  readonly at: Instant
}

/** Where an alert came from. */
export interface AlertOrigin {
  readonly source: string
  readonly raw: Uint8Array
  readonly receivedAt: Instant
  /** Of the alert's instrument. */
  readonly zone: Zone
}

/** Returns what an alert is known by. The same happening has the same key whenever and however often it is sent. */
export function identifyAlert(reading: ReadAlert, origin: AlertOrigin): AlertIdentity {
  const happenedAt = timeOf(reading)
  const dedupeKey = dedupeKeyOf(reading, origin, happenedAt)
  const at = happenedAt ?? startOfDay(origin)
  return { alertId: alertId(origin.source, dedupeKey, at), dedupeKey, contentHash: contentHash(reading), at }
}

/** Returns the id of an alert that has the key of an earlier one and says something else. */
export function conflictingAlertId(source: string, identity: AlertIdentity): string {
  return alertId(source, `${identity.dedupeKey}|${identity.contentHash}`, identity.at)
}

/**
 * Kind, instrument, time, label: the time of the bar where the alert tells it, else its own; for a scout always its
 * own, since it reports many times in one bar. The label stands last because it may hold any character.
 */
function dedupeKeyOf(reading: ReadAlert, origin: AlertOrigin, time: Instant | null): string {
  const { alert } = reading
  const happened = time === null ? untimed(reading, origin) : isoInstant(time)
  return `${alert.type}|${alert.instrument}|${happened}|${labelOf(alert)}`
}

function timeOf({ alert }: ReadAlert): Instant | null {
  return alert.type === 'EOD_MONITOR' ? alert.timestamp : alertTime(alert)
}

function startOfDay({ receivedAt }: AlertOrigin): Instant {
  return receivedAt - (receivedAt % DAY)
}

/**
 * An exit without a readable time is known by its whole body and the day it came: a resend comes within seconds, and
 * the same words on another day are another exit, which must not be lost.
 */
function untimed(reading: ReadAlert, origin: AlertOrigin): string {
  const day = localDate(origin.receivedAt, zoneOffsetMinutes(origin.zone, origin.receivedAt))
  return `${day} ${bodyHash(reading.body, origin.raw)}`
}

function labelOf(alert: Alert): string {
  return 'label' in alert ? (alert.label ?? '') : ''
}
