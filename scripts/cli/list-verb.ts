import { Command, Option } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from './answer.js'
import { withNumbers } from './exact-numbers.js'
import { parseCount } from './parse-option.js'
import type { Style } from './style.js'
import { type Cell, type Column, formatTable } from './table.js'
import {
  choosePortfolio,
  connectService,
  type ListOptions,
  type PortfolioOption,
  type PortfolioSummary,
  portfolioHelp,
  portfolioPath,
  readList,
} from './v1.js'

/** A verb that lists something of a portfolio. */
export interface ListVerb<T> {
  readonly name: string
  readonly description: string
  /** What is listed unless --status says otherwise; null for lists of things that do not end. */
  readonly defaultStatus: 'open' | null
  readonly columns: readonly Column[]
  readonly row: (item: T, portfolio: PortfolioSummary) => readonly Cell[]
}

type Options = JsonOption & PortfolioOption & ListOptions

/** Returns the command of a verb that lists something of a portfolio of the running service. */
export function listCommand<T>(verb: ListVerb<T>): Command {
  const command = new Command(verb.name)
    .description(verb.description)
    .option('--portfolio <id>', portfolioHelp)
    .option('--limit <n>', 'most items, the newest first', parseCount, 50)
    .option('--cursor <text>', 'go on where an earlier list ended: the value of next in its JSON')
    .option('--json', jsonHelp)
  if (verb.defaultStatus !== null) {
    const choices = ['open', 'closed', 'all']
    command.addOption(
      new Option('--status <which>', 'which of them').choices(choices).default(verb.defaultStatus),
    )
  }
  return command.action((options: Options) => printAnswer(options, () => list(verb, options)))
}

async function list<T>(verb: ListVerb<T>, options: Options) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const { items, next } = await readList<T>(client, portfolioPath(portfolio, verb.name), options)
  const describe = (style: Style): string => {
    if (items.length === 0) return `No ${verb.name} in portfolio ${portfolio.id}\n`
    const rows = items.map((item) => verb.row(item, portfolio))
    const more = next === null ? '' : `There are more: give a larger --limit, or --cursor ${next}\n`
    return formatTable(verb.columns, rows, style) + more
  }
  return { document: withNumbers({ portfolio: portfolio.id, items, next }), describe }
}
