import { type Decimal, decimal } from '../decimal.js'
import type { Instant } from '../time.js'
import type { BacktestTrade } from './backtest-trade.js'
import type { BarClose } from './bars/bar-close.js'
import { followPath, type ValuedTrade } from './exported-path.js'
import type { ExportedExit, ExportedTrade, RejectedRow } from './exported-trade.js'
import { commission } from './fill.js'
import { endDays } from './metrics/daily-returns.js'
import { known } from './metrics/equity-curve.js'
import { measureRun } from './metrics/run-metrics.js'
import { type TradingDays, UTC_WEEKDAYS } from './metrics/trading-days.js'
import { allTrades, newRunTotals, noteTrade } from './run-totals.js'
import { type BacktestResult, describeTotals, summarize } from './summary.js'
import { newTradePaths, notePath, recentPaths } from './trade-paths.js'

/** The trades of one instrument, to be taken as they were exported. */
export interface ExportedHistory {
  readonly trades: readonly ExportedTrade[]
  readonly barClose: BarClose
  /** Quote currency per point and lot, at an instant. */
  readonly pointValueAt: (instant: Instant) => number
}

/** How exported trades are valued. */
export interface ExportedOptions {
  readonly initialCapital: number
  /** In percent of the value traded, each side. */
  readonly commissionPct: number
  /** What a day is for daily returns; weekdays in UTC where it is not told. */
  readonly days?: TradingDays
  /** Takes each trade, by number, instrument by instrument. */
  readonly onTrade: (trade: BacktestTrade) => void
}

/**
 * Takes the trades of exports with the quantities of the exports: no sizing, gate, cap or trading state. Net profit is
 * exactly (exit − entry) × lots × point value − commission × (entry + exit) × lots × point value, which is what the
 * strategy tester states. An open trade is valued at its exit row with both commissions; without one, at the last
 * price that its export names.
 */
export function runExported(
  histories: readonly ExportedHistory[],
  options: ExportedOptions,
  rejectedRows: readonly RejectedRow[],
): BacktestResult {
  const { initialCapital } = options
  const totals = newRunTotals(initialCapital, options.days ?? UTC_WEEKDAYS)
  const paths = newTradePaths()
  const trades: ValuedTrade[] = []
  for (const history of histories) {
    const lastRow = lastRowOf(history.trades)
    for (const exported of history.trades) {
      const trade = valueTrade(exported, history, options.commissionPct, lastRow)
      trades.push(trade)
      options.onTrade(trade.valued)
      noteTrade(totals, trade.valued)
      const { stop } = exported.signal
      notePath(paths, trade.valued, stop === null ? [] : [{ at: trade.valued.entryTime, stop }])
    }
  }
  followPath(trades, totals, initialCapital)
  endDays(totals.daily)
  const base = trades.filter((trade) => trade.exported.signal.kind === 'base').length
  return {
    summary: summarize(allTrades(totals), {
      initialCapital,
      maxDrawdownPct: totals.drawdown.maxPct,
      maxHeatPct: known(totals.maxHeatPct),
      maxOpenPositions: totals.maxOpenPositions,
      entries: { executed: base, blocked: 0 },
      pyramids: { executed: trades.length - base, blocked: 0 },
    }),
    metrics: measureRun(totals, { initialCapital, slippage: null }),
    blockedBy: {},
    boundBy: { risk: 0, volatility: 0, margin: 0, geometric: 0, riskBudget: 0 },
    rejectedRows,
    ...describeTotals(totals),
    caps: null,
    paths: new Map([...paths.recent.keys()].map((name) => [name, recentPaths(paths, name)])),
  }
}

/** Returns what the trade made, exactly. */
export function valueTrade(
  exported: ExportedTrade,
  history: ExportedHistory,
  commissionPct: number,
  lastRow: ExportedExit,
): ValuedTrade {
  const { entry, signal } = exported
  const exit = exported.exit ?? lastRow
  const entryTime = history.barClose(entry.barOpen)
  const pointValue = history.pointValueAt(entryTime)
  const lots = decimal(exported.quantity)
  const side = (price: number): Decimal =>
    commission({ price: decimal(price), lots, pointValue }, commissionPct)
  const entryFee = side(entry.price)
  const fees = entryFee.plus(side(exit.price))
  const grossPnl = decimal(exit.price).minus(decimal(entry.price)).times(lots).times(decimal(pointValue))
  const valued: BacktestTrade = {
    trade: exported.number,
    instrument: exported.instrument,
    unit: unitNumber(signal.label),
    entryTime,
    entryPrice: entry.price,
    exitTime: history.barClose(exit.barOpen),
    exitPrice: exit.price,
    lots,
    grossPnl,
    fees,
    netPnl: grossPnl.minus(fees),
    initialRisk: signal.stop === null ? null : (entry.price - signal.stop) * exported.quantity * pointValue,
    exitReason: exit.open ? 'OPEN' : exit.reason,
    open: exit.open,
  }
  return { exported, valued, pointValue, entryFee: entryFee.toNumber() }
}

/** Returns the last row of an export, as the exit of a trade that has none. */
function lastRowOf(trades: readonly ExportedTrade[]): ExportedExit {
  let last: ExportedExit = {
    line: 0,
    barOpen: Number.NEGATIVE_INFINITY,
    price: 0,
    reason: '',
    label: null,
    open: true,
  }
  for (const { entry, exit } of trades) {
    for (const row of exit === null ? [entry] : [entry, exit]) {
      if (last.barOpen <= row.barOpen)
        last = { ...last, line: row.line, barOpen: row.barOpen, price: row.price }
    }
  }
  return last
}

/** Long_3 is the third unit. */
function unitNumber(label: string): number {
  return Number(label.slice('Long_'.length))
}
