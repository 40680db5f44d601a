import { setTimeout as delay } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import type { AdminClient } from '../cli/admin-client.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { confirm, type YesOption, yesHelp } from '../cli/confirm.js'
import { withNumbers } from '../cli/exact-numbers.js'
import { formatMoney, formatNumber } from '../cli/format.js'
import { parseAmount, parseCount } from '../cli/parse-option.js'
import { createProgress } from '../cli/progress.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import {
  addCommandOptions,
  type CommandOptions,
  type CommandOutcome,
  choosePortfolio,
  connectService,
  type PortfolioSummary,
  portfolioPath,
  sendCommand,
} from '../cli/v1.js'
import { describePlan, type ShownPlan } from '../explain/describe-plan.js'

type Options = JsonOption &
  YesOption &
  CommandOptions & {
    readonly send?: boolean
    readonly weight?: ReadonlyMap<string, number>
    readonly price?: ReadonlyMap<string, number>
    readonly threshold?: string
    readonly maxOrders?: number
    readonly wait: number
  }

interface ShownRun {
  readonly id: string
  readonly decisionId: string
  readonly outcome: string | null
  readonly summary: {
    readonly planned: number
    readonly executed: number
    readonly failed: number
    readonly skipped: number
    readonly open: number
    readonly valueTraded: string
    readonly fees: string
  }
  readonly orders: readonly {
    readonly symbol: string
    readonly side: string
    readonly quantity: string
    readonly filled: string
    readonly filledValue: string
    readonly fate: string
    readonly reason: string | null
  }[]
}

interface ShownRuns {
  readonly running: ShownRun | null
  readonly last: ShownRun | null
}

const lookEveryMs = 300

/** Returns the verb that runs a portfolio towards its target weights: a dry run unless told otherwise. */
export function executeCommand(): Command {
  return addCommandOptions(
    new Command('execute')
      .description('Run towards the target weights with what is known now; a dry run unless --send is given')
      .option('--send', 'send the orders')
      .option('--weight <ASSET=PERCENT>', 'a target weight of this run; repeatable, all of them', numberOf)
      .option('--threshold <amount>', 'leave smaller differences alone', parseAmount)
      .option('--max-orders <count>', 'most orders', parseCount)
      .option('--price <ASSET=PRICE>', 'a price of now, where the broker tells none; repeatable', numberOf)
      .option('--wait <seconds>', 'follow the run for so long', parseCount, 60)
      .option('--yes', yesHelp)
      .option('--json', jsonHelp),
  ).action((options: Options) => printAnswer(options, () => execute(options)))
}

function numberOf(text: string, told: ReadonlyMap<string, number> = new Map()): ReadonlyMap<string, number> {
  const [asset, number, rest] = text.split('=')
  if (asset && number && rest === undefined && Number.isFinite(Number(number)))
    return new Map(told).set(asset, Number(number))
  throw new InvalidArgumentError('It must be such as TPAY=62.5.')
}

interface ExecuteOutcome extends CommandOutcome {
  readonly decision: { readonly sizing: (ShownPlan & { readonly kind: string }) | null } | null
}

async function execute(options: Options) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const dryRun = options.send !== true
  if (!dryRun) await confirm(options, `This sends orders to the broker of portfolio ${portfolio.id}.`)
  const { weight, price, threshold, maxOrders } = options
  const body = {
    dryRun,
    ...(weight === undefined ? {} : { targetWeights: Object.fromEntries(weight) }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(maxOrders === undefined ? {} : { maxOrders }),
    prices: [...(price ?? [])].map(([instrument, told]) => ({ instrument, price: told })),
  }
  const path = portfolioPath(portfolio, 'execute')
  const sent = { body, idempotencyKey: options.idempotencyKey }
  const outcome = (await sendCommand(client, path, sent)) as ExecuteOutcome
  const isSent = outcome.decisions[0]?.reasons.includes('PLANNED') === true
  const run = isSent ? await follow(client, portfolio, outcome, options) : null
  const plan = outcome.decision?.sizing ?? null
  const isFinding = run !== null && run.outcome !== 'executed'
  return {
    document: withNumbers({ portfolio: portfolio.id, ...outcome, run }),
    isFinding,
    describe: (style: Style) =>
      describeExecution({ plan, outcome, run, currency: portfolio.currency }, style),
  }
}

/** Shows how far the run is until it is over, or the time is; what is at work then goes on by itself. */
async function follow(
  client: AdminClient,
  portfolio: PortfolioSummary,
  { decisions }: CommandOutcome,
  { wait, json }: Options,
): Promise<ShownRun | null> {
  const progress = createProgress('orders', json !== true)
  const until = performance.now() + wait * 1000
  const decisionId = decisions[0]?.id
  for (;;) {
    const { running, last } = await client.get<ShownRuns>(portfolioPath(portfolio, 'runs'))
    const run = [running, last].find((one) => one?.decisionId === decisionId) ?? null
    if (run !== null) {
      const { planned, open } = run.summary
      progress.advance(planned - open, planned)
    }
    if (run?.outcome != null || performance.now() >= until) {
      progress.finish()
      return run
    }
    await delay(lookEveryMs)
  }
}

interface Execution {
  readonly plan: ShownPlan | null
  readonly outcome: CommandOutcome
  readonly run: ShownRun | null
  readonly currency: string
}

function describeExecution({ plan, outcome, run, currency }: Execution, style: Style): string {
  const shown = plan === null ? '' : describePlan(plan, style)
  const reasons = outcome.decisions.flatMap(({ reasons: told }) => told)
  const follow = `Follow it with: general explain ${outcome.commandId}\n`
  if (run !== null) return `${shown}\n${describeRun(run, currency, style)}${follow}`
  if (reasons.includes('DRY_RUN'))
    return `${shown}\n${style.warning('A dry run: nothing was sent')}; with --send it is\n`
  return `${shown}\n${style.warning('There was nothing to order')}\n${follow}`
}

function describeRun(run: ShownRun, currency: string, style: Style): string {
  const { planned, executed, failed, skipped, open, valueTraded, fees } = run.summary
  const columns = [
    { title: 'asset' },
    { title: 'side' },
    { title: 'wanted', align: 'right' },
    { title: 'filled', align: 'right' },
    { title: 'worth', align: 'right' },
    { title: 'became' },
    { title: 'why' },
  ] as const
  const rows = run.orders.map(({ symbol, side, quantity, filled, filledValue, fate, reason }) => [
    ...[symbol, side, formatNumber(quantity, currency, 8), formatNumber(filled, currency, 8)],
    ...[formatMoney(filledValue, currency), fate, reason],
  ])
  const state = run.outcome ?? 'in progress'
  const told = run.outcome === 'executed' ? style.good(state) : style.warning(state)
  const sums = `${planned} planned, ${executed} executed, ${failed} failed, ${skipped} skipped, ${open} open`
  const traded = `${formatMoney(valueTraded, currency)} traded one way, fees ${formatMoney(fees, currency)}`
  return `Run ${run.id} ${told}: ${sums}; ${traded}\n${formatTable(columns, rows, style)}`
}
