import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { readMetricsCsv } from '../../server/csv/metrics.js'
import { newIdempotencyKey } from '../cli/admin-client.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { formatNumber, formatTime } from '../cli/format.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import { resolveUserPath } from '../cli/user-path.js'
import {
  choosePortfolio,
  connectService,
  type PortfolioOption,
  portfolioHelp,
  portfolioPath,
} from '../cli/v1.js'
import { VerbFailure } from '../cli/verb-failure.js'

type ImportOptions = JsonOption &
  PortfolioOption & { readonly source?: string; readonly idempotencyKey?: string }

interface Imported {
  readonly portfolios: readonly string[]
  readonly count: number
}

/** Returns the verb of fund metrics: what a portfolio has of them, and what brings more. */
export function metricsCommand(): Command {
  return new Command('metrics')
    .description('Market cap and assets under management of funds, from which target weights may be taken')
    .addCommand(listVerb())
    .addCommand(importVerb())
}

function importVerb(): Command {
  return new Command('import')
    .description('Bring fund metrics from a file: JSON as POST /v1/imports/metrics, or CSV')
    .argument('<file>', 'JSON, or lines of symbol,marketCap,aum,observedAt')
    .option('--source <text>', 'where they come from; default the name of the file')
    .option('--portfolio <id>', 'left out: every portfolio that is kept at target weights')
    .option('--idempotency-key <key>', 'send an earlier import again: it is carried out once at most')
    .option('--json', jsonHelp)
    .action((file: string, options: ImportOptions) => printAnswer(options, () => importFile(file, options)))
}

async function importFile(file: string, options: ImportOptions) {
  const bytes = await readFile(resolveUserPath(file))
  const { source, portfolio } = options
  const body = {
    ...(portfolio === undefined ? {} : { portfolio }),
    ...{ source: source ?? file.split('/').at(-1), metrics: readMetrics(file, bytes) },
  }
  const client = await connectService()
  const key = options.idempotencyKey ?? newIdempotencyKey()
  const document = await client.post<Imported>('/v1/imports/metrics', { body, key })
  const told = `${document.count} funds, into ${document.portfolios.join(', ')}`
  return { document, describe: (style: Style) => `${style.good('Imported')}: ${told}\n` }
}

/** A list, an object with one, or a single fund as the Tinkoff ETF balancer keeps it in a file of its own. */
function readMetrics(file: string, bytes: Buffer): readonly unknown[] {
  const text = bytes.toString('utf8')
  if (!/^\s*[[{]/.test(text)) return readMetricsCsv(file, bytes)
  const parsed = parseJson(file, text)
  const list: unknown = Array.isArray(parsed)
    ? parsed
    : ((parsed as { metrics?: unknown }).metrics ?? [parsed])
  if (!Array.isArray(list)) throw unusable(file, 'it holds no list of metrics')
  return list.map((fund: Readonly<Record<string, unknown>>) => {
    const observedAt = fund.observedAt ?? fund.timestamp
    return {
      ...{ symbol: fund.symbol, marketCap: fund.marketCap ?? null, aum: fund.aum ?? null },
      ...(observedAt === undefined ? {} : { observedAt }),
    }
  })
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unusable(file, error instanceof Error ? error.message : String(error))
  }
}

function unusable(file: string, problem: string): VerbFailure {
  const remedy = 'Correct the file; docs/allocation.md shows one'
  return new VerbFailure(`${file} cannot be used: ${problem}. ${remedy}`, {
    ...{ code: 'FILE_INVALID', remedy, details: { file } },
  })
}

interface MetricsItem {
  readonly symbol: string
  readonly source: string
  readonly marketCap: number | null
  readonly aum: number | null
  readonly observedAt: string
}

function listVerb(): Command {
  return new Command('list')
    .description('List the fund metrics that a portfolio has')
    .option('--portfolio <id>', portfolioHelp)
    .option('--json', jsonHelp)
    .action((options: JsonOption & PortfolioOption) => printAnswer(options, () => list(options)))
}

async function list(options: PortfolioOption) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const { items } = await client.get<{ items: readonly MetricsItem[] }>(portfolioPath(portfolio, 'metrics'))
  const columns = [
    { title: 'asset' },
    { title: 'market cap', align: 'right' },
    { title: 'AUM', align: 'right' },
    { title: 'source' },
    { title: 'observed' },
  ] as const
  const amount = (value: number | null) => (value === null ? null : formatNumber(value, portfolio.currency))
  const rows = items.map(({ symbol, marketCap, aum, source, observedAt }) => [
    ...[symbol, amount(marketCap), amount(aum), source, formatTime(observedAt)],
  ])
  const document = { portfolio: portfolio.id, items }
  return {
    document,
    describe: (style: Style) =>
      items.length === 0 ? 'The portfolio has no fund metrics\n' : formatTable(columns, rows, style),
  }
}
