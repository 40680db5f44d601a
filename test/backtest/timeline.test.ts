import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { barCloseOf } from '../../core/backtest/bars/bar-close.js'
import { lengthFromRows, lengthOfBars } from '../../core/backtest/bars/bar-length.js'
import type { Bars } from '../../core/backtest/bars/bars.js'
import type { ExportedTrade } from '../../core/backtest/exported-trade.js'
import { strategyUnits } from '../../core/backtest/strategy-units.js'
import { buildTimeline, type InstrumentHistory } from '../../core/backtest/timeline.js'
import { DAY, HOUR, type Instant, isoInstant, MINUTE, parseInstant } from '../../core/time.js'
import { chartZone } from '../../server/csv/time-field.js'
import { readTradesExport } from '../../server/csv/trades-export.js'
import { counts } from '../helpers/counts.js'

const zone = chartZone('Asia/Kolkata')!
const data = new URL('../../../test/data/', import.meta.url)
const at = (text: string): Instant => parseInstant(text, zone.localOffset)!
const clock = (instant: Instant): string =>
  isoInstant(instant + 330 * MINUTE)
    .slice(0, 16)
    .replace('T', ' ')

function readTrades(name: string, instrument: string): readonly ExportedTrade[] {
  const bytes = readFileSync(new URL(name, data))
  return readTradesExport({ file: name, bytes, instrument, offset: zone.localOffset }).trades
}

const bankNifty = readTrades('trades-bank-nifty.csv', 'BANK_NIFTY')
const goldMini = readTrades('trades-gold-mini.csv', 'GOLD_MINI')

function history(
  trades: readonly ExportedTrade[],
  exchange: string,
  changes: Partial<InstrumentHistory> = {},
): InstrumentHistory {
  const barClose = barCloseOf({ exchange, offsetMinutes: () => 330, barMinutes: 60, bars: null })
  return { instrument: trades[0]!.instrument, trades, barClose, bars: null, atr: null, ...changes }
}

/** Bars of an hour from a first open, with these closes. */
function hourly(open: Instant, closes: readonly number[]): Bars {
  const column = Float64Array.from(closes)
  return {
    opensAt: Float64Array.from(closes, (_, index) => open + index * HOUR),
    open: column,
    high: column,
    low: column,
    close: column,
  }
}

function trade(
  number: number,
  signal: string,
  changes: { enters: number; exits: number | null; quantity: number },
): ExportedTrade {
  const row = (hour: number) => ({ line: number * 2, barOpen: hour * HOUR, price: 100 })
  const [kind, label] = signal === 'base' ? (['base', 'Long_1'] as const) : (['pyramid', signal] as const)
  return {
    number,
    instrument: 'X',
    file: 'x.csv',
    quantity: changes.quantity,
    entry: row(changes.enters),
    signal: { kind, label, atr: 1, er: null, stop: null },
    exit: changes.exits === null ? null : { ...row(changes.exits), reason: 'EXIT', label: null, open: false },
    statedNet: null,
  }
}

t.test(
  'a bar closes after its length, but not after the session and not after the next bar opens',
  async (t) => {
    const nse = barCloseOf({ exchange: 'NSE', offsetMinutes: () => 330, barMinutes: 60, bars: null })
    const mcx = barCloseOf({ exchange: 'MCX', offsetMinutes: () => 330, barMinutes: 60, bars: null })
    const close = (of: typeof nse, open: string) => clock(of(at(open)))
    t.equal(close(nse, '2009-02-13 13:15'), '2009-02-13 14:15')
    t.equal(close(nse, '2009-04-23 15:15'), '2009-04-23 15:30')
    t.equal(close(nse, '2026-08-03 15:15'), '2026-08-03 15:40')
    t.equal(close(nse, '2022-10-24 18:15'), '2022-10-24 19:15', 'a Muhurat evening is a session of its own')
    t.equal(close(mcx, '2015-07-15 23:00'), '2015-07-15 23:30', 'New York keeps summer time')
    t.equal(close(mcx, '2016-02-18 23:00'), '2016-02-18 23:55')
    t.equal(close(mcx, '2016-10-30 18:00'), '2016-10-30 19:00', 'a Sunday')
    const daily = barCloseOf({ exchange: 'NSE', offsetMinutes: () => 330, barMinutes: 1440, bars: null })
    t.equal(close(daily, '2009-02-13'), '2009-02-13 15:30')
    const always = barCloseOf({ exchange: 'KRAKEN', offsetMinutes: () => 0, barMinutes: 240, bars: null })
    t.equal(always(0), 4 * HOUR)
    const bars = hourly(at('2009-02-13 13:15'), [1, 2])
    const cut = barCloseOf({ exchange: 'NSE', offsetMinutes: () => 330, barMinutes: 75, bars })
    t.equal(
      close(cut, '2009-02-13 13:15'),
      '2009-02-13 14:15',
      'the next bar opens before 75 minutes are over',
    )
  },
)

t.test('the length of the bars is found', async (t) => {
  const opens = (trades: readonly ExportedTrade[]) =>
    trades
      .flatMap(({ entry, exit }) => [entry.barOpen, exit?.barOpen ?? entry.barOpen])
      .map((open) => open + 330 * MINUTE)
  t.equal(lengthFromRows(opens(bankNifty), 75), 60, 'rows do not fit the configured length')
  t.equal(lengthFromRows(opens(goldMini), 60), 60)
  const seventyFive = [0, 75, 150, 225, 300].map((minutes) => (9 * 60 + 15 + minutes) * MINUTE)
  t.equal(lengthFromRows(seventyFive, 60), 75)
  t.equal(lengthFromRows(Array(20).fill(9 * HOUR), 60), 1440, 'one time of day')
  t.equal(lengthFromRows([9 * HOUR, 14 * HOUR], 60), 60, 'few rows fit what is expected')
  t.equal(lengthOfBars(hourly(0, [1, 2, 3])), 60)
  t.equal(lengthOfBars(hourly(0, [1])), null)
})

t.test('trades that the export split are the units that the strategy held', async (t) => {
  const units = strategyUnits(bankNifty)
  const told = (numbers: number[]) =>
    units
      .filter((unit) => numbers.includes(unit.trades[0]!.number))
      .map(
        (unit) =>
          `${unit.trades.map((one) => one.number)} ${unit.label} ${unit.exit === null ? '-' : clock(unit.exit.barOpen)}`,
      )
  t.same(told([14, 15, 16, 17, 18]), [
    '14 Long_1 2009-06-22 14:15',
    '15 Long_1 2009-06-30 10:15',
    '16 Long_2 2009-06-30 10:15',
    '17 Long_3 2009-06-30 10:15',
    '18 Long_4 2009-06-30 10:15',
  ])
  // Trades 602 and 603 are one entry of 80 lots. On 2021-01-06 and 07 40 lots left twice: the pyramids of 40.
  const gathered = strategyUnits(bankNifty.filter(({ number }) => 602 <= number && number <= 605))
  t.same(
    gathered.map((unit) => `${unit.trades.map((one) => one.number)} ${clock(unit.exit!.barOpen)}`),
    ['602,603 2021-01-12 09:15', '604 2021-01-06 13:15', '605 2021-01-07 14:15'],
  )
})

t.test('units come back from any first-in-first-out picture of them', async (t) => {
  // Distinct sizes, so that only one set of units sums to what left at any bar.
  const sizes = [1, 2, 4, 8, 16, 32]
  const plan = fc.tuple(
    fc.shuffledSubarray(sizes, { minLength: 1 }),
    fc.array(fc.integer({ min: 10, max: 14 }), { minLength: 6, maxLength: 6 }),
  )
  fc.assert(
    fc.property(plan, ([chosen, exits]) => {
      const units = chosen.map((size, index) => ({
        size,
        label: index === 0 ? 'base' : `Long_${index + 1}`,
        exits: exits[index]!,
        enters: index,
      }))
      const queue = units.map((unit) => ({ ...unit, left: unit.size }))
      const trades: ExportedTrade[] = []
      for (const unit of [...units].sort((left, right) => left.exits - right.exits)) {
        let lots = unit.size
        while (lots > 0) {
          const first = queue.find((one) => one.left > 0)!
          const quantity = Math.min(lots, first.left)
          trades.push(
            trade(trades.length + 1, first.label, { enters: first.enters, exits: unit.exits, quantity }),
          )
          first.left -= quantity
          lots -= quantity
        }
      }
      const found = strategyUnits(trades)
      const isSplit = new Set(trades.map((one) => one.signal.label)).size < trades.length
      return found.every((unit, index) => !isSplit || unit.exit?.barOpen === units[index]!.exits * HOUR)
    }),
    { numRuns: counts.propertyRuns },
  )
  const odd = strategyUnits([
    trade(1, 'base', { enters: 0, exits: 5, quantity: 4 }),
    trade(2, 'base', { enters: 0, exits: 7, quantity: 6 }),
  ])
  t.same(
    odd.map((unit) => unit.exit?.barOpen),
    [5 * HOUR],
    'no unit has 4 lots: the first exit closes the unit',
  )
})

t.test('alerts come in time, and at one instant exits before pyramids before entries', async (t) => {
  const { signals, rejected, splitTrades, openMarks } = buildTimeline(
    [history(bankNifty, 'NSE'), history(goldMini, 'MCX')],
    0.5,
  )
  t.same(rejected, [])
  t.equal(splitTrades, 3)
  t.same([...openMarks], [['BANK_NIFTY', 58538.2]])
  const rank = { EXIT: 0, PYRAMID: 1, BASE_ENTRY: 2, EOD_MONITOR: 3, MARKET_DATA: 3 }
  for (let index = 1; index < signals.length; index++) {
    const [before, after] = [signals[index - 1]!, signals[index]!]
    const isOrdered =
      before.at < after.at || (before.at === after.at && rank[before.alert.type] <= rank[after.alert.type])
    if (!isOrdered) t.fail(`${before.id} comes before ${after.id}`)
  }
  const first = signals[0]!
  t.equal(clock(first.at), '2009-02-13 14:15')
  t.match(first, {
    id: 'A-BANK_NIFTY-1',
    alert: { type: 'BASE_ENTRY', price: 4596.25, label: 'Long_1', timestamp: first.at },
  })
  t.equal(new Set(signals.map((signal) => signal.id)).size, signals.length)
  t.equal(
    signals.some((signal) => signal.id === 'A-BANK_NIFTY-825-exit'),
    false,
    'an open trade sends no exit',
  )
})

t.test('a unit that enters and exits at one instant exits after it entered', async (t) => {
  const trades = [
    trade(1, 'base', { enters: 5, exits: 5, quantity: 1 }),
    trade(2, 'base', { enters: 1, exits: 5, quantity: 1 }),
  ]
  const { signals } = buildTimeline([history(trades, 'X')], null)
  t.same(
    signals.map((signal) => signal.id),
    ['A-X-2', 'A-X-2-exit', 'A-X-1', 'A-X-1-exit'],
  )
})

t.test(
  'an ATR comes from the tag, else from the bars, else it is assumed, else the entry is refused',
  async (t) => {
    const [plain] = bankNifty
    const tagged = { ...plain!, number: 2, signal: { ...plain!.signal, atr: 33 } }
    const stopped = { ...plain!, number: 3, signal: { ...plain!.signal, stop: 4500 } }
    const atrOf = (one: ExportedTrade, changes: Partial<InstrumentHistory>, assumed: number | null) => {
      const { signals, rejected } = buildTimeline([history([one], 'NSE', changes)], assumed)
      const alert = signals[0]?.alert
      return rejected[0] ?? (alert !== undefined && 'atr' in alert ? alert.atr : undefined)
    }
    const bars = hourly(plain!.entry.barOpen - 2 * HOUR, [1, 2, 3])
    const known = { bars, atr: Float64Array.from([Number.NaN, 5, 7]) }
    t.equal(atrOf(tagged, known, 2), 33)
    t.equal(atrOf(plain!, known, 2), 7)
    t.equal(atrOf(plain!, {}, 2), 4596.25 * 0.02)
    t.equal(atrOf(stopped, {}, 2), null, 'the stop is enough: the kernel derives the ATR from it')
    t.match(atrOf(plain!, {}, null), {
      file: 'trades-bank-nifty.csv',
      line: 3,
      reason: /neither an ATR nor a STOP tag.*--assume-atr/,
    })
    t.match(atrOf(plain!, { ...known, atr: new Float64Array(3).fill(Number.NaN) }, null), {
      reason: /too few bars/,
    })
    t.match(atrOf(plain!, { bars: hourly(0, [1]), atr: Float64Array.from([1]) }, null), {
      reason: /the bars have none that opened/,
    })
    const refused = buildTimeline([history(bankNifty, 'NSE')], null)
    t.equal(refused.signals.length, 0, 'the exit of a refused entry is no alert')
    t.equal(refused.rejected.length, bankNifty.length, 'every part of a split entry is listed')
  },
)

t.test('time zones with daylight saving are followed', async (t) => {
  const newYork = chartZone('America/New_York')!
  t.equal(newYork.offsetAt(Date.UTC(2024, 6, 1)), -240)
  t.equal(newYork.offsetAt(Date.UTC(2024, 0, 1) + DAY), -300)
})
