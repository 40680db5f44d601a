import type { Pool } from 'pg'
import { describeDifference } from '../../server/journal/difference.js'
import type { Queryable } from '../../server/journal/read-log.js'
import { replayPortfolio } from '../../server/journal/replay.js'
import { verifyPortfolio } from '../../server/journal/verify.js'
import { silentLog } from '../../server/observe/log.js'

/** What a finding says: something lost, something done twice or unasked, a wrong position, or a wrong log. */
export type FindingKind = 'lost' | 'doubled' | 'position' | 'log'

/*
 * Written against the tables alone, so that a mistake in the code that fills them is not repeated here. Each query
 * returns what is wrong, one line each.
 */

const FINDINGS: readonly (readonly [kind: FindingKind, what: string, query: string])[] = [
  [
    'lost',
    'an acknowledged alert that is not in the inbox exactly once',
    `select id from unnest($1::text[]) as acknowledged (id)
     where (select count(*) from inbox where alert_id = acknowledged.id) <> 1`,
  ],
  [
    'lost',
    'an alert that is not decided',
    `select alert_id || ' is ' || state as id from inbox where state <> 'decided'`,
  ],
  [
    'lost',
    'an alert that is not one input',
    `select alert_id as id from inbox as i where (reasons is null or reasons <> '["CONFLICT"]')
     and (select count(*) from inputs as n where n.portfolio = i.portfolio and n.id = i.alert_id) <> 1`,
  ],
  [
    'lost',
    'an entry or exit without exactly one decision of its own',
    `select alert_id || ' has ' || count(d.id) as id from inbox as i left join decisions as d using (alert_id)
     where alert ->> 'type' in ('BASE_ENTRY', 'PYRAMID', 'EXIT') and (i.reasons is null or i.reasons <> '["CONFLICT"]')
     group by alert_id having count(d.id) <> 1 or min(d.outcome) <> min(i.outcome) or min(d.id) <> min(i.decision_id)`,
  ],
  [
    'doubled',
    'an input of an alert that is not in the inbox',
    `select id from inputs as n where type = 'AlertAdmitted'
     and not exists (select from inbox where alert_id = n.id and portfolio = n.portfolio)`,
  ],
  [
    'doubled',
    'a decision on an entry with another count of orders than one',
    `select d.id || ' has ' || count(o.id) as id from decisions as d left join orders as o on o.decision_id = d.id
     where d.kind in ('entry', 'pyramid') and d.outcome = 'approved' group by d.id having count(o.id) <> 1`,
  ],
  [
    'doubled',
    'an order that came of a refusal',
    `select o.id from orders as o join decisions as d on d.id = o.decision_id where d.outcome <> 'approved'`,
  ],
  [
    'doubled',
    'an order at the venue that is not exactly one of ours',
    `select v.client_order_id as id from paper.orders as v where (
       select count(*) from orders as o where o.client_order_id = v.client_order_id and o.portfolio = v.account
         and (o.instrument, o.side, o.lots, o.type) = (v.instrument, v.side, v.lots, v.type) and o.attempt > 0) <> 1`,
  ],
  [
    'doubled',
    'an order that the venue has twice',
    `select client_order_id as id from paper.orders group by client_order_id having count(*) > 1`,
  ],
  [
    'position',
    'an order with other fills than the venue has',
    `select o.id || ' filled ' || o.filled_lots || ', at the venue ' || coalesce(sum(f.lots), 0) as id
     from orders as o left join paper.fills as f on f.client_order_id = o.client_order_id
     group by o.id, o.portfolio having o.filled_lots <> coalesce(sum(f.lots), 0)`,
  ],
  [
    'position',
    'a trade that the venue and the journal know differently',
    `select coalesce(f.trade_id, j.trade_id) as id
     from paper.fills as f
     full join (select o.client_order_id, fills.* from fills join orders as o on o.id = order_id) as j
       on (j.client_order_id, j.trade_id) = (f.client_order_id, f.trade_id)
     where (f.lots, f.price, f.fee) is distinct from (j.lots, j.price, j.fee)`,
  ],
  [
    'position',
    'an instrument of which the venue and the journal hold different lots',
    `with venue as (
       select account as portfolio, instrument, sum(case side when 'buy' then lots else -lots end) as lots
       from paper.fills group by account, instrument
     ), journal as (select portfolio, instrument, sum(lots) as lots from positions group by portfolio, instrument)
     select instrument || ': ' || coalesce(journal.lots, 0) || ', at the venue ' || coalesce(venue.lots, 0) as id
     from venue full join journal using (portfolio, instrument)
     where coalesce(venue.lots, 0) <> coalesce(journal.lots, 0)`,
  ],
  [
    'position',
    'a portfolio that is short',
    `select portfolio || ' ' || instrument as id from positions group by portfolio, instrument having sum(lots) < 0`,
  ],
  [
    'position',
    'a unit without a stop, or below its first',
    `select id from positions where not (stop >= initial_stop and initial_stop > 0)`,
  ],
  [
    'log',
    'a log with a gap',
    `select p.id from portfolios as p
     where (select count(*) from inputs where portfolio = p.id) <> p.seq
        or coalesce((select max(seq) from inputs where portfolio = p.id), 0) <> p.seq`,
  ],
]

/**
 * Returns everything that is wrong with the books of a service at rest: an acknowledged alert that is lost or decided
 * twice, an order that was doubled, a difference between the venue and the journal. `acknowledged` are ids of alerts
 * that were answered with 200.
 */
export async function findWrongBooks(db: Queryable, acknowledged: Iterable<string>): Promise<string[]> {
  const ids = [...acknowledged]
  const wrong: string[] = []
  for (const [, what, query] of FINDINGS) {
    const values = query.includes('$1') ? [ids] : []
    const { rows } = await db.query<{ id: string }>(query, values)
    wrong.push(...rows.slice(0, 5).map(({ id }) => `${what}: ${id}`))
    if (rows.length > 5) wrong.push(`${what}: and ${rows.length - 5} more`)
  }
  return wrong
}

/** Returns of what kind a finding of findWrongBooks is. */
export function kindOfFinding(finding: string): FindingKind {
  return FINDINGS.find(([, what]) => finding.startsWith(what))?.[0] ?? 'log'
}

/** Returns how the projections differ from the fold of all logs, and how a replay differs from what was recorded. */
export async function findUnsoundLogs(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>('select id from portfolios order by id')
  const unsound: string[] = []
  for (const { id: portfolio } of rows) {
    const { differences } = await verifyPortfolio(pool, { portfolio, full: true, log: silentLog })
    unsound.push(...differences.map((difference) => `${portfolio}: ${describeDifference(difference)}`))
    const { difference } = await replayPortfolio(pool, portfolio)
    if (difference !== null) unsound.push(`${portfolio} replays otherwise: ${JSON.stringify(difference)}`)
  }
  return unsound
}

/** Returns whether no alert waits and no order is at work. */
export async function isAtRest(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ rest: boolean }>(
    `select not exists (select from inbox where state = 'waiting') and not exists (select from orders
       where state in ('initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled')) as rest`,
  )
  return rows[0]!.rest
}
