import type { Pool } from 'pg'
import type { Test } from 'tap'
import { type Database, openDatabase, patientTimeouts } from '../../server/db/database.js'
import { silentLog } from '../../server/observe/log.js'
import { findUnsoundLogs, findWrongBooks, isAtRest } from '../helpers/audit.js'
import { eventually } from '../helpers/eventually.js'
import type { AlertLoad } from './alert-load.js'

/** Opens the database of a service that runs in a process of its own. An embedded server ends after its last client. */
export function openBooks(connectionString: string): Database {
  return openDatabase({ connectionString, log: silentLog, poolSize: 2, timeouts: patientTimeouts })
}

/**
 * Waits until everything that was acknowledged is done, and asserts that nothing was lost, doubled or invented; returns
 * what is wrong all the same.
 */
export async function auditBooks(t: Test, books: Pool, load: AlertLoad): Promise<string[]> {
  const patience = { timeoutMs: 60_000, intervalMs: 50 }
  await eventually('everything is at rest', () => isAtRest(books), patience).catch(async (error: unknown) => {
    t.comment(await describeUnrest(books))
    throw error
  })
  const wrong = await findWrongBooks(books, load.acknowledged)
  const untrue = await findUntrueAnswers(books, load)
  const unsound = await findUnsoundLogs(books)
  t.strictSame(load.wrong, [], 'every answer agrees with the ones before it')
  t.strictSame(wrong, [], 'nothing is lost, doubled or invented')
  t.strictSame(untrue, [], 'what was answered is what is recorded')
  t.strictSame(unsound, [], 'the tables are the fold of the logs, and a replay is identical')
  t.comment(await describeBooks(books))
  return [...load.wrong, ...wrong, ...untrue.map((answer) => JSON.stringify(answer)), ...unsound]
}

/** Returns the decisions that an answer told and that are not recorded, or otherwise. */
async function findUntrueAnswers(books: Pool, { told }: AlertLoad): Promise<unknown[]> {
  const answers = [...told].map(([id, { outcome, lots }]) => ({ id, outcome, lots }))
  const { rows } = await books.query(
    `select told.*, d.outcome as recorded, d.lots as "recordedLots"
     from json_to_recordset($1) as told (id text, outcome text, lots numeric) left join decisions as d using (id)
     where (told.outcome, told.lots) is distinct from (d.outcome, d.lots)`,
    [JSON.stringify(answers)],
  )
  return rows
}

async function describeUnrest(books: Pool): Promise<string> {
  const { rows } = await books.query(`
    select 'alert' as what, alert_id as id, state, null as reason, received_at as since from inbox where state = 'waiting'
    union all select purpose, id, state, reason, created_at from orders
    where state in ('initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled') limit 20`)
  const portfolios = await books.query('select * from portfolios')
  const instances = await books.query('select *, clock_timestamp() as now from instances')
  return JSON.stringify({ unrest: rows, portfolios: portfolios.rows, instances: instances.rows }, null, 1)
}

/** What a test has not met it has not tested: the counts say how much there was to lose. */
async function describeBooks(books: Pool): Promise<string> {
  const { rows } = await books.query<{ what: string; count: number }>(`
    select 'alerts' as what, count(*)::int from inbox
    union all select 'inputs', count(*)::int from inputs
    union all select 'orders', count(*)::int from orders
    union all select 'orders sent more than once', count(*)::int from orders where attempt > 1
    union all select 'latched entries', count(*)::int from events where type = 'ExitLatched'
    union all select 'fills', count(*)::int from fills
    union all select 'late or unknown', count(*)::int from events where type = 'OrderUnresolved'
    union all select 'locked instruments', count(*)::int from events where type = 'InstrumentLocked'
    union all select 'breaks', count(*)::int from alarms where code = 'POSITION_BREAK'
    union all select 'blocked by ' || reason, count(*)::int
      from decisions, jsonb_array_elements_text(reasons) as reason where outcome = 'blocked' group by reason`)
  return rows.map(({ what, count }) => `${count} ${what}`).join(', ')
}
