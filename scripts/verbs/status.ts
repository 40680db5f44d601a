import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { withNumbers } from '../cli/exact-numbers.js'
import { formatMoney, formatNumber, formatPercent, formatTime } from '../cli/format.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import {
  type AlarmItem,
  connectService,
  listPortfolios,
  type PortfolioDetail,
  type PortfolioOption,
  readList,
} from '../cli/v1.js'
import { formatAlarms } from './alarms.js'

type Row = PortfolioDetail['instruments'][number]

/** Alarms that are shown with the status. */
const alarmsShown = 5

/** Returns the verb that tells how a running service stands; a portfolio that is not ready is a finding. */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'Show the portfolios of the running service: equity, risk or cash, what is held, trading state',
    )
    .option('--portfolio <id>', 'one portfolio; every one when left out')
    .option('--json', jsonHelp)
    .action((options: JsonOption & PortfolioOption) => printAnswer(options, () => readStatus(options)))
}

async function readStatus({ portfolio: named }: PortfolioOption) {
  const client = await connectService()
  const summaries = await listPortfolios(client)
  const chosen = named === undefined ? summaries.map(({ id }) => id) : [named]
  const portfolios = await Promise.all(
    chosen.map((id) => client.get<PortfolioDetail>(`/v1/portfolios/${encodeURIComponent(id)}`)),
  )
  const alarms = await readList<AlarmItem>(client, '/v1/alarms', { limit: alarmsShown })
  const describe = (style: Style): string => {
    const parts = portfolios.map((portfolio) => describePortfolio(portfolio, style))
    if (alarms.items.length > 0) {
      parts.push(`${style.strong('Latest alarms')}\n${formatAlarms(alarms.items, style)}`)
    }
    return parts.join('\n')
  }
  return {
    document: withNumbers({ url: client.url, portfolios, alarms: alarms.items }),
    describe,
    isFinding: portfolios.some(({ ready }) => !ready),
  }
}

function describePortfolio(portfolio: PortfolioDetail, style: Style): string {
  const { currency, equity, heat, volatility, margin, equityMode } = portfolio
  const money = (amount: string): string => formatMoney(amount, currency)
  const capped = ({ used, percent, capPercent }: typeof heat | typeof margin): string =>
    `${money(used)}, ${formatPercent(percent)} of at most ${capPercent} %`
  const rows = [
    [
      'equity',
      `closed ${money(equity.closed)}, open ${money(equity.open)}, blended ${money(equity.blended)}, high ${money(equity.high)} (sizing takes ${equityMode})`,
    ],
    [
      'profit',
      `unrealized ${money(portfolio.unrealizedPnl)}, realized ${money(portfolio.realizedPnl)}, fees ${money(portfolio.fees)}`,
    ],
  ]
  const risk = [
    ['heat', `${capped(heat)} (${heat.pyramidCapPercent} % for pyramids)`],
    ['volatility', `${capped(volatility)} (${volatility.pyramidCapPercent} % for pyramids)`],
    ['margin', `${capped(margin)}, reserved ${money(margin.reserved)}, available ${money(margin.available)}`],
  ]
  const holdsAssets = portfolio.assets.length > 0
  const cash = [['cash', `${money(portfolio.cash)} to spend`]]
  const lines = [...rows, ...(holdsAssets ? cash : risk)].map(
    ([name, text]) => `  ${String(name).padEnd(10)} ${text}`,
  )
  const table = holdsAssets ? assets(portfolio, style) : instruments(portfolio, style)
  return `${headline(portfolio, style)}\n${lines.join('\n')}\n\n${table}`
}

function headline(portfolio: PortfolioDetail, style: Style): string {
  const { id, phase, ready, tradingState, tradingStateReason } = portfolio
  const shownPhase = ready ? style.good(phase) : style.bad(`${phase}, not ready: see /readyz`)
  const isActive = tradingState === 'active'
  const reason = isActive || tradingStateReason === '' ? '' : ` (${tradingStateReason})`
  const trading = isActive ? style.good(tradingState) : style.warning(`${tradingState}${reason}`)
  return `${style.strong(`Portfolio ${id}`)}: ${shownPhase}, trading ${trading}`
}

function describeRun({ closesAt, phase, outcome }: NonNullable<Row['preClose']>): string {
  return `${formatTime(closesAt).slice(0, 16)} ${outcome ?? phase}`
}

function assets({ assets: rows, currency }: PortfolioDetail, style: Style): string {
  const columns = [
    { title: 'asset' },
    { title: 'held', align: 'right' },
    { title: 'average', align: 'right' },
    { title: 'price', align: 'right' },
    { title: 'seen' },
    { title: 'value', align: 'right' },
    { title: 'unrealized', align: 'right' },
    { title: 'market' },
    { title: 'locked' },
  ] as const
  const cells = rows.map((row) => [
    row.asset,
    formatNumber(row.quantity, currency, 8),
    row.averageCost === null ? null : formatNumber(row.averageCost, currency, 8),
    row.price === null ? null : formatNumber(row.price, currency, 8),
    row.priceAt === null ? null : formatTime(row.priceAt),
    row.value === null ? null : formatMoney(row.value, currency),
    row.unrealizedPnl === null ? null : formatMoney(row.unrealizedPnl, currency),
    row.hours === 'open' ? row.hours : style.warning(row.hours),
    row.locked === null ? null : style.bad(row.locked.reason),
  ])
  return formatTable(columns, cells, style)
}

function instruments({ instruments: rows, currency }: PortfolioDetail, style: Style): string {
  const columns = [
    { title: 'instrument' },
    { title: 'state' },
    { title: 'units', align: 'right' },
    { title: 'lots', align: 'right' },
    { title: 'price', align: 'right' },
    { title: 'seen' },
    { title: 'ATR', align: 'right' },
    { title: 'market' },
    { title: 'before the close' },
    { title: 'locked' },
  ] as const
  const cells = rows.map((row) => [
    row.instrument,
    row.state,
    row.units,
    formatNumber(row.lots, currency, 8),
    row.price === null ? null : formatNumber(row.price, currency),
    row.priceAt === null ? null : formatTime(row.priceAt),
    row.atr === null ? null : formatNumber(row.atr, currency),
    row.hours === 'open' ? row.hours : style.warning(row.hours),
    row.preClose === null ? null : describeRun(row.preClose),
    row.locked === null ? null : style.bad(row.locked.reason),
  ])
  return formatTable(columns, cells, style)
}
