import t from 'tap'
import { baseEntry, exitAll } from '../helpers/alerts.js'
import { eventually } from '../helpers/eventually.js'
import { insertAlerts } from '../helpers/sequenced.js'
import { enter, openRoom, orderOf, type Room, reference, START, storyOf } from './order-room.js'

/** Lets the writer of decisions wait, as a database does that is about to fail. */
async function holdWrites({ database }: Room) {
  const holder = await database.pool.connect()
  await holder.query('begin')
  await holder.query('select from portfolios for update')
  return async () => {
    await holder.query('commit')
    holder.release()
  }
}

/** Ends the connection on which a batch waits to be written, once one does. */
async function loseTheBatch({ database }: Room): Promise<void> {
  const end = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%fence%'`
  await eventually('a batch is lost', async () => (await database.pool.query(end)).rows.length > 0)
}

async function receive(
  room: Room,
  first: number,
  alert: Parameters<typeof insertAlerts>[1]['alerts'][number],
) {
  await insertAlerts(room.database.pool, { portfolio: 'test', first, alerts: [alert] })
  room.sequencer.ring()
}

// Faults: K09
t.test('an order whose decision is lost with its batch is sent once it is decided again', async (t) => {
  const room = await openRoom(t)
  room.sequencer.admitAlerts()
  room.desk.open()
  const letGo = await holdWrites(room)
  await receive(room, 1, baseEntry('GOLD_MINI', 70_000, 350, { timestamp: START }))
  const id = await eventually('it is decided in memory', () => [...room.sequencer.state().orders.keys()][0])
  // The sweeper looks at memory, which is ahead of the logs
  const sweeping = room.desk.sweep()
  await loseTheBatch(room)
  await letGo()
  await sweeping
  await eventually('it is decided again', async () => (await storyOf(room, id)).length > 0)
  await room.desk.sweep()
  t.equal(orderOf(room, id).state, 'filled')
})

t.test('nothing is cancelled for an exit whose decision is not recorded yet', async (t) => {
  const room = await openRoom(t, { faults: { partialFillRate: 1, partialFillMs: 3_600_000 } })
  room.sequencer.admitAlerts()
  room.desk.open()
  const id = await enter(room, 'GOLD_MINI', 70_000)
  await room.desk.sweep()
  t.equal(orderOf(room, id).state, 'partiallyFilled')
  const letGo = await holdWrites(room)
  await receive(room, 1, exitAll('GOLD_MINI', { timestamp: START }))
  await eventually('it is decided in memory', () => orderOf(room, id).cancelRequested)
  await room.desk.sweep()
  t.match(await room.broker.order(reference(room, id)), { order: { status: 'working' } })
  await loseTheBatch(room)
  await letGo()
  await eventually('it is decided again', async () =>
    (await storyOf(room, id)).includes('OrderCancelRequested'),
  )
  await room.desk.sweep()
  t.equal(orderOf(room, id).state, 'canceled')
  const sale = [...room.sequencer.state().orders.values()].find(({ purpose }) => purpose === 'exit')
  t.same(sale?.lots, orderOf(room, id).filledLots, 'what it had bought is on sale')
})
