import { runBars } from '../../core/backtest/bars/bar-engine.js'
import { newStrategyFeed, type StrategyFeed } from '../../core/backtest/bars/strategy-feed.js'
import { configurationHash } from '../config/settings.js'
import type { BacktestRequest } from './backtest-request.js'
import { type BacktestTerms, kernelSettings } from './backtest-settings.js'
import type { LoadedBars } from './load-bars.js'
import { daysOf, type Plan, rejectedOf } from './plan.js'

/** Returns the run of the whole strategy on bars alone. */
export function planBars(
  request: BacktestRequest,
  terms: BacktestTerms,
  histories: readonly LoadedBars[],
): Plan {
  const settings = kernelSettings(
    terms,
    new Map(histories.map((history) => [history.instrument, history.barMinutes])),
  )
  const hash = configurationHash(settings)
  return (files, onProgress) => {
    const feeds = settings.instruments.flatMap((instrument): StrategyFeed[] => {
      const history = histories.find((one) => one.instrument === instrument.name)
      return history === undefined ? [] : [newStrategyFeed(instrument, history)]
    })
    const total = histories.reduce((sum, { rows, first }) => sum + rows - first, 0)
    const decided = runBars({
      configuration: { hash, settings },
      initialCapital: terms.initialCapital,
      feeds,
      exitMode: exitModeOf(request, terms),
      costs: terms.costs,
      fillAt: request.fillAt,
      days: daysOf(terms),
      onDecision: (decision) => files.decisions.write(decision),
      onTrade: (trade) => files.trades.write(trade),
      onProgress: (done) => onProgress(done, total),
    })
    const result = { ...decided, rejectedRows: rejectedOf(histories, []) }
    return { result, splitTrades: 0, otherNet: 0, configurationHash: hash }
  }
}

/** Returns what sells: as asked for, else as the portfolio is configured for the minutes before the close. */
export function exitModeOf({ exitMode }: BacktestRequest, { portfolio }: BacktestTerms) {
  if (exitMode !== null || portfolio.strategy.kind !== 'trend') return exitMode ?? 'atr'
  return portfolio.strategy.preClose.exitMode
}
