import fc from 'fast-check'
import t from 'tap'
import { barAt, firstBarFrom } from '../../core/backtest/bars/bars.js'
import { atrColumn } from '../../core/indicators/atr.js'
import { readBars } from '../../server/csv/bars.js'
import { readMetricsCsv } from '../../server/csv/metrics.js'
import { chartZone } from '../../server/csv/time-field.js'
import { closeTo } from '../helpers/close-to.js'
import { counts } from '../helpers/counts.js'

const offset = chartZone('Asia/Kolkata')!.localOffset
const read = (text: string) => readBars({ file: 'bars.csv', bytes: Buffer.from(text), offset })

t.test('chart data is read whatever the case and order of its columns', async (t) => {
  const seconds = read(
    'time,open,high,low,close,Volume,RSI\n1735702200,100,110,95,105,7,55\n1735705800,105,106,90,91,,NaN\n',
  )
  t.same([...seconds.bars.opensAt], [1735702200000, 1735705800000])
  t.same([...seconds.bars.close], [105, 91])
  const iso = read(
    '\uFEFFClose,Low,HIGH,Open,Time\r\n105,95,110,100,2025-01-01T09:00:00+05:30\r\n91,90,106,105,2025-01-01 10:00\r\n',
  )
  t.same([...iso.bars.opensAt], [1735702200000, 1735705800000])
  t.same([...iso.bars.high], [110, 106])
  t.same(seconds.rejected, [])
})

t.test('bars come out ascending, each time once, and bad rows are listed', async (t) => {
  const { bars, rejected } = read(
    [
      'time,open,high,low,close',
      '300000000,3,3,3,3',
      '100000000,1,1,1,1',
      '300000000,9,9,9,9',
      '200000000,2,1,2,2',
      '1,x',
    ].join('\n'),
  )
  t.same([...bars.opensAt], [100000000000, 300000000000])
  t.same([...bars.close], [1, 3])
  t.same(
    rejected.map(({ line }) => line),
    [4, 5, 6],
  )
  t.match(rejected[0]?.reason, /line 2 has a bar of the same time/)
  t.match(rejected[1]?.reason, /do not contain/)
  t.equal(barAt(bars, 100000000000), 0)
  t.equal(barAt(bars, 200000000000), -1)
  t.equal(firstBarFrom(bars, 200000000000), 1)
  t.equal(firstBarFrom(bars, 300000000001), 2)
})

t.test('a file of no use says why', async (t) => {
  t.throws(() => read(''), { name: 'CsvError', message: 'bars.csv: the file is empty' })
  t.throws(() => read('Trade #,Type'), {
    message: /bars\.csv:1: this is not chart data.*"time", "open", "high", "low", "close"/,
  })
  t.throws(() => read('time,open,high,low,close'), { message: /a header and no rows/ })
  t.throws(() => read('time,open,high,low,close\n1,2,3,4,5'), {
    message: /bars\.csv: none of its bars can be used\n {2}line 2: "1" is not a time/,
  })
})

t.test('the average true range is the one that TradingView shows', async (t) => {
  const high = Float64Array.from([10, 12, 13, 12, 15, 20])
  const low = Float64Array.from([8, 9, 11, 10, 11, 18])
  const close = Float64Array.from([9, 11, 12, 11, 14, 19])
  // True ranges 2, 3, 2, 2, 4, 6; seeded with the mean of the first three.
  const atr = atrColumn({ high, low, close }, 3)
  t.same([...atr.subarray(0, 2)], [Number.NaN, Number.NaN])
  const seed = 7 / 3
  const fourth = (seed * 2 + 2) / 3
  const fifth = (fourth * 2 + 4) / 3
  t.equal(closeTo([...atr.subarray(2)], [seed, fourth, fifth, (fifth * 2 + 6) / 3], 1e-15), null)
  const bar = fc.tuple(
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: 0, max: 50 }),
    fc.integer({ min: 0, max: 50 }),
  )
  fc.assert(
    fc.property(fc.array(bar, { minLength: 11, maxLength: 60 }), (rows) => {
      const bars = {
        high: Float64Array.from(rows, ([price, up, down]) => price + up + down),
        low: Float64Array.from(rows, ([price]) => price),
        close: Float64Array.from(rows, ([price, up]) => price + up),
      }
      const average = atrColumn(bars, 10)
      const ranges = rows.map(([price, up, down], index) => {
        const before = index === 0 ? price : bars.close[index - 1]!
        return Math.max(price + up + down, before) - Math.min(price, before)
      })
      // Wilder's average written as one weighted sum: it must agree with the recursion.
      const last = rows.length - 1
      let expected = 0
      for (let index = 0; index <= last; index++) {
        const weight = index < 10 ? 0.9 ** (last - 9) / 10 : 0.9 ** (last - index) / 10
        expected += weight * Math.max(ranges[index]!, index === 0 ? bars.high[0]! - bars.low[0]! : 0)
      }
      return Math.abs(average[last]! - expected) < 1e-9 * Math.max(1, expected) && Number.isNaN(average[8]!)
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('a table of fund metrics is taken whole or not at all', async (t) => {
  const read = (text: string) => readMetricsCsv('funds.csv', Buffer.from(text))
  t.same(read('Ticker,AUM,Market Cap,timestamp\nTPAY,1500000000,,2026-01-31T10:00:00Z\nTRUR,,2e9,\n'), [
    { symbol: 'TPAY', marketCap: null, aum: 1.5e9, observedAt: '2026-01-31T10:00:00Z' },
    { symbol: 'TRUR', marketCap: 2e9, aum: null },
  ])
  const refused = (row: string, why: RegExp) =>
    t.throws(() => read(`symbol,marketCap,aum\nA,1,1\n${row}\n`), why)
  refused('B,NaN,1', /line 3: marketCap must be a number above 0, was "NaN"/)
  refused('B,-1,1', /above 0/)
  refused('B,0,1', /above 0/)
  refused('B,,', /B has neither marketCap nor aum/)
  refused(',1,1', /symbol must not be blank/)
  t.throws(() => read('name,cap\nA,1\n'), /must name symbol/)
  t.throws(() => read('symbol,aum\n'), /no metrics/)
})
