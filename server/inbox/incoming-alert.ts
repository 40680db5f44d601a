import type { Alert } from '../../core/alert/alert.js'
import type { DecisionOutcome } from '../../core/decision.js'
import type { Instant } from '../../core/time.js'
import type { AlertIdentity } from './dedupe-key.js'

/** An alert that was read, on its way into the inbox. */
export interface IncomingAlert {
  readonly portfolio: string
  readonly source: string
  readonly identity: AlertIdentity
  readonly alert: Alert
  readonly raw: Uint8Array
  readonly receivedAt: Instant
}

/** An alert of the inbox, with what was decided on it so far. */
export interface StoredAlert {
  readonly alertId: string
  readonly state: 'waiting' | 'decided' | 'quarantined'
  /** Null until it is decided, and so are the rest. */
  readonly outcome: DecisionOutcome | null
  readonly decisionId: string | null
  readonly reasons: readonly string[] | null
  /** Decimal digits. */
  readonly lots: string | null
}

/**
 * What became of an alert. accepted: it waits to be decided · duplicate: the same was stored before, under this id ·
 * conflict: another content with this key was first and stands; this one is on record under an id of its own.
 */
export type Receipt =
  | { readonly status: 'accepted'; readonly alertId: string }
  | { readonly status: 'duplicate' | 'conflict'; readonly alertId: string; readonly first: StoredAlert }

/** Returns what two alerts of the same happening share: their source and key. */
export function keyOf(alert: IncomingAlert): string {
  return joinKey(alert.source, alert.identity.dedupeKey)
}

/** Returns source and key as one text. */
export function joinKey(source: string, dedupeKey: string): string {
  return `${source}\n${dedupeKey}`
}

/** Returns the alerts without those that repeat the key of an earlier one: the first in their order wins. */
export function firstOfEachKey(batch: readonly IncomingAlert[]): readonly IncomingAlert[] {
  const firsts = new Map<string, IncomingAlert>()
  for (const alert of batch) if (!firsts.has(keyOf(alert))) firsts.set(keyOf(alert), alert)
  return [...firsts.values()]
}

/** Returns the values of the statements that insert alerts. */
export function insertValues(alerts: readonly IncomingAlert[]): unknown[] {
  return [
    alerts.map((alert) => alert.identity.alertId),
    alerts.map((alert) => alert.portfolio),
    alerts.map((alert) => alert.source),
    alerts.map((alert) => alert.identity.dedupeKey),
    alerts.map((alert) => alert.identity.contentHash),
    alerts.map((alert) => alert.raw),
    alerts.map((alert) => alert.receivedAt),
    JSON.stringify(alerts.map((alert) => alert.alert)),
  ]
}
