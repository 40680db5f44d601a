import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { withNumbers } from '../cli/exact-numbers.js'
import { formatMoney, formatPercent } from '../cli/format.js'
import { parseAmount } from '../cli/parse-option.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import {
  choosePortfolio,
  connectService,
  type PortfolioOption,
  portfolioHelp,
  portfolioPath,
} from '../cli/v1.js'
import { queryOf } from './plan.js'

type Options = JsonOption & PortfolioOption & { readonly threshold?: string }

interface ShownCheck {
  readonly needsRebalancing: boolean
  readonly drifted: readonly string[]
  readonly currency: string
  readonly deviations: readonly {
    readonly symbol: string
    readonly currentPct: number
    readonly targetPct: number
    readonly deviation: number
  }[]
  readonly summary: { readonly ordersRequired: number; readonly valueToTrade: string }
}

/** Returns the verb that says whether a run towards the target weights is needed. */
export function checkCommand(): Command {
  return new Command('check')
    .description('Say whether a run towards the target weights is needed; exit code 1 when it is')
    .option('--threshold <amount>', 'leave smaller differences alone', parseAmount)
    .option('--portfolio <id>', portfolioHelp)
    .option('--json', jsonHelp)
    .action((options: Options) => printAnswer(options, () => check(options)))
}

async function check(options: Options) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const found = await client.get<ShownCheck>(portfolioPath(portfolio, `check${queryOf(options)}`))
  const document = withNumbers({ portfolio: portfolio.id, ...found })
  const isFinding = found.needsRebalancing
  return { document, isFinding, describe: (style: Style) => describeCheck(found, style) }
}

function describeCheck({ drifted, deviations, summary, currency }: ShownCheck, style: Style): string {
  const columns = [
    { title: 'asset' },
    { title: 'now', align: 'right' },
    { title: 'target', align: 'right' },
    { title: 'off by', align: 'right' },
    { title: '' },
  ] as const
  const rows = deviations.map(({ symbol, currentPct, targetPct, deviation }) => [
    ...[symbol, formatPercent(currentPct), formatPercent(targetPct), formatPercent(deviation)],
    drifted.includes(symbol) ? style.warning('drifted') : '',
  ])
  const traded = formatMoney(summary.valueToTrade, currency)
  const verdict =
    drifted.length === 0
      ? style.good('No run is needed')
      : style.warning(
          `A run is needed: ${drifted.join(', ')} have drifted; ${summary.ordersRequired} orders, ${traded} one way`,
        )
  return `${verdict}\n${formatTable(columns, rows, style)}`
}
