import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { OrderReport } from '../../core/order/report.js'
import { readOrders } from '../../server/journal/read/orders.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { reportId } from '../../server/orders/input-ids.js'
import { measuredBroker } from '../../server/service/measured-broker.js'
import { eventually } from '../helpers/eventually.js'
import { EXECUTION } from '../helpers/settings.js'
import {
  alarmCodes,
  command,
  enter,
  exit,
  heldLots,
  openRoom,
  orderOf,
  type Room,
  reference,
  START,
  storyOf,
  venueLots,
} from './order-room.js'

const GOLD = 'GOLD_MINI'
const PRICE = 70_000

/** The orders in the venue's book. */
async function venueOrders({ database }: Room): Promise<number> {
  const { rows } = await database.pool.query('select count(*) as orders from paper.orders')
  return rows[0].orders
}

/** Waits until the order's state is recorded. */
async function settle({ database }: Pick<Room, 'database'>, id: string | null, state: string): Promise<void> {
  await eventually(`order ${id} is ${state}`, async () => {
    const { rows } = await database.pool.query('select state from orders where id = $1', [id])
    return rows[0]?.state === state
  })
}

t.test('OD-01 an order is recorded as sent, sent, and booked as the venue tells', async (t) => {
  const room = await openRoom(t)
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'filled')
  t.same(await storyOf(room, id), ['OrderInitialized', 'OrderSubmitted', 'OrderAccepted', 'OrderFilled'])
  t.same(heldLots(room), await venueLots(room))
  const answer = await room.broker.order(reference(room, id))
  if (answer.kind !== 'found') throw new Error(answer.kind)
  t.equal(orderOf(room, id).venueOrderId, answer.order.venueOrderId)
  t.equal(
    orderOf(room, id).filledValue.toString(),
    answer.order.lots.times(answer.order.fills[0]!.price).toString(),
  )
  const { rows } = await room.database.pool.query(
    "select left(id, 2) as kind, type from inputs where type in ('OrdersDue', 'BrokerReported') order by seq",
  )
  t.same(rows, [
    { kind: 'X-', type: 'OrdersDue' },
    { kind: 'R-', type: 'BrokerReported' },
  ])
  const exited = await exit(room, GOLD)
  await settle(room, exited, 'filled')
  t.same([heldLots(room), await venueLots(room)], [{}, {}])
})

// Faults: B06
t.test('OD-02 an order that the venue refuses is rejected and not sent again', async (t) => {
  const room = await openRoom(t, { faults: { rejectRate: 1 } })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'rejected')
  await room.desk.sweep()
  t.same(await storyOf(room, id), ['OrderInitialized', 'OrderSubmitted', 'OrderRejected'])
  t.same(await alarmCodes(room), ['ORDER_REJECTED'])
  t.same([heldLots(room), await venueLots(room)], [{}, {}])
})

// Faults: B02
t.test('OD-03 a lost answer is found by asking, and nothing is sent twice', async (t) => {
  const room = await openRoom(t, { faults: { lostAnswerRate: 1 } })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'filled')
  t.same(await storyOf(room, id), [
    ...['OrderInitialized', 'OrderSubmitted', 'OrderUnresolved', 'OrderAccepted', 'OrderFilled'],
  ])
  t.equal(orderOf(room, id).attempt, 1)
  t.same(heldLots(room), await venueLots(room))
  t.equal(await venueOrders(room), 1)
})

// Faults: B01
t.test('OD-04 a lost request is proven absent, and sent again under the same key', async (t) => {
  const room = await openRoom(t, { faults: { lostRequestRate: 0.95 } })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'filled')
  const { attempt } = orderOf(room, id)
  t.ok(attempt > 1, `it took ${attempt} attempts`)
  const lost = ['OrderSubmitted', 'OrderUnresolved', 'OrderProvenAbsent']
  t.same(await storyOf(room, id), [
    'OrderInitialized',
    ...Array.from({ length: attempt - 1 }, () => lost).flat(),
    ...['OrderSubmitted', 'OrderAccepted', 'OrderFilled'],
  ])
  t.equal(await venueOrders(room), 1)
  t.same(heldLots(room), await venueLots(room))
})

// Faults: K11
t.test('OD-05 a takeover after the record and before the send: asked for, then sent', async (t) => {
  const room = await openRoom(t)
  const id = await enter(room, GOLD, PRICE)
  await room.sequencer.submit({ type: 'OrdersDue', id: 'X-crashed', orderIds: [id!] })
  const life = await room.takeOver()
  t.equal(orderOf(life, id).state, 'submitted')
  life.desk.open()
  await life.desk.sweep()
  t.equal(orderOf(life, id).state, 'submitted', 'a send of the former process may yet begin')
  room.monotonic.now += 2_001
  await life.desk.sweep()
  await settle(room, id, 'filled')
  t.equal(orderOf(life, id).attempt, 2)
  t.equal(await venueOrders(room), 1)
  t.same(heldLots(life), await venueLots(life))
})

// Faults: K13
t.test('OD-06 a takeover after the send and before its report: found, not sent again', async (t) => {
  const room = await openRoom(t)
  const id = await enter(room, GOLD, PRICE)
  await room.sequencer.submit({ type: 'OrdersDue', id: 'X-crashed', orderIds: [id!] })
  const { lots, side, type, limitPrice, referencePrice, attempt } = orderOf(room, id)
  await room.broker.submit(
    {
      ...reference(room, id),
      ...{
        orderId: id!,
        lots,
        side,
        type,
        limitPrice,
        referencePrice,
        attempt,
        pointValue: 10,
        tick: 1,
        at: START,
      },
    },
    AbortSignal.timeout(1_000),
  )
  const life = await room.takeOver()
  life.desk.open()
  await life.desk.sweep()
  room.monotonic.now += 2_001
  await life.desk.sweep()
  await settle(room, id, 'filled')
  t.equal(orderOf(life, id).attempt, 1)
  t.equal(await venueOrders(room), 1)
  t.same(heldLots(life), await venueLots(life))
})

// Faults: K25 T02
t.test('OD-07 what was recorded too long ago is not sent any more', async (t) => {
  const room = await openRoom(t)
  room.sequencer.onEvents((events) => {
    const isFirst = events.some((event) => event.type === 'OrderSubmitted' && event.attempt === 1)
    if (isFirst) room.monotonic.now += 2_001
  })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'filled')
  t.same((await storyOf(room, id)).slice(0, 4), [
    ...['OrderInitialized', 'OrderSubmitted', 'OrderUnresolved', 'OrderProvenAbsent'],
  ])
  const { rows } = await room.database.pool.query("select data from events where type = 'OrderUnresolved'")
  t.match(rows[0].data.cause, /not sent: recording it took over 2000 ms/)
  t.equal(await venueOrders(room), 1)
})

// Faults: B11
t.test('OD-08 a trade that shows after the cancel is kept, and closed', async (t) => {
  const faults = { partialFillRate: 1, partialFillMs: 60_000, lateFillRate: 1, lateFillMs: 5_000 }
  const room = await openRoom(t, { faults })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'accepted')
  t.equal(await exit(room, GOLD), null, 'there is nothing to sell yet')
  await settle(room, id, 'canceled')
  t.same(heldLots(room), {})
  const traded = await venueLots(room)
  t.not(traded[GOLD], undefined, 'the venue has a trade that it does not show yet')
  room.clock.advanceBy(10_000)
  room.monotonic.now += 10_000
  await room.desk.sweep()
  t.ok((await alarmCodes(room)).includes('ORDER_RESURRECTED'))
  await eventually('what had filled was sold', async () => {
    room.clock.advanceBy(70_000)
    room.monotonic.now += 70_000
    await room.desk.sweep()
    return Object.keys(heldLots(room)).length === 0 && orderOf(room, id).filledLots.isPositive()
  })
  t.equal(orderOf(room, id).filledLots.toString(), traded[GOLD])
  t.same(await venueLots(room), {})
})

t.test('OD-09 nothing is sent while frozen: the order is denied', async (t) => {
  const room = await openRoom(t)
  const id = await enter(room, GOLD, PRICE)
  await command(room, { kind: 'tradingState', state: 'frozen', reason: 'test' })
  room.desk.open()
  await settle(room, id, 'denied')
  t.match(orderOf(room, id).reason, /frozen/)
  t.equal(await venueOrders(room), 0)
})

// Faults: B24
t.test('OD-10 what may not be sent at present waits, and goes when it may', async (t) => {
  let isOpen = false
  const room = await openRoom(t, { maySend: (order) => isOpen || order.purpose === 'exit' })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await room.desk.sweep()
  t.equal(orderOf(room, id).state, 'initialized')
  isOpen = true
  await room.desk.sweep()
  await settle(room, id, 'filled')
})

t.test('OD-11 a refused exit is ordered again when its delay is over', async (t) => {
  const room = await openRoom(t)
  room.desk.open()
  await settle(room, await enter(room, GOLD, PRICE), 'filled')
  const life = await room.takeOver({ faults: { rejectRate: 1 } })
  life.desk.open()
  const refused = await exit({ ...life, clock: room.clock }, GOLD)
  await settle(room, refused, 'rejected')
  await life.desk.sweep()
  t.equal(life.sequencer.state().books.get(GOLD)!.exitOrderIds.length, 0, 'the delay is not over')
  const recovered = await room.takeOver({})
  recovered.desk.open()
  room.clock.advanceBy(31_000)
  await recovered.desk.sweep()
  await eventually('it is sold', async () => Object.keys(await venueLots(recovered)).length === 0)
  await eventually('and booked', () => Object.keys(heldLots(recovered)).length === 0)
})

// Faults: B01
t.test('OD-12 where nothing proves absence a person is called, and nothing is sent again', async (t) => {
  for (const resendClass of ['C', 'D'] as const) {
    const capabilities = { resendClass, absenceProvenAfterMs: null }
    const room = await openRoom(t, { faults: { lostRequestRate: 1 }, capabilities })
    room.desk.open()
    const id = await enter(room, GOLD, PRICE)
    await settle(room, id, 'unresolved')
    for (let sweep = 0; sweep < 5; sweep++) {
      room.monotonic.now += 120_000
      await room.desk.sweep()
    }
    t.match(orderOf(room, id), { state: 'unresolved', attempt: 1 })
    t.match(room.alarms, [{ code: 'ORDER_ESCALATED', subject: id, severity: 'critical', instrument: GOLD }])
    t.equal(room.alarms.length, 1, 'once')
  }
})

// Faults: B03
t.test('OD-13 where a fence proves absence the order is sent again after it, not before', async (t) => {
  const capabilities = { resendClass: 'B', absenceProvenAfterMs: 30_000 } as const
  const room = await openRoom(t, { faults: { lostRequestRate: 0.95 }, capabilities })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'unresolved')
  room.monotonic.now += 29_999
  await room.desk.sweep()
  t.match(orderOf(room, id), { state: 'unresolved', attempt: 1 })
  await eventually('it is filled', async () => {
    room.monotonic.now += 30_000
    await room.desk.sweep()
    return orderOf(room, id).state === 'filled'
  })
  t.ok(orderOf(room, id).attempt > 1)
  t.equal(await venueOrders(room), 1)
})

t.test(
  'OD-23 where a key is unique an order without an answer leaves again, and stays unknown',
  async (t) => {
    const capabilities = { resendClass: 'A', absenceProvenAfterMs: 100_000 } as const
    const room = await openRoom(t, { faults: { lostRequestRate: 0.9 }, capabilities })
    room.desk.open()
    const id = await enter(room, GOLD, PRICE)
    await eventually('it is filled', async () => {
      room.monotonic.now += 1_000
      await room.desk.sweep()
      return orderOf(room, id).state === 'filled'
    })
    const story = await storyOf(room, id)
    t.ok(orderOf(room, id).attempt > 1)
    t.notOk(story.includes('OrderProvenAbsent'), 'its absence was never proven')
    t.equal(await venueOrders(room), 1)
    t.same(heldLots(room), await venueLots(room))

    const lost = await openRoom(t, { faults: { lostRequestRate: 1 }, capabilities })
    lost.desk.open()
    const doubtful = await enter(lost, GOLD, PRICE)
    await settle(lost, doubtful, 'unresolved')
    await exit(lost, GOLD)
    await lost.desk.sweep()
    const { attempt } = orderOf(lost, doubtful)
    lost.monotonic.now += 90_000
    await lost.desk.sweep()
    t.match(orderOf(lost, doubtful), { state: 'unresolved', attempt }, 'unwanted, it is not sent again')
    lost.monotonic.now += 200_000
    await lost.desk.sweep()
    await settle(lost, doubtful, 'canceled')
  },
)

t.test('OD-24 a limit that rests is chased by the timer, and fills when the price is there', async (t) => {
  const room = await openRoom(t, { settings: { execution: EXECUTION } })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'filled')
  t.match(orderOf(room, id), { type: 'limit', chase: { step: 0 } })
  const exited = await exit(room, GOLD)
  await settle(room, exited, 'filled')

  const slow = await openRoom(t, {
    settings: { execution: EXECUTION },
    faults: { partialFillRate: 1, partialFillMs: 3_600_000 },
    quotesOf: async () => ({ [GOLD]: { price: 70_020, observedAt: START + 5_000 } }),
  })
  slow.desk.open()
  const parent = await enter(slow, GOLD, PRICE)
  await settle(slow, parent, 'partiallyFilled')
  const decided = orderOf(slow, parent).lots
  slow.clock.advanceBy(5_000)
  await slow.desk.sweep()
  await settle(slow, parent, 'canceled')
  await settle(slow, `${parent}-s1`, 'partiallyFilled')
  const next = orderOf(slow, `${parent}-s1`)
  t.ok(next.lots.equals(decided.minus(orderOf(slow, parent).filledLots)), 'for what was left open')
  t.equal(next.referencePrice, 70_020, 'the broker was asked for its price')
  t.same(heldLots(slow), await venueLots(slow))
  const shown = await readOrders(slow.database.db, 'test', { limit: 5, cursor: null, status: 'all' })
  t.match(shown.items, [
    { id: next.id, limitPrice: '70035', chase: { parentId: parent, step: 1, referencePrice: PRICE } },
    { id: parent, type: 'limit', state: 'canceled', chase: { step: 0 } },
  ])
})

t.test('OD-25 a stop rests at the venue, moves, and closes the unit when its price is reached', async (t) => {
  const room = await openRoom(t, { settings: { protectiveStop: { limitPct: 1 } } })
  const { pool } = room.database
  room.desk.open()
  await settle(room, await enter(room, GOLD, PRICE), 'filled')
  const [unit] = room.sequencer.state().books.get(GOLD)!.units
  const first = `O${unit!.id.slice(1)}-t1`
  await settle(room, first, 'accepted')
  t.match(orderOf(room, first), { type: 'stop', lots: unit!.lots, triggerPrice: decimal(69_651) })
  t.same(heldLots(room), await venueLots(room), 'it has not traded')
  room.clock.advanceBy(3_600_000)
  const bar = {
    type: 'BarClosed',
    id: 'B-1',
    instrument: GOLD,
    close: 70_900,
    atr: 350,
    barAt: START,
  } as const
  await room.sequencer.submit({ ...bar, barAt: room.clock.now() })
  const second = first.replace(/1$/, '2')
  await settle(room, first, 'canceled')
  await settle(room, second, 'accepted')
  const { triggerPrice } = orderOf(room, second)
  t.equal(`${triggerPrice}`, '70200')
  await room.broker.see(GOLD, 70_201)
  await room.broker.see(GOLD, 69_000)
  t.same(heldLots(room), await venueLots(room), 'the price is above the trigger, then below the limit')
  const life = await room.takeOver()
  await room.broker.see(GOLD, 70_190)
  t.same(await venueLots(room), {}, 'it trades while nobody is there')
  room.clock.advanceBy(11_000)
  room.monotonic.now += 11_000
  life.desk.open()
  await eventually('it is booked', async () => {
    await life.desk.sweep()
    return Object.keys(heldLots(life)).length === 0
  })
  await settle(room, second, 'filled')
  const { rows } = await pool.query('select state, exit_reason from positions where id = $1', [unit!.id])
  t.same(rows, [{ state: 'closed', exit_reason: 'STOP_HIT' }])
})

t.test('OD-14 failed reads conclude nothing; after minutes a person is called', async (t) => {
  const room = await openRoom(t, { faults: { lostAnswerRate: 1, lostReportRate: 1, failedReadRate: 1 } })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'unresolved')
  for (let minute = 0; minute < 6; minute++) {
    room.monotonic.now += 60_000
    await room.desk.sweep()
  }
  t.match(orderOf(room, id), { state: 'unresolved', attempt: 1 })
  t.match(room.alarms, [{ code: 'ORDER_ESCALATED', message: /unknown for \d+ s/ }])
  const life = await room.takeOver({})
  life.desk.open()
  await life.desk.sweep()
  await settle(room, id, 'filled')
})

t.test('OD-15 an order that the venue had accepted and denies is a person’s business', async (t) => {
  const faults = { partialFillRate: 1, partialFillMs: 60_000, lateFillRate: 1, lateFillMs: 60_000 }
  const room = await openRoom(t, { faults })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'accepted')
  await room.database.pool.query('truncate paper.orders, paper.fills')
  await exit(room, GOLD)
  await room.desk.sweep()
  await room.desk.sweep()
  t.same(room.alarms, [], 'one read may lag behind')
  room.monotonic.now += 5_000
  await room.desk.sweep()
  await room.desk.sweep()
  t.match(room.alarms, [{ code: 'ORDER_ESCALATED', message: /had accepted it and denies it/ }])
  t.equal(room.alarms.length, 1)
  t.equal(orderOf(room, id).state, 'accepted')
})

// Faults: K21
t.test('OD-16 a cancel whose answer is lost is asked for again until the venue shows the end', async (t) => {
  const faults = { partialFillRate: 1, partialFillMs: 600_000, lateFillRate: 1, lateFillMs: 1 }
  const room = await openRoom(t, { faults: { ...faults, lostAnswerRate: 0.6, seed: 'cancel-3' } })
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'accepted')
  await exit(room, GOLD)
  await eventually('it is ended and closed', async () => {
    room.clock.advanceBy(31_000)
    room.monotonic.now += 31_000
    await room.desk.sweep()
    return Object.keys(heldLots(room)).length === 0 && orderOf(room, id).filledLots.isPositive()
  })
  await eventually(
    'nothing is left at the venue',
    async () => Object.keys(await venueLots(room)).length === 0,
  )
})

t.test('OD-17 one report said twice is one input', async (t) => {
  const room = await openRoom(t)
  room.desk.open()
  const id = await enter(room, GOLD, PRICE)
  await settle(room, id, 'filled')
  const { rows } = await room.database.pool.query("select id, data from inputs where type = 'BrokerReported'")
  const [recorded] = rows
  const again = await room.sequencer.submit({
    type: 'BrokerReported',
    id: recorded.id,
    reports: [{ kind: 'accepted', orderId: id!, venueOrderId: 'another' }],
  })
  t.ok(again.repeated)
  for (let sweep = 0; sweep < 3; sweep++) {
    room.monotonic.now += 60_000
    await room.desk.sweep()
  }
  const { rows: after } = await room.database.pool.query(
    "select id from inputs where type = 'BrokerReported'",
  )
  t.equal(after.length, rows.length, 'polling tells nothing that is known')
})

t.test('OD-18 a report about an order that is not ours is an alarm, once', async (t) => {
  const room = await openRoom(t, { faults: { lostAnswerRate: 1, duplicateReportRate: 1 } })
  room.desk.open()
  const stranger = { clientOrderId: 'somebody-else', venueOrderId: null, instrument: GOLD }
  const order = {
    ...stranger,
    ...({
      orderId: 'O-?',
      attempt: 1,
      side: 'buy',
      type: 'market',
      lots: decimal(1),
      limitPrice: null,
    } as const),
    ...{ referencePrice: PRICE, pointValue: 10, tick: 1, at: START },
  }
  await room.broker.submit(order, AbortSignal.timeout(1_000))
  await room.broker.submit({ ...order, attempt: 2 }, AbortSignal.timeout(1_000))
  await eventually('somebody is told', () => room.alarms.length > 0)
  await room.desk.sweep()
  t.match(room.alarms, [{ code: 'REPORT_UNMATCHED', subject: 'somebody-else', severity: 'critical' }])
  t.equal(room.alarms.length, 1)
  t.same(heldLots(room), {})
})

// Faults: K14
t.test('OD-19 the id of an input says what it says', async (t) => {
  const fill = (tradeId: string): OrderReport => ({
    ...{ kind: 'fill', orderId: 'O-1', tradeId, at: START },
    ...{ lots: decimal(1), price: decimal(2), fee: decimal(0) },
  })
  const all: OrderReport[] = [
    { kind: 'accepted', orderId: 'O-1', venueOrderId: 'V-1' },
    { kind: 'accepted', orderId: 'O-1', venueOrderId: 'V-2' },
    { kind: 'rejected', orderId: 'O-1', code: 'A', message: '' },
    { kind: 'rejected', orderId: 'O-1', code: 'B', message: '' },
    { kind: 'unresolved', orderId: 'O-1', cause: '' },
    { kind: 'absent', orderId: 'O-1' },
    { kind: 'canceled', orderId: 'O-1', reason: '' },
    { kind: 'expired', orderId: 'O-1' },
    ...[fill('1'), fill('2')],
  ]
  const ids = [1, 2].flatMap((attempt) => all.map((report) => reportId('O-1', attempt, [report])))
  t.equal(new Set([...ids, reportId('O-1', 1, all), reportId('O-2', 1, all)]).size, ids.length + 2)
  t.equal(reportId('O-1', 1, [fill('1')]), reportId('O-1', 1, [{ ...fill('1') }]))
})

t.test('OD-20 each call of the venue is timed by its kind of answer', async (t) => {
  const room = await openRoom(t, { faults: { rejectRate: 1 } })
  const metrics = createMetrics()
  const broker = measuredBroker(room.broker, metrics)
  const id = await enter(room, GOLD, PRICE)
  t.same(await broker.order(reference(room, id)), { kind: 'absent' })
  t.same(await broker.orders(0), [])
  await room.database.pool.query('drop table paper.fills')
  await t.rejects(broker.positions())
  const printed = await metrics.registry.metrics()
  for (const labels of [
    'call="order",outcome="absent"',
    'call="orders",outcome="read"',
    'call="positions",outcome="failed"',
  ]) {
    t.match(printed, `general_broker_call_seconds_count{broker="paper",${labels}} 1`)
  }
})

t.test(
  'OD-21 a trade that cannot be recorded takes no other with it, and is not tried at every beat',
  async (t) => {
    const room = await openRoom(t, { faults: { partialFillRate: 1, partialFillMs: 1_000 } })
    await room.database.pool.query(
      "alter table fills add constraint poison check (trade_id not like '%-1') not valid",
    )
    room.desk.open()
    const id = await enter(room, GOLD, PRICE)
    const failed = async () => {
      const { rows } = await room.database.pool.query("select seq from inputs where type = 'InputFailed'")
      return rows.length
    }
    await settle(room, id, 'accepted')
    room.clock.advanceBy(10_000)
    await room.desk.sweep()
    const [traded] = Object.values(await venueLots(room))
    t.ok(orderOf(room, id).filledLots.isPositive(), 'the later trades are booked')
    t.ok(orderOf(room, id).filledLots.isLessThan(decimal(traded!)), 'all but the one')
    const before = await failed()
    for (let beat = 0; beat < 5; beat++) {
      room.monotonic.now += 60_000
      await room.desk.sweep()
    }
    t.equal(await failed(), before)
    t.ok((await alarmCodes(room)).includes('INPUT_FAILED'))
    await room.database.pool.query('alter table fills drop constraint poison')
    const life = await room.takeOver()
    life.desk.open()
    await life.desk.sweep()
    await settle(room, id, 'filled')
    t.same(heldLots(life), await venueLots(life), 'the next process books it')
  },
)

t.test(
  'OD-22 what the venue shows and we did not place, and what it drops, is seen twice and locked',
  async (t) => {
    const room = await openRoom(t, { faults: { partialFillRate: 1, partialFillMs: 3_600_000 } })
    const { pool } = room.database
    room.desk.open()
    const id = await enter(room, GOLD, PRICE)
    await settle(room, id, 'partiallyFilled')
    await pool.query(
      `insert into paper.orders (account, client_order_id, venue_order_id, instrument, side, type, lots, limit_price,
       accepted_at, last_news_at)
     values ('test', 'by hand', 'v-by-hand', 'COPPER', 'sell', 'limit', 2, 900, now(), 'infinity')`,
    )
    const { books } = room.sequencer.state()
    await room.desk.sweep()
    await room.desk.sweep()
    t.equal(books.get('COPPER')?.lock, null, 'the second look does not follow at once')
    room.monotonic.now += 5_000
    await room.desk.sweep()
    t.match(books.get('COPPER')?.lock, { reason: /not ours: v-by-hand, sell 2 lots/ })
    t.equal(books.get(GOLD)?.lock, null)
    await pool.query(`delete from paper.orders where client_order_id <> 'by hand'`)
    for (let look = 0; look < 4; look++) {
      room.monotonic.now += 5_000
      await room.desk.sweep()
    }
    t.match(books.get(GOLD)?.lock, { reason: new RegExp(`order ${id} to buy may still fill`) })
    t.equal(orderOf(room, id).state, 'partiallyFilled', 'it counts in full until someone decides')
    t.same(await alarmCodes(room), ['EXTERNAL_ORDER', 'ORDER_MISSING'])
    const { rows } = await pool.query(
      `select count(*) as looks from inputs where type = 'VenueOrdersObserved'`,
    )
    t.equal(Number(rows[0].looks), 4, 'equal lists are recorded once')
  },
)
