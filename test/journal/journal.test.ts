import t from 'tap'
import { encodeState } from '../../server/journal/codec/state-codec.js'
import { describeDifference } from '../../server/journal/difference.js'
import { emptyFold, foldEntry } from '../../server/journal/fold.js'
import { loadPortfolio, readHead } from '../../server/journal/load.js'
import { readLog } from '../../server/journal/read-log.js'
import { replayPortfolio } from '../../server/journal/replay.js'
import { storeSnapshot, takeSnapshot } from '../../server/journal/snapshot.js'
import { verifyPortfolio } from '../../server/journal/verify.js'
import { silentLog } from '../../server/observe/log.js'
import { baseEntry, exitAll, marketData } from '../helpers/alerts.js'
import { eventually } from '../helpers/eventually.js'
import { MORNING, type SequencedPortfolio, sequencedPortfolio } from '../helpers/sequenced.js'
import type { Teardown } from '../helpers/temporary-directory.js'

const HOUR = 3_600_000

/** A portfolio in which units are open, one was closed, one is being closed, and an entry is at work. */
async function busyPortfolio(t: Teardown): Promise<SequencedPortfolio> {
  const running = await sequencedPortfolio(t)
  await running.decide(baseEntry('GOLD_MINI', 78_500, 700), baseEntry('COPPER', 820, 8))
  await running.fillAll()
  await running.decide(baseEntry('BANK_NIFTY', 52_000, 350))
  await running.fillAll()
  running.clock.advanceBy(HOUR)
  const later = { timestamp: MORNING + HOUR }
  await running.decide(marketData('GOLD_MINI', 79_400, 710, later.timestamp), exitAll('COPPER', later))
  await running.fillAll()
  await running.decide(exitAll('BANK_NIFTY', later), baseEntry('SILVER_MINI', 95_000, 950, later))
  await running.send()
  return running
}

const state = (text: string): unknown => JSON.parse(text)

async function foldOf({ pool, id }: SequencedPortfolio) {
  const fold = emptyFold(id)
  const { seq } = (await readHead(pool, id))!
  for await (const entry of readLog(pool, { portfolio: id, from: 1, to: seq })) foldEntry(fold, entry)
  return fold
}

t.test('what was recorded folds to the state, verifies and replays to the last event', async (t) => {
  const running = await busyPortfolio(t)
  const { pool, id, sequencer } = running
  const fold = await foldOf(running)
  t.strictSame(state(encodeState(fold.portfolio)), state(encodeState(sequencer.state())))
  for (const full of [true, false]) {
    const { differences } = await verifyPortfolio(pool, { portfolio: id, full, log: silentLog })
    t.strictSame(differences, [])
  }
  const report = await replayPortfolio(pool, id)
  t.match(report, { inputs: fold.seq, events: fold.events, difference: null })
  const { rows } = await pool.query('select instrument, state from positions order by seq, idx')
  t.strictSame(rows, [
    { instrument: 'GOLD_MINI', state: 'open' },
    { instrument: 'COPPER', state: 'closed' },
    { instrument: 'BANK_NIFTY', state: 'closing' },
  ])
})

t.test('a changed, missing or invented row is found, with its table, key and column', async (t) => {
  const running = await busyPortfolio(t)
  const { pool, id } = running
  await running.sequencer.stop()
  const tampered: [string, RegExp][] = [
    [
      `update orders set venue_order_id = 'v-x' where instrument = 'GOLD_MINI'`,
      /^orders O-\w+: venue_order_id is v-x/,
    ],
    [
      `update orders set filled_lots = filled_lots + 0.0001 where state = 'accepted'`,
      /filled_lots is 0.0001, .* says 0$/,
    ],
    [
      `update positions set label = null where instrument = 'COPPER'`,
      /^positions P-\w+: label is null, .* Long_1$/,
    ],
    [
      `update positions set stop = stop + 1e-9 where instrument = 'GOLD_MINI'`,
      /: stop is 77980.000000001, the fold says 77980$/,
    ],
    [`update positions set closed_at = now() where state = 'closed'`, /: closed_at is /],
    [
      `update decisions set reasons = '["X"]' where outcome = 'approved'`,
      /^decisions \d+\/0: reasons is \["X"\]/,
    ],
    [`update decisions set lots = lots + 1`, /: lots is /],
    [`delete from decisions where kind = 'exit'`, /^decisions \d+\/0: the row is missing$/],
    [`update fills set fee = 12.35`, /^fills \d+\/\d+: fee is 12.35, the fold says 12.34$/],
    [`delete from ledger where kind = 'deposit'`, /^ledger 2\/\d: the row is missing$/],
    [
      `insert into ledger values ('test', 999, 0, 'fee', -1, now())`,
      /^ledger 999\/0: no event made this row$/,
    ],
    [
      `insert into fills values ('test', 'O-x', 't', 3, 99, 1, 1, 0, now())`,
      /^fills 3\/99: no event made this row$/,
    ],
    [
      `update inbox set outcome = 'blocked' where outcome = 'approved'`,
      /^inbox \d+: outcome is blocked, .* approved$/,
    ],
    [`update portfolios set fees = fees - 0.01`, /^portfolios test: fees is /],
    [
      `update portfolios set trading_state = 'halted'`,
      /^portfolios test: trading_state is halted, .* active$/,
    ],
    [`update market_views set data = '{}' where instrument = 'COPPER'`, /^market_views COPPER: data is {}/],
    [
      `delete from market_views where instrument = 'GOLD_MINI'`,
      /^market_views GOLD_MINI: the row is missing$/,
    ],
    [
      `insert into alarms (portfolio, code, severity, message, at, seq, idx)
        values ('test', 'OVERFILL', 'warning', 'm', now(), 2, 9)`,
      /^alarms 2\/9: no event made this row$/,
    ],
  ]
  // The triggers that refuse such changes are left out: here somebody has found a way around them
  const client = await pool.connect()
  await client.query('set session_replication_role = replica')
  for (const [change, expected] of tampered) {
    await client.query(change)
    const { differences } = await verifyPortfolio(pool, { portfolio: id, full: true, log: silentLog })
    const told = differences.map(describeDifference)
    t.ok(
      told.some((line) => expected.test(line)),
      change,
      { told },
    )
  }
  client.release(true)
})

t.test('a value is the same however its text is written, and nothing near it is', async (t) => {
  const { pool, id } = await busyPortfolio(t)
  const differences = async () => {
    const found = await verifyPortfolio(pool, { portfolio: id, full: true, log: silentLog })
    return found.differences.map(describeDifference)
  }
  const client = await pool.connect()
  await client.query('set session_replication_role = replica')
  await client.query(`update fills set price = price + 0.000, fee = fee * 1.00`)
  await client.query(`update orders set lots = lots + 0.0000000`)
  t.strictSame(await differences(), [], 'zeros after the point are nothing')
  await client.query(`update orders set reference_price = reference_price * (1 + 2.3e-16::float8)`)
  t.match(await differences(), [/^orders \S+: reference_price is /], 'the last bit of a number is')
  client.release(true)
})

t.test('from a snapshot on, what is open and what is new is verified', async (t) => {
  const running = await busyPortfolio(t)
  const { pool, id } = running
  await storeSnapshot(pool, takeSnapshot(await foldOf(running)))
  await running.decide(exitAll('GOLD_MINI', { timestamp: MORNING + HOUR }))
  await pool.query(`update positions set label = 'Long_9' where instrument = 'GOLD_MINI'`)
  await pool.query(`update decisions set lots = 7 where seq = 3`)
  const tail = await verifyPortfolio(pool, { portfolio: id, full: false, log: silentLog })
  t.ok(tail.snapshotSeq > 0)
  t.match(tail.differences.map(describeDifference), [/^positions P-\w+: label is Long_9/])
  const full = await verifyPortfolio(pool, { portfolio: id, full: true, log: silentLog })
  t.match(full.differences.map(describeDifference), [/^decisions 3\/0: lots is 7/, /^positions /])
})

// Faults: L06
t.test('snapshots are taken by the way, and a snapshot with the tail is the whole fold', async (t) => {
  const running = await sequencedPortfolio(t)
  const { pool, id } = running
  const refused = Array.from({ length: 1200 }, () => baseEntry('GOLD_MINI', 78_500, 70_000))
  await running.decide(...refused)
  await eventually('a snapshot is stored', async () => {
    const { rows } = await pool.query('select seq from snapshots')
    return rows.length > 0
  })
  await running.decide(baseEntry('COPPER', 820, 8))
  await running.fillAll()
  const loaded = await loadPortfolio(pool, id, silentLog)
  t.ok(loaded.snapshotSeq > 1000, 'the fold began at a snapshot')
  const whole = await foldOf(running)
  t.strictSame([loaded.fold.seq, loaded.fold.events], [whole.seq, whole.events])
  t.strictSame(state(encodeState(loaded.fold.portfolio)), state(encodeState(whole.portfolio)))
  await pool.query(`update snapshots set state = replace(state::text, 'active', 'halted')::json`)
  const again = await loadPortfolio(pool, id, silentLog)
  t.equal(again.snapshotSeq, 0, 'a damaged snapshot is passed over')
  t.strictSame(state(encodeState(again.fold.portfolio)), state(encodeState(whole.portfolio)))
})

t.test('only the newest snapshots are kept', async (t) => {
  const running = await busyPortfolio(t)
  const fold = await foldOf(running)
  for (let seq = 1; seq <= 6; seq++) {
    await storeSnapshot(running.pool, { ...takeSnapshot(fold), seq })
  }
  const { rows } = await running.pool.query('select seq from snapshots order by seq')
  t.strictSame(
    rows.map(({ seq }) => seq),
    [4, 5, 6],
  )
})

t.test('a log that is not whole is corrupt data, and the error says where', async (t) => {
  const running = await busyPortfolio(t)
  const { pool, id } = running
  await running.sequencer.stop()
  const client = await pool.connect()
  await client.query('set session_replication_role = replica')
  const damaged: [string, RegExp][] = [
    [`update portfolios set events = events + 1`, /its row counts \d+ inputs and \d+ events, its logs hold/],
    [`update events set type = 'UnitClosed' where type = 'StopRaised'`, /the event UnitClosed is malformed/],
    [
      `update events set schema_version = 2 where seq = 9`,
      /at input 9: version 2 of the event \w+ is not known/,
    ],
    [`delete from events where seq = 5 and idx = 0`, /at input 5: event 0 is missing/],
    [`delete from inputs where seq = 4`, /at input 4: the input is missing from the log/],
    [`delete from inputs where seq = 1`, /at input 1: the input is missing from the log/],
  ]
  for (const [change, message] of damaged) {
    await client.query(change)
    await t.rejects(loadPortfolio(pool, id, silentLog), { code: 'DATA_CORRUPT', message }, change)
  }
  client.release(true)
  await t.rejects(loadPortfolio(pool, 'nobody', silentLog), { code: 'DATA_CORRUPT' })
})

t.test('a replay names the first event that would be recorded otherwise', async (t) => {
  const running = await busyPortfolio(t)
  const { pool, id } = running
  await running.sequencer.stop()
  const client = await pool.connect()
  await client.query('set session_replication_role = replica')
  await client.query(`update events set data = replace(data::text, '"atr":700', '"atr":701')::json
    where seq = 3 and type = 'DecisionMade'`)
  client.release(true)
  const { difference, inputs } = await replayPortfolio(pool, id)
  t.equal(inputs, 3)
  t.match(difference, { seq: 3, inputType: 'AlertAdmitted', idx: 0, path: 'decision.sizing.atr' })
  t.match(difference, { recorded: 701, replayed: 700 })
})
