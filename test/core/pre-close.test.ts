import fc from 'fast-check'
import t from 'tap'
import type { ScoutAlert, ScoutConditions } from '../../core/alert/alert.js'
import type { Calendar } from '../../core/calendar/calendar.js'
import type { PortfolioEvent } from '../../core/event.js'
import { isEntry, mayBeAtVenue, type Order } from '../../core/order/order.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { phaseBegins, preCloseDue } from '../../core/strategies/trend/pre-close-due.js'
import { HOUR, MINUTE, SECOND } from '../../core/time.js'
import { BUILT_IN_EXCHANGES } from '../../server/market/calendar/built-in.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionsIn, eventsOf, gateIn } from '../helpers/desk.js'
import { BANK_NIFTY, COPPER, EXECUTION, GOLD, PRE_CLOSE, SILVER, settings } from '../helpers/settings.js'

const calendar: Calendar = { version: 'test', exchanges: BUILT_IN_EXCHANGES }
const nifty = { ...BANK_NIFTY, exchange: 'NFO', barMinutes: 75 }
const NIFTY = 'BANK_NIFTY'
const GOLD_MINI = 'GOLD_MINI'
const HOLDS: ScoutConditions = {
  rsi: true,
  ema: true,
  donchian: true,
  adx: true,
  efficiency: true,
  superTrend: true,
  notDoji: true,
  longEntry: true,
  longExit: false,
}
const QUIET: ScoutConditions = { ...HOLDS, rsi: false, longEntry: false }

/** Monday 5 January 2026, 15:30 in India. */
const CLOSE = Date.UTC(2026, 0, 5, 10)

/** What a venue does with an order that it gets. */
type Venue = (order: Order, desk: Desk) => 'fill' | 'rest' | 'half' | 'silent'

const fills: Venue = () => 'fill'
const restsWhileLimited: Venue = ({ type }) => (type === 'limit' ? 'rest' : 'fill')

function traded(changes: Partial<PortfolioSettings> = {}): PortfolioSettings {
  const instruments = [GOLD, nifty, SILVER, COPPER]
  return settings({ hours: 'exchange', preClose: PRE_CLOSE, instruments, ...changes })
}

function deskAt(now: number, changes: Partial<PortfolioSettings> = {}): Desk {
  const desk = new Desk(traded(changes), 10_000_000, now)
  desk.give({ type: 'CalendarImported', calendar })
  return desk
}

function scoutOf(instrument: string, price: number, conditions = HOLDS, atr = 350): ScoutAlert {
  const rest = { er: 1, superTrend: price - 500, timestamp: 0, barTime: null }
  return { type: 'EOD_MONITOR', instrument, price, conditions, atr, ...rest }
}

function see(desk: Desk, scout: ScoutAlert): void {
  desk.alert({ ...scout, timestamp: desk.now })
}

/** Holds one filled unit of an instrument since the morning. */
function hold(desk: Desk, instrument: string, price: number, atr: number): void {
  desk.entry(instrument, price, atr)
  desk.fillAll()
}

/** Does what a service does at a beat: the parts that are due, the orders that wait, and what the venue answers. */
function beat(desk: Desk, venue: Venue): PortfolioEvent[] {
  const events: PortfolioEvent[] = []
  for (const due of preCloseDue(desk.portfolio, desk.now)) {
    events.push(...desk.give({ type: 'PreCloseDue', ...due, quotes: {} }))
  }
  const orders = () => [...desk.portfolio.orders.values()]
  for (const order of orders().filter(({ state }) => state === 'initialized')) {
    events.push(...desk.give({ type: 'OrdersDue', orderIds: [order.id] }))
    if (order.state !== 'submitted') continue
    const answer = venue(order, desk)
    if (answer === 'silent') {
      events.push(...desk.report({ kind: 'unresolved', orderId: order.id, cause: 'no answer' }))
      continue
    }
    events.push(...desk.report({ kind: 'accepted', orderId: order.id, venueOrderId: `v-${order.id}` }))
    if (answer !== 'rest') events.push(...desk.fill(order.id, answer === 'half' ? 0.5 : 1))
  }
  for (const order of orders()) {
    if (order.cancelRequested && mayBeAtVenue(order.state) && order.state !== 'unresolved')
      events.push(...desk.report({ kind: 'canceled', orderId: order.id, reason: 'asked' }))
  }
  return events
}

interface Script {
  readonly closesAt: number
  readonly venue?: Venue
  readonly scouts?: readonly ScoutAlert[]
  /** No scout comes in the last so many seconds. */
  readonly silentFor?: number
  /** Seconds before the close in which the service is down. */
  readonly down?: readonly [from: number, to: number]
  /** What somebody does so many seconds before the close. */
  readonly act?: { readonly left: number; readonly does: (desk: Desk) => readonly PortfolioEvent[] }
}

/** Lives through the last quarter of an hour, its last minutes with a beat a second, and until a while after the close. */
function live(desk: Desk, script: Script): PortfolioEvent[] {
  const { closesAt, venue = fills, scouts = [], silentFor = 0, down, act } = script
  const events: PortfolioEvent[] = []
  for (let left = 16 * 60; left >= -95; left -= left > 150 ? 15 : 1) {
    desk.now = closesAt - left * SECOND
    const isDown = down !== undefined && down[0] >= left && left > down[1]
    if (left % 15 === 0 && left > silentFor && left <= 15 * 60) for (const scout of scouts) see(desk, scout)
    if (left === act?.left) events.push(...act.does(desk))
    if (!isDown) events.push(...beat(desk, venue))
  }
  return events
}

function ends(events: readonly PortfolioEvent[]) {
  return eventsOf(events, 'PreCloseAdvanced').filter(({ run }) => run.outcome !== null)
}

function boughtLots(desk: Desk, instrument: string): number {
  return desk.book(instrument).units.reduce((lots, unit) => lots + unit.boughtLots.toNumber(), 0)
}

t.test('before the close a base entry is decided, placed as a limit, and its outcome stated', async (t) => {
  const desk = deskAt(CLOSE - HOUR)
  const events = live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 52_000)] })
  const [decision] = decisionsIn(events)
  t.match(decision, { kind: 'entry', outcome: 'approved', at: CLOSE - 45 * SECOND, price: 52_000 })
  t.equal(decision?.versions.calendar, 'test')
  const orders = eventsOf(events, 'OrderInitialized')
  t.match(orders, [{ orderType: 'limit', at: CLOSE - 30 * SECOND, decisionId: decision!.id }])
  t.equal(orders[0]!.limitPrice!.toString(), '52052', 'a tenth of a percent above, on the tick')
  const run = ends(events)
  t.match(run, [{ instrument: NIFTY, run: { outcome: 'entered', closesAt: CLOSE } }])
  t.equal(run[0]!.at, CLOSE - 5 * SECOND)
  t.equal(desk.unit(NIFTY).label, null)
  t.same(desk.refold(), desk.portfolio, 'a fold of the logs')
})

t.test('the strategy’s alert on the closing bar only names the unit that the run opened', async (t) => {
  const desk = deskAt(CLOSE - HOUR)
  live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 52_000)] })
  const events = desk.entry(NIFTY, 52_010, 350, { label: 'Long_1', barTime: CLOSE - 75 * MINUTE })
  t.match(decisionsIn(events), [{ outcome: 'ignored', reasons: ['DONE_BEFORE_CLOSE'] }])
  t.equal(desk.unit(NIFTY).label, 'Long_1')
  const again = desk.entry(NIFTY, 52_010, 350, { label: 'Long_1', barTime: CLOSE - 75 * MINUTE })
  t.same(eventsOf(again, 'UnitLabelled'), [], 'once')
  desk.wait(20 * HOUR)
  const next = desk.entry(NIFTY, 52_500, 350, { barTime: desk.now - 75 * MINUTE })
  t.match(decisionsIn(next), [{ outcome: 'blocked' }], 'the next day’s entry is another one')
  t.ok(gateIn(decisionsIn(next)[0]!, 'NOT_FLAT').passed === false)
})

t.test('a limit order that rests goes to market, and what it filled is not bought twice', async (t) => {
  for (const first of ['rest', 'half'] as const) {
    const desk = deskAt(CLOSE - HOUR)
    const venue: Venue = ({ type }) => (type === 'limit' ? first : 'fill')
    const events = live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 52_000)], venue })
    const orders = eventsOf(events, 'OrderInitialized')
    t.match(orders, [{ orderType: 'limit' }, { orderType: 'market', at: CLOSE - 10 * SECOND }], first)
    t.match(ends(events), [{ run: { outcome: 'entered' } }])
    t.equal(boughtLots(desk, NIFTY), orders[0]!.lots.toNumber(), 'the lots that were decided, no more')
    t.equal(desk.book(NIFTY).units.length, 1, 'one unit')
    t.same(desk.refold(), desk.portfolio)
  }
})

t.test('an entry that nobody fills is cancelled before the close, and said so', async (t) => {
  const desk = deskAt(CLOSE - HOUR)
  const events = live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 52_000)], venue: () => 'rest' })
  t.match(ends(events), [{ run: { outcome: 'unfilled' }, at: CLOSE - 5 * SECOND }])
  t.equal(desk.book(NIFTY).entryOrderId, null)
  t.same(desk.book(NIFTY).units, [])
})

t.test('a venue that does not answer leaves the run uncertain, and a person is called', async (t) => {
  const desk = deskAt(CLOSE - HOUR)
  const events = live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 52_000)], venue: () => 'silent' })
  t.match(ends(events), [{ run: { outcome: 'uncertain' } }])
  t.ok(alarmsIn(events).includes('PRE_CLOSE_UNCERTAIN'))
  t.equal(eventsOf(events, 'OrderInitialized').length, 1, 'nothing is sent on a guess')
})

t.test('units whose updated stop is above the price are sold before the close, others are not', async (t) => {
  const desk = deskAt(CLOSE - 4 * HOUR)
  hold(desk, NIFTY, 52_000, 350)
  const stop = desk.unit(NIFTY).stop
  const quiet = live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, stop + 1, QUIET)] })
  t.match(ends(quiet), [{ run: { outcome: 'refused' } }], 'a pyramid was looked at')
  t.equal(desk.unit(NIFTY).stop, stop, 'the would-be close moves no stop')

  const other = deskAt(CLOSE - 4 * HOUR)
  hold(other, NIFTY, 52_000, 350)
  const events = live(other, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, stop - 1, QUIET)] })
  t.match(decisionsIn(events), [{ kind: 'exit', reasons: ['PRE_CLOSE_STOP'], at: CLOSE - 45 * SECOND }])
  t.match(eventsOf(events, 'OrderInitialized'), [
    { purpose: 'exit', orderType: 'limit', at: CLOSE - 30 * SECOND },
  ])
  t.match(ends(events), [{ run: { outcome: 'exited' } }])
  const confirmed = other.exit(NIFTY, 'Long_1', { barTime: CLOSE - 75 * MINUTE, price: stop - 5 })
  t.match(decisionsIn(confirmed), [{ outcome: 'ignored', reasons: ['DONE_BEFORE_CLOSE'] }])
  t.same(alarmsIn(confirmed), [])
})

t.test('by the SuperTrend all units are sold when the scout says so, and only then', async (t) => {
  const changes = { preClose: { ...PRE_CLOSE, exitMode: 'supertrend' as const } }
  for (const longExit of [true, false]) {
    const desk = deskAt(CLOSE - 4 * HOUR, changes)
    hold(desk, NIFTY, 52_000, 350)
    const scouts = [scoutOf(NIFTY, 52_100, { ...QUIET, longExit })]
    const events = live(desk, { closesAt: CLOSE, scouts })
    t.match(ends(events), [{ run: { outcome: longExit ? 'exited' : 'refused' } }])
  }
})

// Faults: B24
t.test('an exit that nobody fills stays first in line for the next open', async (t) => {
  const desk = deskAt(CLOSE - 4 * HOUR)
  hold(desk, NIFTY, 52_000, 350)
  const scouts = [scoutOf(NIFTY, desk.unit(NIFTY).stop - 1, QUIET)]
  const events = live(desk, { closesAt: CLOSE, scouts, venue: () => 'rest' })
  t.match(eventsOf(events, 'OrderInitialized'), [{ orderType: 'limit' }, { orderType: 'market' }])
  t.match(ends(events), [{ run: { outcome: 'unfilled' } }])
  t.ok(alarmsIn(events).includes('PRE_CLOSE_EXIT_UNFILLED'))
  const [resting] = desk.book(NIFTY).exitOrderIds
  desk.report({ kind: 'expired', orderId: resting! })
  desk.now = CLOSE + 5 * HOUR
  t.same(desk.give({ type: 'TimerFired' }), [], 'not while the exchange is closed')
  desk.now = Date.UTC(2026, 0, 6, 3, 45)
  t.match(eventsOf(desk.give({ type: 'TimerFired' }), 'OrderInitialized'), [
    { purpose: 'exit', orderType: 'market' },
  ])
})

t.test('with an execution policy what goes to market goes to a marketable limit', async (t) => {
  const changes = { execution: EXECUTION }
  const desk = deskAt(CLOSE - HOUR, changes)
  const once: Venue = ({ id }) => (id.endsWith('-m') ? 'fill' : 'half')
  const events = live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 52_000)], venue: once })
  const entered = eventsOf(events, 'OrderInitialized')
  t.match(entered, [{ orderType: 'limit' }, { orderType: 'limit', at: CLOSE - 10 * SECOND }])
  t.equal(`${entered[1]!.limitPrice}`, '52104', 'within the hard limit')
  t.match(ends(events), [{ run: { outcome: 'entered' } }])
  t.equal(boughtLots(desk, NIFTY), entered[0]!.lots.toNumber())

  const exiting = deskAt(CLOSE - 4 * HOUR, changes)
  hold(exiting, NIFTY, 52_000, 350)
  const price = exiting.unit(NIFTY).stop - 100
  const rested = live(exiting, {
    ...{ closesAt: CLOSE, scouts: [scoutOf(NIFTY, price, QUIET)], venue: () => 'rest' },
  })
  const [placed, marketable] = eventsOf(rested, 'OrderInitialized')
  t.match(placed, { orderType: 'limit', at: CLOSE - 30 * SECOND })
  t.match(marketable, { orderType: 'limit', at: CLOSE - 10 * SECOND, chase: { step: 4 } })
  t.ok(marketable!.limitPrice!.toNumber() < price * 0.998)
  t.match(ends(rested), [{ run: { outcome: 'unfilled' } }])
  const [resting] = exiting.book(NIFTY).exitOrderIds
  exiting.report({ kind: 'expired', orderId: resting! })
  exiting.now = Date.UTC(2026, 0, 6, 3, 45)
  t.match(eventsOf(exiting.give({ type: 'TimerFired' }), 'OrderInitialized'), [{ chase: { step: 5 } }])
})

t.test('old scouts open nothing and sell all the same', async (t) => {
  const flat = deskAt(CLOSE - HOUR)
  const nothing = live(flat, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 52_000)], silentFor: 140 })
  t.same(eventsOf(nothing, 'OrderInitialized'), [])
  t.ok(alarmsIn(nothing).includes('PRE_CLOSE_WITHOUT_SCOUT'))
  t.match(decisionsIn(nothing), [{ outcome: 'blocked', reasons: ['STALE'] }])
  t.match(gateIn(decisionsIn(nothing)[0]!, 'STALE'), { measured: 105, limit: 90 })

  const held = deskAt(CLOSE - 4 * HOUR)
  hold(held, NIFTY, 52_000, 350)
  const scouts = [scoutOf(NIFTY, held.unit(NIFTY).stop - 1, QUIET)]
  const sold = live(held, { closesAt: CLOSE, scouts, silentFor: 140 })
  t.match(ends(sold), [{ run: { outcome: 'exited' } }])
  t.match(decisionsIn(sold)[0]?.notes, [/^the price is 105 s old/])
})

t.test(
  'a scout that contradicts itself opens nothing, and one with a wild price sells nothing',
  async (t) => {
    for (const conditions of [
      { ...HOLDS, adx: false },
      { ...HOLDS, longEntry: false },
    ]) {
      const desk = deskAt(CLOSE - HOUR)
      const events = live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 52_000, conditions)] })
      t.same(eventsOf(events, 'OrderInitialized'), [])
      t.ok(alarmsIn(events).includes('SCOUT_CONTRADICTS_ITSELF'))
    }
    const desk = deskAt(CLOSE - HOUR)
    hold(desk, NIFTY, 52_000, 350)
    desk.bar(NIFTY, 52_100, 350)
    const events = live(desk, { closesAt: CLOSE, scouts: [scoutOf(NIFTY, 5_200, QUIET)] })
    t.same(
      decisionsIn(events).filter(({ kind }) => kind === 'exit'),
      [],
    )
    t.equal(desk.book(NIFTY).units.length, 1)
  },
)

t.test('nothing is due on a holiday, and each kind of day has its own close', async (t) => {
  const gold = [scoutOf(GOLD_MINI, 78_500, HOLDS, 700)]
  const days: [name: string, closesAt: number, instrument: string, scout: ScoutAlert[]][] = [
    ['winter on MCX, 23:55', Date.UTC(2026, 2, 6, 18, 25), GOLD_MINI, gold],
    ['summer on MCX, 23:30', Date.UTC(2026, 2, 9, 18, 0), GOLD_MINI, gold],
    ['the last day of summer', Date.UTC(2026, 9, 30, 18, 0), GOLD_MINI, gold],
    ['winter again', Date.UTC(2026, 10, 2, 18, 25), GOLD_MINI, gold],
    ['15:40 from August 2026', Date.UTC(2026, 7, 3, 10, 10), NIFTY, [scoutOf(NIFTY, 52_000)]],
    ['the Friday before, 15:30', Date.UTC(2026, 6, 31, 10, 0), NIFTY, [scoutOf(NIFTY, 52_000)]],
    ['an expiry', Date.UTC(2026, 0, 27, 10, 0), NIFTY, [scoutOf(NIFTY, 52_000)]],
    ['Muhurat 2025 on MCX', muhuratClose(GOLD.exchange), GOLD_MINI, gold],
    ['Muhurat 2025 on NSE', muhuratClose('NFO'), NIFTY, [scoutOf(NIFTY, 52_000)]],
  ]
  for (const [name, closesAt, instrument, scouts] of days) {
    const desk = deskAt(closesAt - 20 * MINUTE)
    const events = live(desk, { closesAt, scouts })
    const end = ends(events).filter((ended) => ended.instrument === instrument)
    t.match(end, [{ run: { outcome: 'entered', closesAt } }], name)
    t.ok(end[0]!.at < closesAt, name)
    const sent = eventsOf(events, 'OrderInitialized')
    t.equal(sent.length, 1, name)
  }
  // 26 January 2026, Republic Day: NSE is closed all day.
  const holiday = Date.UTC(2026, 0, 26, 10)
  const desk = deskAt(holiday - HOUR)
  const events = live(desk, { closesAt: holiday, scouts: [scoutOf(NIFTY, 52_000)] })
  t.same(ends(events), [])
  t.match(decisionsIn(desk.entry(NIFTY, 52_000, 350)), [{ outcome: 'blocked' }])
  desk.now = Date.UTC(2031, 0, 6, 6)
  t.same(preCloseDue(desk.portfolio, desk.now), [], 'a year that the calendar does not know')
  const unknown = decisionsIn(desk.entry(NIFTY, 52_000, 350))[0]!
  t.match(gateIn(unknown, 'SESSION'), { passed: false, measured: 'unknown' })
})

function muhuratClose(exchange: string): number {
  // 21 October 2025: the session of one hour on Diwali.
  const day = Date.UTC(2025, 9, 21)
  const special = BUILT_IN_EXCHANGES[exchange]!.days.find(({ date }) => date === '2025-10-21')!
  const closes = special.extra.at(-1)!.closes
  return day + Number(closes.slice(0, 2)) * HOUR + Number(closes.slice(3)) * MINUTE - 5.5 * HOUR
}

t.test(
  'a restart at each second of the last minute goes on with the run, and never runs it twice',
  async (t) => {
    for (const venue of [fills, restsWhileLimited]) {
      for (let from = 70; from >= 1; from -= 1) {
        for (const length of [1, 7, 25, 90]) {
          const desk = deskAt(CLOSE - HOUR)
          const scouts = [scoutOf(NIFTY, 52_000)]
          const events = live(desk, { closesAt: CLOSE, scouts, venue, down: [from, from - length] })
          const where = `down from T-${from} s for ${length} s`
          const end = ends(events)
          if (end.length !== 1) t.fail(`${where}: ${end.length} ends`)
          const approved = decisionsIn(events).filter(({ outcome }) => outcome === 'approved')
          if (approved.length > 1) t.fail(`${where}: decided ${approved.length} times`)
          const lots = approved[0]?.lots ?? 0
          if (boughtLots(desk, NIFTY) > lots) t.fail(`${where}: bought more than was decided`)
          const isBack = from - length >= 11
          if (isBack && end[0]!.run.outcome !== 'entered') t.fail(`${where}: ${end[0]!.run.outcome}`)
          const isAliveAtEnd = from < 5 || from - length > 5
          if (isAliveAtEnd && end[0]!.at > CLOSE) t.fail(`${where}: ended after the close`)
          const left = [...desk.portfolio.orders.values()].filter((order) => isEntry(order))
          if (left.some((order) => mayBeAtVenue(order.state)))
            t.fail(`${where}: an entry is left at the venue`)
        }
      }
    }
    t.pass('every second was tried')
  },
)

t.test(
  'instruments that close together: what is sold comes first, then pyramids, then entries',
  async (t) => {
    const closesAt = Date.UTC(2026, 0, 5, 18, 25)
    const desk = deskAt(closesAt - 3 * HOUR)
    hold(desk, 'COPPER', 820, 2)
    hold(desk, 'SILVER_MINI', 90_000, 600)
    const scouts = [
      scoutOf(GOLD_MINI, 78_500, HOLDS, 700),
      scoutOf('SILVER_MINI', 93_000, HOLDS, 600),
      scoutOf('COPPER', 800, QUIET, 2),
    ]
    const events = live(desk, { closesAt, scouts })
    const kinds = decisionsIn(events).map(
      ({ kind, instrument, outcome }) => `${kind} ${instrument} ${outcome}`,
    )
    t.same(kinds, ['exit COPPER approved', 'pyramid SILVER_MINI approved', 'entry GOLD_MINI approved'])
    const sent = eventsOf(events, 'OrderInitialized').map(({ purpose }) => purpose)
    t.same(sent, ['exit', 'pyramid', 'entry'])
    t.same(
      ends(events).map(({ instrument, run }) => `${instrument} ${run.outcome}`),
      ['GOLD_MINI entered', 'SILVER_MINI entered', 'COPPER exited'],
    )
    const tight = { ...settings().caps, maxVolatilityPct: 0.35, pyramidMaxVolatilityPct: 0.35 }
    const narrow = deskAt(closesAt - 3 * HOUR, { caps: tight })
    hold(narrow, 'SILVER_MINI', 90_000, 600)
    const refused = decisionsIn(live(narrow, { closesAt, scouts: scouts.slice(0, 2) }))
    t.match(refused, [
      { kind: 'pyramid', outcome: 'approved' },
      { kind: 'entry', outcome: 'blocked', reasons: ['VOLATILITY_CAP'] },
    ])
  },
)

// Faults: T06
t.test('what was planned is looked at again when it is placed', async (t) => {
  const place = (price: number, trade?: 'halted') => {
    const desk = deskAt(CLOSE - HOUR)
    desk.now = CLOSE - 46 * SECOND
    see(desk, scoutOf(NIFTY, 52_000))
    desk.now = CLOSE - 45 * SECOND
    beat(desk, fills)
    const planned = desk.book(NIFTY).preClose!.plan!.lots
    if (trade !== undefined) desk.trade(trade)
    desk.now = CLOSE - 31 * SECOND
    see(desk, scoutOf(NIFTY, price))
    desk.now = CLOSE - 30 * SECOND
    const events = beat(desk, fills)
    return { desk, planned, decisions: decisionsIn(events), orders: eventsOf(events, 'OrderInitialized') }
  }
  t.match(place(53_050).decisions, [{ outcome: 'blocked', reasons: ['PRICE_DIVERGENCE'] }])
  t.match(place(51_400).decisions, [{ outcome: 'blocked', reasons: ['ABOVE_STOP'] }])
  t.match(place(52_000, 'halted').decisions, [{ reasons: ['TRADING_STATE'] }])
  const grown = place(52_400)
  t.ok(grown.orders[0]!.lots.toNumber() < grown.planned, 'the risk grew by more than half: fewer lots')
  t.equal(place(52_200).orders[0]!.lots.toNumber(), grown.planned, 'by less: as many')
})

t.test('an operator’s exit drops what is planned, and a strategy’s entry does not double it', async (t) => {
  const desk = deskAt(CLOSE - HOUR)
  desk.now = CLOSE - 46 * SECOND
  see(desk, scoutOf(NIFTY, 52_000))
  desk.now = CLOSE - 45 * SECOND
  beat(desk, fills)
  const twice = decisionsIn(desk.entry(NIFTY, 52_000, 350))[0]!
  t.match(gateIn(twice, 'ORDER_AT_WORK'), { passed: false })
  const dropped = desk.command({ kind: 'exit', target: { instrument: NIFTY }, reason: 'no more' })
  t.match(decisionsIn(dropped), [{ outcome: 'approved' }])
  desk.now = CLOSE - 30 * SECOND
  t.same(eventsOf(beat(desk, fills), 'OrderInitialized'), [])
})

t.test(
  'whatever scouts, gaps and venues do, a run ends once and buys no more than was decided',
  async (t) => {
    const script = fc.record({
      price: fc.integer({ min: 40_000, max: 60_000 }),
      holds: fc.boolean(),
      held: fc.boolean(),
      silentFor: fc.constantFrom(0, 20, 40, 100, 1000),
      down: fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 90 })),
      answers: fc.array(
        fc.constantFrom<'fill' | 'rest' | 'half' | 'silent'>('fill', 'rest', 'half', 'silent'),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    })
    const runs = Math.min(counts.propertyRuns, 2000)
    fc.assert(
      fc.property(script, ({ price, holds, held, silentFor, down, answers }) => {
        const desk = deskAt(CLOSE - 4 * HOUR)
        if (held) hold(desk, NIFTY, 52_000, 350)
        const before = boughtLots(desk, NIFTY)
        let asked = 0
        const venue: Venue = () => answers[asked++ % answers.length]!
        const scouts = [scoutOf(NIFTY, price, holds ? HOLDS : QUIET)]
        const gap = [Math.max(...down), Math.min(...down)] as const
        const events = live(desk, { closesAt: CLOSE, scouts, silentFor, venue, down: gap })
        const approved = decisionsIn(events).filter(
          ({ kind, outcome }) => kind !== 'exit' && outcome === 'approved',
        )
        const isSold = desk.book(NIFTY).units.length === 0
        if (ends(events).length !== 1) return false
        if (approved.length > 1) return false
        if (!isSold && boughtLots(desk, NIFTY) - before > (approved[0]?.lots ?? 0)) return false
        return desk.book(NIFTY).preClose!.plan === null
      }),
      { numRuns: runs },
    )
    t.pass(`${runs} runs`)
  },
)

t.test('the parts of a run follow each other', async (t) => {
  const phases = ['monitor', 'decide', 'place', 'market', 'end'] as const
  const begins = phases.map((phase) => (CLOSE - phaseBegins(PRE_CLOSE, CLOSE, phase)) / SECOND)
  t.same(begins, [900, 45, 30, 10, 5])
})

/** A person's answer to what waits for NIFTY. */
function says(isApproved: boolean) {
  return (desk: Desk): readonly PortfolioEvent[] => {
    const approvalId = desk.book(NIFTY).approval?.id ?? 'Q-none'
    return desk.command({ kind: 'answerApproval', approvalId, isApproved, reason: 'a test', quote: null })
  }
}

t.test('in manual mode the run asks when it decides, and places what is approved in time', async (t) => {
  const approval = { expireSeconds: 300, priceBandPct: 0.5 }
  const lived = (left: number, isApproved = true, scouts = [scoutOf(NIFTY, 52_000)]) => {
    const desk = deskAt(CLOSE - HOUR, { approval })
    const events = live(desk, { closesAt: CLOSE, scouts, act: { left, does: says(isApproved) } })
    t.same(desk.refold(), desk.portfolio, `a fold of the logs, ${left} s before the close`)
    t.equal(desk.book(NIFTY).approval?.closed === null, false, 'nothing waits after the close')
    return { desk, events, orders: eventsOf(events, 'OrderInitialized') }
  }
  const early = lived(40)
  const [request] = eventsOf(early.events, 'ApprovalRequested').map((event) => event.request)
  t.match(request, { closesAt: CLOSE, askedAt: CLOSE - 45 * SECOND, expiresAt: CLOSE - 10 * SECOND })
  t.match(decisionsIn(early.events), [{ reasons: ['AWAITING_APPROVAL'] }, { outcome: 'approved' }])
  t.match(early.orders, [{ orderType: 'limit', at: CLOSE - 30 * SECOND }], 'placed with the others')
  t.match(ends(early.events), [{ run: { outcome: 'entered' } }])
  const confirmed = early.desk.entry(NIFTY, 52_010, 350, { barTime: CLOSE - 75 * MINUTE })
  t.match(decisionsIn(confirmed), [{ reasons: ['DONE_BEFORE_CLOSE'] }], 'it is the run’s own entry')
  const late = lived(20)
  t.match(
    late.orders,
    [{ orderType: 'limit', at: CLOSE - 20 * SECOND }],
    'at once, when the others are placed',
  )
  t.match(ends(late.events), [{ run: { outcome: 'entered' } }])
  const tooLate = lived(9)
  t.same(tooLate.orders, [])
  t.match(ends(tooLate.events), [{ run: { outcome: 'refused', detail: /APPROVAL_TIME/ } }])
  const never = lived(1000)
  t.match(ends(never.events), [{ run: { outcome: 'refused', detail: /nobody answered within 35 s/ } }])
  t.match(ends(lived(40, false).events), [{ run: { outcome: 'refused', detail: /rejected: a test/ } }])
})
