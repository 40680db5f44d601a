import { setImmediate as turn } from 'node:timers/promises'
import type pg from 'pg'
import t, { type Test } from 'tap'
import { ServiceError } from '../../server/errors.js'
import { GroupCommit } from '../../server/inbox/group-commit.js'
import type { IncomingAlert, Receipt } from '../../server/inbox/incoming-alert.js'
import { Receiver, type ReceiverOptions } from '../../server/inbox/receive.js'
import { readWaiting } from '../../server/inbox/waiting.js'
import { silentLog } from '../../server/observe/log.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { testDatabase } from '../helpers/postgres.js'
import { withClient } from '../helpers/with-client.js'
import {
  barBody,
  changed,
  entryBody,
  exitBody,
  identityOf,
  pyramidBody,
  readAlert,
  scoutBody,
  spelled,
} from './alert-bodies.js'

const receivedAt = Date.UTC(2026, 1, 12, 9)

function incoming(body: string, source = 'tv'): IncomingAlert {
  const raw = Buffer.from(body)
  return {
    portfolio: 'paper',
    source,
    identity: identityOf(raw),
    alert: readAlert(raw).alert,
    raw,
    receivedAt,
  }
}

/** An entry of its own for each number. */
function entry(number: number): IncomingAlert {
  return incoming(changed(entryBody, { barTime: Date.UTC(2026, 0, 1) + number * 60_000 }))
}

async function start(t: Test, options: Partial<ReceiverOptions> = {}) {
  const database = await testDatabase(t)
  const rung: string[] = []
  const onStored = (portfolios: ReadonlySet<string>) => void rung.push(...portfolios)
  const { pool } = database
  const receiver = new Receiver({ pool, log: silentLog, metrics: createMetrics(), onStored, ...options })
  return { ...database, receiver, rung }
}

async function readInbox(pool: pg.Pool) {
  const { rows } = await pool.query(
    'select alert_id, conflict, state, outcome, reasons, raw, alert from inbox order by id',
  )
  return rows
}

function receiveAll(receiver: Receiver, alerts: readonly IncomingAlert[]): Promise<Receipt[]> {
  return Promise.all(alerts.map((alert) => receiver.receive(alert)))
}

const statuses = (receipts: readonly Receipt[]) => receipts.map((receipt) => receipt.status).sort()

t.test('an alert is accepted with its bytes, and waits to be decided as it was read', async (t) => {
  const { pool, receiver, rung } = await start(t)
  for (const body of [entryBody, pyramidBody, exitBody, scoutBody, barBody]) {
    const alert = incoming(body)
    t.same(await receiver.receive(alert), { status: 'accepted', alertId: alert.identity.alertId })
  }
  const rows = await readInbox(pool)
  t.strictSame(
    rows.map((row) => row.raw.toString()),
    [entryBody, pyramidBody, exitBody, scoutBody, barBody],
  )
  const waiting = await readWaiting(pool, 'paper', 128)
  t.strictSame(
    waiting.map((row) => row.alert),
    [entryBody, pyramidBody, exitBody, scoutBody, barBody].map((body) => incoming(body).alert),
  )
  t.ok(waiting.every((row) => row.receivedAt === receivedAt && !row.conflict))
  t.equal((await readWaiting(pool, 'paper', 2)).length, 2, 'no more than asked for')
  t.same(await readWaiting(pool, 'other', 128), [], 'and none of another portfolio')
  t.same(rung, Array(5).fill('paper'), 'the portfolio is rung after each commit')
})

// Faults: L05
t.test('four identical sends at once make one row and four equal answers', async (t) => {
  const { pool, receiver } = await start(t)
  const other = new Receiver({ pool, log: silentLog, metrics: createMetrics() })
  for (let round = 0; round < counts.raceRounds; round += 1) {
    const body = changed(entryBody, { barTime: Date.UTC(2026, 0, 1) + round * 60_000 })
    const sends = [receiver, receiver, other, other].map((instance) => instance.receive(incoming(body)))
    const receipts = await Promise.all(sends)
    t.same(statuses(receipts), ['accepted', 'duplicate', 'duplicate', 'duplicate'])
    t.equal(new Set(receipts.map((receipt) => receipt.alertId)).size, 1)
  }
  t.equal((await readInbox(pool)).length, counts.raceRounds)
})

// Faults: N10
t.test('a duplicate tells what was decided on the first, after any time', async (t) => {
  const { pool, receiver } = await start(t)
  const { alertId } = await receiver.receive(incoming(entryBody))
  const undecided = { alertId, state: 'waiting', outcome: null, decisionId: null, reasons: null, lots: null }
  t.same(await receiver.receive(incoming(entryBody)), { status: 'duplicate', alertId, first: undecided })
  await pool.query(`update inbox set state = 'decided', outcome = 'approved', decision_id = 'D-1',
    reasons = '["APPROVED"]', lots = 12, decided_at = now(), received_at = '2020-01-01'`)
  const decided = {
    state: 'decided',
    outcome: 'approved',
    decisionId: 'D-1',
    reasons: ['APPROVED'],
    lots: '12',
  }
  t.same(await receiver.receive(incoming(entryBody)), {
    status: 'duplicate',
    alertId,
    first: { alertId, ...decided },
  })
})

// Faults: N12
t.test(
  'the same happening said differently is a conflict: the first stands, an alarm is raised',
  async (t) => {
    const { pool, receiver, rung } = await start(t)
    const first = await receiver.receive(incoming(entryBody))
    const dearer = incoming(changed(entryBody, { price: 81250 }))
    const conflict = await receiver.receive(dearer)
    t.match(conflict, { status: 'conflict', first: { alertId: first.alertId, state: 'waiting' } })
    t.not(conflict.alertId, first.alertId)
    t.match(
      await receiver.receive(dearer),
      { status: 'duplicate', alertId: conflict.alertId },
      'and again the same',
    )
    const rows = await readInbox(pool)
    t.match(rows, [
      { alert_id: first.alertId, conflict: false, state: 'waiting' },
      {
        alert_id: conflict.alertId,
        conflict: true,
        state: 'decided',
        outcome: 'ignored',
        reasons: ['CONFLICT'],
      },
    ])
    t.equal(rows.length, 2)
    const { rows: alarms } = await pool.query(
      'select portfolio, code, instrument, subject, message from alarms',
    )
    t.match(alarms, [
      { portfolio: 'paper', code: 'ALERT_CONFLICT', instrument: 'GOLD_MINI', subject: conflict.alertId },
    ])
    t.match(alarms[0].message, first.alertId)
    t.equal(alarms.length, 1)
    t.same(
      (await readWaiting(pool, 'paper', 9)).map((row) => row.alertId),
      [first.alertId],
    )
    t.same(rung, ['paper'])
  },
)

t.test('an exit in conflict waits for its decision under an id of its own', async (t) => {
  const { pool, receiver, rung } = await start(t)
  const first = await receiver.receive(incoming(exitBody))
  const conflict = await receiver.receive(incoming(changed(exitBody, { price: 58000 })))
  t.match(conflict, { status: 'conflict', first: { alertId: first.alertId } })
  t.match(await readWaiting(pool, 'paper', 9), [
    { alertId: first.alertId, conflict: false },
    { alertId: conflict.alertId, conflict: true, alert: { type: 'EXIT', price: 58000 } },
  ])
  t.same(rung, ['paper', 'paper'])
})

t.test('within one batch the first in its order wins', async (t) => {
  const { pool, receiver } = await start(t)
  const others = Array.from({ length: 20 }, (_, number) => receiver.receive(entry(number)))
  const bodies = [
    entryBody,
    changed(entryBody, { lots: 40 }),
    entryBody,
    changed(entryBody, { lots: 40 }),
    changed(entryBody, { lots: 41 }),
  ]
  const receipts = await receiveAll(
    receiver,
    bodies.map((body) => incoming(body)),
  )
  t.same(
    receipts.map((receipt) => receipt.status),
    ['accepted', 'conflict', 'duplicate', 'duplicate', 'conflict'],
  )
  t.same(receipts[3]?.alertId, receipts[1]?.alertId)
  t.match(receipts[4], { first: { alertId: receipts[0]!.alertId } })
  t.same(statuses(await Promise.all(others)), Array(20).fill('accepted'))
  t.equal((await readInbox(pool)).length, 23)
})

t.test('the key says what happened', async (t) => {
  const same: [string, string, string][] = [
    ['spelling', entryBody, changed(entryBody, { price: '81240.00', type: 'base_entry', unknown: 1 })],
    [
      'order of keys',
      entryBody,
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(entryBody)).reverse())),
    ],
    ['offset of the time', entryBody, changed(entryBody, { timestamp: '2026-02-10T10:30:01Z' })],
    ['space', scoutBody, JSON.stringify(JSON.parse(scoutBody), null, 2)],
  ]
  for (const [name, left, right] of same) t.same(identityOf(left), identityOf(right), name)
  const keyOf = (body: string) => identityOf(body).dedupeKey
  const barTime = '2026-02-10T15:00:00'
  const sameKey: [string, string, string][] = [
    ['price', entryBody, changed(entryBody, { price: 81000 })],
    [
      'time, of one bar',
      changed(entryBody, { barTime }),
      changed(entryBody, { barTime, timestamp: '2026-02-10T16:00:07' }),
    ],
    ['lots', entryBody, changed(entryBody, { lots: 5 })],
  ]
  for (const [name, left, right] of sameKey) {
    t.equal(keyOf(left), keyOf(right), name)
    t.not(identityOf(left).contentHash, identityOf(right).contentHash, name)
  }
  const other: [string, string, string][] = [
    ['label', entryBody, changed(entryBody, { position: 'Long_2' })],
    ['kind', entryBody, changed(entryBody, { type: 'PYRAMID' })],
    ['instrument', entryBody, changed(entryBody, { instrument: 'SILVER_MINI' })],
    ['time', entryBody, changed(entryBody, { timestamp: '2026-02-10T16:00:02' })],
    ['bar', changed(entryBody, { barTime }), changed(entryBody, { barTime: '2026-02-10T16:00:00' })],
    [
      'time of a scout within one bar',
      changed(scoutBody, { barTime }),
      changed(scoutBody, { barTime, timestamp: '2026-02-10T23:41:30' }),
    ],
    [
      'label and time do not run together',
      changed(exitBody, { position: 'a|b' }),
      changed(exitBody, { position: 'a' }),
    ],
  ]
  for (const [name, left, right] of other) t.not(keyOf(left), keyOf(right), name)
})

t.test('an exit without a readable time is known by what it says and the day', async (t) => {
  const untimed = (members: object) => changed(exitBody, { timestamp: undefined, ...members })
  const noon = Date.UTC(2026, 1, 12, 6, 30)
  const keyAt = (body: string, at: number) => identityOf(body, at).dedupeKey
  t.equal(keyAt(untimed({ time: '14:15' }), noon), keyAt(untimed({ time: '14:15' }), noon + 15_000), 'resent')
  t.not(
    keyAt(untimed({ time: '14:15' }), noon),
    keyAt(untimed({ time: '15:30' }), noon),
    'unknown keys tell them apart',
  )
  t.not(keyAt(untimed({}), noon), keyAt(untimed({}), noon + 86_400_000), 'another day is another exit')
  const broken = exitBody.slice(0, 100)
  t.equal(keyAt(broken, noon), keyAt(broken, noon + 15_000), 'a broken body by its bytes')
  t.not(keyAt(broken, noon), keyAt(exitBody.slice(0, 101), noon))
  const { receiver } = await start(t)
  t.equal((await receiver.receive(incoming(untimed({})))).status, 'accepted')
  t.equal((await receiver.receive(incoming(untimed({})))).status, 'duplicate')
})

t.test('one key of two sources is two alerts', async (t) => {
  const { receiver } = await start(t)
  t.equal((await receiver.receive(incoming(entryBody, 'tv'))).status, 'accepted')
  t.equal((await receiver.receive(incoming(entryBody, 'backup'))).status, 'accepted')
})

// Faults: N07
t.test('a row that the database refuses alone is refused alone', async (t) => {
  const { pool, receiver } = await start(t)
  const poison = { ...entry(500), identity: { ...entry(500).identity, contentHash: 'nul\0' } }
  const alerts = [entry(0), entry(1), poison, ...Array.from({ length: 30 }, (_, number) => entry(number + 2))]
  const settled = await Promise.allSettled(alerts.map((alert) => receiver.receive(alert)))
  const failed = settled.filter((result) => result.status === 'rejected')
  t.equal(failed.length, 1)
  t.match(failed[0]?.reason, { code: 'STORAGE_NOT_PROVEN' })
  t.equal((await readInbox(pool)).length, 32)
  t.equal((await receiver.receive(entry(99))).status, 'accepted', 'and the next is taken')
})

// Faults: K03
t.test('nothing is promised when the database is lost, and a resend finds what was stored', async (t) => {
  const { connectionString, pool, receiver } = await start(t)
  await receiver.receive(entry(0))
  const calls = Array.from({ length: 200 }, (_, number) => receiver.receive(entry(number + 1)))
  const settling = Promise.allSettled(calls)
  await withClient(connectionString, (client) =>
    client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    ),
  )
  const settled = await settling
  for (const result of settled) {
    if (result.status === 'rejected')
      t.match(result.reason, { name: 'ServiceError', code: 'STORAGE_NOT_PROVEN' })
  }
  const resent = await eventually('the pool connects again', () =>
    receiveAll(
      receiver,
      Array.from({ length: 200 }, (_, number) => entry(number + 1)),
    ),
  )
  for (const [index, result] of settled.entries()) {
    if (result.status === 'fulfilled')
      t.equal(resent[index]?.status, 'duplicate', 'what was promised is there')
  }
  t.equal((await readInbox(pool)).length, 201)
})

// Faults: P04
t.test('a call ends at its deadline although the database hangs', async (t) => {
  const { connectionString, pool, receiver } = await start(t, { deadlineMs: 100 })
  await withClient(connectionString, async (client) => {
    await client.query('begin; lock table inbox in access exclusive mode')
    const first = receiver.receive(entry(0))
    const second = receiver.receive(entry(1))
    await t.rejects(first, { code: 'STORAGE_NOT_PROVEN', message: /not confirm within 100 ms/ })
    await t.rejects(second, { code: 'STORAGE_NOT_PROVEN' })
    await client.query('rollback')
  })
  const again = await eventually('the first batch has ended', () =>
    receiver.receive(entry(0)).catch(() => undefined),
  )
  t.equal(again.status, 'duplicate', 'what was under way was stored after all')
  t.equal((await receiver.receive(entry(1))).status, 'accepted', 'what only waited was not')
  t.equal((await readInbox(pool)).length, 2)
})

t.test('refused bodies are on record with every problem', async (t) => {
  const { pool, receiver } = await start(t)
  const problems = [{ field: 'price', message: 'must be a finite number above 0, was "\ufffd"' }]
  const raw = Buffer.from([0, 255, 123])
  await Promise.all([
    receiver.recordRefused({ source: 'tv', raw, receivedAt, status: 400, problems }),
    receiver.recordRefused({ source: null, raw: Buffer.alloc(0), receivedAt, status: 413, problems: [] }),
  ])
  const { rows } = await pool.query(
    'select source, raw, status, problems, received_at from refused_alerts order by id',
  )
  t.same(rows, [
    { source: 'tv', raw, status: 400, problems, received_at: new Date(receivedAt) },
    { source: null, raw: Buffer.alloc(0), status: 413, problems: [], received_at: new Date(receivedAt) },
  ])
})

t.test('what waits is stored together, in order, and one commit at a time', async (t) => {
  const batches: number[][] = []
  let underWay = 0
  const write = async (items: readonly number[]) => {
    underWay += 1
    t.equal(underWay, 1)
    batches.push([...items])
    await turn()
    underWay -= 1
    return items.map((item) => (item === 13 ? new Error('unlucky') : item * 2))
  }
  const failures: unknown[] = []
  const group = new GroupCommit({
    write,
    limit: 10,
    deadlineMs: 5000,
    onFailure: (error) => failures.push(error),
  })
  const results = await Promise.allSettled(Array.from({ length: 25 }, (_, item) => group.commit(item)))
  t.same(
    batches.map((batch) => batch.length),
    [1, 10, 10, 4],
  )
  t.same(
    batches.flat(),
    Array.from({ length: 25 }, (_, item) => item),
  )
  t.match(results[13], { status: 'rejected', reason: { code: 'STORAGE_NOT_PROVEN', message: /unlucky/ } })
  t.same(results[24], { status: 'fulfilled', value: 48 })
  t.ok(results[13]?.status === 'rejected' && results[13].reason instanceof ServiceError)
  t.same(failures, [])
})

// Faults: N01
t.test('pine’s own NaN survives the way into the inbox', async (t) => {
  const { pool, receiver } = await start(t)
  await receiver.receive(incoming(spelled(entryBody, 'er', 'NaN')))
  t.match(await readWaiting(pool, 'paper', 1), [{ alert: { er: 'NaN' } }])
})
