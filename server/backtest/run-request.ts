import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BacktestTrade } from '../../core/backtest/backtest-trade.js'
import { newBarFeed } from '../../core/backtest/bars/bar-feed.js'
import { runBacktest } from '../../core/backtest/engine.js'
import { runExported } from '../../core/backtest/exported.js'
import type { RejectedRow } from '../../core/backtest/exported-trade.js'
import { type TradingDays, tradingDaysOf } from '../../core/backtest/metrics/trading-days.js'
import type { BacktestResult } from '../../core/backtest/summary.js'
import { buildTimeline, type Timeline } from '../../core/backtest/timeline.js'
import type { Decision } from '../../core/decision.js'
import type { Configuration } from '../config/configuration.js'
import { configurationHash } from '../config/settings.js'
import { CsvError } from '../csv/csv-error.js'
import { DecisionsCsv } from '../report/decisions-csv.js'
import { localTimeSpeller } from '../report/local-time.js'
import type { PriceHistory } from '../report/tear-sheet/price-window.js'
import { renderTearSheet } from '../report/tear-sheet/tear-sheet.js'
import { TradesCsv } from '../report/trades-csv.js'
import { type BacktestRequest, BacktestUsageError } from './backtest-request.js'
import { type BacktestTerms, backtestTerms, kernelSettings, pointValueAt } from './backtest-settings.js'
import { describeRun } from './describe-run.js'
import { type LoadedHistory, loadHistory } from './load-history.js'
import { spellResult } from './spell-result.js'

/** A backtest that was run and written. */
export interface FinishedBacktest {
  readonly result: BacktestResult
  readonly currency: string
  /** What a reader should know before believing the numbers. */
  readonly notes: readonly string[]
}

/** Told how far a run is. */
export type OnProgress = (done: number, total: number) => void

/**
 * Runs a backtest and writes report.json, trades.csv, decisions.csv and report.html. Throws a CsvError when a file is of
 * no use, and a BacktestUsageError when the request does not fit together.
 */
export async function runBacktestRequest(
  configuration: Configuration,
  request: BacktestRequest,
  onProgress: OnProgress,
): Promise<FinishedBacktest> {
  const terms = backtestTerms(configuration, request)
  const histories: LoadedHistory[] = []
  for (const [name, instrument] of terms.instruments)
    histories.push(await loadHistory(request, name, instrument))
  const run =
    request.sizing === 'exported'
      ? planExported(request, terms, histories)
      : planGeneral(request, terms, histories)
  await makeDirectory(request.out)
  const files = openFiles(request, histories[0]!)
  const outcome = run(files, onProgress)
  files.decisions.close()
  files.trades.close()
  const { result } = outcome
  const { subject, document } = describeRun({ request, terms, histories, ...outcome })
  const report = { ...document, ...spellResult(result, files.spellTime) }
  await writeFile(join(request.out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`)
  const { offsetAt } = histories[0]!.zone
  const page = await renderTearSheet({
    subject,
    result,
    prices: pricesOf(histories),
    offsetMinutes: offsetAt,
  })
  await writeFile(join(request.out, 'report.html'), page)
  return { result, currency: terms.portfolio.currency, notes: subject.notes }
}

function pricesOf(histories: readonly LoadedHistory[]): Map<string, PriceHistory> {
  const prices = new Map<string, PriceHistory>()
  for (const { instrument, bars, barsClose } of histories)
    if (bars !== null) prices.set(instrument, { bars, barClose: barsClose })
  return prices
}

function daysOf({ instruments }: BacktestTerms): TradingDays {
  return tradingDaysOf([...instruments.values()].filter((instrument) => instrument !== null))
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw new Error(`the report cannot be written to ${path}: ${(error as Error).message}`, { cause: error })
  }
}

interface Files {
  readonly trades: TradesCsv
  readonly decisions: DecisionsCsv
  readonly spellTime: (instant: number) => string
}

function openFiles({ out }: BacktestRequest, { zone }: LoadedHistory): Files {
  const spellTime = localTimeSpeller(zone.offsetAt)
  return {
    trades: new TradesCsv(join(out, 'trades.csv'), spellTime),
    decisions: new DecisionsCsv(join(out, 'decisions.csv'), spellTime),
    spellTime,
  }
}

/** A run that is known to have something to do. */
type Run = (files: Files, onProgress: OnProgress) => Outcome

/** What a run tells besides its result. */
interface Outcome {
  readonly result: BacktestResult
  /** Trades that the export split off the entry of another. */
  readonly splitTrades: number
  /** Trades whose net profit is not what the export states. */
  readonly otherNet: number
  readonly configurationHash: string | null
}

function planExported(
  request: BacktestRequest,
  terms: BacktestTerms,
  histories: readonly LoadedHistory[],
): Run {
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

function planGeneral(
  request: BacktestRequest,
  terms: BacktestTerms,
  histories: readonly LoadedHistory[],
): Run {
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

function rejectedOf(histories: readonly LoadedHistory[], more: readonly RejectedRow[]): RejectedRow[] {
  const rows = [...histories.flatMap(({ rejected }) => rejected), ...more]
  return rows.sort((left, right) =>
    left.file === right.file ? left.line - right.line : left.file < right.file ? -1 : 1,
  )
}
