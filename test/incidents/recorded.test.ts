import t from 'tap'
import { HOUR, SECOND } from '../../core/time.js'
import { SimulatedClock } from '../../server/clock.js'
import { addressSet, contains } from '../../server/http/sender-address.js'
import { loadPortfolio } from '../../server/journal/load.js'
import { LeaseLostError, SequencerStoppedError } from '../../server/kernel/work.js'
import { silentLog } from '../../server/observe/log.js'
import { baseEntry, exitAll, marketData } from '../helpers/alerts.js'
import { eventually } from '../helpers/eventually.js'
import { MORNING, sequencedPortfolio, startSequencer } from '../helpers/sequenced.js'
import { runService } from '../main/running-service.js'
import { alarmCodes, enter, heldLots, openRoom, orderOf, storyOf, venueLots } from '../orders/order-room.js'

/* The incidents of incidents.test.ts that show only at the database, at the venue or over HTTP. */

const gold = 'GOLD_MINI'

t.test('incident 3: what is about to be sent is on record before it leaves', async (t) => {
  const room = await openRoom(t)
  const { submit } = room.broker
  const recorded: string[][] = []
  let sent: string | null = null
  room.broker.submit = async (order, deadline) => {
    recorded.push(await storyOf(room, order.orderId))
    sent = order.orderId
    return submit.call(room.broker, order, deadline)
  }
  room.desk.open()
  const id = await enter(room, gold, 70_000)
  await eventually('it is filled', () => orderOf(room, id).state === 'filled')
  t.equal(sent, id)
  t.strictSame(recorded, [['OrderInitialized', 'OrderSubmitted']])
})

// Faults: K25
t.test('incident 4: whoever lost the lease records nothing more, however fresh its flag looks', async (t) => {
  let cause: Error | undefined
  const former = await sequencedPortfolio(t, { onStopped: (error) => (cause = error) })
  const before = await former.pool.query('select seq from portfolios')
  await former.pool.query('update portfolios set epoch = epoch + 1')
  await former.receive(baseEntry(gold, 78_500, 700))
  await eventually('it has ended', () => cause !== undefined)
  t.match(cause, LeaseLostError)
  const timer = former.sequencer.submit({ type: 'TimerFired', id: former.nextId('T') })
  await t.rejects(timer, SequencerStoppedError)
  t.strictSame((await former.pool.query('select seq from portfolios')).rows, before.rows)
  const { rows } = await former.pool.query('select count(*)::int as orders from orders')
  t.strictSame(rows, [{ orders: 0 }])
  const next = await startSequencer(t, former.database, { id: 'test', epoch: 1 })
  next.sequencer.admitAlerts()
  await next.drained()
  const made = await former.pool.query('select instrument, state from orders')
  t.strictSame(
    made.rows,
    [{ instrument: gold, state: 'initialized' }],
    'its successor decides the alert, once',
  )
})

t.test('incident 9: a fill behind a timeout is found, never announced as rejected', async (t) => {
  const room = await openRoom(t, { faults: { lostAnswerRate: 1 } })
  room.desk.open()
  const id = await enter(room, 'SILVER_MINI', 70_000)
  await eventually('it is filled', () => orderOf(room, id).state === 'filled')
  const story = await storyOf(room, id)
  t.ok(story.includes('OrderUnresolved'), 'in between nobody knew')
  t.notOk(story.includes('OrderRejected'))
  t.same(heldLots(room), await venueLots(room), 'no orphan')
  const { rows } = await room.database.pool.query('select count(*)::int as sent from paper.orders')
  t.strictSame(rows, [{ sent: 1 }])
})

t.test('incident 13: a stop exit is recorded in every state that it passes through', async (t) => {
  const running = await sequencedPortfolio(t)
  const { pool, clock } = running
  const states = async () => {
    const position = await pool.query<{ state: string }>('select state from positions')
    const orders = await pool.query<{ state: string }>("select state from orders where purpose = 'exit'")
    return [...position.rows, ...orders.rows].map(({ state }) => state)
  }
  await running.decide(baseEntry(gold, 78_500, 700))
  await running.fillAll()
  t.strictSame(await states(), ['open'])
  clock.advanceBy(HOUR)
  await running.decide(marketData(gold, 77_000, 700, clock.now()))
  t.strictSame(await states(), ['closing', 'initialized'])
  await running.send()
  t.strictSame(await states(), ['closing', 'accepted'])
  const [id] = [...running.sequencer.state().orders.values()].filter(({ side }) => side === 'sell')
  await running.report({ kind: 'rejected', orderId: id!.id, code: 'RMS', message: 'not now' })
  t.strictSame(await states(), ['closing', 'rejected'])
  clock.advanceBy(60 * SECOND)
  await running.sequencer.submit({ type: 'TimerFired', id: running.nextId('T') })
  await running.fillAll()
  t.strictSame((await states()).sort(), ['closed', 'filled', 'rejected'])
})

t.test(
  'incident 16: the capital of a start is the ledger’s, whatever the configuration begins with',
  async (t) => {
    const first = await runService(t)
    const equity = async ({ ask }: Pick<typeof first, 'ask'>) => {
      const { body } = await ask<{ equity: { closed: string } }>('/v1/portfolios/paper')
      return body.equity.closed
    }
    t.equal(await equity(first), '10000000')
    const cash = { kind: 'deposit', amount: '5000000.25', currency: 'INR', note: null }
    t.equal((await first.command('/v1/portfolios/paper/cash', 'k1', cash)).status, 200)
    await first.service.stop()
    const second = await runService(t, { beside: first })
    t.equal(await equity(second), '15000000.25')
  },
)

t.test(
  'incidents 7, 17 and 18: one bar is one pyramid, every refusal is on record, and nobody exits without a token',
  async (t) => {
    const clock = new SimulatedClock({ start: MORNING })
    const running = await runService(t, { clock })
    const { send, ask, service } = running
    const time = () => new Date(clock.now()).toISOString()
    const refused = await send({
      ...{ type: 'PYRAMID', instrument: 'SILVER_MINI', position: 'Long_2', price: 95_000, atr: 950, er: 0.9 },
      timestamp: time(),
    })
    t.match(refused.body.decision, { outcome: 'blocked', reasons: ['NO_BASE'] })
    const told = await ask(`/v1/decisions/${refused.body.decision?.id}`)
    t.match(told, { status: 200, body: { outcome: 'blocked', instrument: 'SILVER_MINI' } })

    const entry = {
      type: 'BASE_ENTRY',
      instrument: gold,
      position: 'Long_1',
      price: 78_500,
      atr: 700,
      er: 0.85,
    }
    const filled = await send({ ...entry, timestamp: time() })
    t.match(filled.body.decision, { outcome: 'executed' }, 'executed is said of what has filled')
    clock.advanceBy(2 * HOUR)
    const barTime = new Date(clock.now() - HOUR).toISOString()
    const pyramid = { ...entry, type: 'PYRAMID', position: 'Long_2', price: 80_500, barTime }
    const statuses: string[] = []
    for (const late of [0, 1, 2]) {
      clock.advanceBy(SECOND)
      const answer = await send({ ...pyramid, price: 80_500 + late, timestamp: time() })
      statuses.push(answer.body.status)
    }
    t.same(statuses, ['accepted', 'conflict', 'conflict'], 'three arrows on one bar')
    const { rows } = await running.pool.query(
      `select purpose, count(*)::int as orders from orders group by 1`,
    )
    t.strictSame(Object.fromEntries(rows.map((row) => [row.purpose, row.orders])), { entry: 1, pyramid: 1 })

    const body = JSON.stringify({ all: true, reason: 'a stranger' })
    for (const authorization of ['', 'Bearer ', `Bearer ${service.tokens.webhook.token}`]) {
      const { status } = await fetch(`${service.adminUrl}/v1/portfolios/paper/exit`, {
        ...{ method: 'POST', body },
        headers: { 'content-type': 'application/json', 'idempotency-key': 'k', authorization },
      })
      t.equal(status, 401)
    }
    const held = await running.pool.query("select count(*)::int as held from positions where state = 'open'")
    t.strictSame(held.rows, [{ held: 2 }])
    t.notOk(contains(addressSet([]), '127.0.0.1'), 'an empty list of allowed senders allows nobody')

    // Incident 6 over HTTP: exits as they were written, IST marked as UTC, and UTC without a mark.
    const exit = { type: 'EXIT', instrument: gold, reason: 'TOM_BASSO_STOP', price: 80_000 }
    const ahead = new Date(clock.now() + 5.5 * HOUR).toISOString()
    const one = await send({ ...exit, position: 'Long_2', timestamp: ahead })
    t.match(one.body.decision, { outcome: 'executed' })
    const naive = time().slice(0, 19)
    const other = await send({ ...exit, position: 'Long_1', timestamp: naive })
    t.match(
      other.body.decision,
      { outcome: 'executed' },
      'a unit of two hours, an exit that looks 5.5 hours old',
    )
  },
)

t.test('incident 20: an alert whose decision fails is put aside once, and never decided again', async (t) => {
  const running = await sequencedPortfolio(t)
  const poison = baseEntry(gold, 100, 10, { price: { toFixed: null } as unknown as number })
  const [decided] = await running.decide(poison)
  t.match(decided, { state: 'quarantined' })
  const again = running.pool.query(
    `insert into inbox (alert_id, portfolio, source, dedupe_key, content_hash, raw, alert)
     select 'A-again', portfolio, source, dedupe_key, 'other', raw, alert from inbox`,
  )
  await t.rejects(again, { code: '23505' }, 'what failed keeps its key: a resend is a duplicate')
  await running.sequencer.stop()
  const restarted = await startSequencer(t, running.database, { id: 'test' })
  restarted.sequencer.admitAlerts()
  await running.receive(exitAll('COPPER'))
  restarted.sequencer.ring()
  await restarted.drained()
  const { rows } = await running.pool.query(
    `select (select count(*)::int from orders) as orders,
       (select count(*)::int from inputs where type = 'InputFailed') as failures`,
  )
  t.strictSame(rows, [{ orders: 0, failures: 1 }])
})

t.test('incident 21: every trade has a position of its own, and its history stays', async (t) => {
  const running = await sequencedPortfolio(t)
  for (let trade = 0; trade < 3; trade++) {
    const timestamp = running.clock.now()
    await running.decide(baseEntry(gold, 78_500 + trade, 700, { timestamp }))
    await running.fillAll()
    running.clock.advanceBy(HOUR)
    await running.decide(exitAll(gold, { timestamp: running.clock.now() }))
    await running.fillAll()
    running.clock.advanceBy(HOUR)
  }
  const { rows } = await running.pool.query(
    `select count(distinct id)::int as ids, count(*)::int as trades, array_agg(distinct label) as labels,
       array_agg(distinct state) as states, sum(sold_lots)::int as sold from positions`,
  )
  t.strictSame(rows, [{ ids: 3, trades: 3, labels: ['Long_1'], states: ['closed'], sold: 6 }])
})

t.test('incident 22: reads that fail conclude nothing about orders or positions', async (t) => {
  const room = await openRoom(t, { faults: { lostAnswerRate: 1, failedReadRate: 1, lostReportRate: 1 } })
  room.desk.open()
  const id = await enter(room, gold, 70_000)
  await eventually('its fate is unknown', () => orderOf(room, id).state === 'unresolved')
  for (let sweep = 0; sweep < 3; sweep++) {
    room.clock.advanceBy(10 * SECOND)
    room.monotonic.now += 10_000
    await room.desk.sweep()
  }
  t.equal(orderOf(room, id).state, 'unresolved')
  t.equal(orderOf(room, id).attempt, 1, 'it is not sent again')
  await t.rejects(room.broker.positions(), 'an account that cannot be read is an error, not an empty one')
  const loaded = await loadPortfolio(room.database.pool, 'test', silentLog)
  t.equal(loaded.fold.portfolio.orders.get(id!)?.state, 'unresolved', 'and so it comes back after a restart')
  t.notOk((await alarmCodes(room)).includes('ORDER_REJECTED'))
})
