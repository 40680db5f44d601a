import t from 'tap'
import { isAtWork } from '../../core/order/order.js'
import type { PaperFaults } from '../../server/brokers/paper/paper-settings.js'
import { counts } from '../helpers/counts.js'
import { command, enter, exit, heldLots, type Life, openRoom, type Room, venueLots } from './order-room.js'

/** Every fault that the paper venue knows, each far more often than any venue has it. */
const STORM: Omit<PaperFaults, 'seed'> = {
  extraSlippageTicks: 5,
  rejectRate: 0.1,
  lostRequestRate: 0.15,
  lostAnswerRate: 0.15,
  slowAnswerRate: 0.1,
  slowAnswerMs: 50,
  failedReadRate: 0.15,
  partialFillRate: 0.5,
  partialFillMs: 3_000,
  remainderCanceledRate: 0.3,
  lateFillRate: 0.3,
  lateFillMs: 5_000,
  lostReportRate: 0.5,
  duplicateReportRate: 0.3,
  shuffledReportRate: 0.5,
}

const PRICES: Readonly<Record<string, number>> = {
  GOLD_MINI: 70_000,
  BANK_NIFTY: 51_000,
  SILVER_MINI: 90_000,
  COPPER: 850,
}

type Scene = Life & Pick<Room, 'clock' | 'monotonic' | 'database'>

/** Returns numbers from 0 up to 1 that depend on the seed alone (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

async function pass(scene: Scene, milliseconds: number): Promise<void> {
  scene.clock.advanceBy(milliseconds)
  scene.monotonic.now += milliseconds
  await scene.desk.sweep()
}

/** One alert for each instrument, whatever its state: what does not fit is refused, which is an answer too. */
async function act(scene: Scene, chance: () => number): Promise<void> {
  for (const [instrument, price] of Object.entries(PRICES)) {
    const moved = price * (1 + 0.02 * chance())
    const draw = chance()
    if (draw < 0.45) await enter(scene, instrument, moved)
    else if (draw < 0.6) await enter(scene, instrument, price * 1.05, { type: 'PYRAMID', label: 'Long_2' })
    else await exit(scene, instrument)
  }
}

/** A late trade of an ended order locks its instrument; the operator looks, and lets it trade again. */
async function unlock(scene: Scene): Promise<void> {
  for (const { instrument, lock } of scene.sequencer.state().books.values()) {
    if (lock !== null) await command(scene, { kind: 'unlock', instrument, reason: 'looked at' })
  }
}

async function calmDown(scene: Scene): Promise<boolean> {
  for (let wait = 0; wait < 100; wait++) {
    await pass(scene, 31_000)
    const orders = [...scene.sequencer.state().orders.values()]
    const isQuiet = orders.every((order) => !isAtWork(order.state))
    if (isQuiet) return true
  }
  return false
}

/** Storms are long: one for many seeds of the simulation. */
const STORMS = Math.ceil(counts.seeds / 1500)
const ROUNDS = 120

for (let seed = 1; seed <= STORMS; seed++) {
  // Faults: L02
  t.test(`hundreds of orders through a storm of faults come to rest, seed ${seed}`, async (t) => {
    const faults = { ...STORM, seed: `storm-${seed}` }
    const room = await openRoom(t, { faults })
    const chance = random(seed)
    let scene: Scene = room
    scene.desk.open()
    for (let round = 0; round < ROUNDS; round++) {
      await act(scene, chance)
      await pass(scene, 1_000 + Math.floor(20_000 * chance()))
      if (round % 10 === 9) await unlock(scene)
      if (round % 30 === 29) {
        // A process dies with whatever it was at, and the next one takes over
        scene = {
          ...(await room.takeOver()),
          clock: room.clock,
          monotonic: room.monotonic,
          database: room.database,
        }
        scene.desk.open()
      }
    }
    t.ok(await calmDown(scene), 'nothing is left at work')
    const calm = await room.takeOver({})
    t.same(heldLots(calm), await venueLots(calm), 'the venue holds what the journal holds')
    await compareBooks(t, scene)
  })
}

/** Order by order: what the journal has is what the venue has, and the venue has each order once. */
async function compareBooks(t: Pick<Tap, 'same' | 'ok' | 'comment'>, { database }: Scene): Promise<void> {
  const { rows } = await database.pool.query<Record<string, number>>(`
    with venue as (
      select o.client_order_id, o.instrument, o.side, o.lots,
        coalesce((select sum(lots) from paper.fills f where f.client_order_id = o.client_order_id), 0) as filled
      from paper.orders o
    )
    select count(*) as orders,
      count(*) filter (where v.client_order_id is not null) as "atVenue",
      count(*) filter (where o.attempt > 1) as resent,
      count(*) filter (where v.client_order_id is not null and (v.lots, v.side, v.instrument, v.filled)
        is distinct from (o.lots, o.side, o.instrument, o.filled_lots)) as differing,
      count(*) filter (where v.client_order_id is null and o.filled_lots > 0) as invented,
      (select count(*) from inputs where type = 'InputFailed') as failed,
      (select count(*) from venue where client_order_id not in (select client_order_id from orders)) as strangers
    from orders o left join venue v using (client_order_id)`)
  const found = rows[0]!
  t.comment(JSON.stringify(found))
  t.ok(found.orders! >= 100, `${found.orders} orders were made, ${found.resent} of them sent more than once`)
  t.same([found.differing, found.invented, found.strangers, found.failed], [0, 0, 0, 0])
}

type Tap = typeof t
