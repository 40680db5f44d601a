import { allTrades, type RunTotals } from '../run-totals.js'
import type { DayReturn, MonthReturn } from './daily-returns.js'
import { type DrawdownPeriod, deepestPeriods } from './drawdown.js'
import { known } from './equity-curve.js'
import { timeInMarketPct, yearsOf } from './market-time.js'
import {
  annualVolatilityPct,
  cagrPct,
  calmarRatio,
  sharpeRatio,
  sortinoRatio,
  systemQuality,
} from './ratios.js'
import { averageLoss, averageWin, expectancy, expectancyMultiple, type TradeTotals } from './trade-totals.js'
import { daysPerYear } from './trading-days.js'

/** Numbers by which backtests are compared; each is null where it has no value. Money is in the portfolio's currency. */
export interface RunMetrics {
  /** From the first moment to the last, in years of 365.25 days. */
  readonly years: number
  /** Daily returns that the ratios are made of, and how many of them a year is taken to have. */
  readonly days: number
  readonly daysPerYear: number
  readonly cagrPct: number | null
  readonly annualVolatilityPct: number | null
  readonly sharpe: number | null
  readonly sortino: number | null
  readonly calmar: number | null
  /** Mean net profit of a closed trade, in money and in R. */
  readonly expectancy: number | null
  readonly expectancyR: number | null
  readonly averageWin: number | null
  readonly averageLoss: number | null
  readonly sqn: number | null
  readonly maxDrawdown: DrawdownPeriod | null
  /** Share of the time in which something was held, in percent. */
  readonly exposurePct: number | null
  /** Paid in commission, and by fills that were worse than their reference; null where slippage is not modelled. */
  readonly fees: number
  readonly slippage: number | null
  readonly maxHeatPct: number | null
  readonly maxVolatilityPct: number | null
  readonly maxMarginPct: number | null
  readonly bestDay: DayReturn | null
  readonly worstDay: DayReturn | null
}

/** The return of one year, in percent of the equity at its start. */
export interface YearReturn {
  readonly year: number
  readonly returnPct: number
}

/** Returns the metrics of a run whose days have ended. */
export function measureRun(
  totals: RunTotals,
  { initialCapital, slippage }: { readonly initialCapital: number; readonly slippage: number | null },
): RunMetrics {
  const { daily, drawdown, time } = totals
  const trades = allTrades(totals)
  const years = yearsOf(time)
  const growth = cagrPct(initialCapital, initialCapital + trades.netPnl.toNumber(), years)
  return {
    years,
    days: daily.returns.count,
    daysPerYear: daysPerYear(daily.days),
    cagrPct: growth,
    annualVolatilityPct: annualVolatilityPct(daily),
    sharpe: sharpeRatio(daily),
    sortino: sortinoRatio(daily),
    calmar: calmarRatio(growth, drawdown.maxPct),
    ...tradeMetrics(trades),
    maxDrawdown: deepestPeriods(drawdown)[0] ?? null,
    exposurePct: timeInMarketPct(time),
    fees: trades.fees.toNumber(),
    slippage,
    maxHeatPct: known(totals.maxHeatPct),
    maxVolatilityPct: known(totals.maxVolatilityPct),
    maxMarginPct: known(totals.maxMarginPct),
    bestDay: daily.best,
    worstDay: daily.worst,
  }
}

function tradeMetrics(
  trades: TradeTotals,
): Pick<RunMetrics, 'expectancy' | 'expectancyR' | 'averageWin' | 'averageLoss' | 'sqn'> {
  return {
    expectancy: expectancy(trades),
    expectancyR: expectancyMultiple(trades),
    averageWin: averageWin(trades),
    averageLoss: averageLoss(trades),
    sqn: systemQuality(trades.multiples),
  }
}

/** Returns the returns of years, each compounded of those of its months. */
export function yearlyReturns(months: readonly MonthReturn[]): readonly YearReturn[] {
  const growth = new Map<number, number>()
  for (const { year, returnPct } of months) growth.set(year, (growth.get(year) ?? 1) * (1 + returnPct / 100))
  return [...growth].map(([year, factor]) => ({ year, returnPct: (factor - 1) * 100 }))
}
