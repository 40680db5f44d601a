import t from 'tap'
import { AverageTrueRange, atrColumn } from '../../core/indicators/atr.js'
import { adxColumn, DirectionalMovement } from '../../core/indicators/directional-movement.js'
import { isDoji } from '../../core/indicators/doji.js'
import { DonchianUpper, donchianColumn } from '../../core/indicators/donchian.js'
import { EfficiencyRatio, efficiencyColumn } from '../../core/indicators/efficiency-ratio.js'
import { RateOfChange, rocColumn } from '../../core/indicators/rate-of-change.js'
import { Rsi, rsiColumn } from '../../core/indicators/rsi.js'
import { emaColumn, newEma } from '../../core/indicators/smoothed-average.js'
import { SuperTrend, superTrendColumn } from '../../core/indicators/super-trend.js'
import { pricePath } from '../helpers/price-path.js'
import {
  publishedAdx,
  publishedAtr,
  publishedDonchian,
  publishedEfficiency,
  publishedEma,
  publishedRoc,
  publishedRsi,
  publishedSuperTrend,
} from './published.js'

const bars = pricePath({ seed: 7, bars: 100_000, start: 48_000, tick: 0.05, barMinutes: 75 })
const { high, low, close } = bars

/** Returns where the two differ by more than 1e-9 of their size, or where only one of them is known; null when nowhere. */
function firstDifference(actual: Float64Array, expected: readonly number[]): string | null {
  for (const [index, value] of expected.entries()) {
    const found = actual[index]!
    if (
      Number.isNaN(value) !== Number.isNaN(found) ||
      Math.abs(found - value) > 1e-9 * Math.max(1, Math.abs(value))
    )
      return `bar ${index}: ${found}, expected ${value}`
  }
  return actual.length === expected.length ? null : `${actual.length} values, expected ${expected.length}`
}

/** Returns the first bar whose value is known. */
function firstKnown(column: Float64Array): number {
  return column.findIndex((value) => !Number.isNaN(value))
}

/** Returns a column of one price for every bar. */
function still(price: number, count: number): Float64Array {
  return new Float64Array(count).fill(price)
}

t.test('each indicator is what its published formula gives, on 100,000 bars', async (t) => {
  for (const period of [6, 14]) {
    t.equal(firstDifference(rsiColumn(close, period), publishedRsi(bars, period)), null, `RSI ${period}`)
  }
  for (const period of [1, 50, 200]) {
    t.equal(firstDifference(emaColumn(close, period), publishedEma(bars, period)), null, `EMA ${period}`)
  }
  for (const period of [10, 14]) {
    t.equal(firstDifference(atrColumn(bars, period), publishedAtr(bars, period)), null, `ATR ${period}`)
  }
  for (const period of [1, 10, 20, 31, 32]) {
    const column = donchianColumn(high, period)
    t.equal(firstDifference(column, publishedDonchian(bars, period)), null, `Donchian ${period}`)
  }
  for (const period of [14, 30]) {
    t.equal(firstDifference(adxColumn(bars, period), publishedAdx(bars, period)), null, `ADX ${period}`)
  }
  for (const period of [1, 3, 5, 40]) {
    const column = efficiencyColumn(close, period)
    t.equal(firstDifference(column, publishedEfficiency(bars, period)), null, `efficiency ${period}`)
  }
  t.equal(firstDifference(rocColumn(close, 15), publishedRoc(bars, 15)), null, 'ROC')
})

t.test('SuperTrend and its direction are what the published formula gives', async (t) => {
  for (const [factor, period] of [
    [1.5, 10],
    [3, 7],
  ] as const) {
    const [values, directions] = publishedSuperTrend(bars, factor, period)
    t.equal(firstDifference(superTrendColumn(bars, { factor, period }), values), null)
    const superTrend = new SuperTrend(factor, period)
    let differing = 0
    for (let index = 0; index < close.length; index++) {
      superTrend.next(high[index]!, low[index]!, close[index]!)
      if (superTrend.direction !== directions[index]) differing += 1
    }
    t.equal(differing, 0)
    t.ok(directions.includes(-1) && directions.includes(1))
  }
})

t.test('a value is known from the bar on from which TradingView knows it', async (t) => {
  const known = {
    rsi: firstKnown(rsiColumn(close, 6)),
    ema: firstKnown(emaColumn(close, 200)),
    donchian: firstKnown(donchianColumn(high, 20)),
    adx: firstKnown(adxColumn(bars, 30)),
    efficiency: firstKnown(efficiencyColumn(close, 3)),
    superTrend: firstKnown(superTrendColumn(bars, { factor: 1.5, period: 10 })),
    atr: firstKnown(atrColumn(bars, 10)),
    roc: firstKnown(rocColumn(close, 15)),
  }
  t.same(known, { rsi: 6, ema: 199, donchian: 20, adx: 59, efficiency: 3, superTrend: 9, atr: 9, roc: 15 })
})

t.test('a column holds bit for bit what the stream gives, bar by bar', async (t) => {
  const streams = {
    rsi: new Rsi(6),
    ema: newEma(200),
    donchian: new DonchianUpper(20),
    adx: new DirectionalMovement(30, 30),
    efficiency: new EfficiencyRatio(3),
    superTrend: new SuperTrend(1.5, 10),
    atr: new AverageTrueRange(10),
    roc: new RateOfChange(15),
  }
  const columns = {
    rsi: rsiColumn(close, 6),
    ema: emaColumn(close, 200),
    donchian: donchianColumn(high, 20),
    adx: adxColumn(bars, 30),
    efficiency: efficiencyColumn(close, 3),
    superTrend: superTrendColumn(bars, { factor: 1.5, period: 10 }),
    atr: atrColumn(bars, 10),
    roc: rocColumn(close, 15),
  }
  const differing = new Set<string>()
  for (let index = 0; index < close.length; index++) {
    const [top, bottom, last] = [high[index]!, low[index]!, close[index]!]
    const values = {
      rsi: streams.rsi.next(last),
      ema: streams.ema.next(last),
      donchian: streams.donchian.next(top),
      adx: streams.adx.next(top, bottom, last),
      efficiency: streams.efficiency.next(last),
      superTrend: streams.superTrend.next(top, bottom, last),
      atr: streams.atr.next(top, bottom, last),
      roc: streams.roc.next(last),
    }
    for (const name of Object.keys(values) as (keyof typeof values)[]) {
      if (!Object.is(columns[name][index], values[name])) differing.add(name)
    }
  }
  t.same([...differing], [])
})

t.test('where nothing moves, a value is what Pine gives', async (t) => {
  const count = 2000
  const flat = { high: still(100, count), low: still(100, count), close: still(100, count) }
  t.equal(rsiColumn(flat.close, 6)[6], 100)
  t.equal(emaColumn(flat.close, 200)[199], 100)
  t.equal(atrColumn(flat, 10)[9], 0)
  t.equal(donchianColumn(flat.high, 20)[20], 100)
  t.ok(adxColumn(flat, 30).every(Number.isNaN), 'no movement and no range: 0 ÷ 0')
  t.ok(efficiencyColumn(flat.close, 3).every(Number.isNaN), 'no way walked: 0 ÷ 0')
  t.equal(superTrendColumn(flat, { factor: 1.5, period: 10 })[count - 1], 100)
  t.equal(rocColumn(flat.close, 15)[15], 0)

  // Gains and losses of before fade alike, so the RSI stays where it was, and so do the DIs.
  const closes = Float64Array.from({ length: count }, (_, index) => (index < 20 ? 100 + (index % 3) : 101))
  const rsi = rsiColumn(closes, 6)
  t.ok(Math.abs(rsi[500]! - rsi[20]!) < 1e-9)
  t.ok(Number.isNaN(efficiencyColumn(closes, 3)[30]), 'an exact 0 is walked, however much was before')
  const moved = {
    high: closes.map((price) => price + 1),
    low: closes.map((price) => price - 1),
    close: closes,
  }
  t.ok(
    adxColumn(moved, 6)
      .subarray(12)
      .every((value) => value >= 0 && value <= 100),
  )
})

t.test('a doji is a bar with a small body, but not one without a range', async (t) => {
  t.equal(isDoji(1, 10, 0.1), true, 'the share itself is a doji')
  t.equal(isDoji(1.5, 10, 0.1), false)
  t.equal(isDoji(0, 10, 0), true)
  t.equal(isDoji(0, 0, 0.1), false)
})
