import t, { type Test } from 'tap'
import type { Alert } from '../../core/alert/alert.js'
import { regularCloseMinutes } from '../../core/calendar/regular-close.js'
import { DAY, localDate, MINUTE, SECOND } from '../../core/time.js'
import { listPineInstruments, type PineInstrument } from '../../scripts/pine/pine-instrument.js'
import { scoutScript } from '../../scripts/pine/scout.js'
import { generatePineScripts } from '../../scripts/pine/scripts.js'
import { strategyScript } from '../../scripts/pine/strategy.js'
import { compareScripts, pineDirectory } from '../../scripts/pine/write-scripts.js'
import { readEntrySignal, readExitSignal } from '../../server/csv/signal.js'
import { createAlertReader } from '../../server/inbox/alert-schema.js'
import { conditionsAt, expectOrders, makeBars, measureNatively } from './native-strategy.js'
import { type FiredAlert, type PineBar, type PineResult, runPine, type TestedTrade } from './run-pine.js'

const instruments = listPineInstruments()
const gold = instruments.find(({ name }) => name === 'GOLD_MINI')!

const reader = createAlertReader({
  instruments: instruments.map(({ name }) => ({ name, zone: 'UTC' })),
  allowedTypes: null,
  allowedInstruments: null,
})

/** Reads an alert as the webhook does; what is no JSON, is refused or is flagged ends the test. */
function read({ message }: FiredAlert): Alert {
  JSON.parse(message)
  const reading = reader(Buffer.from(message))
  if (reading.kind === 'refused') throw new Error(`${JSON.stringify(reading.problems)} in ${message}`)
  if (reading.alert.type === 'EXIT' && reading.alert.flags.length > 0) throw new Error(`flagged: ${message}`)
  return reading.alert
}

const INDIA = 330 * MINUTE
/** From one tick of the tests to the next. */
const TICK = SECOND
/** Days on which a close changes in 2026, by New York's clock or by NSE's rule. */
const CHANGES = ['2026-03-08', '2026-08-03', '2026-11-01']
const onePerExchange = ['GOLD_MINI', 'BANK_NIFTY'].map(
  (name) => instruments.find((one) => one.name === name)!,
)

t.test('the scripts in pine/ are those that the configuration gives', async (t) => {
  const same = { missing: [], different: [], surplus: [] }
  t.same(compareScripts(pineDirectory, generatePineScripts()), same, 'else: general pine generate')
})

/** The plots of a script equal what the service measures, na where that is not known yet. */
function checkIndicators(
  t: Test,
  run: PineResult,
  bars: readonly PineBar[],
  instrument: PineInstrument,
): void {
  for (const [title, native] of Object.entries(measureNatively(bars, instrument))) {
    const plot = run.plots[title] ?? []
    t.equal(plot.length, bars.length, `${title} has a value for each bar`)
    const off = plot.findIndex((value, bar) => {
      return Number.isNaN(value) !== Number.isNaN(native[bar]) || Math.abs(value - native[bar]!) > 1e-9
    })
    const told = off === -1 ? 'as the service has it' : `${plot[off]}, not ${native[off]}, at ${off}`
    t.equal(off, -1, `${instrument.name} ${title}: ${told}`)
  }
}

t.test('a scout tells every confirmed bar once there is an ATR', async (t) => {
  const bars = makeBars(11, gold, 120)
  const run = await runPine({ script: scoutScript(gold), bars, instrument: gold })
  checkIndicators(t, run, bars, gold)
  t.ok(run.alerts.every(({ freq }) => freq === 'alert.freq_once_per_bar_close'))
  const first = gold.signals.atrPeriod - 1
  const native = measureNatively(bars, gold)
  t.equal(run.alerts.length, bars.length - first)
  for (const [index, fired] of run.alerts.entries()) {
    const bar = bars[index + first]!
    const alert = read(fired)
    if (alert.type !== 'MARKET_DATA') throw new Error(fired.message)
    const isRight = alert.barTime === bar.at && Math.abs(alert.atr - native.ATR[index + first]!) < 1e-9
    if (!isRight || Math.abs(alert.price - bar.close) > 1e-9) t.fail(`the bar of ${bar.at}: ${fired.message}`)
  }
})

t.test(
  'strategies measure as the service does, enter, pyramid and exit as their rules say, and tell it',
  async (t) => {
    const kinds = new Map<string, number>()
    for (const instrument of instruments) {
      const bars = makeBars(5, instrument, 1700)
      const run = await runPine({ script: strategyScript(instrument), bars, instrument })
      checkIndicators(t, run, bars, instrument)
      const expected = expectOrders(bars, instrument)
      const orders = run.alerts.map((fired) => ({
        bar: fired.bar,
        alert: read(fired),
        body: JSON.parse(fired.message),
      }))
      t.same(
        orders.map(({ bar, alert }) => `${bar} ${alert.type} ${'label' in alert ? alert.label : ''}`),
        expected.map(({ bar, type, label }) => `${bar} ${type} ${label}`),
        `${instrument.name}: every order, and no other`,
      )
      for (const [index, { bar, alert, body }] of orders.entries()) {
        kinds.set(
          `${instrument.name} ${alert.type}`,
          1 + (kinds.get(`${instrument.name} ${alert.type}`) ?? 0),
        )
        const isRight = Math.abs(body.stop - expected[index]!.stop) < 1e-6 && alert.barTime === bars[bar]!.at
        if (!isRight) t.fail(`${JSON.stringify(body)}, expected ${JSON.stringify(expected[index])}`)
      }
      checkComments(t, instrument, orders, [...run.closedTrades, ...run.openTrades])
    }
    for (const { name } of instruments) {
      for (const type of ['BASE_ENTRY', 'PYRAMID', 'EXIT']) {
        t.ok((kinds.get(`${name} ${type}`) ?? 0) >= 3, `${name}: ${type} happens`)
      }
    }
  },
)

/** What an export says of each trade is what the alerts said. */
function checkComments(
  t: Test,
  { name, trend }: PineInstrument,
  orders: readonly { readonly alert: Alert; readonly body: Record<string, number> }[],
  trades: readonly TestedTrade[],
): void {
  const entries = orders.filter(({ alert }) => alert.type !== 'EXIT')
  t.equal(trades.length, entries.length, `${name}: a trade for each entry`)
  t.ok(
    trades.some(({ size }) => size > 1),
    'with lots that follow from the capital',
  )
  const seen = new Set<string>()
  for (const { entry_comment, exit_comment, size } of trades) {
    const reading = readEntrySignal(entry_comment)
    if (!('signal' in reading)) throw new Error(reading.problem)
    const { kind, label, atr, er, stop } = reading.signal
    seen.add(label)
    const told = entries.find(({ alert, body }) => {
      const type = kind === 'base' ? 'BASE_ENTRY' : 'PYRAMID'
      const isSame = alert.type === type && 'label' in alert && alert.label === label
      return isSame && Math.abs(body.stop! - (stop ?? 0)) < 1e-3 && Math.abs(body.atr! - (atr ?? 0)) < 1e-3
    })
    const head = kind === 'base' ? /^ENTRY-(\d+)L\|/ : /^PYR\d-(\d+)L\|/
    const isRight =
      told !== undefined &&
      told.body.lots === size &&
      Number(head.exec(entry_comment)?.[1]) === size &&
      er !== null &&
      /\|ST:[\d.]+\|POS:Long_\d\|HI:[\d.]+$/.test(entry_comment)
    if (!isRight) t.fail(`${entry_comment} is told by no alert`)
    if (exit_comment === undefined || exit_comment === '') continue
    const exit = readExitSignal(exit_comment)
    if (exit.reason !== 'EXIT - Below the stop' || exit.label !== label)
      t.fail(`${exit_comment} closes ${label}`)
  }
  t.equal(seen.size, trend.maxPyramids + 1, 'and as many units as the configuration allows')
}

/** Ticks in place of bars: the clock is the bar's, so that what varip keeps, and when, can be followed. */
function onTicks(script: string, confirmed: string): string {
  return script
    .replaceAll('timenow', 'time')
    .replaceAll('barstate.isrealtime', 'true')
    .replaceAll('barstate.isconfirmed', confirmed)
}

function ticks(from: number, count: number, step: number): PineBar[] {
  const bars: PineBar[] = []
  for (let at = from; at < from + count * step; at += step) {
    const close = 1000 + (Math.floor(at / step) % 7) + (at - from) / (60 * step)
    bars.push({ at, open: close - 0.5, high: close + 1, low: close - 1, close })
  }
  return bars
}

t.test(
  'a scout reports every 15 s before the close, and never more than 15 times in 3 minutes',
  async (t) => {
    for (const instrument of onePerExchange) {
      const day = instrument.exchange === 'MCX' ? '2026-07-15' : '2026-08-05'
      const closesAt = Date.parse(day) - INDIA + regularCloseMinutes(instrument.exchange, day)! * MINUTE
      const bars = ticks(closesAt - 17 * MINUTE, 18 * 60, TICK)
      // Two bars end within 3 minutes, one of them told late
      const script = onTicks(scoutScript(instrument), '(bar_index == 300 or bar_index == 450)')
      const run = await runPine({ script, bars, instrument })
      const reports = run.alerts.filter(({ message }) => message.includes('EOD_MONITOR'))
      const times = reports.map(({ bar }) => bars[bar]!.at)
      t.equal(times[0], closesAt - 15 * MINUTE, `${instrument.name}: the first`)
      t.equal(times.at(-1), closesAt - 15 * SECOND, 'the last')
      t.equal(times.length, 60)
      t.equal(run.alerts.length, times.length + 2)
      const all = run.alerts.map(({ bar }) => bars[bar]!.at)
      const most = Math.max(
        ...all.map((from) => all.filter((at) => at >= from && at <= from + 180 * SECOND).length),
      )
      t.equal(most, 15, 'in the worst 3 minutes')
      const measures = measureNatively(bars, instrument)
      for (const fired of reports) {
        const alert = read(fired)
        if (alert.type !== 'EOD_MONITOR') throw new Error(fired.message)
        const expected = conditionsAt(bars[fired.bar]!, fired.bar, measures, instrument)
        if (JSON.stringify(alert.conditions) !== JSON.stringify(expected)) t.same(alert.conditions, expected)
      }
    }
  },
)

t.test(
  'a scout that starts within its window waits for an interval, and says so without a history',
  async (t) => {
    const closesAt = Date.UTC(2026, 6, 15, 18)
    for (const late of [0, 7, 61, 200]) {
      const start = closesAt - 10 * MINUTE + late * SECOND
      const run = await runPine({
        script: onTicks(scoutScript(gold), 'false'),
        bars: ticks(start, 40, TICK),
        instrument: gold,
      })
      const [first] = run.alerts
      t.equal(first?.bar, 15, `started ${late} s into it`)
      const alert = first === undefined ? null : read(first)
      t.match(alert, { type: 'EOD_MONITOR', conditions: { longEntry: false } })
      t.match(
        first?.message,
        '"ema":"NaN"',
        'an average that is not there yet is a text, so that the body stays JSON',
      )
    }
  },
)

t.test('the windows follow the close of each exchange through the year', async (t) => {
  for (const instrument of onePerExchange) {
    const script = `${onTicks(scoutScript(instrument), 'false')}\nplot(reporting ? 1 : 0, "Window")\n`
    const closes = instrument.exchange === 'MCX' ? [23 * 60 + 30, 23 * 60 + 55] : [15 * 60 + 30, 15 * 60 + 40]
    const edges = closes.flatMap((close) => [16, 15, 14, 1, 0].map((before) => close - before))
    const minutes = [...new Set(edges)].sort((a, b) => a - b)
    const bars: PineBar[] = []
    for (let day = Date.UTC(2026, 0, 1); day < Date.UTC(2027, 0, 1); day += DAY) {
      const isNearChange = CHANGES.some((change) => Math.abs(Date.parse(change) - day) <= 2 * DAY)
      if (!isNearChange && (day / DAY) % 5 > 0) continue
      for (const minute of minutes) bars.push(...ticks(day - INDIA + minute * MINUTE, 1, MINUTE))
    }
    const window = (await runPine({ script, bars, instrument })).plots.Window ?? []
    const wrong = bars.filter(({ at }, index) => {
      const date = localDate(at + INDIA)
      const before = regularCloseMinutes(instrument.exchange, date)! - ((at + INDIA) % DAY) / MINUTE
      return (window[index] === 1) !== (before > 0 && before <= 15)
    })
    t.same(
      wrong.slice(0, 3).map(({ at }) => new Date(at).toISOString()),
      [],
      `${instrument.exchange}: no minute is wrong`,
    )
    t.ok(window.includes(1) && window.includes(0))
  }
})

t.test('a special session has its reports too', async (t) => {
  const script = onTicks(scoutScript(gold), 'false').replace(
    '2000-01-01T00:00:00+00:00',
    '2026-11-08T13:30:00+00:00',
  )
  const closesAt = Date.UTC(2026, 10, 8, 13, 30)
  const bars = ticks(closesAt - 30 * MINUTE, 35, MINUTE)
  const run = await runPine({ script, bars, instrument: gold })
  t.equal(run.alerts.length, 15)
  t.equal(bars[run.alerts[0]!.bar]!.at, closesAt - 15 * MINUTE)
})

t.test('a script refuses a chart that it is not made for', async (t) => {
  const bars = makeBars(1, gold, 50)
  const script = scoutScript(gold)
  await t.rejects(runPine({ script, bars, instrument: { ...gold, barMinutes: 15 } }), /60-minute chart/)
  await t.rejects(runPine({ script, bars, instrument: { ...gold, root: 'SILVERM' } }), /not of SILVERM/)
})
