import type { BacktestTrade } from '../../core/backtest/backtest-trade.js'
import { newBarFeed } from '../../core/backtest/bars/bar-feed.js'
import { runBacktest } from '../../core/backtest/engine.js'
import { runExported } from '../../core/backtest/exported.js'
import { buildTimeline, type Timeline } from '../../core/backtest/timeline.js'
import type { Decision } from '../../core/decision.js'
import { configurationHash } from '../config/settings.js'
import { CsvError } from '../csv/csv-error.js'
import { type BacktestRequest, BacktestUsageError } from './backtest-request.js'
import { type BacktestTerms, kernelSettings, pointValueAt } from './backtest-settings.js'
import type { LoadedHistory } from './load-history.js'
import { daysOf, type Plan, rejectedOf } from './plan.js'

/** Returns the run of exported trades with their own lots: no rule is applied. */
export function planExported(
  request: BacktestRequest,
  terms: BacktestTerms,
  histories: readonly LoadedHistory[],
): Plan {
  const stated = histories.flatMap(({ trades }) => trades.map(({ statedNet }) => statedNet))
  const valued = histories.map(({ instrument, trades, barClose }) => {
    const configured = terms.instruments.get(instrument) ?? null
    return { trades, barClose, pointValueAt: pointValueAt(configured, request.pointValues.get(instrument)) }
  })
  return (files) => {
    let seen = 0
    let otherNet = 0
    const onTrade = (trade: BacktestTrade): void => {
      files.trades.write(trade)
      if (differs(trade.netPnl.toNumber(), stated[seen++] ?? null)) otherNet += 1
    }
    const { initialCapital, costs } = terms
    const options = { initialCapital, commissionPct: costs.commissionPct, days: daysOf(terms), onTrade }
    const result = runExported(valued, options, rejectedOf(histories, []))
    return { result, splitTrades: 0, otherNet, configurationHash: null }
  }
}

/** An export rounds what it states to two digits, and large amounts to eight significant ones. */
function differs(net: number, stated: number | null): boolean {
  return stated !== null && Math.abs(net - stated) > Math.max(0.01, 1e-7 * Math.abs(stated))
}

/**
 * Returns the run of exported trades as the general sizes and gates them. Throws a BacktestUsageError when fills need
 * bars that are not given, and a CsvError when no entry of a file can be sized.
 */
export function planGeneral(
  request: BacktestRequest,
  terms: BacktestTerms,
  histories: readonly LoadedHistory[],
): Plan {
  const timeline = buildTimeline(histories, request.assumedAtrPct)
  refuseUnusable(histories, timeline)
  const barMinutes = new Map(histories.map((history) => [history.instrument, history.barMinutes]))
  const settings = kernelSettings(terms, barMinutes)
  const hash = configurationHash(settings)
  const feeds = feedsOf(request, histories)
  return (files, onProgress) => {
    const decided = runBacktest({
      configuration: { hash, settings },
      initialCapital: terms.initialCapital,
      timeline,
      feeds,
      costs: terms.costs,
      fillAt: request.fillAt,
      days: daysOf(terms),
      onDecision: (decision: Decision) => files.decisions.write(decision),
      onTrade: (trade) => files.trades.write(trade),
      onProgress: (done) => onProgress(done, timeline.signals.length),
    })
    const result = { ...decided, rejectedRows: rejectedOf(histories, timeline.rejected) }
    return { result, splitTrades: timeline.splitTrades, otherNet: 0, configurationHash: hash }
  }
}

/** A file of which no entry can be sized has no usable row. */
function refuseUnusable(histories: readonly LoadedHistory[], timeline: Timeline): void {
  for (const { file, trades } of histories) {
    const refused = timeline.rejected.filter((row) => row.file === file)
    if (refused.length < trades.length) continue
    throw new CsvError(file, null, `none of its ${trades.length} entries can be sized`, refused)
  }
}

/** Bars before the first entry change nothing: nothing is held, and every alert brings its ATR. */
function feedsOf({ fillAt }: BacktestRequest, histories: readonly LoadedHistory[]) {
  return histories.flatMap((history) => {
    const { instrument, bars, atr, barsClose, file } = history
    if (bars === null || atr === null) {
      if (fillAt === 'close') return []
      throw new BacktestUsageError(
        `--fill next-open needs the bars of ${instrument}: give --bars ${instrument}=file.csv for ${file}`,
      )
    }
    const firstEntry = history.trades.reduce(
      (first, { entry }) => Math.min(first, entry.barOpen),
      Number.POSITIVE_INFINITY,
    )
    return [newBarFeed(instrument, { bars, atr, barClose: barsClose }, firstEntry)]
  })
}
