import { createHash } from 'node:crypto'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Log } from '../observe/log.js'
import { decodeState, encodeState, STATE_VERSION } from './codec/state-codec.js'
import type { Fold } from './fold.js'
import type { Queryable } from './read-log.js'

/** A portfolio's state as it is stored, with the hash that shows whether it still is what was written. */
export interface Snapshot {
  readonly portfolio: string
  readonly seq: number
  readonly events: number
  readonly hash: string
  readonly state: string
}

/** A snapshot is due after this many events. */
const SNAPSHOT_EVERY = 1000

/** Older snapshots are of use only while the newest one could be damaged. */
const KEPT = 3

/**
 * Returns whether a snapshot is due `eventsSince` the last one: every 1,000 events, and less often while the state is
 * larger than that, so that writing snapshots never costs more than in proportion to the log.
 */
export function isSnapshotDue({ portfolio }: Fold, eventsSince: number): boolean {
  return eventsSince >= Math.max(SNAPSHOT_EVERY, portfolio.orders.size + portfolio.closedUnits.size)
}

/** Returns the snapshot of a fold, which may change from here on. */
export function takeSnapshot(fold: Fold): Snapshot {
  const state = encodeState(fold.portfolio)
  return { portfolio: fold.portfolio.id, seq: fold.seq, events: fold.events, hash: hashOf(state), state }
}

/** Stores a snapshot, unless it is stored already, and drops all but the newest few. */
export async function storeSnapshot(db: Queryable, snapshot: Snapshot): Promise<void> {
  const { portfolio, seq, events, hash, state } = snapshot
  await db.query(
    `with stored as (
       insert into snapshots (portfolio, seq, events_folded, schema_version, hash, state)
       values ($1, $2, $3, $4, $5, $6) on conflict do nothing
     )
     delete from snapshots where portfolio = $1 and seq < (
       select min(seq) from (
         select seq from snapshots where portfolio = $1 order by seq desc limit ${KEPT - 1}
       ) as newest
     )`,
    [portfolio, seq, events, STATE_VERSION, hash, state],
  )
}

interface SnapshotRow {
  readonly seq: number
  readonly events_folded: number
  readonly schema_version: number
  readonly hash: string
  readonly state: string
}

/**
 * Returns the fold in the newest snapshot at or before `seq` that is undamaged and of this version of the state, or
 * null. One that is not is passed over: the logs hold everything that it does.
 */
export async function readSnapshot(
  db: Queryable,
  at: { readonly portfolio: string; readonly seq: number },
  log: Log,
): Promise<Fold | null> {
  const { rows } = await db.query<SnapshotRow>(
    `select seq, events_folded, schema_version, hash, state::text as state from snapshots
     where portfolio = $1 and seq <= $2 order by seq desc limit ${KEPT}`,
    [at.portfolio, at.seq],
  )
  for (const row of rows) {
    if (row.schema_version !== STATE_VERSION) continue
    const portfolio = restore(row)
    if (portfolio !== null) return { portfolio, seq: row.seq, events: row.events_folded }
    log.error({ portfolio: at.portfolio, seq: row.seq }, 'A snapshot is damaged and passed over')
  }
  return null
}

function restore(row: SnapshotRow): Portfolio | null {
  if (hashOf(row.state) !== row.hash) return null
  try {
    return decodeState(row.state)
  } catch {
    return null
  }
}

function hashOf(state: string): string {
  return createHash('sha256').update(state).digest('hex')
}
