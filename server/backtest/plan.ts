import type { RejectedRow } from '../../core/backtest/exported-trade.js'
import { type TradingDays, tradingDaysOf } from '../../core/backtest/metrics/trading-days.js'
import type { BacktestResult } from '../../core/backtest/summary.js'
import type { DecisionsCsv } from '../report/decisions-csv.js'
import type { TradesCsv } from '../report/trades-csv.js'
import type { BacktestTerms } from './backtest-settings.js'
import type { HistoryFacts } from './history-facts.js'

/** Told how far a run is. */
export type OnProgress = (done: number, total: number) => void

/** The files that a run writes row by row. */
export interface PlanFiles {
  readonly trades: TradesCsv
  readonly decisions: DecisionsCsv
  readonly spellTime: (instant: number) => string
}

/** A run that is known to have something to do. */
export type Plan = (files: PlanFiles, onProgress: OnProgress) => PlanOutcome

/** What a run tells besides its result. */
export interface PlanOutcome {
  readonly result: BacktestResult
  /** Trades that the export split off the entry of another. */
  readonly splitTrades: number
  /** Trades whose net profit is not what the export states. */
  readonly otherNet: number
  readonly configurationHash: string | null
}

/** Returns the days that a backtest's daily returns are of. */
export function daysOf({ instruments }: BacktestTerms): TradingDays {
  return tradingDaysOf([...instruments.values()].filter((instrument) => instrument !== null))
}

/** Returns the rows that could not be used, by file and line. */
export function rejectedOf(histories: readonly HistoryFacts[], more: readonly RejectedRow[]): RejectedRow[] {
  const rows = [...histories.flatMap(({ rejected }) => rejected), ...more]
  return rows.sort((left, right) =>
    left.file === right.file ? left.line - right.line : left.file < right.file ? -1 : 1,
  )
}
