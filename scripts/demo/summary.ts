import { decimal, ZERO } from '../../core/decimal.js'
import type { V1Reads } from '../../server/http/v1/port.js'
import type { AdminClient } from '../cli/admin-client.js'
import { formatMoney, formatNumber, formatPercent } from '../cli/format.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import { type PortfolioDetail, type PositionItem, readList } from '../cli/v1.js'

/** A posting of the ledger. */
export type Posting = Awaited<ReturnType<V1Reads['ledger']>>['items'][number]

/** How the portfolio stands at the end of the day. */
export interface DemoSummary {
  readonly portfolio: PortfolioDetail
  readonly positions: readonly PositionItem[]
  /** Oldest first. */
  readonly ledger: readonly Posting[]
}

const base = '/v1/portfolios/paper'
const most = 500
const CURRENCY = 'INR'

/** Returns how the portfolio stands, asking /v1. */
export async function readSummary(admin: AdminClient): Promise<DemoSummary> {
  const portfolio = await admin.get<PortfolioDetail>(base)
  const { items: positions } = await readList<PositionItem>(admin, `${base}/positions`, {
    limit: most,
    status: 'open',
  })
  const { items: ledger } = await readList<Posting>(admin, `${base}/ledger`, { limit: most })
  return { portfolio, positions: [...positions].reverse(), ledger: [...ledger].reverse() }
}

/** Returns the summary for people. */
export function describeSummary({ portfolio, positions, ledger }: DemoSummary, style: Style): string {
  return [
    `${style.strong('Held over night')}\n${positionTable(positions, portfolio, style)}`,
    `${style.strong('Ledger')}\n${ledgerTable(ledger, portfolio, style)}`,
    `${style.strong('At stake')}\n${stakeTable(portfolio, style)}`,
  ].join('\n')
}

function positionTable(
  positions: readonly PositionItem[],
  { instruments }: PortfolioDetail,
  style: Style,
): string {
  const columns = [
    { title: 'position' },
    { title: 'unit', align: 'right' },
    { title: 'lots', align: 'right' },
    { title: 'entry', align: 'right' },
    { title: 'price', align: 'right' },
    { title: 'stop', align: 'right' },
    { title: 'unrealized', align: 'right' },
  ] as const
  const rows = positions.map((position) => {
    const { instrument, unit, lots, averagePrice, stop, pointValue } = position
    const price = instruments.find((row) => row.instrument === instrument)?.price ?? null
    const profit = price === null ? null : (price - Number(averagePrice)) * Number(lots) * pointValue
    return [
      instrument,
      unit,
      formatNumber(lots),
      averagePrice === null ? null : formatNumber(averagePrice),
      price === null ? null : formatNumber(price),
      formatNumber(stop),
      profit === null ? null : formatMoney(profit, CURRENCY),
    ]
  })
  return formatTable(columns, rows, style)
}

function ledgerTable(ledger: readonly Posting[], { equity }: PortfolioDetail, style: Style): string {
  const kinds = new Map<string, { count: number; sum: typeof ZERO }>()
  for (const { kind, amount } of ledger) {
    const { count, sum } = kinds.get(kind) ?? { count: 0, sum: ZERO }
    kinds.set(kind, { count: count + 1, sum: sum.plus(decimal(amount)) })
  }
  const rows = [...kinds].map(([kind, { count, sum }]) => [
    kindWords[kind] ?? kind,
    String(count),
    formatMoney(sum.toString(), CURRENCY),
  ])
  const columns = [
    { title: 'posting' },
    { title: 'times', align: 'right' },
    { title: 'amount', align: 'right' },
  ] as const
  const total = ['closed equity', String(ledger.length), formatMoney(equity.closed, CURRENCY)]
  return formatTable(columns, [...rows, total], style)
}

const kindWords: Readonly<Record<string, string>> = {
  deposit: 'deposit',
  realizedPnl: 'realized profit',
  fee: 'fees',
}

function stakeTable(
  { equity, heat, volatility, margin, unrealizedPnl }: PortfolioDetail,
  style: Style,
): string {
  const row = (name: string, { used, percent, capPercent }: typeof heat | typeof margin): string[] => [
    name,
    formatMoney(used, CURRENCY),
    formatPercent(percent),
    `${capPercent} %`,
  ]
  const columns = [
    { title: '' },
    { title: 'amount', align: 'right' },
    { title: 'of equity', align: 'right' },
    { title: 'cap', align: 'right' },
  ] as const
  const rows = [
    row('heat', heat),
    row('volatility', volatility),
    row('margin', margin),
    ['unrealized', formatMoney(unrealizedPnl, CURRENCY), null, null],
    ['open equity', formatMoney(equity.open, CURRENCY), null, null],
  ]
  return formatTable(columns, rows, style)
}
