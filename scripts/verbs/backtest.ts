import { Command, InvalidArgumentError, Option } from 'commander'
import type { BacktestResult } from '../../core/backtest/summary.js'
import type { ExitMode } from '../../core/strategies/trend/bar-signals.js'
import { parseInstant } from '../../core/time.js'
import {
  portfolioOfAllocation,
  runAllocationRequest,
} from '../../server/backtest/allocation/run-allocation-request.js'
import {
  type BacktestRequest,
  BacktestUsageError,
  type NamedFile,
} from '../../server/backtest/backtest-request.js'
import { portfolioOfCells, runCellsRequest } from '../../server/backtest/cells/run-cells-request.js'
import { type FinishedBacktest, runBacktestRequest } from '../../server/backtest/run-request.js'
import { loadConfiguration } from '../../server/config/configuration.js'
import { CsvError } from '../../server/csv/csv-error.js'
import { type Answer, type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { answerOfAllocation } from '../cli/backtest-allocation.js'
import { answerOfCells } from '../cli/backtest-cells.js'
import { formatMoney, formatNumber, formatPercent } from '../cli/format.js'
import { createProgress } from '../cli/progress.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import { resolveUserPath } from '../cli/user-path.js'
import { VerbFailure } from '../cli/verb-failure.js'

interface Options extends JsonOption {
  readonly trades?: ReadonlyMap<string, string>
  readonly bars?: ReadonlyMap<string, string>
  readonly dividends?: ReadonlyMap<string, string>
  readonly metrics?: string
  readonly capital?: number
  readonly config?: string
  readonly from?: string
  readonly to?: string
  readonly timezone?: string
  readonly timeframe?: ReadonlyMap<string, number>
  readonly fill: BacktestRequest['fillAt']
  readonly exitMode?: ExitMode
  readonly sizing: BacktestRequest['sizing']
  readonly assumeAtr?: number
  readonly commission?: number
  readonly slippage?: number
  readonly pointValue?: ReadonlyMap<string, number>
  readonly out: string
}

/** Returns the verb that backtests TradingView's lists of trades, or bars alone, with the rules that decide live. */
export function backtestCommand(): Command {
  const command = new Command('backtest')
    .description(
      'Run exported TradingView trades, or the whole strategy on bars alone, through the rules that decide live, and ' +
        'report what comes of it',
    )
    .option('--trades <INSTRUMENT=file.csv>', 'a TradingView "List of trades" export; repeatable', fileOf)
    .option(
      '--bars <INSTRUMENT=file.csv>',
      'TradingView chart data: stops and ATR for --trades; without --trades the whole strategy runs on it; repeatable',
      fileOf,
    )
    .option(
      '--dividends <ASSET=file.csv>',
      'dividends and splits of a cell’s asset: exDate,payDate,perShare,withholdingRate,splitRatio; repeatable',
      fileOf,
    )
    .option(
      '--metrics <file.csv>',
      'fund metrics for target weights that follow them: symbol,marketCap,aum,observedAt; known from observedAt on',
    )
    .option('--capital <amount>', 'initial capital; default: the configured initial deposit', above0)
    .option('--config <file>', 'configuration; default: the paper portfolio of the four instruments')
    .option('--from <date>', 'first day of entries, YYYY-MM-DD', dateOf)
    .option('--to <date>', 'last day of entries; their exits are followed beyond it', dateOf)
    .option(
      '--timezone <zone>',
      'of the charts, such as Asia/Kolkata or +05:30; default: that of the exchange',
    )
    .option(
      '--timeframe <INSTRUMENT=MINUTES>',
      'length of the bars; default: found from the rows; repeatable',
      minutesOf,
    )
    .addOption(new Option('--fill <when>', 'price of fills').choices(['close', 'next-open']).default('close'))
    .addOption(
      new Option(
        '--exit-mode <what>',
        'what sells, on bars alone: the stop of each unit, or also a close below the SuperTrend; default: as configured',
      ).choices(['atr', 'supertrend']),
    )
    .addOption(
      new Option('--sizing <whose>', 'whose lots').choices(['general', 'exported']).default('general'),
    )
    .option(
      '--assume-atr <percent>',
      'ATR in percent of the price, for entries that nothing else tells it of',
      above0,
    )
    .option(
      '--commission <percent>',
      'of the value, each side; default: that of the configured paper venue',
      percentOf,
    )
    .option(
      '--slippage <ticks>',
      'by which fills are worse; default: that of the configured paper venue',
      ticksOf,
    )
    .option(
      '--point-value <INSTRUMENT=N>',
      'money per point and lot, instead of the contract’s; repeatable',
      numberOf,
    )
    .option(
      '--out <dir>',
      'where report.json, trades.csv, decisions.csv and report.html go',
      'backtest-report',
    )
    .option('--json', jsonHelp)
  return command.action((options: Options) => printAnswer(options, () => answerBacktest(command, options)))
}

async function answerBacktest(command: Command, options: Options): Promise<Answer> {
  const configPath = options.config === undefined ? null : resolveUserPath(options.config)
  const configuration = await loadConfiguration(configPath, anySecret)
  const request = toRequest(options)
  const progress = createProgress('Deciding', options.json !== true)
  try {
    const cells = portfolioOfCells(configuration, request)
    const allocation = cells === null ? portfolioOfAllocation(configuration) : null
    if (allocation !== null)
      return answerOfAllocation(request.out, await runAllocationRequest(allocation, request))
    if (request.metrics !== undefined)
      throw new BacktestUsageError('--metrics is for portfolios that are kept at target weights')
    if (cells !== null) return answerOfCells(request.out, await runCellsRequest(cells, request))
    const finished = await runBacktestRequest(configuration, request, progress.advance)
    progress.finish()
    if (options.json === true) for (const note of finished.notes) process.stderr.write(`note: ${note}\n`)
    return answerOf(request, finished)
  } catch (error) {
    progress.finish()
    if (error instanceof BacktestUsageError) command.error(`error: ${error.message}`, { exitCode: 2 })
    if (error instanceof CsvError) throw unusable(error)
    throw error
  }
}

function unusable(error: CsvError): VerbFailure {
  const { message, code, file, line, rejectedRows } = error
  const remedy = 'Export the list of trades, or the chart data, again, or correct the lines that are named'
  return new VerbFailure(message, { code, remedy, details: { file, line, rejectedRows }, cause: error })
}

/** A backtest receives no alerts, so the tokens of a configuration may be unset. */
function anySecret(name: string): string {
  return `unused-${name}`
}

function toRequest(options: Options): BacktestRequest {
  const filesOf = (map: ReadonlyMap<string, string> = new Map()): Map<string, NamedFile> =>
    new Map([...map].map(([instrument, name]) => [instrument, { name, path: resolveUserPath(name) }]))
  return {
    trades: filesOf(options.trades),
    bars: filesOf(options.bars),
    dividends: filesOf(options.dividends),
    ...(options.metrics === undefined
      ? {}
      : { metrics: { name: options.metrics, path: resolveUserPath(options.metrics) } }),
    sizing: options.sizing,
    fillAt: options.fill,
    exitMode: options.exitMode ?? null,
    capital: options.capital ?? null,
    from: options.from ?? null,
    to: options.to ?? null,
    timezone: options.timezone ?? null,
    timeframes: options.timeframe ?? new Map(),
    assumedAtrPct: options.assumeAtr ?? null,
    commissionPct: options.commission ?? null,
    slippageTicks: options.slippage ?? null,
    pointValues: options.pointValue ?? new Map(),
    out: resolveUserPath(options.out),
  }
}

function answerOf(request: BacktestRequest, finished: FinishedBacktest): Answer {
  const { summary, blockedBy, boundBy, rejectedRows } = finished.result
  return {
    document: { summary, blockedBy, boundBy, rejectedRows, out: request.out },
    describe: (style) => describe(request, finished, style),
  }
}

const REJECTED_ROWS_SHOWN = 5

function describe(
  request: BacktestRequest,
  { result, currency, notes }: FinishedBacktest,
  style: Style,
): string {
  const parts = [
    formatTable([{ title: 'Result' }, { title: '', align: 'right' }], summaryRows(result, currency), style),
  ]
  const counts = Object.entries(result.blockedBy).sort(([, left], [, right]) => right - left)
  if (counts.length > 0) {
    const columns = [{ title: 'Blocked by' }, { title: 'Times', align: 'right' }] as const
    parts.push(
      formatTable(
        columns,
        counts.map(([reason, times]) => [reason, formatNumber(times)]),
        style,
      ),
    )
  }
  const rejected = result.rejectedRows.slice(0, REJECTED_ROWS_SHOWN)
  if (rejected.length > 0) {
    const more = result.rejectedRows.length - rejected.length
    const lines = rejected.map(({ file, line, reason }) => `  ${file}:${line}: ${reason}\n`)
    parts.push(
      `${style.warning('Rows not used')}\n${lines.join('')}${more > 0 ? `  and ${formatNumber(more)} more\n` : ''}`,
    )
  }
  if (notes.length > 0) parts.push(notes.map((note) => `${style.warning('Note:')} ${note}\n`).join(''))
  parts.push(`Written to ${request.out}: report.html, report.json, trades.csv, decisions.csv\n`)
  return parts.join('\n')
}

function summaryRows({ summary, boundBy }: BacktestResult, currency: string): [string, string][] {
  const money = (amount: number): string => formatMoney(amount, currency)
  const percent = (value: number | null): string => (value === null ? '-' : formatPercent(value))
  const did = ({ executed, blocked }: { readonly executed: number; readonly blocked: number }): string =>
    `${formatNumber(executed)} executed, ${formatNumber(blocked)} blocked`
  const bound = Object.entries(boundBy).filter(([, times]) => times > 0)
  const rows: [string, string][] = [
    ['Initial capital', money(summary.initialCapital)],
    ['Final equity', money(summary.finalEquity)],
    ['Net profit', money(summary.netPnl)],
    ['Gross profit', money(summary.grossPnl)],
    ['Fees', money(summary.fees)],
    ['Return', percent(summary.returnPct)],
    ['Largest drawdown', percent(summary.maxDrawdownPct)],
    ['Largest heat', percent(summary.maxHeatPct)],
    ['Trades', `${formatNumber(summary.trades)}, ${formatNumber(summary.openTrades)} of them open`],
    ['Won', percent(summary.winRate === null ? null : summary.winRate * 100)],
    ['Profit factor', summary.profitFactor === null ? '-' : summary.profitFactor.toFixed(2)],
    ['Base entries', did(summary.entries)],
    ['Pyramids', did(summary.pyramids)],
    ['Exits', formatNumber(summary.exits)],
    ['Most units at one time', formatNumber(summary.maxOpenPositions)],
  ]
  if (bound.length > 0)
    rows.push(['Size set by', bound.map(([name, times]) => `${name} ${formatNumber(times)}`).join(', ')])
  return rows
}

/** Adds INSTRUMENT=value to what earlier ones gave. */
function gather<T>(
  read: (text: string) => T,
): (text: string, before?: ReadonlyMap<string, T>) => ReadonlyMap<string, T> {
  return (text, before) => {
    const sign = text.indexOf('=')
    const instrument = text.slice(0, sign).trim().toUpperCase()
    const value = text.slice(sign + 1).trim()
    if (sign < 1 || instrument === '' || value === '') {
      throw new InvalidArgumentError('It must be written INSTRUMENT=value, such as GOLD_MINI=trades.csv.')
    }
    if (before?.has(instrument) === true) throw new InvalidArgumentError(`${instrument} is given twice.`)
    return new Map([...(before ?? []), [instrument, read(value)]])
  }
}

const fileOf = gather((text) => text)
const numberOf = gather(above0)
const minutesOf = gather((text) => {
  if (/^\d{1,5}$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidArgumentError('The minutes must be a whole number above 0.')
})

function above0(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidArgumentError('It must be a number above 0, without separators.')
}

function percentOf(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= 10) return Number(text)
  throw new InvalidArgumentError('It must be a percentage from 0 to 10, such as 0.05.')
}

function ticksOf(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number of ticks, 0 or more.')
}

function dateOf(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && parseInstant(text) !== null) return text
  throw new InvalidArgumentError('It must be a date, YYYY-MM-DD.')
}
