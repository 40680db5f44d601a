import t, { type Test } from 'tap'
import type { Alert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import type { Input } from '../../core/input.js'
import { HOUR } from '../../core/time.js'
import { openDatabase } from '../../server/db/database.js'
import { encodeState } from '../../server/journal/codec/state-codec.js'
import { verifyPortfolio } from '../../server/journal/verify.js'
import { BATCH_LIMIT } from '../../server/kernel/sequencer.js'
import { InputFailedError, LeaseLostError, SequencerStoppedError } from '../../server/kernel/work.js'
import { silentLog } from '../../server/observe/log.js'
import { baseEntry, exitAll, marketData } from '../helpers/alerts.js'
import { eventually } from '../helpers/eventually.js'
import { lossyProxy } from '../helpers/lossy-proxy.js'
import { testDatabase } from '../helpers/postgres.js'
import {
  insertAlerts,
  MORNING,
  type SequencedPortfolio,
  sequencedPortfolio,
  startSequencer,
} from '../helpers/sequenced.js'

/** An entry whose decision throws: what should be a number is an object. */
const poison = (instrument: string): Alert =>
  baseEntry(instrument, 100, 10, { price: { toFixed: null } as unknown as number })

const deposit = (id: string) =>
  ({
    type: 'OperatorCommanded',
    id,
    command: { kind: 'cash', movement: 'deposit', amount: decimal('0.01'), note: null },
  }) as const

async function isSound(t: Test, { pool, id, sequencer }: SequencedPortfolio): Promise<void> {
  const { fold, differences } = await verifyPortfolio(pool, { portfolio: id, full: true, log: silentLog })
  t.strictSame(differences, [], 'the projections are the fold')
  const folded = JSON.parse(encodeState(fold.portfolio))
  t.strictSame(folded, JSON.parse(encodeState(sequencer.state())), 'the logs fold to the state in memory')
}

t.test('an alert is decided, recorded with its events, and told to who waits for it', async (t) => {
  const running = await sequencedPortfolio(t)
  const { sequencer, pool } = running
  const told: [Input['type'], string[]][] = []
  sequencer.onEvents((events, input) => told.push([input.type, events.map(({ type }) => type)]))
  const [id = ''] = await running.receive(baseEntry('GOLD_MINI', 78_500, 700))
  const outcome = await sequencer.whenDecided(id, 10_000)
  t.match(outcome, { alertId: id, state: 'decided', outcome: 'approved', lots: 2, orderIds: [/^O-/] })
  t.strictSame(told, [['AlertAdmitted', ['DecisionMade', 'OrderInitialized']]])
  const { rows } = await pool.query('select state, outcome, seq, decision_id, lots from inbox')
  t.strictSame(rows, [
    { state: 'decided', outcome: 'approved', seq: 3, decision_id: outcome?.decisionId, lots: '2' },
  ])
  await running.fillAll()
  const positions = await pool.query('select instrument, state, lots, fees, stop from positions')
  t.strictSame(positions.rows, [
    { instrument: 'GOLD_MINI', state: 'open', lots: '2', fees: '12.34', stop: 77_800 },
  ])
  running.clock.advanceBy(60_000)
  await running.decide(exitAll('GOLD_MINI', { timestamp: MORNING + 60_000 }))
  await running.fillAll()
  const closed = await pool.query('select state, lots, sold_lots, exit_reason, closed_at from positions')
  t.match(closed.rows, [{ state: 'closed', lots: '0', sold_lots: '2', closed_at: Date }])
  t.equal(await sequencer.whenDecided('A-unknown', 5), null, 'nobody waits for ever')
  await isSound(t, running)
})

t.test('what waits is decided in full batches, in order, each alert once', async (t) => {
  const running = await sequencedPortfolio(t)
  const count = 3 * BATCH_LIMIT + 7
  const bars = Array.from({ length: count }, (_, index) =>
    marketData('COPPER', 800 + index / 100, 8, MORNING - (count - index) * HOUR),
  )
  await running.receive(...bars)
  await running.drained()
  const { rows } = await running.pool.query(
    `select count(*)::int as inputs, count(distinct id)::int as ids, max(batch_position) as last,
       bool_and(id = alert_id) as in_order
     from inputs join (select alert_id, row_number() over (order by id) + 2 as n from inbox) as a on a.n = seq`,
  )
  t.strictSame(rows, [{ inputs: count, ids: count, last: BATCH_LIMIT - 1, in_order: true }])
  t.equal(running.sequencer.state().books.get('COPPER')?.market.barClose, 800 + (count - 1) / 100)
  await isSound(t, running)
})

t.test('inputs carry an instant that never goes back', async (t) => {
  const running = await sequencedPortfolio(t)
  let now = MORNING
  const clock = { now: () => now }
  await running.sequencer.stop()
  const again = await startSequencer(t, running.database, { id: 'test', clock: clock as never })
  now = MORNING - 5000
  const first = await again.sequencer.submit(deposit('K-1'))
  now = MORNING + 5000
  const second = await again.sequencer.submit(deposit('K-2'))
  t.strictSame([first.input.at, second.input.at], [MORNING, MORNING + 5000])
})

// Faults: R08
t.test('an input with an id that is recorded is not decided again', async (t) => {
  const running = await sequencedPortfolio(t)
  const [first, joined] = await Promise.all([
    running.sequencer.submit(deposit('K-1')),
    running.sequencer.submit(deposit('K-1')),
  ])
  t.equal(first, joined, 'while it waits, the second joins the first')
  const again = await running.sequencer.submit(deposit('K-1'))
  t.match(again, { seq: first.seq, repeated: true })
  t.strictSame(again.events, first.events)
  const { rows } = await running.pool.query('select closed_equity from portfolios')
  t.strictSame(rows, [{ closed_equity: '10000000.01' }])
  await isSound(t, running)
})

t.test('a poisoned input is put aside with its instrument, and the rest go on', async (t) => {
  const running = await sequencedPortfolio(t)
  const decided = await running.decide(
    marketData('COPPER', 800, 8),
    poison('SILVER_MINI'),
    baseEntry('GOLD_MINI', 78_500, 700),
    baseEntry('SILVER_MINI', 95_000, 950),
  )
  t.match(decided, [
    { state: 'decided', outcome: 'ignored' },
    { state: 'quarantined', outcome: null },
    { state: 'decided', outcome: 'approved' },
    { state: 'decided', outcome: 'blocked', reasons: ['INSTRUMENT_LOCKED'] },
  ])
  t.match(await running.sequencer.whenDecided(decided[1]!.alert_id, 100), { state: 'quarantined' })
  const { rows } = await running.pool.query('select code, instrument, subject from alarms')
  t.strictSame(rows, [{ code: 'INPUT_FAILED', instrument: 'SILVER_MINI', subject: decided[1]!.alert_id }])
  await isSound(t, running)
})

t.test('a submitted input that the database refuses is put aside, and its submitter is told', async (t) => {
  const running = await sequencedPortfolio(t)
  await running.decide(baseEntry('GOLD_MINI', 78_500, 700))
  await running.fillAll()
  // A row that a fold would never lower: the ratchet of the database refuses what comes of this bar
  await running.pool.query('update positions set stop = 79000, highest_close = 79700')
  const bar = { type: 'BarClosed', instrument: 'GOLD_MINI', close: 79_500, atr: 700, barAt: MORNING } as const
  const [failed, passed] = await Promise.allSettled([
    running.sequencer.submit({ ...bar, id: 'V-1' }),
    running.sequencer.submit(deposit('K-1')),
  ])
  t.match(failed, { status: 'rejected', reason: InputFailedError })
  t.match(failed, { reason: { message: /a stop never falls, from 79000/ } })
  t.match(passed, { status: 'fulfilled' })
  t.match(running.sequencer.state().books.get('GOLD_MINI')?.lock, { reason: /V-1 could not be decided/ })
})

t.test('memory that does not rest on the logs is dropped, and its works are done again', async (t) => {
  const running = await sequencedPortfolio(t)
  await running.pool.query('update portfolios set version = version + 1')
  const outcomes = await Promise.all(['K-1', 'K-2', 'K-3'].map((id) => running.sequencer.submit(deposit(id))))
  t.strictSame(
    outcomes.map(({ seq }) => seq),
    [3, 4, 5],
  )
  await isSound(t, running)
})

t.test('two sequencers of one portfolio cannot both record', async (t) => {
  const database = await testDatabase(t)
  const first = await sequencedPortfolio(t, { database })
  const rival = await startSequencer(t, database, { id: 'test' })
  const all = [1, 2, 3, 4, 5, 6].flatMap((n) => [
    first.sequencer.submit(deposit(`K-a${n}`)),
    rival.sequencer.submit(deposit(`K-b${n}`)),
  ])
  const outcomes = await Promise.all(all)
  t.equal(new Set(outcomes.map(({ seq }) => seq)).size, all.length, 'each input has a place of its own')
  const { rows } = await database.pool.query('select closed_equity, seq from portfolios')
  t.strictSame(rows, [{ closed_equity: '10000000.12', seq: 14 }])
  await first.sequencer.submit(deposit('K-last'))
  await isSound(t, first)
})

t.test('whoever writes under an older epoch writes nothing, and ends', async (t) => {
  let cause: Error | undefined
  const running = await sequencedPortfolio(t, { onStopped: (error) => (cause = error) })
  await running.pool.query('update portfolios set epoch = epoch + 1')
  await t.rejects(running.sequencer.submit(deposit('K-1')), SequencerStoppedError)
  t.match(cause, LeaseLostError)
  await t.rejects(running.sequencer.submit(deposit('K-2')), SequencerStoppedError)
  const { rows } = await running.pool.query('select seq from portfolios')
  t.strictSame(rows, [{ seq: 2 }])
})

// Faults: K06
t.test('an input whose commit nobody confirmed is looked up, and decided once', async (t) => {
  const running = await sequencedPortfolio(t)
  let published = 0
  running.sequencer.onEvents(() => published++)
  const writers = `select pid from pg_stat_activity where datname = current_database() and query like '%fence%'
    and pid <> pg_backend_pid()`
  let deposits = 0
  for (let round = 0; round < 20; round++) {
    const ids = [`K-${round}a`, `K-${round}b`]
    const submitted = ids.map((id) => running.sequencer.submit(deposit(id)))
    await running.pool.query(`select pg_terminate_backend(pid) from (${writers}) as w`)
    await Promise.all(submitted)
    deposits += ids.length
  }
  const { rows } = await running.pool.query('select closed_equity, seq from portfolios')
  t.strictSame(rows, [{ closed_equity: '10000000.4', seq: 2 + deposits }])
  t.equal(published, deposits, 'the listeners hear of each input once')
  await isSound(t, running)
})

// Faults: K10
t.test('a commit whose answer is lost is found in the logs, told once and not done again', async (t) => {
  const direct = await testDatabase(t)
  const proxy = await lossyProxy(t, direct.connectionString)
  const { pool, db, close } = openDatabase({ connectionString: proxy.url, log: silentLog, poolSize: 2 })
  t.teardown(close)
  const running = await sequencedPortfolio(t, { database: { connectionString: proxy.url, pool, db } })
  const told: string[] = []
  running.sequencer.onEvents((_, input) => told.push(input.id))
  for (const id of ['K-1', 'K-2', 'K-3']) {
    proxy.loseAnswersTo(id)
    t.match(await running.sequencer.submit(deposit(id)), { repeated: false, input: { id } })
  }
  proxy.loseAnswersTo('AlertAdmitted')
  const [alert] = await running.decide(baseEntry('COPPER', 820, 8))
  t.equal(proxy.cut(), 4)
  t.match(alert, { state: 'decided', outcome: 'approved' })
  t.match(await running.sequencer.whenDecided(alert!.alert_id, 1000), { outcome: 'approved' })
  t.strictSame(told, ['K-1', 'K-2', 'K-3', alert!.alert_id])
  const { rows } = await direct.pool.query('select closed_equity, seq from portfolios')
  t.strictSame(rows, [{ closed_equity: '10000000.03', seq: 6 }])
  await isSound(t, running)
})

t.test('a database that cannot just now is asked again, and nothing is put aside', async (t) => {
  const database = await testDatabase(t, { timeouts: { lock: 50, statement: 500 } })
  const running = await sequencedPortfolio(t, { database })
  const holder = await database.pool.connect()
  await holder.query('begin')
  await holder.query('select from portfolios for update')
  const submitted = ['K-1', 'K-2', 'K-3'].map((id) => running.sequencer.submit(deposit(id)))
  const attempts = new Set<string>()
  await eventually('it was tried three times', async () => {
    const { rows } = await running.pool.query<{ began: string }>(
      `select query_start::text as began from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    )
    for (const { began } of rows) attempts.add(began)
    return attempts.size === 3
  })
  await holder.query('rollback')
  holder.release()
  const outcomes = await Promise.all(submitted)
  t.strictSame(
    outcomes.map(({ seq, repeated }) => [seq, repeated]),
    [
      [3, false],
      [4, false],
      [5, false],
    ],
  )
  await isSound(t, running)
})

t.test('what-if decides on a copy and records nothing', async (t) => {
  const running = await sequencedPortfolio(t)
  const before = encodeState(running.sequencer.state())
  const alert = baseEntry('GOLD_MINI', 78_500, 700)
  const { events } = running.sequencer.whatIf({
    type: 'AlertAdmitted',
    id: 'A-what-if',
    alert,
    conflict: false,
    quote: null,
  })
  t.strictSame(
    events.map(({ type }) => type),
    ['DecisionMade', 'OrderInitialized'],
  )
  t.equal(encodeState(running.sequencer.state()), before)
  const { rows } = await running.pool.query('select seq from portfolios')
  t.strictSame(rows, [{ seq: 2 }])
})

t.test('alerts wait until they are admitted, and a stop leaves them waiting', async (t) => {
  const running = await sequencedPortfolio(t)
  await running.sequencer.stop()
  const again = await startSequencer(t, running.database, { id: 'test' })
  await insertAlerts(running.pool, { portfolio: 'test', first: 100, alerts: [marketData('COPPER', 800, 8)] })
  again.sequencer.ring()
  await again.sequencer.submit(deposit('K-1'))
  const { rows } = await running.pool.query('select state from inbox')
  t.strictSame(rows, [{ state: 'waiting' }])
  again.sequencer.admitAlerts()
  await again.drained()
  await isSound(t, again)
})
