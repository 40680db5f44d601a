import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { commandAnswer } from '../cli/command-outcome.js'
import { confirm, type YesOption, yesHelp } from '../cli/confirm.js'
import { withNumbers } from '../cli/exact-numbers.js'
import { formatLots, formatNumber, formatTime } from '../cli/format.js'
import { parseText } from '../cli/parse-option.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import {
  type ApprovalItem,
  addCommandOptions,
  type CommandOptions,
  choosePortfolio,
  connectService,
  listPortfolios,
  type PortfolioSummary,
  portfolioPath,
  readList,
  sendCommand,
} from '../cli/v1.js'

type Client = Awaited<ReturnType<typeof connectService>>

type Options = JsonOption &
  YesOption &
  CommandOptions & { readonly reject?: boolean; readonly reason?: string }

/** Returns the verb that lists the entries that wait for a person, and answers one of them. */
export function approveCommand(): Command {
  const command = addCommandOptions(
    new Command('approve')
      .description('List the entries that wait for a person, or approve or reject one of them')
      .argument('[id]', 'of the approval; left out: list what waits', parseText)
      .option('--reject', 'reject it')
      .option('--reason <text>', 'why; it is kept with the decision', parseText)
      .option('--yes', yesHelp)
      .option('--json', jsonHelp),
  )
  return command.action((id: string | undefined, options: Options) => {
    if (id === undefined && options.reject === true)
      command.error('error: name the approval to reject', { exitCode: 2 })
    return printAnswer(options, () => (id === undefined ? list(options) : answer(id, options)))
  })
}

const columns = [
  { title: 'approval' },
  { title: 'portfolio' },
  { title: 'entry' },
  { title: 'lots', align: 'right' },
  { title: 'price', align: 'right' },
  { title: 'within', align: 'right' },
  { title: 'stop', align: 'right' },
  { title: 'until' },
] as const

interface Waiting {
  readonly portfolio: PortfolioSummary
  readonly item: ApprovalItem
}

async function findWaiting(client: Client, options: Options): Promise<Waiting[]> {
  const portfolios =
    options.portfolio === undefined ? await listPortfolios(client) : [await choosePortfolio(client, options)]
  const found: Waiting[] = []
  for (const portfolio of portfolios) {
    const path = portfolioPath(portfolio, 'approvals')
    const { items } = await readList<ApprovalItem>(client, path, { limit: 500, status: 'open' })
    found.push(...items.map((item) => ({ portfolio, item })))
  }
  return found
}

async function list(options: Options) {
  const waiting = await findWaiting(await connectService(), options)
  const describe = (style: Style): string => {
    if (waiting.length === 0) return 'Nothing waits for an approval\n'
    return `${formatTable(columns, waiting.map(rowOf), style)}Answer with: general approve ID [--reject]\n`
  }
  const items = waiting.map(({ portfolio, item }) => ({ portfolio: portfolio.id, ...item }))
  return { document: withNumbers({ items }), describe }
}

function rowOf({ portfolio, item }: Waiting) {
  const { id, kind, instrument, lots, price, stop, priceBandPct, expiresAt } = item
  const points = (value: number) => formatNumber(value, portfolio.currency)
  const band = `${priceBandPct} %`
  return [
    id,
    portfolio.id,
    `${kind} ${instrument}`,
    lots,
    points(price),
    band,
    points(stop),
    formatTime(expiresAt),
  ]
}

async function answer(id: string, options: Options) {
  const { reject = false, idempotencyKey } = options
  const client = await connectService()
  const found = (await findWaiting(client, options)).find(({ item }) => item.id === id)
  // What is over is answered by the service, which knows how it ended.
  const portfolio = found?.portfolio ?? (await choosePortfolio(client, options))
  if (!reject) await confirm(options, consequenceOf(id, found))
  const reason = options.reason ?? `${reject ? 'rejected' : 'approved'} on the command line`
  const path = portfolioPath(portfolio, `approvals/${encodeURIComponent(id)}`)
  const outcome = await sendCommand(client, path, { body: { approve: !reject, reason }, idempotencyKey })
  return commandAnswer(portfolio.id, outcome, reject ? 'It is rejected' : 'It is approved, and ordered')
}

function consequenceOf(id: string, found: Waiting | undefined): string {
  if (found === undefined) return `This approves ${id}.`
  const { lots, instrument, price } = found.item
  return `This buys up to ${formatLots(lots)} of ${instrument}, asked for at ${price}, as it is decided now.`
}
