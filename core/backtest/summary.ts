import type { BoundBy } from '../decision.js'
import type { RejectedRow } from './exported-trade.js'
import type { MonthReturn } from './metrics/daily-returns.js'
import { type DrawdownPeriod, deepestPeriods } from './metrics/drawdown.js'
import { type CurvePoint, curvePoints } from './metrics/equity-curve.js'
import { type MultipleBin, multipleBins } from './metrics/multiple-counts.js'
import { type RunMetrics, type YearReturn, yearlyReturns } from './metrics/run-metrics.js'
import {
  expectancy,
  expectancyMultiple,
  profitFactor,
  type TradeTotals,
  winRate,
} from './metrics/trade-totals.js'
import { type RunTotals, tradesByInstrument, tradesByUnit } from './run-totals.js'
import type { TradePath } from './trade-paths.js'

/** A backtest in numbers, money in the portfolio's currency. */
export interface BacktestSummary {
  readonly initialCapital: number
  /** Initial capital plus net profit: open trades at the price that values them, less what closing them would cost. */
  readonly finalEquity: number
  readonly netPnl: number
  readonly grossPnl: number
  readonly fees: number
  readonly trades: number
  readonly openTrades: number
  /** Of the closed trades, 0..1; null without any. */
  readonly winRate: number | null
  /** Of the closed trades; null when nothing was lost. */
  readonly profitFactor: number | null
  readonly returnPct: number
  readonly maxDrawdownPct: number
  /** Largest portfolio heat in percent of equity; null where there are no stops. */
  readonly maxHeatPct: number | null
  /** Most units held at one time. */
  readonly maxOpenPositions: number
  readonly entries: { readonly executed: number; readonly blocked: number }
  readonly pyramids: { readonly executed: number; readonly blocked: number }
  /** Units that were closed. */
  readonly exits: number
}

/** What the trades of one instrument, or of the units of one number, made. */
export interface TotalsOfTrades {
  readonly trades: number
  readonly openTrades: number
  readonly wins: number
  readonly grossPnl: number
  readonly fees: number
  readonly netPnl: number
  /** Of the closed trades; each is null where it has no value. */
  readonly winRate: number | null
  readonly profitFactor: number | null
  readonly expectancy: number | null
  readonly expectancyR: number | null
}

/** Caps in percent, as the settings of a portfolio have them. */
export interface RunCaps {
  readonly heatPct: number
  readonly volatilityPct: number
  readonly marginPct: number
}

/** The outcome of a backtest. */
export interface BacktestResult {
  readonly summary: BacktestSummary
  readonly metrics: RunMetrics
  readonly blockedBy: Readonly<Record<string, number>>
  readonly boundBy: Readonly<Record<BoundBy, number>>
  readonly rejectedRows: readonly RejectedRow[]
  readonly instruments: Readonly<Record<string, TotalsOfTrades>>
  /** By number of the unit: 1 the base, 2 the first pyramid. */
  readonly units: Readonly<Record<string, TotalsOfTrades>>
  /** The deepest first. */
  readonly drawdowns: readonly DrawdownPeriod[]
  readonly months: readonly MonthReturn[]
  readonly years: readonly YearReturn[]
  /** How many closed trades made how many R. */
  readonly multiples: readonly MultipleBin[]
  /** Null where no rule was applied. */
  readonly caps: RunCaps | null
  readonly curve: readonly CurvePoint[]
  /** The last trades of each instrument with their stops, for pictures. */
  readonly paths: ReadonlyMap<string, readonly TradePath[]>
}

/** What a summary is made of, besides the totals of trades. */
export interface SummaryCounts {
  readonly initialCapital: number
  readonly maxDrawdownPct: number
  readonly maxHeatPct: number | null
  readonly maxOpenPositions: number
  readonly entries: { readonly executed: number; readonly blocked: number }
  readonly pyramids: { readonly executed: number; readonly blocked: number }
}

/** Returns the summary of trades and counts. */
export function summarize(totals: TradeTotals, counts: SummaryCounts): BacktestSummary {
  const netPnl = totals.netPnl.toNumber()
  const { initialCapital, maxDrawdownPct, maxHeatPct, maxOpenPositions, entries, pyramids } = counts
  return {
    initialCapital,
    finalEquity: initialCapital + netPnl,
    netPnl,
    grossPnl: totals.grossPnl.toNumber(),
    fees: totals.fees.toNumber(),
    trades: totals.trades,
    openTrades: totals.openTrades,
    winRate: winRate(totals),
    profitFactor: profitFactor(totals),
    returnPct: initialCapital === 0 ? 0 : (netPnl / initialCapital) * 100,
    maxDrawdownPct,
    maxHeatPct,
    maxOpenPositions,
    entries,
    pyramids,
    exits: totals.trades - totals.openTrades,
  }
}

/** What of a result is nothing but the totals in other words. */
type Described = Pick<
  BacktestResult,
  'instruments' | 'units' | 'drawdowns' | 'months' | 'years' | 'multiples' | 'curve'
>

/** Returns the tables and the curve of a run whose days have ended. */
export function describeTotals(totals: RunTotals): Described {
  const { months } = totals.daily
  return {
    instruments: Object.fromEntries(
      [...tradesByInstrument(totals)].map(([name, sums]) => [name, toNumbers(sums)]),
    ),
    units: Object.fromEntries([...tradesByUnit(totals)].map(([number, sums]) => [number, toNumbers(sums)])),
    drawdowns: deepestPeriods(totals.drawdown),
    months,
    years: yearlyReturns(months),
    multiples: multipleBins(totals.multiples),
    curve: curvePoints(totals.curve),
  }
}

function toNumbers(totals: TradeTotals): TotalsOfTrades {
  const { trades, openTrades, wins, grossPnl, fees, netPnl } = totals
  return {
    trades,
    openTrades,
    wins,
    grossPnl: grossPnl.toNumber(),
    fees: fees.toNumber(),
    netPnl: netPnl.toNumber(),
    winRate: winRate(totals),
    profitFactor: profitFactor(totals),
    expectancy: expectancy(totals),
    expectancyR: expectancyMultiple(totals),
  }
}
