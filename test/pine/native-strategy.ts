import { atrColumn } from '../../core/indicators/atr.js'
import { adxColumn } from '../../core/indicators/directional-movement.js'
import { isDoji } from '../../core/indicators/doji.js'
import { donchianColumn } from '../../core/indicators/donchian.js'
import { efficiencyColumn } from '../../core/indicators/efficiency-ratio.js'
import { rocColumn } from '../../core/indicators/rate-of-change.js'
import { rsiColumn } from '../../core/indicators/rsi.js'
import { emaColumn } from '../../core/indicators/smoothed-average.js'
import { superTrendColumn } from '../../core/indicators/super-trend.js'
import type { PineInstrument } from '../../scripts/pine/pine-instrument.js'
import { randomFrom } from '../helpers/random.js'
import type { PineBar } from './run-pine.js'

/** Returns bars of calm and of trends in turn, so that a strategy that waits for a breakout finds some. */
export function makeBars(seed: number, instrument: PineInstrument, count: number): PineBar[] {
  const chance = randomFrom(seed)
  const bars: PineBar[] = []
  let close = 1000
  const first = Date.UTC(2026, 0, 5, 3, 45)
  while (bars.length < count) {
    const [calm, rise, fall] = [180 + chance() * 160, 20 + chance() * 50, 10 + chance() * 50]
    const middle = close
    const pace = 2 + chance() * 4
    for (let index = 0; index < calm + rise + fall && bars.length < count; index++) {
      const noise = (chance() - 0.5) * 12
      const open = close
      const step = index < calm + rise ? pace : -pace * 1.3
      close = index < calm ? middle + noise : Math.max(200, close + step + noise / 3)
      const high = Math.max(open, close) + chance() * 2
      const low = Math.min(open, close) - chance() * 2
      bars.push({ at: first + bars.length * instrument.barMinutes * 60_000, open, high, low, close })
    }
  }
  return bars
}

/** Returns what the service itself measures on the bars, by the titles of the plots. */
export function measureNatively(bars: readonly PineBar[], { signals }: PineInstrument) {
  const column = (name: 'open' | 'high' | 'low' | 'close') => Float64Array.from(bars, (bar) => bar[name])
  const prices = { high: column('high'), low: column('low'), close: column('close') }
  const { close, high } = prices
  return {
    RSI: rsiColumn(close, signals.rsiPeriod),
    EMA: emaColumn(close, signals.emaPeriod),
    Donchian: donchianColumn(high, signals.donchianPeriod),
    ADX: adxColumn(prices, signals.adxPeriod),
    ER: efficiencyColumn(close, signals.efficiencyPeriod),
    SuperTrend: superTrendColumn(prices, {
      factor: signals.superTrendFactor,
      period: signals.superTrendPeriod,
    }),
    ATR: atrColumn(prices, signals.atrPeriod),
    ROC: rocColumn(close, signals.rocPeriod),
  }
}

type Measures = ReturnType<typeof measureNatively>

/** Returns whether each condition of an entry holds on a bar, by the names of the alert. */
export function conditionsAt(bar: PineBar, index: number, measures: Measures, { signals }: PineInstrument) {
  const conditions = {
    rsi: measures.RSI[index]! > signals.rsiAbove,
    ema: bar.close > measures.EMA[index]!,
    donchian: bar.close > measures.Donchian[index]!,
    adx: measures.ADX[index]! < signals.adxBelow,
    efficiency: measures.ER[index]! > signals.efficiencyAbove,
    superTrend: bar.close > measures.SuperTrend[index]!,
    notDoji: !isDoji(Math.abs(bar.close - bar.open), bar.high - bar.low, signals.dojiBodyShare),
  }
  const longEntry = Object.values(conditions).every(Boolean)
  return { ...conditions, longEntry, longExit: bar.close < measures.SuperTrend[index]! }
}

/** An order that the strategy should have told. */
export interface ExpectedOrder {
  readonly bar: number
  readonly type: 'BASE_ENTRY' | 'PYRAMID' | 'EXIT'
  readonly label: string
  /** Of the unit, after the bar. */
  readonly stop: number
}

interface Unit {
  readonly label: string
  readonly entry: number
  readonly firstStop: number
  stop: number
  highest: number
}

/** Returns the orders that the rules of the strategy lead to, stated apart from the script. */
export function expectOrders(bars: readonly PineBar[], instrument: PineInstrument): ExpectedOrder[] {
  const measures = measureNatively(bars, instrument)
  const { initialAtrMultiple, trailingAtrMultiple, maxPyramids, pyramidSpacingAtr } = instrument.trend
  const orders: ExpectedOrder[] = []
  let units: Unit[] = []
  let opened: Unit[] = []
  for (const [bar, prices] of bars.entries()) {
    const { close } = prices
    const atr = measures.ATR[bar]!
    const wasFlat = units.length === 0
    for (const unit of units) {
      unit.highest = Math.max(unit.highest, close)
      unit.stop = Math.max(unit.stop, unit.highest - trailingAtrMultiple * atr)
      if (close < unit.stop) orders.push({ bar, type: 'EXIT', label: unit.label, stop: unit.stop })
    }
    units = units.filter(({ stop }) => close >= stop)
    const open = (type: 'BASE_ENTRY' | 'PYRAMID') => {
      const stop = close - initialAtrMultiple * atr
      const label = `Long_${opened.length + 1}`
      const unit = { label, entry: close, firstStop: stop, stop, highest: close }
      units.push(unit)
      opened.push(unit)
      orders.push({ bar, type, label, stop })
    }
    const [base] = opened
    if (wasFlat) {
      opened = []
      if (conditionsAt(prices, bar, measures, instrument).longEntry) open('BASE_ENTRY')
    } else if (base !== undefined && units.includes(base) && opened.length <= maxPyramids) {
      const isAhead = close - base.entry > base.entry - base.firstStop
      if (isAhead && close - opened.at(-1)!.entry >= pyramidSpacingAtr * atr) open('PYRAMID')
    }
  }
  return orders
}
