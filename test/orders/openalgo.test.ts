import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { EntryAlert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'

import type { Instrument } from '../../core/instrument/instrument.js'

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
import {
  listedOptions,
  OPENALGO_KEY,
  type OpenAlgoDouble,
  startOpenAlgo,
} from '../helpers/openalgo-server.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import { BANK_NIFTY, GOLD, settings } from '../helpers/settings.js'
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

/** Whose part a process has. */
interface Place {
  readonly portfolio: string
  readonly instrument: Instrument
  readonly venue: () => OpenAlgoDouble
}

const TEST: Place = { portfolio: 'test', instrument: GOLD, venue: () => double }

/** One process's part: it recovers from the logs and the venue, and then trades. */
async function live({ portfolio, instrument, venue: account }: Place = TEST) {
  const { pool } = database
  const loaded = await loadPortfolio(pool, portfolio, silentLog)
  const desk = { pool, log: silentLog, metrics: createMetrics() }
  const sequencer = new Sequencer({ portfolio, epoch: loaded.epoch, desk, clock })
  sequencer.start(loaded)
  const broker = new OpenAlgoBroker({
    settings: {
      ...{
        url: account().url,
        apiKey: OPENALGO_KEY,
        streamUrl: null,
        product: 'NRML',
        bufferPct: 0.1,
        commissionPct: 0.01,
      },
      allowLive: true,
    },
    instruments: [instrument],
    calendar: async () => builtInCalendar(),
    clock,
    onIncident: () => undefined,
    timings: { endSeenFor: 0 },
  })
  lives += 1
  const occasion = `life ${lives}`
  const context = {
    ...{ portfolio, desk, clock, broker, full: false, settleMs: 1 },
    ...{ onProgress: () => undefined, signal: new AbortController().signal },
  }
  const venue = await recoverVenue(context, sequencer, occasion)
  const orders = new OrderDesk({
    ...{ portfolio, occasion, sequencer, broker, clock, log: silentLog },
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

async function enter(
  { sequencer }: Life,
  price: number,
  id = 'A-entry',
  instrument = 'GOLD_MINI',
): Promise<string> {
  const alert: EntryAlert = {
    ...{ type: 'BASE_ENTRY', instrument, price, atr: price / 200, stop: null, er: 1 },
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

t.test(
  'a synthetic future is bought and sold in two legs, across restarts and without an answer',
  async (t) => {
    const venue = await startOpenAlgo(t, { clock, contracts: listedOptions('27-JAN-26', 52_000) })
    await createPortfolio(database.pool, 'legs', 'INR')
    const synthetic = { strikeStep: 500, legPolicy: 'complete', legAttempts: 3 } as const
    const instrument: Instrument = { ...BANK_NIFTY, exchange: 'NFO', synthetic }
    const place: Place = { portfolio: 'legs', instrument, venue: () => venue }
    const wanted = settings({ portfolio: 'legs', instruments: [instrument] })
    const symbols = ['BANKNIFTY27JAN2652000CE', 'BANKNIFTY27JAN2652000PE']
    const book = ({ sequencer }: Life) => sequencer.state().books.get('BANK_NIFTY')!

    const first = await live(place)
    await first.sequencer.submit({ type: 'ConfigurationActivated', id: 'C-1', hash: 'h', settings: wanted })
    const deposit = { kind: 'cash', movement: 'deposit', amount: decimal(10_000_000), note: null } as const
    await first.sequencer.submit({ type: 'OperatorCommanded', id: 'C-2', command: deposit })
    first.orders.open()
    t.equal((await first.broker.quote('BANK_NIFTY', AbortSignal.timeout(10_000)))?.price, 52_030)
    const cut: Parameters<OpenAlgoDouble['intercept']>[1] = (act) => {
      act()
      return {
        status: 500,
        body: { status: 'error', message: 'Failed to place order due to internal error' },
      }
    }
    venue.intercept('placeorder', (act) => act())
    venue.intercept('placeorder', cut)
    const entry = await enter(first, 52_030, 'A-entry', 'BANK_NIFTY')
    await eventually('both legs are filled', () => orderOf(first, entry).state === 'filled', {
      timeoutMs: 30_000,
    })
    const lots = orderOf(first, entry).lots.toNumber()
    t.match(
      venue.orders.map(({ symbol, exchange, action, quantity, price }) => [
        symbol,
        exchange,
        action,
        quantity,
        price,
      ]),
      [
        [symbols[0], 'NFO', 'BUY', lots * 30, 401.45],
        [symbols[1], 'NFO', 'SELL', lots * 30, 368.6],
      ],
      'a little beyond the other side',
    )
    t.match(book(first).units, [{ averagePrice: 52_030, contract: { strike: 52_000, expiry: '2026-01-27' } }])
    await first.stop()

    const second = await live(place)
    t.same([second.venue.external, second.venue.breaks], [[], []], 'the account is as the book says')
    t.same(
      Object.entries(await second.broker.positions()).map(([name, held]) => [name, held.toNumber()]),
      [
        ['BANK_NIFTY:2026-01-27:52000:call', lots],
        ['BANK_NIFTY:2026-01-27:52000:put', -lots],
      ],
    )
    second.orders.open()
    venue.fillsAtOnce = false
    const exit = { type: 'EXIT', instrument: 'BANK_NIFTY', label: 'ALL', price: null, reason: null } as const
    const alert = { ...exit, timestamp: clock.now(), barTime: null, flags: [] } as const
    await second.sequencer.submit({
      type: 'AlertAdmitted',
      id: 'A-exit',
      alert,
      conflict: false,
      quote: null,
    })
    await eventually('the put is to be bought back', () => venue.orders.length === 3, { timeoutMs: 30_000 })
    venue.trade(venue.orders[2]!.orderid, 30, 360)
    await second.stop()

    const third = await live(place)
    third.orders.open()
    venue.trade(venue.orders[2]!.orderid, lots * 30 - 30, 361)
    await eventually('the call is to be sold', () => venue.orders.length === 4, { timeoutMs: 30_000 })
    t.match(venue.orders[3], { symbol: symbols[0], action: 'SELL', quantity: lots * 30 })
    venue.trade(venue.orders[3]!.orderid, lots * 30, 410)
    await eventually('it is closed', () => book(third).units.length === 0, { timeoutMs: 30_000 })
    t.same(await third.broker.positions(), {})
    const cash = lots * (-400 + 370 - 361 + 410) + 1
    const { balance, fees } = third.sequencer.state().ledger
    t.equal(`${balance.minus(fees)}`, `${10_000_000 + cash * 30}`)
    await third.stop()
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
