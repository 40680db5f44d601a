import { PineTS } from 'pinets'
import t from 'tap'
import { atrColumn } from '../../core/indicators/atr.js'
import { adxColumn } from '../../core/indicators/directional-movement.js'
import { donchianColumn } from '../../core/indicators/donchian.js'
import { efficiencyColumn } from '../../core/indicators/efficiency-ratio.js'
import { rocColumn } from '../../core/indicators/rate-of-change.js'
import { rsiColumn } from '../../core/indicators/rsi.js'
import { emaColumn } from '../../core/indicators/smoothed-average.js'
import { SuperTrend, superTrendColumn } from '../../core/indicators/super-trend.js'
import { DEFAULT_SIGNALS } from '../../core/instrument/signal-parameters.js'
import { signalColumns } from '../../core/strategies/trend/signal-columns.js'
import { pricePath } from '../helpers/price-path.js'

const SCRIPT = `//@version=6
indicator("indicators")
[plus, minus, adx] = ta.dmi(30, 30)
[superTrend, direction] = ta.supertrend(1.5, 10)
highBefore = high[1]
path = 0.0
for i = 0 to 2
    path += math.abs(close[i] - close[i + 1])
plot(ta.rsi(close, 6), "rsi")
plot(ta.ema(close, 200), "ema")
plot(ta.highest(highBefore, 20), "donchian")
plot(adx, "adx")
plot(math.abs(close - close[3]) / path, "efficiency")
plot(superTrend, "superTrend")
plot(direction, "direction")
plot(ta.atr(10), "atr")
plot(ta.roc(close, 15), "roc")
rsi = ta.rsi(close, 6)
ema = ta.ema(close, 200)
upper = ta.highest(highBefore, 20)
er = math.abs(close - close[3]) / path
isDoji = high > low and math.abs(close - open) / (high - low) <= 0.1
bits = (rsi > 70 ? 1 : 0) + (close > ema ? 2 : 0) + (close > upper ? 4 : 0) + (adx < 25 ? 8 : 0)
bits := bits + (er > 0.8 ? 16 : 0) + (close > superTrend ? 32 : 0) + (isDoji ? 0 : 64) + (close < superTrend ? 128 : 0)
plot(bits, "conditions")
`

t.test('a runtime of Pine scripts shows the same values and conditions', async (t) => {
  const bars = pricePath({ seed: 11, bars: 4000, start: 72_000, tick: 1, barMinutes: 60 })
  const { open, high, low, close } = bars
  const candles = Array.from(bars.opensAt, (openTime, index) => ({
    openTime,
    closeTime: openTime + 3_600_000 - 1,
    open: open[index]!,
    high: high[index]!,
    low: low[index]!,
    close: close[index]!,
    volume: 1,
  }))
  const { plots } = await new PineTS(candles).run(SCRIPT)
  const shown = (name: string): number[] =>
    plots[name]!.data.map(({ value }: { value: unknown }) => (typeof value === 'number' ? value : Number.NaN))

  const superTrend = new SuperTrend(1.5, 10)
  const direction = close.map((last, index) => {
    superTrend.next(high[index]!, low[index]!, last)
    return superTrend.direction
  })
  const ours = {
    rsi: rsiColumn(close, 6),
    ema: emaColumn(close, 200),
    donchian: donchianColumn(high, 20),
    adx: adxColumn(bars, 30),
    efficiency: efficiencyColumn(close, 3),
    superTrend: superTrendColumn(bars, { factor: 1.5, period: 10 }),
    direction,
    atr: atrColumn(bars, 10),
    roc: rocColumn(close, 15),
    conditions: Float64Array.from(signalColumns(bars, DEFAULT_SIGNALS).conditions),
  }
  for (const [name, column] of Object.entries(ours)) {
    const values = shown(name)
    const firstKnown = name === 'conditions' ? 20 : column.findIndex((value) => !Number.isNaN(value))
    const differing = values.findIndex((value, index) => {
      // That runtime shows the highest of the 19 highs that it knows one bar earlier, and a direction without a value.
      if (index < firstKnown || (name === 'direction' && index < 9)) return false
      const own = column[index]!
      return (
        Number.isNaN(value) !== Number.isNaN(own) || Math.abs(value - own) > 1e-9 * Math.max(1, Math.abs(own))
      )
    })
    t.equal(
      differing,
      -1,
      `${name}${differing < 0 ? '' : ` at bar ${differing}: ${values[differing]} and ${column[differing]}`}`,
    )
    if (!['donchian', 'direction', 'conditions'].includes(name))
      t.ok(values.slice(0, firstKnown).every(Number.isNaN), `${name} is known from the same bar on`)
  }
})
