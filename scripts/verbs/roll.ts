import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import {
  connectService,
  listPortfolios,
  type PortfolioDetail,
  type PortfolioOption,
  portfolioHelp,
} from '../cli/v1.js'

interface RollOptions extends JsonOption, PortfolioOption {
  readonly plan: boolean
}

/** Returns the verb that tells which units leave their contract, and when. */
export function rollCommand(): Command {
  return new Command('roll')
    .description('Show which units leave their contract, when, and what became of the last that did')
    .requiredOption('--plan', 'show what is planned; the service itself rolls on the day')
    .option('--portfolio <id>', `${portfolioHelp}, and then all are shown`)
    .option('--json', jsonHelp)
    .action((options: RollOptions) => printAnswer(options, () => readPlan(options)))
}

async function readPlan({ portfolio: named }: RollOptions) {
  const client = await connectService()
  const ids = named === undefined ? (await listPortfolios(client)).map(({ id }) => id) : [named]
  const portfolios = await Promise.all(
    ids.map((id) => client.get<PortfolioDetail>(`/v1/portfolios/${encodeURIComponent(id)}`)),
  )
  const items = portfolios.flatMap(({ id, instruments }) =>
    instruments.flatMap(({ instrument, lots, rollover, rolled }) =>
      rollover === null && rolled === null
        ? []
        : [{ portfolio: id, instrument, lots: Number(lots), rollover, rolled }],
    ),
  )
  const describe = (style: Style): string => {
    if (items.length === 0) return 'Nothing that is held leaves a contract\n'
    const titles = ['portfolio', 'instrument', 'lots', 'from', 'to', 'on', 'units', 'last run']
    const rows = items.map(({ portfolio, instrument, lots, rollover, rolled }) => [
      ...[portfolio, instrument, lots, rollover?.from ?? null, rollover?.to ?? null],
      ...[rollover?.leaveOn ?? null, rollover?.positionIds.join(', ') ?? null],
      rolled === null ? null : `${rolled.date} to ${rolled.to}: ${rolled.outcome ?? 'under way'}`,
    ])
    return formatTable(
      titles.map((title) => ({ title })),
      rows,
      style,
    )
  }
  return { document: { items }, describe }
}
