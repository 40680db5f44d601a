import type { Pool } from 'pg'
import type { WorkSnapshot } from '../../observe/metrics.js'

interface WorkRow {
  readonly waiting: number
  readonly oldest_seconds: number
  readonly orders: Readonly<Record<string, number>>
  readonly positions: number
}

/** Returns what waits and what is open, over all portfolios; partial indexes answer every part of it. */
export async function readWork(pool: Pool): Promise<WorkSnapshot> {
  const { rows } = await pool.query<WorkRow>({
    name: 'read-work',
    text: `
      select w.waiting, w.oldest_seconds,
        (select coalesce(json_object_agg(state, n), '{}') from (
          select state, count(*) as n from orders
          where state in ('initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled')
          group by state) as at_work) as orders,
        (select count(*) from positions where state <> 'closed') as positions
      from (
        select count(*) as waiting,
          coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 as oldest_seconds
        from inbox where state = 'waiting') as w`,
  })
  const { waiting, oldest_seconds, orders, positions } = rows[0]!
  return {
    inboxWaiting: waiting,
    oldestWaitingSeconds: Math.max(0, oldest_seconds),
    ordersByState: orders,
    openPositions: positions,
  }
}
