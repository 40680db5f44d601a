import { Command, Option } from 'commander'
import type { BreakAction } from '../../core/reconcile/break.js'
import { ORDER_OUTCOMES } from '../../core/reconcile/order-outcome.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { commandAnswer } from '../cli/command-outcome.js'
import { confirm, type YesOption, yesHelp } from '../cli/confirm.js'
import { withNumbers } from '../cli/exact-numbers.js'
import { formatTime } from '../cli/format.js'
import { parseAmount, parseFee, parseText } from '../cli/parse-option.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import {
  addCommandOptions,
  type BreakItem,
  type CommandOptions,
  choosePortfolio,
  connectService,
  portfolioPath,
  sendCommand,
} from '../cli/v1.js'
import { VerbFailure } from '../cli/verb-failure.js'

type ListOptions = JsonOption & { readonly portfolio?: string }

type SettleOptions = JsonOption &
  YesOption & {
    readonly reason: string
    readonly price?: string
    readonly stop?: string
    readonly lots?: string
    readonly fee?: string
    readonly idempotencyKey?: string
  }

/** Returns the verb that lists differences between books and brokers, and settles them. */
export function reconcileCommand(): Command {
  return new Command('reconcile')
    .description('List how the book and the broker differ, and decide what is to be done about it')
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(
      settleCommand('adopt', 'The broker is right: the book takes over its count')
        .option(
          '--price <points>',
          'at which the lots were bought or sold; else what the broker tells',
          parseAmount,
        )
        .option('--stop <points>', 'of lots that are taken up; else from the last ATR', parseAmount),
    )
    .addCommand(
      settleCommand('book', 'An order of ours filled unseen: book the fill as if the broker had reported it')
        .requiredOption('--price <points>', 'at which it filled', parseAmount)
        .option('--lots <n>', 'of an order whose fate is unknown; else all of it', parseAmount)
        .option('--fee <amount>', 'of the fill', parseFee),
    )
    .addCommand(orderCommand())
    .addCommand(
      settleCommand('ignore', 'Accept the difference until it changes; the instrument trades again'),
    )
}

function listCommand(): Command {
  return new Command('list')
    .description('List the differences; exit code 1 when one waits for a decision')
    .option('--portfolio <id>', 'one portfolio; every one when left out')
    .option('--json', jsonHelp)
    .action((options: ListOptions) => printAnswer(options, () => list(options)))
}

function settleCommand(action: BreakAction, description: string): Command {
  return new Command(action)
    .description(description)
    .argument('<break>', 'its id in the list', parseText)
    .requiredOption('--reason <text>', 'what you found out; it is kept with the decision', parseText)
    .option('--yes', yesHelp)
    .option('--idempotency-key <key>', 'send an earlier command again: it is carried out once at most')
    .option('--json', jsonHelp)
    .action((id: string, options: SettleOptions) => printAnswer(options, () => settle(action, id, options)))
}

type OrderOptions = JsonOption &
  YesOption &
  CommandOptions & {
    readonly outcome: (typeof ORDER_OUTCOMES)[number]
    readonly reason: string
    readonly price?: string
    readonly lots?: string
    readonly fee?: string
  }

function orderCommand(): Command {
  const outcome = new Option('--outcome <what>', 'it never arrived, it was cancelled, or it filled')
  const command = addCommandOptions(
    new Command('order')
      .description('Say what became of an order whose fate is unknown, as you found it at the broker')
      .argument('<order>', 'its id, as `general orders` and the alarm name it', parseText)
      .addOption(outcome.choices(ORDER_OUTCOMES).makeOptionMandatory())
      .option('--price <points>', 'at which it filled', parseAmount)
      .option('--lots <n>', 'that it filled; else all that it could', parseAmount)
      .option('--fee <amount>', 'of the fill', parseFee)
      .requiredOption('--reason <text>', 'what you found out; it is kept with the decision', parseText)
      .option('--yes', yesHelp)
      .option('--json', jsonHelp),
  )
  return command.action((id: string, options: OrderOptions) => {
    if ((options.outcome === 'filled') !== (options.price !== undefined))
      command.error('error: --price goes with --outcome filled, and is required there', { exitCode: 2 })
    return printAnswer(options, () => settleOrder(id, options))
  })
}

async function settleOrder(id: string, options: OrderOptions) {
  const { outcome, reason, price, lots, fee, idempotencyKey } = options
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const at = price === undefined ? '' : ` at ${price}`
  await confirm(
    options,
    `This records that order ${id} is ${outcome}${at}. It cannot be taken back, only corrected.`,
  )
  const given = Object.entries({ outcome, reason, price, lots, fee }).filter(
    ([, value]) => value !== undefined,
  )
  const path = portfolioPath(portfolio, `orders/${encodeURIComponent(id)}/settle`)
  const answer = await sendCommand(client, path, { body: Object.fromEntries(given), idempotencyKey })
  return commandAnswer(portfolio.id, answer, `The order is settled: ${outcome}`)
}

const columns = [
  { title: 'break' },
  { title: 'portfolio' },
  { title: 'instrument' },
  { title: 'class' },
  { title: 'state' },
  { title: 'difference' },
  { title: 'since' },
  { title: 'locked' },
]

async function readBreaks(): Promise<readonly BreakItem[]> {
  const client = await connectService()
  return (await client.get<{ items: readonly BreakItem[] }>('/v1/reconciliation')).items
}

async function list({ portfolio }: ListOptions) {
  const items = (await readBreaks()).filter((item) => portfolio === undefined || item.portfolio === portfolio)
  const describe = (style: Style): string => {
    if (items.length === 0) return 'The books and the brokers agree\n'
    return formatTable(columns, items.map(rowOf), style)
  }
  const isFinding = items.some(({ state }) => state === 'confirmed')
  return { document: withNumbers({ items }), describe, isFinding }
}

function rowOf(item: BreakItem) {
  const { id, portfolio, instrument, state, difference, since, lock } = item
  const locked = lock === null ? 'no' : 'yes'
  return [id, portfolio, instrument, item.class, state, difference, formatTime(since), locked]
}

const done: Readonly<Record<BreakAction, string>> = {
  adopt: "The book has taken over the broker's count",
  book: 'It is booked as filled',
  ignore: 'The difference is accepted until it changes',
}

async function settle(action: BreakAction, id: string, options: SettleOptions) {
  const { reason, price, stop, lots, fee, idempotencyKey } = options
  const found = (await readBreaks()).find((item) => item.id === id)
  // A command that is sent again may have settled it already.
  if (found === undefined && idempotencyKey === undefined) {
    const remedy = 'general reconcile lists them; one that has changed has another id'
    throw new VerbFailure(`There is no difference ${id}. ${remedy}`, { code: 'BREAK_UNKNOWN', remedy })
  }
  const at = price === undefined ? '' : ` at ${price}`
  const what = found === undefined ? id : `${found.instrument}: ${found.difference}`
  await confirm(options, `This settles by ${action}${at}: ${what}. It cannot be taken back, only corrected.`)
  const stopAt = stop === undefined ? undefined : Number(stop)
  const body = Object.fromEntries(
    Object.entries({ action, reason, price, stop: stopAt, lots, fee }).filter(
      ([, value]) => value !== undefined,
    ),
  )
  const client = await connectService()
  const path = `/v1/reconciliation/breaks/${encodeURIComponent(id)}`
  const outcome = await sendCommand(client, path, { body, idempotencyKey })
  return commandAnswer(found?.portfolio ?? '', outcome, done[action])
}
