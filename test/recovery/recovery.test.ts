import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Broker, VenueOrder } from '../../server/brokers/broker.js'
import { copyState } from '../../server/journal/codec/state-codec.js'
import { verifyPortfolio } from '../../server/journal/verify.js'
import type { ShellAlarm } from '../../server/observe/alarms.js'
import { silentLog } from '../../server/observe/log.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { requestFor } from '../../server/orders/order-request.js'
import { AccountWatch } from '../../server/recovery/account-watch.js'
import { checkRecovery } from '../../server/recovery/check-recovery.js'
import { beginStart, endStart, forgetCrashes, haltCrashLoop } from '../../server/recovery/crash-loop.js'
import { activate, type RecoveryContext, recoverFold, recoverVenue } from '../../server/recovery/recover.js'
import type { RecoveryProgress } from '../../server/recovery/recovery-progress.js'
import { requireCapabilities } from '../../server/recovery/require-capabilities.js'
import { validateState } from '../../server/recovery/validate-state.js'
import { settings } from '../helpers/settings.js'
import {
  alarmCodes,
  enter,
  heldLots,
  openRoom,
  orderOf,
  type Room,
  storyOf,
  venueLots,
} from '../orders/order-room.js'

interface Recovering extends RecoveryContext {
  readonly progress: RecoveryProgress[]
}

function recovering(room: Room, changes: Partial<RecoveryContext> = {}): Recovering {
  const progress: RecoveryProgress[] = []
  return {
    portfolio: 'test',
    desk: { pool: room.database.pool, log: silentLog, metrics: createMetrics() },
    clock: room.clock,
    broker: room.broker,
    onProgress: (made) => progress.push(made),
    signal: new AbortController().signal,
    full: false,
    settleMs: 1,
    ...changes,
    progress,
  }
}

const phases = ({ progress }: Recovering) => [...new Set(progress.map(({ phase }) => phase))]

/** Returns the venue with some of its answers changed. */
function changed(broker: Broker, changes: Partial<Broker>): Broker {
  return {
    name: broker.name,
    capabilities: broker.capabilities,
    submit: (order, deadline) => broker.submit(order, deadline),
    cancel: (order) => broker.cancel(order),
    order: (order) => broker.order(order),
    orders: (since) => broker.orders(since),
    positions: () => broker.positions(),
    close: () => broker.close(),
    ...changes,
  }
}

async function recordedInputs({ database }: Room): Promise<number> {
  const { rows } = await database.pool.query<{ seq: number }>('select seq from portfolios')
  return rows[0]!.seq
}

/** Records the order as sent, and sends it; nobody hears the answer. */
async function sendAndForget(room: Room, orderId: string): Promise<void> {
  await room.sequencer.submit({ type: 'OrdersDue', id: `X-${orderId}`, orderIds: [orderId] })
  const request = requestFor(room.sequencer.state(), orderOf(room, orderId))
  await room.broker.submit(request, new AbortController().signal)
}

t.test('what was filled while nobody listened is booked, and the positions agree', async (t) => {
  const room = await openRoom(t)
  const orderId = (await enter(room, 'GOLD_MINI', 78_500))!
  await sendAndForget(room, orderId)
  t.equal(orderOf(room, orderId).state, 'submitted')
  const context = recovering(room)
  t.strictSame((await recoverFold(context)).differences, [])
  const found = await recoverVenue(context, room.sequencer, 'epoch 1')
  t.strictSame(found, { unresolved: [], external: [], breaks: [] })
  t.strictSame(phases(context), ['fold', 'brokerSnapshot', 'reconcile', 'comparePositions'])
  t.strictSame(await storyOf(room, orderId), [
    'OrderInitialized',
    'OrderSubmitted',
    'OrderUnresolved',
    'OrderAccepted',
    'OrderFilled',
  ])
  t.strictSame(heldLots(room), await venueLots(room))
  t.same(Object.keys(heldLots(room)), ['GOLD_MINI'])
  const before = await recordedInputs(room)
  await recoverVenue(recovering(room), room.sequencer, 'epoch 2')
  t.equal(
    await recordedInputs(room),
    before + 1,
    'a second recovery finds nothing but the positions to record',
  )
})

t.test('an order that the venue does not show stays unknown, and is not sent by a recovery', async (t) => {
  const room = await openRoom(t)
  const orderId = (await enter(room, 'GOLD_MINI', 78_500))!
  await room.sequencer.submit({ type: 'OrdersDue', id: 'X-1', orderIds: [orderId] })
  const found = await recoverVenue(recovering(room), room.sequencer, 'epoch 1')
  t.strictSame(found.unresolved, [orderId])
  t.equal(orderOf(room, orderId).state, 'unresolved')
  t.strictSame(await room.broker.orders(0), [])
})

// Faults: B17
t.test('a position that differs twice locks its instrument, and the check tells the same', async (t) => {
  const room = await openRoom(t)
  const theirs = async () => ({ COPPER: decimal(3) })
  const broker = changed(room.broker, { positions: theirs })
  const before = await recordedInputs(room)
  const check = await checkRecovery(recovering(room, { broker }))
  t.match(check, { code: 'POSITION_BREAK', detail: 'COPPER: the book holds 0 lots, the broker 3' })
  t.match(check.venue?.breaks, [{ instrument: 'COPPER', isConfirmed: true }])
  t.equal(await recordedInputs(room), before, 'the check records nothing')
  t.equal(room.sequencer.state().books.get('COPPER')?.lock, null)
  const found = await recoverVenue(recovering(room, { broker }), room.sequencer, 'epoch 1')
  t.match(found.breaks, [{ instrument: 'COPPER', isConfirmed: true }])
  t.match(room.sequencer.state().books.get('COPPER')?.lock, { reason: /the broker 3/ })
  t.strictSame(await alarmCodes(room), ['POSITION_BREAK'])
  t.equal(await enter(room, 'COPPER', 820), null, 'nothing is entered there')
  t.ok(await enter(room, 'GOLD_MINI', 78_500), 'other instruments trade on')
})

// Faults: P05 P13
t.test(
  'books that are older than the broker, of a backup or a standby behind, lock what differs',
  async (t) => {
    const lost = await openRoom(t)
    await sendAndForget(lost, (await enter(lost, 'GOLD_MINI', 78_500))!)
    const restored = await openRoom(t)
    const context = recovering(restored, { broker: lost.broker })
    const { breaks } = await recoverVenue(context, restored.sequencer, 'epoch 1')
    t.match(breaks, [{ instrument: 'GOLD_MINI', difference: /the book holds 0 lots/, isConfirmed: true }])
    t.match(await alarmCodes(restored), ['POSITION_BREAK'])
    t.equal(await enter(restored, 'GOLD_MINI', 78_600), null, 'nothing more is bought of it')
    t.strictSame(heldLots(restored), {}, 'and nothing is made up')
  },
)

t.test('a difference that is gone at the second look is none', async (t) => {
  const room = await openRoom(t)
  let looks = 0
  const positions = async () => (++looks === 1 ? { COPPER: decimal(3) } : {})
  const broker = changed(room.broker, { positions })
  const found = await recoverVenue(recovering(room, { broker }), room.sequencer, 'epoch 1')
  t.strictSame([found.breaks, looks], [[], 2])
  t.equal(room.sequencer.state().books.get('COPPER')?.lock, null)
})

// Faults: B16
t.test('a venue that does not answer is asked again; an error is never an empty account', async (t) => {
  const room = await openRoom(t)
  let failures = 2
  const fail = (what: string): never => {
    throw new Error(`no ${what}`)
  }
  const orders = async (since: number) => (failures-- > 0 ? fail('orders') : room.broker.orders(since))
  const context = recovering(room, { broker: changed(room.broker, { orders }) })
  const found = await recoverVenue(context, room.sequencer, 'epoch 1')
  t.strictSame(found.breaks, [])
  const held = context.progress.filter(({ code }) => code !== null)
  const told = {
    phase: 'brokerSnapshot',
    code: 'VENUE_UNREACHABLE',
    detail: 'paper could not be read: no orders',
  }
  t.strictSame(held, [told, told])
  const broker = changed(room.broker, { positions: async () => fail('positions') })
  const check = await checkRecovery(recovering(room, { broker, venueAttempts: 1 }))
  t.match(check, { code: 'VENUE_UNREACHABLE', detail: 'paper could not be read: no positions', venue: null })
})

// Faults: B18
t.test('an order at the venue that is not ours locks its instrument until someone decides', async (t) => {
  const room = await openRoom(t)
  const stranger: VenueOrder = {
    clientOrderId: null,
    venueOrderId: 'v-9',
    instrument: 'COPPER',
    side: 'buy',
    lots: decimal(2),
    status: 'working',
    code: null,
    message: null,
    fills: [],
  }
  const broker = changed(room.broker, { orders: async () => [stranger] })
  const { external, breaks } = await recoverVenue(recovering(room, { broker }), room.sequencer, 'epoch 1')
  t.same(external, [{ venueOrderId: 'v-9', instrument: 'COPPER', side: 'buy', lots: decimal(2) }])
  const difference = 'the broker has an order that is not ours: v-9, buy 2 lots'
  t.strictSame(breaks, [{ instrument: 'COPPER', difference, isConfirmed: true }])
  t.match(room.sequencer.state().books.get('COPPER')?.lock, { reason: difference })
  t.strictSame(await alarmCodes(room), ['EXTERNAL_ORDER'])
  const before = await recordedInputs(room)
  await recoverVenue(recovering(room, { broker }), room.sequencer, 'epoch 2')
  t.equal(await recordedInputs(room), before + 1, 'what is known is not recorded again')
})

t.test('books that contradict themselves stop a recovery', async (t) => {
  const room = await openRoom(t)
  await enter(room, 'GOLD_MINI', 78_500)
  await room.database.pool.query('update orders set filled_value = filled_value + 1')
  const error = {
    code: 'DATA_CORRUPT',
    message: /^orders O-[\w-]+: filled_value is [\d.]+, the fold says [\d.]+$/,
  }
  await t.rejects(recoverFold(recovering(room)), error)
  t.match(await checkRecovery(recovering(room)), {
    code: 'DATA_CORRUPT',
    differences: [{ table: 'orders' }],
    venue: null,
  })
  await room.database.pool.query('update portfolios set events = 1')
  await t.rejects(recoverFold(recovering(room)), { code: 'DATA_CORRUPT', message: /its row counts/ })
  t.match(await checkRecovery(recovering(room)), { code: 'DATA_CORRUPT', inputs: 0 })
})

t.test('a state that breaks a rule which always holds is told rule by rule', async (t) => {
  const room = await openRoom(t)
  const orderId = (await enter(room, 'GOLD_MINI', 78_500))!
  await sendAndForget(room, orderId)
  await recoverVenue(recovering(room), room.sequencer, 'epoch 1')
  const sound = room.sequencer.state()
  t.strictSame(validateState(sound), [])
  const broken: [(state: Portfolio) => void, RegExp][] = [
    [
      (state) => {
        unitIn(state).lots = decimal(99)
      },
      /holds 99 lots, bought less sold are/,
    ],
    [
      (state) => {
        unitIn(state).stop = 1
      },
      /the stop of P-\S+ is 1, below its first stop/,
    ],
    [
      (state) => {
        state.ledger.balance = decimal(1)
      },
      /the ledger's balance is 1, its postings sum up to/,
    ],
    [
      (state) => {
        state.ledger.high = decimal(0)
      },
      /the high watermark 0 is below the balance/,
    ],
    [
      (state) => {
        state.books.get('COPPER')!.entryOrderId = 'O-x'
      },
      /COPPER names O-x as its entry at work/,
    ],
    [oversell, /exits at work for P-\S+ may sell \d+ lots, it holds/],
  ]
  for (const [harm, rule] of broken) {
    const state = copyState(sound)
    harm(state)
    t.match(validateState(state).join('\n'), rule)
  }
})

function unitIn(state: Portfolio) {
  return state.books.get('GOLD_MINI')!.units[0]!
}

function oversell(state: Portfolio): void {
  const unit = unitIn(state)
  const entry = state.orders.get(unit.entryOrderId)!
  const order = { ...entry, id: 'O-exit', purpose: 'exit', side: 'sell', state: 'accepted' } as const
  state.orders.set('O-exit', {
    ...order,
    positionId: unit.id,
    lots: unit.lots.times(decimal(2)),
    filledLots: decimal(0),
  })
  state.books.get('GOLD_MINI')!.exitOrderIds.push('O-exit')
}

t.test(
  'a configuration is recorded when it is another one, and a new portfolio is funded once',
  async (t) => {
    const room = await openRoom(t)
    const wanted = { hash: 'h1', settings: settings(), openingDeposit: decimal(500) }
    const seq = () => recordedInputs(room)
    const before = await seq()
    await activate(room.sequencer, wanted, before)
    t.equal(await seq(), before, 'nothing is new')
    await activate(room.sequencer, { ...wanted, hash: 'h2' }, before)
    await activate(room.sequencer, wanted, await seq())
    t.equal(await seq(), before + 2, 'also an earlier configuration may come back')
    t.equal(room.sequencer.state().ledger.deposited.toString(), '100000000')
    const { differences } = await verifyPortfolio(room.database.pool, {
      portfolio: 'test',
      full: true,
      log: silentLog,
    })
    t.strictSame(differences, [])
  },
)

t.test(
  'an account that cannot be read is tried again, and a person is told after the third time',
  async (t) => {
    const room = await openRoom(t)
    const alarms: ShellAlarm[] = []
    let [failures, meanwhile] = [4, async () => undefined as unknown]
    const positions = async () => {
      if (failures-- > 0) throw new Error('no positions')
      await meanwhile()
      return { COPPER: decimal(3) }
    }
    const watch = new AccountWatch({
      ...{
        portfolio: 'test',
        sequencer: room.sequencer,
        clock: room.clock,
        log: silentLog,
        occasion: 'epoch 1',
      },
      broker: changed(room.broker, { positions }),
      readOrders: async () => undefined,
      raise: async (alarm) => void alarms.push(alarm),
      timings: { lookEvery: 1e9, secondLookAfter: 1e9 },
    })
    for (let look = 0; look < 4; look++) t.equal(await watch.look(), false)
    t.match(alarms, [
      { code: 'BROKER_UNREACHABLE', severity: 'warning', message: /3 times in a row: no positions/ },
    ])
    t.equal(alarms.length, 1)
    meanwhile = () => enter(room, 'GOLD_MINI', 78_500)
    t.equal(await watch.look(), true, 'what was read while an order was made is read again')
    t.equal(room.sequencer.state().breaks.size, 0)
    meanwhile = async () => undefined
    t.equal(await watch.look(), true, 'a difference is looked at again soon')
    t.equal(await watch.look(), false)
    t.match(room.sequencer.state().books.get('COPPER')?.lock, { reason: /the broker 3/ })
  },
)

t.test('stops that its broker cannot rest end a start, which says what to do', async (t) => {
  const wanted = { ...settings(), protectiveStop: { limitPct: 1 } }
  const plain = { name: 'plain', capabilities: { resendClass: 'A', absenceProvenAfterMs: 0 } } as const
  t.throws(() => requireCapabilities(wanted, plain), {
    code: 'CONFIGURATION_INVALID',
    message: /Portfolio test has protectiveStop.*plain takes no stop orders: set protectiveStop to null/,
  })
  requireCapabilities(settings(), plain)
  requireCapabilities(wanted, { ...plain, capabilities: { ...plain.capabilities, restsStops: true } })
})

// Faults: K22
t.test('a portfolio whose starts die again and again is halted, until a person resumes it', async (t) => {
  const room = await openRoom(t)
  const { pool } = room.database
  const start = (number: number) => ({ portfolio: 'test', instance: `instance ${number}` })
  const begin = (number: number) => beginStart(pool, start(number))
  const halt = (crashes: number) => {
    const { desk, clock } = recovering(room)
    return haltCrashLoop({
      desk,
      steps: room.sequencer,
      crashes,
      occasion: `epoch ${crashes}`,
      at: clock.now(),
    })
  }
  for (let crashes = 0; crashes < 5; crashes++) t.equal(await begin(crashes), crashes)
  t.equal(await begin(4), 4, 'an instance that tries again is one start')
  await endStart(pool, start(4))
  t.equal(await begin(5), 4, 'one that ended in order is no crash')
  t.equal(await beginStart(pool, { ...start(1), portfolio: 'other' }), 0, 'portfolios have their own')
  t.equal(await begin(6), 5)
  await halt(5)
  t.equal(room.sequencer.state().tradingState, 'active', 'five may be chance')
  await enter(room, 'GOLD_MINI', 78_500)
  t.equal(await begin(7), 6)
  await halt(6)
  const { tradingState, tradingStateReason } = room.sequencer.state()
  t.equal(tradingState, 'halted')
  t.match(tradingStateReason, /6 starts within 10 minutes died/)
  t.match(await alarmCodes(room), ['CRASH_LOOP'])
  await halt(7)
  t.strictSame(await alarmCodes(room), ['CRASH_LOOP', 'CRASH_LOOP'], 'each such start is told')
  await forgetCrashes(pool, 'test')
  t.equal(await begin(8), 0, 'a start that became active ends the row')
  await pool.query(`update unfinished_starts set began_at = began_at - interval '11 minutes'`)
  t.equal(await begin(9), 0, 'what is long ago does not count')
})
