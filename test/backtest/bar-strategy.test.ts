import t from 'tap'
import type { EntryAlert } from '../../core/alert/alert.js'
import type { Decision } from '../../core/decision.js'
import type { PortfolioEvent } from '../../core/event.js'
import { DEFAULT_SIGNALS } from '../../core/instrument/signal-parameters.js'
import { type Book, baseUnit } from '../../core/portfolio/book.js'
import { bookOf, type Portfolio } from '../../core/portfolio/portfolio.js'
import {
  type ClosedBar,
  entrySignal,
  exitSignal,
  pyramidSignal,
  refusalOf,
} from '../../core/strategies/trend/bar-signals.js'
import { CONDITION, conditionsOf, LONG_ENTRY, scoutConditions } from '../../core/strategies/trend/scout.js'
import { signalColumns } from '../../core/strategies/trend/signal-columns.js'
import { SignalStream } from '../../core/strategies/trend/signal-stream.js'
import { HOUR } from '../../core/time.js'
import { Desk } from '../helpers/desk.js'
import { pricePath } from '../helpers/price-path.js'
import { BANK_NIFTY, COPPER, GOLD, SILVER, settings } from '../helpers/settings.js'
import { type BarStrategySetup, runBarStrategy } from './bar-strategy.js'

const gold = GOLD.name

t.test('a scout names the seven conditions, and entry only with all of them', async (t) => {
  const bar = {
    ...{ open: 100, high: 112, low: 99, close: 110 },
    ...{ rsi: 70.1, ema: 109, donchian: 109.5, adx: 24.9, efficiency: 0.81, superTrend: 105 },
  }
  const all = scoutConditions(DEFAULT_SIGNALS, bar)
  t.equal(all.longEntry, true)
  t.equal(all.longExit, false)
  const unmet = {
    rsi: { rsi: 70 },
    ema: { ema: 110 },
    donchian: { donchian: 110 },
    adx: { adx: 25 },
    efficiency: { efficiency: 0.8 },
    superTrend: { superTrend: 110 },
    notDoji: { open: 108.7 },
  }
  for (const [name, change] of Object.entries(unmet)) {
    const conditions = scoutConditions(DEFAULT_SIGNALS, { ...bar, ...change })
    t.same(conditions, { ...all, [name]: false, longEntry: false }, `${name} at its limit is not met`)
  }
  for (const name of ['rsi', 'ema', 'donchian', 'adx', 'efficiency', 'superTrend'] as const) {
    const conditions = scoutConditions(DEFAULT_SIGNALS, { ...bar, [name]: Number.NaN })
    t.same(conditions, { ...all, [name]: false, longEntry: false }, `${name} that is not known is not met`)
  }
  const below = scoutConditions(DEFAULT_SIGNALS, { ...bar, superTrend: 110.1 })
  t.match(below, { superTrend: false, longExit: true, longEntry: false })
  t.match(scoutConditions(DEFAULT_SIGNALS, { ...bar, superTrend: Number.NaN }), { longExit: false })
})

t.test('the signals of a history are those of a stream, and of a scout on each bar', async (t) => {
  const bars = pricePath({ seed: 3, bars: 5000, start: 820, tick: 0.05, barMinutes: 60 })
  const { signals } = COPPER
  const columns = signalColumns(bars, signals)
  const stream = new SignalStream(signals)
  const differing = new Set<string>()
  for (let index = 0; index < bars.close.length; index++) {
    const bar = stream.next({
      open: bars.open[index]!,
      high: bars.high[index]!,
      low: bars.low[index]!,
      close: bars.close[index]!,
    })
    const { conditions, ...indicators } = columns
    for (const name of Object.keys(indicators) as (keyof typeof indicators)[]) {
      if (!Object.is(indicators[name][index], bar[name])) differing.add(name)
    }
    const scouted = scoutConditions(signals, bar)
    if (JSON.stringify(scouted) !== JSON.stringify(conditionsOf(conditions[index]!)))
      differing.add('conditions')
    if (scouted.longEntry !== (conditions[index] === LONG_ENTRY)) differing.add('entry')
  }
  t.same([...differing], [])
  t.ok(columns.conditions.includes(LONG_ENTRY))
  t.ok(columns.conditions.some((bits) => (bits & CONDITION.longExit) !== 0))
})

/** Returns a bar of gold that closes an hour after the desk's clock. */
function closed(desk: Desk, close: number, changes: Partial<ClosedBar> = {}): ClosedBar {
  const opensAt = desk.now
  return {
    opensAt,
    closesAt: opensAt + HOUR,
    close,
    atr: 400,
    efficiency: 0.9,
    conditions: LONG_ENTRY,
    ...changes,
  }
}

t.test('an entry is asked for when flat and all conditions hold', async (t) => {
  const desk = new Desk()
  const bar = closed(desk, 78_500)
  const alert = entrySignal(desk.book(gold), GOLD, bar, true)
  t.same(alert, {
    type: 'BASE_ENTRY',
    instrument: gold,
    price: 78_500,
    atr: 400,
    stop: 78_100,
    er: 0.9,
    label: 'Long_1',
    timestamp: bar.closesAt,
    barTime: bar.opensAt,
  })
  t.equal(entrySignal(desk.book(gold), GOLD, bar, false), null, 'not on the bar that closed what was held')
  t.equal(entrySignal(desk.book(gold), GOLD, { ...bar, conditions: LONG_ENTRY - 1 }, true), null)
  t.match(entrySignal(desk.book(gold), GOLD, { ...bar, atr: Number.NaN }, true), { atr: null, stop: null })
  desk.now = bar.closesAt
  desk.alert(alert!)
  t.equal(entrySignal(desk.book(gold), GOLD, bar, true), null, 'an entry is at work')
})

t.test('an exit is asked for in the mode of the SuperTrend, once', async (t) => {
  const desk = new Desk()
  const below = closed(desk, 78_000, { conditions: CONDITION.longExit })
  t.equal(exitSignal(desk.book(gold), below, 'supertrend'), null, 'nothing is held')
  desk.entry(gold, 78_500, 400)
  desk.fillAll()
  t.equal(exitSignal(desk.book(gold), below, 'atr'), null, 'stops do it')
  t.equal(exitSignal(desk.book(gold), closed(desk, 78_000), 'supertrend'), null)
  const alert = exitSignal(desk.book(gold), below, 'supertrend')
  t.match(alert, { type: 'EXIT', label: 'ALL', price: 78_000, reason: 'BELOW_SUPER_TREND' })
  desk.now = below.closesAt
  desk.alert(alert!)
  t.equal(exitSignal(desk.book(gold), below, 'supertrend'), null, 'every unit is being closed')
})

t.test('a pyramid is asked for when the book alone does not speak against it', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 400)
  desk.fillAll()
  const base = baseUnit(desk.book(gold))!
  const asked = (close: number, changes: Partial<ClosedBar> = {}) =>
    pyramidSignal(desk.book(gold), GOLD, closed(desk, close, { conditions: 0, ...changes }))
  t.equal(asked(base.averagePrice + 400), null, 'not more than 1R')
  t.equal(asked(base.averagePrice + 405, { atr: 1000 }), null, 'not half an ATR')
  t.equal(asked(base.averagePrice + 5000, { atr: Number.NaN }), null, 'no ATR')
  t.match(asked(base.averagePrice + 1000), { type: 'PYRAMID', label: 'Long_2', price: 79_500, er: 0.9 })
})

const histories = new Map(
  [GOLD, BANK_NIFTY, SILVER, COPPER].map((instrument, index) => [
    instrument.name,
    pricePath({
      seed: 20 + index,
      bars: 6000,
      start: [72_000, 48_000, 88_000, 820][index]!,
      tick: instrument.facts[0]!.tick,
      barMinutes: instrument.barMinutes,
    }),
  ]),
)

function run(changes: Partial<BarStrategySetup> = {}) {
  const { log, portfolio } = runBarStrategy({
    settings: settings(),
    capital: 50_000_000,
    histories,
    costs: { slippageTicks: 1, commissionPct: 0.05 },
    fillAt: 'close',
    exitMode: 'atr',
    ...changes,
  })
  const events: readonly PortfolioEvent[] = log.flatMap((one) => one.events)
  const decisions: readonly Decision[] = events.flatMap((event) =>
    event.type === 'DecisionMade' ? [event.decision] : [],
  )
  const approved = (kind: Decision['kind']): number =>
    decisions.filter((decision) => decision.kind === kind && decision.outcome === 'approved').length
  return { log, portfolio, events, decisions, approved }
}

/** Returns what the gates would say to a pyramid that the strategy does not ask for. */
function unasked(portfolio: Portfolio, book: Book, bar: ClosedBar): string | null {
  const alert: EntryAlert = {
    ...{ type: 'PYRAMID', instrument: book.instrument, price: bar.close, atr: bar.atr, stop: null },
    ...{ er: 1, label: null, timestamp: bar.closesAt, barTime: null },
  }
  const input = {
    type: 'AlertAdmitted',
    id: 'A-1',
    at: bar.closesAt,
    alert,
    conflict: false,
    quote: null,
  } as const
  return refusalOf(portfolio, input)
}

t.test('the whole strategy enters, pyramids, trails, peels off and exits, from bars alone', async (t) => {
  let unaskedBars = 0
  let wronglyUnasked = 0
  const onBar: BarStrategySetup['onBar'] = (portfolio, instrument, bar) => {
    const book = bookOf(portfolio, instrument.name)
    if (book.units.length === 0 || !(bar.atr > 0) || pyramidSignal(book, instrument, bar) !== null) return
    unaskedBars += 1
    if (unasked(portfolio, book, bar) === null) wronglyUnasked += 1
  }
  const { log, portfolio, events, decisions, approved } = run({ onBar })
  t.ok(approved('entry') > 50, `${approved('entry')} entries`)
  t.ok(approved('pyramid') > 20, `${approved('pyramid')} pyramids`)
  t.ok(approved('stop') > 50, `${approved('stop')} stops`)
  t.ok(approved('peelOff') > 0, `${approved('peelOff')} peel-offs`)
  t.ok(events.some(({ type }) => type === 'StopRaised'))
  t.ok(unaskedBars > 1000)
  t.equal(wronglyUnasked, 0, 'the gates would refuse every pyramid that is not asked for')

  const flags = new Map(
    [...histories].map(([name, bars]) => [name, signalColumns(bars, signalsOf(name)).conditions]),
  )
  const entered = log.filter(
    ({ input }) => input.type === 'AlertAdmitted' && input.alert.type === 'BASE_ENTRY',
  )
  for (const { input } of entered) {
    if (input.type !== 'AlertAdmitted') continue
    const index = histories.get(input.alert.instrument)!.opensAt.indexOf(input.alert.barTime!)
    if (flags.get(input.alert.instrument)![index] !== LONG_ENTRY) t.fail(`${input.id} without its conditions`)
  }
  const bars = [...histories.values()].reduce((sum, { close }) => sum + close.length, 0)
  const blocked = decisions.filter(({ outcome }) => outcome === 'blocked').length
  t.ok(blocked < bars / 50, `${blocked} refusals on ${bars} bars`)
  const bought = portfolio.ledger.closedEquity
  t.ok(Number.isFinite(bought) && bought !== 50_000_000)
})

function signalsOf(name: string) {
  return settings().instruments.find((instrument) => instrument.name === name)!.signals
}

t.test('in the mode of the SuperTrend a close below it closes all', async (t) => {
  const { approved, decisions } = run({ exitMode: 'supertrend' })
  t.ok(approved('exit') > 20, `${approved('exit')} exits`)
  t.equal(decisions.filter(({ kind, outcome }) => kind === 'exit' && outcome === 'ignored').length, 0)
})

t.test('at the next open nothing fills on the bar that asked for it', async (t) => {
  const { approved, events } = run({ fillAt: 'next-open' })
  t.ok(approved('entry') > 50 && approved('pyramid') > 20 && approved('stop') > 50, 'it trades')
  t.ok(events.some(({ type }) => type === 'UnitClosed'))
})
