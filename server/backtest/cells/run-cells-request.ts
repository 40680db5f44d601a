import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { barCloses } from '../../../core/backtest/bars/bar-close.js'
import { lengthOfBars } from '../../../core/backtest/bars/bar-length.js'
import type { CellFeed, PastAction } from '../../../core/backtest/cells/run-cells.js'
import { type CellResult, simulateCells } from '../../../core/backtest/cells/simulate-cells.js'
import type { RejectedRow } from '../../../core/backtest/exported-trade.js'
import { type Decimal, decimal } from '../../../core/decimal.js'
import type { Asset } from '../../../core/instrument/instrument.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import { isoInstant, localDate } from '../../../core/time.js'
import type { Configuration, PortfolioConfiguration } from '../../config/configuration.js'
import { configurationHash, paperSettingsOf, settingsOf } from '../../config/settings.js'
import { readBars } from '../../csv/bars.js'
import { CsvError } from '../../csv/csv-error.js'
import { readDividends } from '../../csv/dividends.js'
import type { ChartZone } from '../../csv/time-field.js'
import { localTimeSpeller } from '../../report/local-time.js'
import type { TearSheetSubject } from '../../report/tear-sheet/tear-sheet.js'
import { type BacktestRequest, BacktestUsageError } from '../backtest-request.js'
import { barClockOf, readBytes, spellPeriod, zoneOf } from '../history-facts.js'
import { CellFiles } from './cell-files.js'
import { renderCellPage } from './cell-page.js'

/** A simulation of cells that was run and written. */
export interface FinishedCells {
  readonly result: CellResult
  readonly rejectedRows: readonly RejectedRow[]
  readonly currency: string
  readonly notes: readonly string[]
}

const DAY_MINUTES = 1440

/** Returns the first portfolio of cells that holds every asset of `--bars`, or null: then a request is of the trend strategy. */
export function portfolioOfCells(
  { portfolios }: Configuration,
  { bars }: BacktestRequest,
): PortfolioConfiguration | null {
  const names = [...bars.keys()]
  const holds = ({ assets }: PortfolioConfiguration, name: string) =>
    assets.some((asset) => asset.name === name)
  const ofCells = portfolios.filter(({ strategy }) => strategy.kind === 'volatility')
  const isAlone = ofCells.length > 0 && ofCells.length === portfolios.length
  return (
    ofCells.find((portfolio) => names.length > 0 && names.every((name) => holds(portfolio, name))) ??
    (isAlone ? ofCells[0]! : null)
  )
}

/**
 * Runs prices of the past through the cells of a portfolio and writes report.json, trades.csv, decisions.csv and
 * report.html. Throws a CsvError when a file is of no use, and a BacktestUsageError when the request does not fit together.
 */
export async function runCellsRequest(
  portfolio: PortfolioConfiguration,
  request: BacktestRequest,
): Promise<FinishedCells> {
  refuseMisfits(portfolio, request)
  const settings = settingsFor(portfolio, request)
  const capital = capitalOf(portfolio, request, settings)
  const history = await readHistory(settings, request)
  const { slippageTicks, commissionPct } = paperSettingsOf(portfolio)
  const costs = {
    commissionPct: request.commissionPct ?? commissionPct,
    slippageTicks: request.slippageTicks ?? slippageTicks,
  }
  await mkdir(request.out, { recursive: true })
  const { zone, feeds, actions, rejected } = history
  const spellTime = localTimeSpeller(zone.offsetAt)
  const files = new CellFiles(request.out, spellTime)
  const hash = configurationHash(settings)
  const result = simulateCells({
    ...{ settings, configurationHash: hash, capital, costs, fillAt: request.fillAt, feeds, actions },
    onDecision: (decision) => files.writeDecision(decision),
    onTrade: (trade) => files.writeTrade(trade),
  })
  files.close()
  const subject = subjectOf(portfolio, request, history, costs)
  const document = {
    ...documentOf(result, spellTime),
    rejectedRows: rejected,
    configurationHash: hash,
    costs,
  }
  await writeFile(join(request.out, 'report.json'), `${JSON.stringify(document, null, 2)}\n`)
  const page = await renderCellPage({ subject, result, offsetMinutes: zone.offsetAt })
  await writeFile(join(request.out, 'report.html'), page)
  return { result, rejectedRows: rejected, currency: portfolio.currency, notes: subject.notes }
}

function refuseMisfits({ id, assets }: PortfolioConfiguration, request: BacktestRequest): void {
  const { trades, bars, dividends, exitMode, assumedAtrPct, sizing, pointValues } = request
  const refuse = (message: string): never => {
    throw new BacktestUsageError(message)
  }
  if (bars.size === 0) refuse('give --bars ASSET=file.csv for the cells that are to be run')
  if (trades.size > 0) refuse('--trades is for the trend strategy; cells are run on --bars')
  if (exitMode !== null || assumedAtrPct !== null || sizing === 'exported' || pointValues.size > 0)
    refuse('--exit-mode, --assume-atr, --point-value and --sizing exported are for the trend strategy')
  const known = assets.map(({ name }) => name)
  for (const name of bars.keys())
    if (!known.includes(name)) refuse(`portfolio ${id} has no cell of ${name}, it has ${known.join(', ')}`)
  for (const name of dividends.keys())
    if (!bars.has(name)) refuse(`--dividends names ${name}, and no --bars does`)
}

/** The files tell when an exchange was open: no calendar is asked. Cells without a file are left out. */
function settingsFor(portfolio: PortfolioConfiguration, { bars }: BacktestRequest): PortfolioSettings {
  const settings = settingsOf(portfolio)
  const { assets = [], volatility } = settings
  const cells = volatility!.cells.filter(({ asset }) => bars.has(asset))
  return {
    ...settings,
    hours: 'always',
    assets: assets.filter(({ name }) => bars.has(name)),
    volatility: { ...volatility!, cells },
  }
}

function capitalOf(
  { initialDeposit }: PortfolioConfiguration,
  { capital }: BacktestRequest,
  { volatility }: PortfolioSettings,
): Decimal {
  const needed = volatility!.cells.reduce((sum, { cash }) => sum + Number(cash), 0)
  const given = capital === null ? decimal(initialDeposit) : decimal(capital)
  if (given.toNumber() >= needed) return given
  throw new BacktestUsageError(`the cells are to start with ${needed} together, and the capital is ${given}`)
}

interface CellHistory {
  readonly zone: ChartZone
  readonly feeds: readonly CellFeed[]
  readonly actions: readonly PastAction[]
  readonly rejected: readonly RejectedRow[]
  /** Bars that were run, by asset. */
  readonly counts: ReadonlyMap<string, number>
}

async function readHistory(settings: PortfolioSettings, request: BacktestRequest): Promise<CellHistory> {
  const feeds: CellFeed[] = []
  const actions: PastAction[] = []
  const rejected: RejectedRow[] = []
  let zone: ChartZone | null = null
  for (const asset of settings.assets ?? []) {
    const ownZone = zoneOf(request, asset)
    zone ??= ownZone
    const read = await readFeed(asset, request, ownZone)
    feeds.push(read.feed)
    rejected.push(...read.rejected)
    const source = request.dividends.get(asset.name)
    if (source === undefined) continue
    const found = readDividends(source.name, await readBytes(source), asset.name)
    actions.push(...withinBars(found.actions, read.feed, ownZone))
    rejected.push(...found.rejected)
  }
  const counts = new Map(feeds.map(({ instrument, first, end }) => [instrument, end - first]))
  return { zone: zone!, feeds, actions, rejected, counts }
}

/** Returns the bars of an asset within the period of the request. Throws a CsvError when its file has none. */
export async function readFeed(asset: Asset, request: BacktestRequest, zone: ChartZone) {
  const source = request.bars.get(asset.name)!
  const file = source.name
  const { bars, rejected } = readBars({ file, bytes: await readBytes(source), offset: zone.localOffset })
  const barMinutes = request.timeframes.get(asset.name) ?? lengthOfBars(bars) ?? DAY_MINUTES
  const closesAt = barCloses({ ...barClockOf(asset, barMinutes, bars), bars })
  const dayOf = (index: number): string => {
    const at = bars.opensAt[index]!
    return localDate(at, zone.offsetAt(at))
  }
  const { from, to } = request
  let first = 0
  while (from !== null && first < closesAt.length && dayOf(first) < from) first += 1
  let end = closesAt.length
  while (to !== null && end > first && dayOf(end - 1) > to) end -= 1
  if (first >= end)
    throw new CsvError(file, null, `none of its ${closesAt.length} bars opened ${spellPeriod(request)}`)
  const feed: CellFeed = { instrument: asset.name, bars, closesAt, first, end }
  return { feed, rejected }
}

/** What went ex before the first bar belongs to nobody here, and what comes after the last one has not come. */
function withinBars(
  actions: readonly PastAction[],
  { closesAt, first, end }: CellFeed,
  { offsetAt }: ChartZone,
): readonly PastAction[] {
  const dayOf = (index: number): string => localDate(closesAt[index]!, offsetAt(closesAt[index]!))
  const [begin, last] = [dayOf(first), dayOf(end - 1)]
  return actions.filter(({ exDate }) => begin < exDate && exDate <= last)
}

function subjectOf(
  { id, currency }: PortfolioConfiguration,
  request: BacktestRequest,
  { feeds, zone, counts, actions }: CellHistory,
  { commissionPct, slippageTicks }: { readonly commissionPct: number; readonly slippageTicks: number },
): TearSheetSubject {
  const begin = Math.min(...feeds.map(({ bars, first }) => bars.opensAt[first]!))
  const last = Math.max(...feeds.map(({ closesAt, end }) => closesAt[end - 1]!))
  const names = feeds.map(({ instrument }) => instrument)
  const files = [...request.bars].map(
    ([name, { name: file }]) => `${file} (${counts.get(name)} bars of ${name})`,
  )
  const dividends = actions.filter(({ kind }) => kind === 'dividend').length
  return {
    title: `Volatility backtest: ${names.join(', ')}`,
    period: `${localDate(begin, zone.offsetAt(begin))} to ${localDate(last, zone.offsetAt(last))}`,
    currency,
    facts: [
      ['Files', files.join(', ')],
      ['Rules', `those of portfolio ${id}, one cell for each asset`],
      ['Fills', request.fillAt === 'close' ? 'at the close that triggered' : 'at the open of the next bar'],
      ['Costs', `commission ${commissionPct} % of the value each side, slippage ${slippageTicks} ticks`],
      ['Dividends and splits', `${dividends} dividends, ${actions.length - dividends} splits`],
    ],
    notes: [
      'Prices must be as they were traded, adjusted neither for dividends nor for splits, where those are given.',
      'Holding is the whole cash of each cell, invested at its first price; dividends stay in cash.',
    ],
  }
}

/** Returns the result for report.json: instants as text, maps as objects. */
function documentOf(result: CellResult, spellTime: (instant: number) => string) {
  const { summary, cells, blockedBy, curve, anchors } = result
  return {
    ...{ summary, cells, blockedBy },
    curve: curve.map(({ at, value, held }) => ({ at: spellTime(at), value, held })),
    anchors: Object.fromEntries(
      [...anchors].map(([name, path]) => [
        name,
        path.map(({ at, anchor }) => ({ at: isoInstant(at), anchor })),
      ]),
    ),
  }
}
