import type { Pool } from 'pg'
import { conflictingAlertId } from './dedupe-key.js'
import { insertConflicts, selectByKey } from './inbox-statements.js'
import {
  firstOfEachKey,
  type IncomingAlert,
  insertValues,
  joinKey,
  keyOf,
  type Receipt,
  type StoredAlert,
} from './incoming-alert.js'

/** A conflict that was recorded, with the text of its alarm. */
export interface RecordedConflict {
  readonly alert: IncomingAlert
  readonly message: string
}

/** What became of alerts whose key was taken. */
export interface RepeatedAlerts {
  /** In the order of the alerts. */
  readonly receipts: readonly Receipt[]
  readonly conflicts: readonly RecordedConflict[]
}

interface InboxRow extends StoredAlert {
  readonly contentHash: string
}

/** Rows of one key; the first is the alert that stands. */
type KnownRows = Map<string, InboxRow[]>

/** Returns what alerts say whose key is taken: the same again, or something else, which is put on record with an alarm. */
export async function settleRepeated(pool: Pool, batch: readonly IncomingAlert[]): Promise<RepeatedAlerts> {
  const known = await readByKey(pool, batch)
  const conflicts: RecordedConflict[] = []
  const receipts = batch.map((alert): Receipt => {
    const rows = known.get(keyOf(alert)) ?? []
    const first = rows[0]
    // The insert met a row with this key, and rows are never deleted
    if (first === undefined)
      throw new Error(`Alert ${alert.identity.alertId} is neither new nor in the inbox`)
    const same = rows.find((row) => row.contentHash === alert.identity.contentHash)
    if (same !== undefined) return { status: 'duplicate', alertId: same.alertId, first: storedPart(same) }
    const conflict = asConflict(alert)
    conflicts.push({ alert: conflict, message: conflictMessage(alert, first) })
    rows.push(conflictRow(conflict))
    return { status: 'conflict', alertId: conflict.identity.alertId, first: storedPart(first) }
  })
  return { receipts, conflicts: conflicts.length === 0 ? [] : await storeConflicts(pool, conflicts) }
}

async function readByKey(pool: Pool, batch: readonly IncomingAlert[]): Promise<KnownRows> {
  const firsts = firstOfEachKey(batch)
  const values = [firsts.map((alert) => alert.source), firsts.map((alert) => alert.identity.dedupeKey)]
  const { rows } = await pool.query({ ...selectByKey, values })
  const known: KnownRows = new Map()
  for (const row of rows) {
    const key = joinKey(row.source, row.dedupe_key)
    const stored: InboxRow = {
      alertId: row.alert_id,
      contentHash: row.content_hash,
      state: row.state,
      outcome: row.outcome,
      decisionId: row.decision_id,
      reasons: row.reasons,
      lots: row.lots,
    }
    known.set(key, [...(known.get(key) ?? []), stored])
  }
  return known
}

/** Returns those that no other instance had recorded a moment before. */
async function storeConflicts(
  pool: Pool,
  conflicts: readonly RecordedConflict[],
): Promise<readonly RecordedConflict[]> {
  const values = [
    ...insertValues(conflicts.map((conflict) => conflict.alert)),
    conflicts.map((conflict) => conflict.message),
  ]
  const { rows } = await pool.query<{ alert_id: string }>({ ...insertConflicts, values })
  const stored = new Set(rows.map((row) => row.alert_id))
  return conflicts.filter((conflict) => stored.has(conflict.alert.identity.alertId))
}

/** A conflict has an id of its own, since an exit is decided under it. */
function asConflict(alert: IncomingAlert): IncomingAlert {
  const alertId = conflictingAlertId(alert.source, alert.identity)
  return { ...alert, identity: { ...alert.identity, alertId } }
}

/** What stands for a conflict of this batch when the same comes again in it. */
function conflictRow(alert: IncomingAlert): InboxRow {
  const { alertId, contentHash } = alert.identity
  const undecided = { alertId, contentHash, decisionId: null }
  return alert.alert.type === 'EXIT'
    ? { ...undecided, state: 'waiting', outcome: null, reasons: null, lots: null }
    : { ...undecided, state: 'decided', outcome: 'ignored', reasons: ['CONFLICT'], lots: '0' }
}

function conflictMessage(alert: IncomingAlert, first: InboxRow): string {
  const consequence = alert.alert.type === 'EXIT' ? 'it is decided all the same' : 'it is ignored'
  const { type, instrument } = alert.alert
  return `${type} of ${instrument} says something else than alert ${first.alertId} did about the same: ${consequence}`
}

function storedPart(row: InboxRow): StoredAlert {
  const { alertId, state, outcome, decisionId, reasons, lots } = row
  return { alertId, state, outcome, decisionId, reasons, lots }
}
