import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { BacktestTrade } from '../../core/backtest/backtest-trade.js'
import {
  type DailyReturns,
  endDays,
  newDailyReturns,
  seeDay,
} from '../../core/backtest/metrics/daily-returns.js'
import { deepestPeriods, newDrawdown, seeEquity } from '../../core/backtest/metrics/drawdown.js'
import {
  addToCurve,
  coarsenCurve,
  curvePoints,
  type Moment,
  newCurve,
} from '../../core/backtest/metrics/equity-curve.js'
import { newMarketTime, seeHolding, timeInMarketPct } from '../../core/backtest/metrics/market-time.js'
import {
  countMultiple,
  multipleBins,
  newMultipleCounts,
} from '../../core/backtest/metrics/multiple-counts.js'
import { cagrPct, calmarRatio, sharpeRatio, sortinoRatio } from '../../core/backtest/metrics/ratios.js'
import { measureRun, yearlyReturns } from '../../core/backtest/metrics/run-metrics.js'
import { addValue, addZeros, deviation, newSpread } from '../../core/backtest/metrics/spread.js'
import { quietDays, tradingDaysOf, UTC_WEEKDAYS } from '../../core/backtest/metrics/trading-days.js'
import { newRunTotals, noteMoment, noteTrade, tradesByUnit } from '../../core/backtest/run-totals.js'
import { newTradePaths, notePath, noteStop, recentPaths, takeStops } from '../../core/backtest/trade-paths.js'
import { decimal, ZERO } from '../../core/decimal.js'
import { DAY, HOUR } from '../../core/time.js'
import { closeTo } from '../helpers/close-to.js'
import { counts } from '../helpers/counts.js'

/** Monday. */
const MONDAY = Date.UTC(2024, 0, 1, 12)

function near(t: Test, actual: number, expected: number): void {
  t.equal(closeTo(actual, expected, 1e-9), null)
}

function moment(at: number, equity: number, openPositions = 0): Moment {
  return { at, equity, heatPct: Number.NaN, volatilityPct: Number.NaN, marginPct: Number.NaN, openPositions }
}

function daysOf(equities: readonly number[], initial = 100): DailyReturns {
  const daily = newDailyReturns(initial, UTC_WEEKDAYS)
  // Five a week
  equities.forEach((equity, index) => {
    seeDay(daily, MONDAY + (index + 2 * Math.floor(index / 5)) * DAY, equity)
  })
  endDays(daily)
  return daily
}

function trade(netPnl: number, changes: Partial<BacktestTrade> = {}): BacktestTrade {
  return {
    trade: 1,
    instrument: 'GOLD_MINI',
    unit: 1,
    entryTime: MONDAY,
    entryPrice: 100,
    exitTime: MONDAY + DAY,
    exitPrice: 101,
    lots: decimal(1),
    grossPnl: decimal(netPnl),
    fees: ZERO,
    netPnl: decimal(netPnl),
    initialRisk: 100,
    exitReason: 'EXIT',
    open: false,
    ...changes,
  }
}

t.test('ratios are those that a hand computes', async (t) => {
  // Returns 10 %, −10 %, 10 %, 0: mean 0.025, squares 0.0275, deviation √(0.0275 ÷ 3)
  const daily = daysOf([110, 99, 108.9, 108.9])
  near(t, daily.returns.mean, 0.025)
  near(t, deviation(daily.returns)!, Math.sqrt(0.0275 / 3))
  near(t, sharpeRatio(daily)!, (0.025 / Math.sqrt(0.0275 / 3)) * Math.sqrt(252))
  // One loss of 0.1 in four days: √(0.01 ÷ 4) is 0.05
  near(t, sortinoRatio(daily)!, (0.025 / 0.05) * Math.sqrt(252))
  t.match(daily.best, { day: Math.floor(MONDAY / DAY) })
  near(t, daily.worst!.returnPct, -10)
  near(t, cagrPct(100, 121, 2)!, 10)
  t.equal(calmarRatio(10, 5), 2)
})

t.test('what has no value is null, and nothing is ever infinite', async (t) => {
  t.equal(sharpeRatio(daysOf([])), null, 'no day')
  t.equal(sharpeRatio(daysOf([101])), null, 'one day')
  t.equal(sharpeRatio(daysOf([100, 100, 100])), null, 'nothing varies')
  t.equal(sharpeRatio(daysOf([110, 121, 133.1])), null, 'every day the same but for rounding')
  t.equal(sortinoRatio(daysOf([110, 121])), null, 'no day lost')
  t.equal(sharpeRatio(daysOf([50, 0, 10])), null, 'everything was lost on the way')
  t.equal(sharpeRatio(daysOf([110, 120], 0)), null, 'no capital')
  t.equal(cagrPct(100, 200, 0), null, 'no time')
  t.equal(cagrPct(0, 200, 1), null)
  t.equal(cagrPct(100, -5, 1), -100)
  t.equal(cagrPct(1, 1e300, 0.01), null, 'beyond every number')
  t.equal(calmarRatio(10, 0), null)
  t.equal(calmarRatio(null, 5), null)
  const silent = measureRun(newRunTotals(100, UTC_WEEKDAYS), { initialCapital: 100, slippage: null })
  t.match(silent, { cagrPct: null, sharpe: null, expectancy: null, expectancyR: null, sqn: null })
  t.match(silent, { maxDrawdown: null, exposurePct: null, bestDay: null, averageLoss: null })
})

t.test('any equity and any trades make finite numbers or null', async () => {
  const amount = fc.double({ min: -1e9, max: 1e9, noNaN: true })
  const property = fc.property(fc.array(amount), fc.array(amount), fc.nat(40), (equities, profits, gap) => {
    const totals = newRunTotals(1e6, UTC_WEEKDAYS)
    for (const [index, equity] of equities.entries())
      noteMoment(totals, moment(MONDAY + index * gap * HOUR, equity, index % 2))
    for (const profit of profits) noteTrade(totals, trade(Math.round(profit)))
    endDays(totals.daily)
    const metrics = measureRun(totals, { initialCapital: 1e6, slippage: 0 })
    const text = JSON.stringify(metrics, (_, value) =>
      typeof value === 'number' && !Number.isFinite(value) ? 'not finite' : value,
    )
    return !text.includes('not finite')
  })
  fc.assert(property, { numRuns: counts.propertyRuns })
})

t.test('days without anything count as nothing gained', async (t) => {
  t.equal(quietDays(UTC_WEEKDAYS, 4, 7), 2, 'from Monday to Thursday')
  t.equal(quietDays(UTC_WEEKDAYS, 1, 4), 0, 'from Friday to Monday')
  t.equal(quietDays(UTC_WEEKDAYS, 2, 5), 1, 'from Saturday to Tuesday')
  const daily = newDailyReturns(100, UTC_WEEKDAYS)
  seeDay(daily, MONDAY, 110)
  seeDay(daily, MONDAY + HOUR, 120)
  seeDay(daily, MONDAY + 14 * DAY, 132)
  endDays(daily)
  t.equal(daily.returns.count, 11, 'two Mondays, and nine weekdays between them')
  near(t, daily.returns.mean, (0.2 + 0.1) / 11)
  const always = newDailyReturns(100, tradingDaysOf([{ exchange: 'KRAKEN', zone: 'UTC' }]))
  seeDay(always, MONDAY, 110)
  seeDay(always, MONDAY + 14 * DAY, 121)
  endDays(always)
  t.equal(always.returns.count, 15, 'weekends count where the market never closes')
  const india = newDailyReturns(100, tradingDaysOf([{ exchange: 'MCX', zone: 'Asia/Kolkata' }]))
  seeDay(india, Date.UTC(2024, 0, 31, 18, 29), 110)
  seeDay(india, Date.UTC(2024, 0, 31, 18, 31), 121)
  endDays(india)
  t.equal(india.returns.count, 2, 'midnight is that of India')
  t.same(
    india.months.map(({ month, returnPct }) => [month, Math.round(returnPct)]),
    [
      [1, 10],
      [2, 10],
    ],
  )
  const spread = newSpread()
  for (const value of [3, 0, 0, 5, 0]) addValue(spread, value)
  const same = newSpread()
  for (const value of [3, 5]) addValue(same, value)
  addZeros(same, 3)
  near(t, deviation(same)!, deviation(spread)!)
})

t.test('months and years are told, the silent ones as 0', async (t) => {
  const daily = newDailyReturns(100, UTC_WEEKDAYS)
  seeDay(daily, Date.UTC(2023, 10, 15), 110)
  seeDay(daily, Date.UTC(2024, 1, 15), 99)
  endDays(daily)
  t.same(
    daily.months.map(({ year, month, returnPct }) => [year, month, Math.round(returnPct)]),
    [
      [2023, 11, 10],
      [2023, 12, 0],
      [2024, 1, 0],
      [2024, 2, -10],
    ],
  )
  t.same(
    yearlyReturns(daily.months).map(({ year, returnPct }) => [year, Math.round(returnPct)]),
    [
      [2023, 10],
      [2024, -10],
    ],
  )
})

t.test('drawdown periods have a beginning, a low and an end', async (t) => {
  const drawdown = newDrawdown(100)
  const path = [100, 90, 95, 80, 100, 120, 60, 120, 119, 125, 100]
  for (const [index, equity] of path.entries()) seeEquity(drawdown, index, equity)
  t.equal(drawdown.maxPct, 50)
  const periods = deepestPeriods(drawdown)
  t.match(periods[0], {
    peakAt: 5,
    peakEquity: 120,
    troughAt: 6,
    troughEquity: 60,
    depthPct: 50,
    recoveredAt: 7,
  })
  t.match(periods[1], { peakAt: 0, troughAt: 3, depthPct: 20, recoveredAt: 4 })
  t.match(periods[2], { peakAt: 9, troughAt: 10, depthPct: 20, recoveredAt: null }, 'the one that lasts')
  t.equal(periods.length, 4)
  const many = newDrawdown(100)
  for (let index = 0; index < 100; index++)
    seeEquity(many, index, index % 2 === 0 ? 100 + index : 50 + ((index * 7) % 40))
  const deepest = deepestPeriods(many).map(({ depthPct }) => depthPct)
  t.equal(deepest.length, 5)
  t.same(
    deepest,
    deepest.toSorted((left, right) => right - left),
  )
  t.equal(deepest[0], many.maxPct)
})

t.test('time in the market is a share of the calendar', async (t) => {
  const time = newMarketTime()
  t.equal(timeInMarketPct(time), null)
  for (const [at, held] of [
    [0, 0],
    [10, 1],
    [20, 2],
    [30, 0],
    [40, 0],
  ] as const)
    seeHolding(time, at, held)
  t.equal(timeInMarketPct(time), 50)
})

t.test('trades are told in money and in R', async (t) => {
  const totals = newRunTotals(1000, UTC_WEEKDAYS)
  for (const [profit, unit] of [
    [200, 1],
    [-100, 1],
    [50, 2],
  ] as const)
    noteTrade(totals, trade(profit, { unit }))
  noteTrade(totals, trade(70, { initialRisk: null }))
  noteTrade(totals, trade(999, { open: true, exitTime: null }))
  const metrics = measureRun(totals, { initialCapital: 1000, slippage: 3 })
  t.match(metrics, { expectancy: 55, expectancyR: 0.5, averageLoss: -100, slippage: 3 })
  // R of 2, −1 and 0.5: mean 0.5, deviation 1.5
  near(t, metrics.sqn!, (Math.sqrt(3) * 0.5) / 1.5)
  t.same([...tradesByUnit(totals).keys()], [1, 2])
  t.same(
    multipleBins(totals.multiples).filter(({ trades }) => trades > 0),
    [
      { from: -1, to: -0.5, trades: 1 },
      { from: 0.5, to: 1, trades: 1 },
      { from: 2, to: 2.5, trades: 1 },
    ],
  )
  const lost = newRunTotals(1000, UTC_WEEKDAYS)
  for (const profit of [-100, -100]) noteTrade(lost, trade(profit))
  t.match(measureRun(lost, { initialCapital: 1000, slippage: 0 }), {
    expectancyR: -1,
    sqn: null,
    averageWin: null,
  })
  const outer = newMultipleCounts()
  for (const multiple of [-7, 30, 20]) countMultiple(outer, multiple)
  const bins = multipleBins(outer)
  t.match(
    [bins[0], bins.at(-1)],
    [
      { from: null, to: -5, trades: 1 },
      { from: 20, to: null, trades: 2 },
    ],
  )
})

t.test('a curve of any length keeps its extremes', async (t) => {
  const curve = newCurve(100)
  for (let index = 0; index < 10_000; index++) {
    const equity = index === 4321 ? 500 : 1000 + index
    addToCurve(curve, { ...moment(index, equity, 1), heatPct: index === 777 ? 9 : Number.NaN })
  }
  const points = curvePoints(curve)
  t.ok(points.length <= 100)
  t.equal(points.at(-1)!.equity, 10_999)
  t.equal(points.at(-1)!.highEquity, 10_999)
  const few = coarsenCurve(points, 10)
  t.ok(few.length <= 10)
  for (const some of [points, few]) {
    near(t, Math.max(...some.map(({ drawdownPct }) => drawdownPct)), (1 - 500 / 5320) * 100)
    t.equal(Math.max(...some.map(({ heatPct }) => heatPct ?? 0)), 9)
    t.equal(some[0]!.from, 0)
  }
})

t.test('the last trades are kept with the way of their stops', async (t) => {
  const paths = newTradePaths()
  for (let index = 0; index < 500; index++) {
    noteStop(paths, `P-${index}`, index, 90)
    noteStop(paths, `P-${index}`, index + 1, 90)
    noteStop(paths, `P-${index}`, index + 2, 95)
    notePath(paths, trade(index, { trade: index }), takeStops(paths, `P-${index}`))
  }
  const kept = recentPaths(paths, 'GOLD_MINI')
  t.equal(kept.length, 40)
  t.equal(kept.at(-1)!.trade.trade, 499)
  t.same(kept.at(-1)!.stops, [
    { at: 499, stop: 90 },
    { at: 501, stop: 95 },
  ])
  t.equal(paths.held.size, 0)
  for (let index = 0; index < 5000; index++) noteStop(paths, 'P-long', index, index)
  const stops = takeStops(paths, 'P-long')
  t.ok(stops.length <= 400)
  t.match([stops[0], stops.at(-1)], [{ at: 0 }, { at: 4999, stop: 4999 }])
})
