import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { withNumbers } from '../cli/exact-numbers.js'
import { parseAmount, parseCount } from '../cli/parse-option.js'
import {
  choosePortfolio,
  connectService,
  type PortfolioOption,
  portfolioHelp,
  portfolioPath,
} from '../cli/v1.js'
import { describePlan, type ShownPlan } from '../explain/describe-plan.js'

type Options = JsonOption & PortfolioOption & { readonly threshold?: string; readonly maxOrders?: number }

/** Returns the verb that shows what a run towards the target weights would order; nothing is stored. */
export function planCommand(): Command {
  return new Command('plan')
    .description('Show what a run towards the target weights would order now; nothing is stored or sent')
    .option('--threshold <amount>', 'leave smaller differences alone', parseAmount)
    .option('--max-orders <count>', 'most orders', parseCount)
    .option('--portfolio <id>', portfolioHelp)
    .option('--json', jsonHelp)
    .action((options: Options) => printAnswer(options, () => showPlan(options)))
}

async function showPlan(options: Options) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const plan = await client.get<ShownPlan>(portfolioPath(portfolio, `plan${queryOf(options)}`))
  const document = withNumbers({ portfolio: portfolio.id, ...plan })
  return { document, describe: (style: Parameters<typeof describePlan>[1]) => describePlan(plan, style) }
}

/** Returns the query of what differs for one plan. */
export function queryOf({ threshold, maxOrders }: Pick<Options, 'threshold' | 'maxOrders'>): string {
  const query = new URLSearchParams()
  if (threshold !== undefined) query.set('threshold', threshold)
  if (maxOrders !== undefined) query.set('maxOrders', String(maxOrders))
  return query.size === 0 ? '' : `?${query}`
}
