import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { EntryAlert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import { DAY } from '../../core/time.js'
import { OpenAlgoBroker } from '../../server/brokers/openalgo/openalgo-broker.js'
import { SimulatedClock } from '../../server/clock.js'
import { createPortfolio, loadPortfolio } from '../../server/journal/load.js'
import { Sequencer } from '../../server/kernel/sequencer.js'
import { builtInCalendar } from '../../server/market/calendar/effective-calendar.js'
import type { ShellAlarm } from '../../server/observe/alarms.js'
import { silentLog } from '../../server/observe/log.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { OrderDesk } from '../../server/orders/order-desk.js'
import { recoverVenue } from '../../server/recovery/recover.js'
import { RolloverSchedule } from '../../server/schedule/rollover-schedule.js'
import { readSetup } from '../../server/service/setup.js'
import { eventually } from '../helpers/eventually.js'
import { OPENALGO_KEY, type OpenAlgoDouble, startOpenAlgo } from '../helpers/openalgo-server.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import { GOLD, settings } from '../helpers/settings.js'
import { testDirectory } from '../helpers/temporary-directory.js'

/** A Monday at 11:30 in India on which a contract of Gold Mini expires. */
const START = Date.UTC(2026, 0, 5, 6)
const CONTRACTS = [
  { name: 'GOLDM', symbol: 'GOLDM05JAN26FUT', expiry: '05-JAN-26', lotsize: 1, price: 136_000 },
  { name: 'GOLDM', symbol: 'GOLDM05FEB26FUT', expiry: '05-FEB-26', lotsize: 1, price: 137_000 },
  { name: 'GOLDM', symbol: 'GOLDM05MAR26FUT', expiry: '05-MAR-26', lotsize: 1, price: 138_100 },
]

let database: TestDatabase
let double: OpenAlgoDouble
let lives = 0
const clock = new SimulatedClock({ start: START })
const alarms: ShellAlarm[] = []

t.before(async () => {
  database = await testDatabase(t)
  double = await startOpenAlgo(t, { clock, contracts: CONTRACTS })
  await createPortfolio(database.pool, 'test', 'INR')
})

/** One process's part: it recovers from the logs and the venue, and then trades. */
async function live() {
  const { pool } = database
  const loaded = await loadPortfolio(pool, 'test', silentLog)
  const desk = { pool, log: silentLog, metrics: createMetrics() }
  const sequencer = new Sequencer({ portfolio: 'test', epoch: loaded.epoch, desk, clock })
  sequencer.start(loaded)
  const broker = new OpenAlgoBroker({
    settings: {
      ...{
        url: double.url,
        apiKey: OPENALGO_KEY,
        streamUrl: null,
        product: 'NRML',
        bufferPct: 0.1,
        commissionPct: 0.01,
      },
      allowLive: true,
    },
    instruments: [GOLD],
    calendar: async () => builtInCalendar(),
    clock,
    onIncident: () => undefined,
    timings: { endSeenFor: 0 },
  })
  lives += 1
  const occasion = `life ${lives}`
  const context = {
    ...{ portfolio: 'test', desk, clock, broker, full: false, settleMs: 1 },
    ...{ onProgress: () => undefined, signal: new AbortController().signal },
  }
  const venue = await recoverVenue(context, sequencer, occasion)
  const orders = new OrderDesk({
    ...{ portfolio: 'test', occasion, sequencer, broker, clock, log: silentLog },
    raise: async (alarm: ShellAlarm) => void alarms.push(alarm),
    timings: { sweepEvery: 50, backoff: 20, escalateAfter: 100 },
  })
  const stop = async () => {
    await orders.close()
    await broker.close()
    await sequencer.stop()
  }
  return { sequencer, broker, orders, venue, stop }
}

type Life = Awaited<ReturnType<typeof live>>

async function enter({ sequencer }: Life, price: number, id = 'A-entry'): Promise<string> {
  const alert: EntryAlert = {
    ...{ type: 'BASE_ENTRY', instrument: 'GOLD_MINI', price, atr: price / 200, stop: null, er: 1 },
    ...{ label: 'Long_1', timestamp: clock.now(), barTime: null },
  }
  const input = { type: 'AlertAdmitted', id, alert, conflict: false, quote: null } as const
  const { events } = await sequencer.submit(input)
  const made = events.find((event) => event.type === 'OrderInitialized')
  if (made === undefined) throw new Error(JSON.stringify(events))
  return made.orderId
}

const orderOf = ({ sequencer }: Life, id: string) => sequencer.state().orders.get(id)!

t.test(
  'an order is sent, filled in parts across a restart, and closed again, and every lot is booked once',
  async (t) => {
    const first = await live()
    const wanted = settings({ instruments: [GOLD] })
    await first.sequencer.submit({ type: 'ConfigurationActivated', id: 'C-1', hash: 'h', settings: wanted })
    const deposit = { kind: 'cash', movement: 'deposit', amount: decimal(100_000_000), note: null } as const
    await first.sequencer.submit({ type: 'OperatorCommanded', id: 'C-2', command: deposit })
    double.fillsAtOnce = false
    first.orders.open()
    const entry = await enter(first, 137_000)
    await eventually('it is accepted', () => orderOf(first, entry).state === 'accepted')
    const [sent] = double.orders
    t.match(sent, { symbol: 'GOLDM05FEB26FUT', action: 'BUY', pricetype: 'LIMIT', price: 137_139 })
    const { lots } = orderOf(first, entry)
    t.equal(sent!.quantity, lots.toNumber())
    double.trade(sent!.orderid, 2, 137_010)
    await eventually('a part is booked', () => orderOf(first, entry).filledLots.toNumber() === 2)
    await first.stop()

    double.trade(sent!.orderid, 1, 137_020)
    const second = await live()
    t.same(second.venue.external, [], 'an order of an earlier process is none of somebody else')
    t.equal(
      orderOf(second, entry).filledLots.toNumber(),
      3,
      'what traded meanwhile is booked by the recovery',
    )
    second.orders.open()
    double.trade(sent!.orderid, lots.toNumber() - 3, 137_030)
    await eventually('all of it is booked', () => orderOf(second, entry).state === 'filled')
    const value = 2 * 137_010 + 137_020 + (lots.toNumber() - 3) * 137_030
    t.equal(orderOf(second, entry).filledValue.toNumber(), value)
    t.equal(orderOf(second, entry).tradeIds.length, 3)

    double.fillsAtOnce = true
    double.intercept('placeorder', (act) => {
      act()
      return {
        status: 500,
        body: { status: 'error', message: 'Failed to place order due to internal error' },
      }
    })
    const exit = { type: 'EXIT', instrument: 'GOLD_MINI', label: 'ALL', price: null, reason: null } as const
    const alert = { ...exit, timestamp: clock.now(), barTime: null, flags: [] } as const
    await second.sequencer.submit({
      type: 'AlertAdmitted',
      id: 'A-exit',
      alert,
      conflict: false,
      quote: null,
    })
    await eventually('the exit without an answer is found, and booked', () => {
      return second.sequencer.state().books.get('GOLD_MINI')!.units.length === 0
    })
    t.equal(double.orders.length, 2, 'it was sent once')
    t.same(await second.broker.positions(), {})
    await second.stop()
  },
)

t.test('a unit leaves its contract in two steps, and a crash between them costs nothing', async (t) => {
  const first = await live()
  const wanted = settings({ instruments: [GOLD], rollover: { atMinutes: 0 } })
  await first.sequencer.submit({ type: 'ConfigurationActivated', id: 'C-3', hash: 'roll', settings: wanted })
  await first.sequencer.submit({ type: 'CalendarImported', id: 'C-4', calendar: builtInCalendar() })
  first.orders.open()
  const entry = await enter(first, 137_000, 'A-second')
  await eventually('it is held', () => orderOf(first, entry).state === 'filled')
  const { lots } = orderOf(first, entry)
  const [unit] = first.sequencer.state().books.get('GOLD_MINI')!.units
  t.match(unit, { contractMonth: '2026-02' })
  const schedule = ({ sequencer }: Life) => new RolloverSchedule({ sequencer, clock, log: silentLog })
  await schedule(first).look()
  t.equal(first.sequencer.state().books.get('GOLD_MINI')!.roll, null, 'not yet')

  clock.advanceBy(24 * DAY)
  const sent = double.orders.length
  double.intercept('placeorder', (act) => {
    // What follows the sale waits
    double.fillsAtOnce = false
    const answer = act()
    double.trade(double.orders.at(-1)!.orderid, lots.toNumber(), 137_050)
    return answer
  })
  await schedule(first).look()
  await schedule(first).look()
  await eventually('its successor is ordered', () => double.orders.length === sent + 2)
  await first.stop()
  const [sale, purchase] = double.orders.slice(sent)
  t.match(sale, { symbol: 'GOLDM05FEB26FUT', action: 'SELL', quantity: lots.toNumber() })
  t.match(purchase, { symbol: 'GOLDM05MAR26FUT', action: 'BUY', quantity: lots.toNumber(), price: 138_240 })

  const second = await live()
  second.orders.open()
  double.trade(purchase!.orderid, lots.toNumber(), 138_110)
  const book = () => second.sequencer.state().books.get('GOLD_MINI')!
  await eventually('it is held again', () => book().roll?.outcome === 'rolled')
  t.match(book().units, [{ number: 1, label: 'Long_1', contractMonth: '2026-03', stop: unit!.stop + 1_060 }])
  t.equal((await second.broker.positions()).GOLD_MINI?.toNumber(), lots.toNumber())
  t.equal(double.orders.length, sent + 2, 'nothing is sent twice')
  await second.stop()
})

t.test('a simulated clock and a live broker are refused together', async (t) => {
  const home = await testDirectory(t)
  const broker = { kind: 'openalgo', url: double.url, apiKey: `\${OPENALGO_KEY}` }
  const portfolio = { id: 'live', sessions: 'exchange', broker, instruments: [{ name: 'GOLD_MINI' }] }
  const path = join(home, 'general.json')
  await writeFile(path, JSON.stringify({ portfolios: [portfolio] }))
  const env = { GENERAL_HOME: home, GENERAL_CONFIG: path, OPENALGO_KEY }
  const setup = await readSetup({ env, log: silentLog })
  t.equal(setup.secrets.scrub(`the key is ${OPENALGO_KEY}`), 'the key is [secret]')
  await t.rejects(readSetup({ env, log: silentLog, clock }), /simulated clock .* openalgo/)
})
