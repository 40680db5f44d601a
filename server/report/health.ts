import { RATE_WINDOW } from '../../core/alert/rate.js'
import type { Instant } from '../../core/time.js'
import type { Queryable } from '../journal/read-log.js'

/** What waits in the inbox of a portfolio. */
export interface InboxHealth {
  readonly portfolio: string
  readonly waiting: number
  readonly oldestWaitingSeconds: number
  readonly quarantined: number
}

/** When the charts of an instrument were last heard of. */
export interface ChartHealth {
  readonly portfolio: string
  readonly instrument: string
  readonly lastType: string
  readonly lastAt: Instant
  /** Of EOD_MONITOR and of MARKET_DATA; null when none came. */
  readonly lastScoutAt: Instant | null
  readonly lastBarAt: Instant | null
  /** Alerts of the last 3 minutes, and those of them that the busier of its scripts sent: the scout or the strategy. */
  readonly recent: number
  readonly recentOfOne: number
  /** Since when units are held; null when nothing is. */
  readonly heldSince: Instant | null
}

/** What an owner should know of a database in which alerts arrive. */
export interface DatabaseHealth {
  /** The database's clock less this machine's, in milliseconds. */
  readonly clockAheadMs: number
  readonly inbox: readonly InboxHealth[]
  readonly charts: readonly ChartHealth[]
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
    charts: await readCharts(db, now()),
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

async function readCharts(db: Queryable, now: Instant): Promise<readonly ChartHealth[]> {
  const { rows } = await db.query<ChartHealth>(
    `select portfolio, instrument, last_type as "lastType", ${milliseconds('last_at')} as "lastAt",
       ${milliseconds('last_scout_at')} as "lastScoutAt", ${milliseconds('last_bar_at')} as "lastBarAt", reports + wishes as recent,
       greatest(reports, wishes) as "recentOfOne",
       (select ${milliseconds('min(p.opened_at)')} from positions p
        where p.portfolio = chart.portfolio and p.instrument = chart.instrument and p.state <> 'closed' and p.lots > 0
       ) as "heldSince"
     from (
       select portfolio, alert ->> 'instrument' as instrument,
         (array_agg(alert ->> 'type' order by id desc))[1] as last_type,
         max(received_at) as last_at,
         max(received_at) filter (where alert ->> 'type' = 'EOD_MONITOR') as last_scout_at,
         max(received_at) filter (where alert ->> 'type' = 'MARKET_DATA') as last_bar_at,
         count(*) filter (where is_recent and is_report)::int as reports,
         count(*) filter (where is_recent and not is_report)::int as wishes
       from (
         select id, portfolio, alert, received_at, received_at > to_timestamp($1::float8 / 1000) as is_recent,
           alert ->> 'type' in ('EOD_MONITOR', 'MARKET_DATA') as is_report
         from inbox order by id desc limit ${RECENT}
       ) as latest
       group by 1, 2
     ) as chart
     order by 1, 2`,
    [now - RATE_WINDOW],
  )
  return rows
}

function milliseconds(time: string): string {
  return `floor(extract(epoch from ${time}) * 1000)::float8`
}

async function countRefused(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from refused_alerts where received_at > clock_timestamp() - interval '1 day'`,
  )
  return rows[0]!.count
}
