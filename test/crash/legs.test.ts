import t, { type Test } from 'tap'
import { AlertSender } from '../helpers/alert-sender.js'
import { findUnsoundLogs, isAtRest } from '../helpers/audit.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import { servicePlace, startProcess } from '../helpers/service-process.js'
import { type StrikePoint, strikeProxy } from '../helpers/strike-proxy.js'

/** A moment at which one leg is done and the other is not, or nobody knows whether it is. */
interface LegPoint extends StrikePoint {
  readonly what: string
  readonly during: 'entry' | 'exit'
  readonly isQuick?: true
}

/** The paper venue is in the database, so that its statements are the wire to it. An exit buys the put back first. */
const LEG_POINTS: readonly LegPoint[] = [
  {
    ...{ what: 'the put is about to be sold', during: 'entry' },
    ...{ statement: 'paper-add', holds: ':put', moment: 'before' },
  },
  {
    ...{ what: 'the call is sold, its answer is lost', during: 'exit', isQuick: true },
    ...{ statement: 'paper-add', holds: ':call', moment: 'unheard' },
  },
  {
    ...{ what: 'the put is decided, not recorded', during: 'entry' },
    ...{ statement: 'persist-batch', holds: '-p1', moment: 'uncommitted' },
  },
  {
    ...{ what: 'the put is sold, its answer is lost', during: 'entry' },
    ...{ statement: 'paper-add', holds: ':put', moment: 'unheard' },
  },
  {
    ...{ what: 'the call is about to be sold', during: 'exit' },
    ...{ statement: 'paper-add', holds: ':call', moment: 'before' },
  },
]

const PATIENCE = { timeoutMs: 60_000, intervalMs: 20 }
const ENTRY = { type: 'BASE_ENTRY', position: 'Long_1', price: 52_030, atr: 300, er: 0.8 }
const EXIT = { type: 'EXIT', position: 'ALL', price: 52_100, reason: 'RULE' }

/** Returns the net lots of each leg at the venue, and how many lots the book holds. */
async function readLegs({ pool }: TestDatabase) {
  const { rows } = await pool.query<{ kind: string; net: number; traded: number }>(
    `select split_part(instrument, ':', 4) as kind, sum(lots)::float as traded,
       sum(case side when 'buy' then lots else -lots end)::float as net from paper.fills group by kind`,
  )
  const held = await pool.query<{ lots: number }>(
    `select coalesce(sum(lots), 0)::float as lots from positions where state <> 'closed'`,
  )
  const of = (kind: string) => rows.find((row) => row.kind === kind) ?? { net: 0, traded: 0 }
  return { call: of('call'), put: of('put'), held: held.rows[0]!.lots }
}

/** Enters and exits once, kills the service at the point on the way, and asserts that the legs match after each. */
async function killBetween(t: Test, database: TestDatabase, point: LegPoint, round: number, desk: Desk) {
  const before = await readLegs(database)
  let lots = 0
  for (const what of ['entry', 'exit'] as const) {
    if (what === point.during) await desk.killAt(point, () => desk.send(what, round))
    else await desk.send(what, round)
    const isEntry = what === 'entry'
    await eventually(
      `the ${what} is done`,
      async () => {
        const { held } = await readLegs(database)
        return held > 0 === isEntry && (await isAtRest(database.pool))
      },
      PATIENCE,
    )
    const { call, put, held } = await readLegs(database)
    lots = isEntry ? held : lots
    t.strictSame([call.net, put.net], [held, 0 - held], `${point.what}: the legs match after the ${what}`)
    const traded = [call.traded - before.call.traded, put.traded - before.put.traded]
    const expected = isEntry ? lots : 2 * lots
    t.strictSame(traded, [expected, expected], 'nothing is traded twice')
  }
}

interface Desk {
  readonly send: (what: 'entry' | 'exit', round: number) => Promise<void>
  /** Kills the service when it comes by the point after `act`, and starts it again. */
  readonly killAt: (point: LegPoint, act: () => Promise<void>) => Promise<void>
}

// Faults: K20
t.test('kill -9 between two legs: the other one follows, and nothing is traded twice', async (t) => {
  const database = await testDatabase(t)
  const proxy = await strikeProxy(t, database.connectionString)
  const portfolio = { id: 'legs', instruments: [{ name: 'BANK_NIFTY', synthetic: {} }] }
  const env = { DATABASE_URL: proxy.url, LOG_LEVEL: 'error' }
  const place = await servicePlace(t, { portfolios: [portfolio] }, env)
  const sender = new AlertSender(place.webhookUrl)
  t.teardown(() => sender.close())
  let service = startProcess(t, place)
  await service.ready()
  const desk: Desk = {
    send: async (what, round) => {
      const minute = 2 * round + (what === 'entry' ? 0 : 1)
      const barTime = new Date(Date.UTC(2020, 0, 1, 0, minute)).toISOString()
      const alert = { ...(what === 'entry' ? ENTRY : EXIT), instrument: 'BANK_NIFTY', barTime }
      const { status } = await sender.send({ ...alert, timestamp: new Date().toISOString() })
      t.equal(status, 200)
    },
    killAt: async (point, act) => {
      let isStruck = false
      const struck = () => {
        service.signal('SIGKILL')
        isStruck = true
      }
      void proxy.arm(point, struck)
      await act()
      await eventually(`the service passes: ${point.what}`, () => isStruck, PATIENCE)
      await service.gone()
      proxy.disarm()
      proxy.release()
      service = startProcess(t, place)
      await service.ready()
    },
  }
  const points = LEG_POINTS.filter(({ isQuick }) => isQuick === true || counts.pointRounds > 1)
  for (const [round, point] of points.entries()) await killBetween(t, database, point, round, desk)
  t.strictSame(await findUnsoundLogs(database.pool), [], 'the tables are the fold of the logs')
  t.equal(await service.stop(), 0)
})
