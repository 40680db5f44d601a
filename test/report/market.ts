import type { Alert } from '../../core/alert/alert.js'
import { barCloseOf } from '../../core/backtest/bars/bar-close.js'
import { newBarFeed } from '../../core/backtest/bars/bar-feed.js'
import type { Bars } from '../../core/backtest/bars/bars.js'
import { runBacktest } from '../../core/backtest/engine.js'
import { tradingDaysOf } from '../../core/backtest/metrics/trading-days.js'
import type { Signal } from '../../core/backtest/timeline.js'
import { atrColumn } from '../../core/indicators/atr.js'
import type { Instrument } from '../../core/instrument/instrument.js'
import { DAY, HOUR } from '../../core/time.js'
import type { TearSheetRequest } from '../../server/report/tear-sheet/tear-sheet.js'
import { randomFrom } from '../helpers/random.js'
import { settings } from '../helpers/settings.js'

const START = Date.UTC(2022, 0, 3, 4)
const BARS_A_DAY = 8
const ATR_PERIOD = 10
const INDIA = 330

/** How long a generated history is, and what its page is called. */
export interface History {
  readonly instruments: readonly Instrument[]
  readonly days: number
  readonly title: string
}

/** Returns the tear sheet of a backtest over generated bars: a price that trends now and then, bought when it rises. */
export function generateTearSheet({ instruments, days, title }: History): TearSheetRequest {
  const clock = { exchange: 'MCX', offsetMinutes: () => INDIA, barMinutes: 60 } as const
  const markets = instruments.map((instrument, index) => {
    const bars = generateBars(days, 60_000, randomFrom(index + 1))
    const atr = atrColumn(bars, ATR_PERIOD)
    const barClose = barCloseOf({ ...clock, bars })
    return { instrument, bars, atr, barClose }
  })
  const signals = markets.flatMap(({ instrument, bars, atr, barClose }) =>
    generateSignals(instrument.name, bars, atr).map((signal) => ({ ...signal, at: barClose(signal.at) })),
  )
  signals.sort((left, right) => left.at - right.at)
  const result = runBacktest({
    configuration: { hash: 'h', settings: settings({ instruments, entryMaxAgeSeconds: 1e9 }) },
    initialCapital: 10_000_000,
    timeline: { signals, rejected: [], splitTrades: 0, openMarks: new Map() },
    feeds: markets.map(({ instrument, ...history }) => newBarFeed(instrument.name, history, START)),
    costs: { slippageTicks: 1, commissionPct: 0.01 },
    fillAt: 'close',
    days: tradingDaysOf(instruments),
    onDecision: () => {},
    onTrade: () => {},
  })
  return {
    subject: { title, period: '2022', currency: 'INR', facts: [['Files', title]], notes: [title] },
    result: { ...result, rejectedRows: [{ file: title, line: 7, reason: title }] },
    prices: new Map(markets.map(({ instrument, bars, barClose }) => [instrument.name, { bars, barClose }])),
    offsetMinutes: () => INDIA,
  }
}

function generateBars(days: number, start: number, chance: () => number): Bars {
  const count = days * BARS_A_DAY
  const column = (): Float64Array => new Float64Array(count)
  const bars = { opensAt: column(), open: column(), high: column(), low: column(), close: column() }
  let price = start
  let drift = 0
  for (let index = 0; index < count; index++) {
    const day = Math.floor(index / BARS_A_DAY)
    if (chance() < 0.01) drift = (chance() - 0.45) * 0.003
    const open = price
    price = Math.round(
      Math.min(Math.max(open * (1 + drift + (chance() - 0.5) * 0.005), start / 2), start * 2),
    )
    bars.opensAt[index] = START + (day + 2 * Math.floor(day / 5)) * DAY + (index % BARS_A_DAY) * HOUR
    bars.open[index] = open
    bars.high[index] = Math.max(open, price) * 1.001
    bars.low[index] = Math.min(open, price) * 0.999
    bars.close[index] = price
  }
  return bars
}

/** Buys what is higher than it was two days ago, adds to what rose, and sells what has fallen since yesterday. */
function generateSignals(instrument: string, { opensAt, close }: Bars, atr: Float64Array): Signal[] {
  const signals: Signal[] = []
  let units = 0
  let last = 0
  for (let index = 16; index < close.length; index++) {
    const price = close[index]!
    const at = opensAt[index]!
    const rises = price > close[index - 16]! * 1.01
    if (units === 0 ? rises : units < 4 && price > last + 2 * atr[index]!) {
      units += 1
      last = price
      signals.push(entryAt({ instrument, at, price, atr: atr[index]!, unit: units }))
    } else if (units > 0 && price < close[index - 8]! * 0.985) {
      units = 0
      signals.push(exitAt(instrument, at, price))
    }
  }
  return signals
}

interface Entry {
  readonly instrument: string
  readonly at: number
  readonly price: number
  readonly atr: number
  readonly unit: number
}

function entryAt({ instrument, at, price, atr, unit }: Entry): Signal {
  const alert: Alert = {
    type: unit === 1 ? 'BASE_ENTRY' : 'PYRAMID',
    ...{ instrument, price, atr, stop: null, er: null, label: `Long_${unit}`, timestamp: at, barTime: null },
  }
  return { id: `A-${instrument}-${at}`, at, alert }
}

function exitAt(instrument: string, at: number, price: number): Signal {
  const alert: Alert = {
    type: 'EXIT',
    ...{ instrument, label: 'ALL', price, reason: 'EXIT', timestamp: at, barTime: null, flags: [] },
  }
  return { id: `A-${instrument}-${at}-exit`, at, alert }
}
