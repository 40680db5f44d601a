import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BacktestResult } from '../../core/backtest/summary.js'
import type { Configuration } from '../config/configuration.js'
import { DecisionsCsv } from '../report/decisions-csv.js'
import { localTimeSpeller } from '../report/local-time.js'
import type { PriceHistory } from '../report/tear-sheet/price-window.js'
import { renderTearSheet } from '../report/tear-sheet/tear-sheet.js'
import { TradesCsv } from '../report/trades-csv.js'
import { type BacktestRequest, isOfBarsAlone } from './backtest-request.js'
import { type BacktestTerms, backtestTerms } from './backtest-settings.js'
import { describeRun } from './describe-run.js'
import type { HistoryFacts } from './history-facts.js'
import { type LoadedBars, loadBars } from './load-bars.js'
import { type LoadedHistory, loadHistory } from './load-history.js'
import type { OnProgress, Plan, PlanFiles } from './plan.js'
import { planBars } from './plan-bars.js'
import { planExported, planGeneral } from './plan-trades.js'
import { spellResult } from './spell-result.js'

/** A backtest that was run and written. */
export interface FinishedBacktest {
  readonly result: BacktestResult
  readonly currency: string
  /** What a reader should know before believing the numbers. */
  readonly notes: readonly string[]
}

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
  const { histories, run } = await prepare(request, terms)
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

interface Prepared {
  readonly histories: readonly (LoadedHistory | LoadedBars)[]
  readonly run: Plan
}

async function prepare(request: BacktestRequest, terms: BacktestTerms): Promise<Prepared> {
  if (isOfBarsAlone(request)) {
    const histories: LoadedBars[] = []
    for (const instrument of terms.instruments.values())
      if (instrument !== null) histories.push(await loadBars(request, instrument))
    return { histories, run: planBars(request, terms, histories) }
  }
  const histories: LoadedHistory[] = []
  for (const [name, instrument] of terms.instruments)
    histories.push(await loadHistory(request, name, instrument))
  const plan = request.sizing === 'exported' ? planExported : planGeneral
  return { histories, run: plan(request, terms, histories) }
}

function pricesOf(histories: readonly HistoryFacts[]): Map<string, PriceHistory> {
  const prices = new Map<string, PriceHistory>()
  for (const { instrument, bars, barsClose } of histories)
    if (bars !== null) prices.set(instrument, { bars, barClose: barsClose })
  return prices
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw new Error(`the report cannot be written to ${path}: ${(error as Error).message}`, { cause: error })
  }
}

function openFiles({ out }: BacktestRequest, { zone }: HistoryFacts): PlanFiles {
  const spellTime = localTimeSpeller(zone.offsetAt)
  return {
    trades: new TradesCsv(join(out, 'trades.csv'), spellTime),
    decisions: new DecisionsCsv(join(out, 'decisions.csv'), spellTime),
    spellTime,
  }
}
