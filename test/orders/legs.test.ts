import t, { type Test } from 'tap'
import { compareAccount, isNothingNew } from '../../core/reconcile/compare.js'
import type { PaperFaults } from '../../server/brokers/paper/paper-settings.js'
import { readOrders } from '../../server/journal/read/orders.js'
import { readPositions } from '../../server/journal/read/positions.js'
import { validateState } from '../../server/recovery/validate-state.js'
import { findUnsoundLogs } from '../helpers/audit.js'
import { eventually } from '../helpers/eventually.js'
import { BANK_NIFTY, GOLD } from '../helpers/settings.js'
import {
  alarmCodes,
  command,
  enter,
  exit,
  heldLots,
  type Life,
  openRoom,
  type Room,
  type RoomOptions,
  storyOf,
  venueLots,
} from './order-room.js'

const PATIENCE = { timeoutMs: 30_000 }
const NIFTY = 'BANK_NIFTY'
const PRICE = 52_030
const CALL = 'BANK_NIFTY:2026-01-27:52000:call'
const PUT = 'BANK_NIFTY:2026-01-27:52000:put'

function synthetic(t: Parameters<typeof openRoom>[0], options: RoomOptions = {}): Promise<Room> {
  const how = { strikeStep: 500, legPolicy: 'complete', legAttempts: 3 } as const
  return openRoom(t, { settings: { instruments: [GOLD, { ...BANK_NIFTY, synthetic: how }] }, ...options })
}

/** Sweeps, with time passing, until the instrument is at rest. */
async function comeToRest(room: Room, life: Life = room): Promise<void> {
  await eventually(
    'its legs are at rest',
    async () => {
      await life.desk.sweep()
      const book = life.sequencer.state().books.get(NIFTY)
      const isAtRest = book?.entryOrderId === null && book.exitOrderIds.length + book.openLegs.length === 0
      if (isAtRest && book.units.every(({ exit: wish }) => wish === null)) return true
      room.clock.advanceBy(11_000)
      room.monotonic.now += 11_000
      return false
    },
    PATIENCE,
  )
}

/** Whatever happened: the account is the book's, nothing of an option is left over, and the logs are sound. */
async function checkBooks(t: Test, room: Room, life: Life = room): Promise<void> {
  const lots = heldLots(life)[NIFTY]
  t.same(await venueLots(life), lots === undefined ? {} : { [CALL]: lots, [PUT]: `-${lots}` })
  const portfolio = life.sequencer.state()
  const positions = await life.broker.positions()
  t.ok(isNothingNew(compareAccount(portfolio, { positions }, portfolio.now)), 'the account is as expected')
  t.same(validateState(portfolio), [])
  t.same(await findUnsoundLogs(room.database.pool), [])
}

t.test(
  'LG-01 a synthetic future is bought and sold in two legs, each recorded before it is sent',
  async (t) => {
    const room = await synthetic(t)
    room.desk.open()
    const id = await enter(room, NIFTY, PRICE)
    await comeToRest(room)
    t.same(await storyOf(room, id), ['OrderInitialized', 'OrderFilled'], 'it is never sent itself')
    for (const leg of [`${id}-c1`, `${id}-p1`]) {
      t.same(await storyOf(room, leg), ['OrderInitialized', 'OrderSubmitted', 'OrderAccepted', 'OrderFilled'])
    }
    const { rows } = await room.database.pool.query(
      `select o.leg, e.type from events as e join orders as o on o.id = e.data->>'orderId'
     where e.type in ('OrderSubmitted', 'OrderFilled') order by e.seq, e.idx`,
    )
    t.same(
      rows.map(({ leg, type }) => `${leg ?? 'whole'} ${type}`),
      [
        'call OrderSubmitted',
        'call OrderFilled',
        'put OrderSubmitted',
        'put OrderFilled',
        'whole OrderFilled',
      ],
    )
    const [position] = (
      await readPositions(room.database.db, 'test', { limit: 9, cursor: null, status: 'all' })
    ).items
    t.match(position, { contract: { strike: '52000', expiry: '2026-01-27' }, averagePrice: '52030.1' })
    const shown = await readOrders(room.database.db, 'test', { limit: 9, cursor: null, status: 'all' })
    t.match(
      shown.items.map(({ id: shownId, side, hasLegs, leg }) => [shownId, side, hasLegs, leg]),
      [
        [
          `${id}-p1`,
          'sell',
          false,
          { of: id, kind: 'put', strike: '52000', expiry: '2026-01-27', isRollback: false },
        ],
        [`${id}-c1`, 'buy', false, { of: id, kind: 'call' }],
        [id, 'buy', true, null],
      ],
    )
    await checkBooks(t, room)
    const exited = await exit(room, NIFTY)
    await comeToRest(room)
    t.same(await storyOf(room, `${exited}-p1`), await storyOf(room, `${id}-p1`))
    t.same([heldLots(room), await venueLots(room)], [{}, {}])
    t.same(await alarmCodes(room), [])
    await checkBooks(t, room)
  },
)

// Faults: K20
t.test('LG-02 between two legs a process is lost, and the next one completes', async (t) => {
  const room = await synthetic(t, { maySend: ({ leg }) => leg?.kind !== 'put' })
  room.desk.open()
  const id = await enter(room, NIFTY, PRICE)
  await eventually('the call is bought', async () => {
    const { rows } = await room.database.pool.query('select from orders where id = $1', [`${id}-p1`])
    return rows.length === 1
  })
  t.same(Object.keys(await venueLots(room)), [CALL])
  room.clock.advanceBy(11_000)
  await room.desk.sweep()
  t.same(await alarmCodes(room), ['LEG_IMBALANCE'], 'and a person is told')
  const next = await room.takeOver({})
  t.same(validateState(next.sequencer.state()), [])
  next.desk.open()
  await comeToRest(room, next)
  await checkBooks(t, room, next)
  t.same(await storyOf(room, `${id}-p1`), [
    'OrderInitialized',
    'OrderSubmitted',
    'OrderAccepted',
    'OrderFilled',
  ])
})

t.test('LG-03 an exit that the venue refuses is tried until it is done', async (t) => {
  const room = await synthetic(t)
  room.desk.open()
  await enter(room, NIFTY, PRICE)
  await comeToRest(room)
  await room.desk.close()
  const refusing = await room.takeOver({ faults: { rejectRate: 1 } })
  refusing.desk.open()
  await exit({ ...refusing, clock: room.clock }, NIFTY)
  await eventually('it is refused', async () => (await alarmCodes(room)).includes('EXIT_REFUSED'))
  await refusing.desk.close()
  const next = await room.takeOver({})
  next.desk.open()
  room.clock.advanceBy(31_000)
  await comeToRest(room, next)
  t.same(heldLots(next), {})
  await checkBooks(t, room, next)
})

const STORM: Partial<PaperFaults> = {
  ...{ rejectRate: 0.2, partialFillRate: 0.5, partialFillMs: 500, remainderCanceledRate: 0.4 },
  ...{ lostRequestRate: 0.15, lostAnswerRate: 0.15 },
  ...{ lateFillRate: 0.2, lateFillMs: 2_000, duplicateReportRate: 0.3, shuffledReportRate: 0.3 },
}

t.test('LG-04 whatever the venue does, the legs match in the end', async (t) => {
  const room = await synthetic(t, { faults: STORM })
  room.desk.open()
  for (let round = 0; round < 6; round++) {
    await enter(room, NIFTY, PRICE)
    await comeToRest(room)
    await checkBooks(t, room)
    if (round % 2 === 0) await command(room, { kind: 'exit', target: { all: true }, reason: 'a test' })
    else await exit(room, NIFTY)
    await comeToRest(room)
    t.same(heldLots(room), {})
    await checkBooks(t, room)
    const { lock } = room.sequencer.state().books.get(NIFTY)!
    if (lock !== null) await command(room, { kind: 'unlock', instrument: NIFTY, reason: 'a test' })
  }
  t.ok((await alarmCodes(room)).includes('LEG_IMBALANCE'), 'much went wrong on the way')
})
