import type { Instant } from '../../core/time.js'
import type { Queryable } from '../journal/read-log.js'

/** What waits in the inbox of a portfolio. */
export interface InboxHealth {
  readonly portfolio: string
  readonly waiting: number
  readonly oldestWaitingSeconds: number
  readonly quarantined: number
}

/** When an instrument was last heard of. */
export interface LastAlert {
  readonly portfolio: string
  readonly instrument: string
  readonly type: string
  readonly receivedAt: Instant
}

/** What an owner should know of a database in which alerts arrive. */
export interface DatabaseHealth {
  /** The database's clock less this machine's, in milliseconds. */
  readonly clockAheadMs: number
  readonly inbox: readonly InboxHealth[]
  readonly lastAlerts: readonly LastAlert[]
  /** Bodies that were answered with 4xx within the last day. */
  readonly refusedToday: number
}

/** Alerts among which the last of each instrument is looked for: weeks of them. */
const RECENT = 50_000

/** Returns the health of the alerts' way in. `now` is this machine's clock. */
export async function readDatabaseHealth(db: Queryable, now: () => Instant): Promise<DatabaseHealth> {
  const asked = now()
  const clock = await db.query<{ at: Date }>('select clock_timestamp() as at')
  // Half of the round trip had passed when the database looked at its clock.
  const middle = (asked + now()) / 2
  return {
    clockAheadMs: Math.round(clock.rows[0]!.at.getTime() - middle),
    inbox: await readInboxHealth(db),
    lastAlerts: await readLastAlerts(db),
    refusedToday: await countRefused(db),
  }
}

async function readInboxHealth(db: Queryable): Promise<readonly InboxHealth[]> {
  const { rows } = await db.query<InboxHealth>(
    `select p.id as portfolio,
       count(i.id) filter (where i.state = 'waiting')::int as waiting,
       coalesce(extract(epoch from clock_timestamp() - min(i.received_at) filter (where i.state = 'waiting')), 0)::float8
         as "oldestWaitingSeconds",
       count(i.id) filter (where i.state = 'quarantined')::int as quarantined
     from portfolios p left join inbox i on i.portfolio = p.id and i.state <> 'decided'
     group by p.id order by p.id`,
  )
  return rows
}

async function readLastAlerts(db: Queryable): Promise<readonly LastAlert[]> {
  const { rows } = await db.query<{
    portfolio: string
    instrument: string
    type: string
    received_at: Date
  }>(
    `select distinct on (portfolio, alert ->> 'instrument')
       portfolio, alert ->> 'instrument' as instrument, alert ->> 'type' as type, received_at
     from (select * from inbox order by id desc limit ${RECENT}) as recent
     order by portfolio, alert ->> 'instrument', id desc`,
  )
  return rows.map(({ portfolio, instrument, type, received_at }) => ({
    portfolio,
    instrument,
    type,
    receivedAt: received_at.getTime(),
  }))
}

async function countRefused(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from refused_alerts where received_at > clock_timestamp() - interval '1 day'`,
  )
  return rows[0]!.count
}
