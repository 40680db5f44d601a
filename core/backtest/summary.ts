import type { BoundBy } from '../decision.js'
import type { RejectedRow } from './exported-trade.js'
import type { CurvePoint } from './metrics/equity-curve.js'
import { profitFactor, type TradeTotals, winRate } from './metrics/trade-totals.js'

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

/** What happened with one instrument. */
export interface InstrumentTotals {
  readonly trades: number
  readonly wins: number
  readonly grossPnl: number
  readonly fees: number
  readonly netPnl: number
}

/** The outcome of a backtest. */
export interface BacktestResult {
  readonly summary: BacktestSummary
  readonly blockedBy: Readonly<Record<string, number>>
  readonly boundBy: Readonly<Record<BoundBy, number>>
  readonly rejectedRows: readonly RejectedRow[]
  readonly instruments: Readonly<Record<string, InstrumentTotals>>
  readonly curve: readonly CurvePoint[]
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

/** Returns the totals of an instrument as numbers. */
export function instrumentTotals(totals: TradeTotals): InstrumentTotals {
  const { trades, wins, grossPnl, fees, netPnl } = totals
  return { trades, wins, grossPnl: grossPnl.toNumber(), fees: fees.toNumber(), netPnl: netPnl.toNumber() }
}
