import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AssetFeed } from '../../../core/backtest/allocation/run-allocation.js'
import {
  type AllocationResult,
  simulateAllocation,
} from '../../../core/backtest/allocation/simulate-allocation.js'
import type { RejectedRow } from '../../../core/backtest/exported-trade.js'
import { decimal } from '../../../core/decimal.js'
import type { ReportedMetrics } from '../../../core/portfolio/allocation-state.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import { parseInstant } from '../../../core/time.js'
import type { Configuration, PortfolioConfiguration } from '../../config/configuration.js'
import { configurationHash, paperSettingsOf, settingsOf } from '../../config/settings.js'
import { CsvError } from '../../csv/csv-error.js'
import { readMetricsCsv } from '../../csv/metrics.js'
import type { ChartZone } from '../../csv/time-field.js'
import { localTimeSpeller } from '../../report/local-time.js'
import { type BacktestRequest, BacktestUsageError } from '../backtest-request.js'
import { readFeed } from '../cells/run-cells-request.js'
import { readBytes, zoneOf } from '../history-facts.js'
import { AllocationTrades, writeDecisions, writeWeights } from './allocation-files.js'
import { renderAllocationPage } from './allocation-page.js'
import { subjectOf } from './allocation-subject.js'

/** A simulation of runs towards target weights that was run and written. */
export interface FinishedAllocation {
  readonly result: AllocationResult
  readonly rejectedRows: readonly RejectedRow[]
  readonly currency: string
}

/** Returns the first portfolio that is kept at target weights, where no other kind of portfolio is configured; else null. */
export function portfolioOfAllocation({ portfolios }: Configuration): PortfolioConfiguration | null {
  return portfolios.every(({ strategy }) => strategy.kind === 'allocation') ? portfolios[0]! : null
}

/** A price counts until the next bar of its asset, over a holiday too. */
const PRICE_AGE_SECONDS = 7 * 86_400

/**
 * Runs prices of the past through a portfolio that is kept at target weights and writes report.json, report.html,
 * trades.csv, decisions.csv and weights.csv. Throws a CsvError when a file is of no use, and a BacktestUsageError when
 * the request does not fit together.
 */
export async function runAllocationRequest(
  portfolio: PortfolioConfiguration,
  request: BacktestRequest,
): Promise<FinishedAllocation> {
  const settings = settingsFor(portfolio, request)
  const { slippageTicks, commissionPct } = paperSettingsOf(portfolio)
  const costs = {
    commissionPct: request.commissionPct ?? commissionPct,
    slippageTicks: request.slippageTicks ?? slippageTicks,
  }
  const feeds: AssetFeed[] = []
  const rejected: RejectedRow[] = []
  let zone: ChartZone | null = null
  for (const asset of settings.assets ?? []) {
    const ownZone = zoneOf(request, asset)
    zone ??= ownZone
    const read = await readFeed(asset, request, ownZone)
    feeds.push(read.feed)
    rejected.push(...read.rejected)
  }
  const metrics = await readMetrics(request, new Set(feeds.map(({ instrument }) => instrument)))
  const spellTime = localTimeSpeller(zone!.offsetAt)
  await mkdir(request.out, { recursive: true })
  const trades = new AllocationTrades(request.out, spellTime)
  const hash = configurationHash(settings)
  const capital = decimal(request.capital ?? portfolio.initialDeposit)
  const result = simulateAllocation({
    ...{ settings, configurationHash: hash, capital, costs, fillAt: request.fillAt, feeds, metrics },
    onTrade: (trade) => trades.write(trade),
  })
  trades.close()
  const { summary, blockedBy, curve, runs } = result
  const names = feeds.map(({ instrument }) => instrument)
  writeWeights(request.out, { curve, names, spellTime })
  writeDecisions(request.out, runs, spellTime)
  const told = curve.map(({ at, value, held }) => ({ at: spellTime(at), value, held }))
  const document = { summary, blockedBy, curve: told, rejectedRows: rejected, configurationHash: hash, costs }
  await writeFile(join(request.out, 'report.json'), `${JSON.stringify(document, null, 2)}\n`)
  const { offsetAt } = zone!
  const subject = subjectOf(portfolio, request, { feeds, settings, costs, offsetAt })
  const page = await renderAllocationPage({ subject, result, names, offsetMinutes: offsetAt })
  await writeFile(join(request.out, 'report.html'), page)
  return { result, rejectedRows: rejected, currency: portfolio.currency }
}

/** Funds that are not traded are left out. Throws a CsvError for a line that does not tell when it was known. */
async function readMetrics(
  { metrics: file }: BacktestRequest,
  names: ReadonlySet<string>,
): Promise<readonly ReportedMetrics[]> {
  if (file === undefined) return []
  const rows = readMetricsCsv(file.name, await readBytes(file))
  const undated = rows.find(({ observedAt }) => observedAt === undefined)
  if (undated !== undefined)
    throw new CsvError(
      file.name,
      null,
      `it does not tell when the metrics of ${undated.symbol} were observed`,
    )
  return rows
    .filter(({ symbol }) => names.has(symbol))
    .map(({ symbol, marketCap, aum, observedAt }) => ({
      ...{ symbol, source: file.name, marketCap, aum, observedAt: parseInstant(observedAt!)! },
    }))
}

/** The files tell when an exchange was open, and a bar is all that is known of its time: nothing pauses within one. */
function settingsFor(portfolio: PortfolioConfiguration, request: BacktestRequest): PortfolioSettings {
  refuseMisfits(request)
  const settings = settingsOf(portfolio)
  const { assets = [], allocation } = settings
  const { weights, prices } = allocation!
  const refuse = (message: string): never => {
    throw new BacktestUsageError(message)
  }
  const isManual = weights.mode === 'manual' || weights.mode === 'default'
  if (!isManual && request.metrics === undefined)
    refuse(`give --metrics file.csv: weights of the mode ${weights.mode} follow fund metrics`)
  if (isManual && request.metrics !== undefined)
    refuse(`--metrics is for weights that follow fund metrics; those of portfolio ${portfolio.id} are manual`)
  const missing = weights.targets
    .map(({ symbol }) => symbol)
    .filter((symbol) => symbol !== portfolio.currency && !request.bars.has(symbol))
  if (missing.length > 0) refuse(`give --bars for ${missing.join(', ')}, too: each has a target weight`)
  const unknown = [...request.bars.keys()].filter((name) => !assets.some((asset) => asset.name === name))
  if (unknown.length > 0) refuse(`portfolio ${portfolio.id} has no asset ${unknown.join(', ')}`)
  return {
    ...settings,
    hours: 'always',
    assets: assets.filter(({ name }) => request.bars.has(name)),
    allocation: {
      ...allocation!,
      ...{ automatic: true, pauseMs: 0, prices: { ...prices, maxAgeSeconds: PRICE_AGE_SECONDS } },
    },
  }
}

function refuseMisfits({
  trades,
  bars,
  dividends,
  exitMode,
  assumedAtrPct,
  sizing,
  pointValues,
}: BacktestRequest) {
  const refuse = (message: string): never => {
    throw new BacktestUsageError(message)
  }
  if (bars.size === 0) refuse('give --bars ASSET=file.csv for each asset that has a target weight')
  if (trades.size > 0) refuse('--trades is for the trend strategy; target weights are run on --bars')
  if (dividends.size > 0) refuse('--dividends is for the volatility strategy')
  if (exitMode !== null || assumedAtrPct !== null || sizing === 'exported' || pointValues.size > 0)
    refuse('--exit-mode, --assume-atr, --point-value and --sizing exported are for the trend strategy')
}
