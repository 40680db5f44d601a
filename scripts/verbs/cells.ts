import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { withNumbers } from '../cli/exact-numbers.js'
import { formatMoney, formatNumber, formatPercent } from '../cli/format.js'
import { formatTable } from '../cli/table.js'
import {
  choosePortfolio,
  connectService,
  type PortfolioOption,
  portfolioHelp,
  portfolioPath,
} from '../cli/v1.js'

interface CellItem {
  readonly instrument: string
  readonly state: string
  readonly shares: string
  readonly cash: string
  readonly receivable: string
  readonly anchor: string | null
  readonly price: number | null
  readonly movePercent: number | null
  readonly value: string | null
  readonly stockShare: number | null
  readonly ordersToday: number
  readonly lastOutcome: string | null
}

/** Returns the verb that lists the cells of a running service. */
export function cellsCommand(): Command {
  return new Command('cells')
    .description(
      'List the cells of a volatility portfolio: shares, cash, anchor, and how far the price is from it',
    )
    .option('--portfolio <id>', portfolioHelp)
    .option('--json', jsonHelp)
    .action((options: JsonOption & PortfolioOption) => printAnswer(options, () => list(options)))
}

async function list(options: PortfolioOption) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const { items } = await client.get<{ items: readonly CellItem[] }>(portfolioPath(portfolio, 'cells'))
  const { currency } = portfolio
  const columns = [
    { title: 'asset' },
    { title: 'state' },
    { title: 'shares', align: 'right' },
    { title: 'cash', align: 'right' },
    { title: 'receivable', align: 'right' },
    { title: 'value', align: 'right' },
    { title: 'in stock', align: 'right' },
    { title: 'anchor', align: 'right' },
    { title: 'price', align: 'right' },
    { title: 'move', align: 'right' },
    { title: 'orders today', align: 'right' },
    { title: 'last evaluation' },
  ] as const
  const rows = items.map((cell) => [
    cell.instrument,
    cell.state,
    formatNumber(cell.shares, currency, 8),
    formatMoney(cell.cash, currency),
    formatMoney(cell.receivable, currency),
    cell.value === null ? null : formatMoney(cell.value, currency),
    cell.stockShare === null ? null : formatPercent(cell.stockShare * 100),
    cell.anchor === null ? null : formatNumber(cell.anchor, currency, 4),
    cell.price === null ? null : formatNumber(cell.price, currency, 4),
    cell.movePercent === null ? null : formatPercent(cell.movePercent),
    cell.ordersToday,
    cell.lastOutcome,
  ])
  return {
    document: withNumbers({ portfolio: portfolio.id, items }),
    describe: (style: Parameters<typeof formatTable>[2]) =>
      items.length === 0 ? 'The portfolio has no cells\n' : formatTable(columns, rows, style),
  }
}
