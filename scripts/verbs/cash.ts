import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { commandAnswer } from '../cli/command-outcome.js'
import { confirm, type YesOption, yesHelp } from '../cli/confirm.js'
import { formatMoney } from '../cli/format.js'
import { parseAmount } from '../cli/parse-option.js'
import {
  addCommandOptions,
  type CommandOptions,
  choosePortfolio,
  connectService,
  portfolioPath,
  sendCommand,
} from '../cli/v1.js'

type Options = JsonOption &
  YesOption &
  CommandOptions & { readonly currency?: string; readonly note?: string }

/** Returns the verb that records deposits and withdrawals in the ledger of a running service. */
export function cashCommand(): Command {
  return new Command('cash')
    .description('Record that cash came into the account or left it; no money is moved')
    .addCommand(cashVerb('deposit', 'deposit'))
    .addCommand(cashVerb('withdraw', 'withdrawal'))
}

function cashVerb(name: string, kind: 'deposit' | 'withdrawal'): Command {
  return addCommandOptions(
    new Command(name)
      .description(`Record a ${kind}`)
      .argument('<amount>', 'digits such as 250000 or 1250.50', parseAmount)
      .option('--currency <code>', 'refuse unless the portfolio is kept in it')
      .option('--note <text>', 'kept with the posting')
      .option('--yes', yesHelp)
      .option('--json', jsonHelp),
  ).action((amount: string, options: Options) =>
    printAnswer(options, () => recordCash(kind, amount, options)),
  )
}

async function recordCash(kind: 'deposit' | 'withdrawal', amount: string, options: Options) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const currency = options.currency ?? portfolio.currency
  const what = `a ${kind} of ${formatMoney(amount, currency)}`
  await confirm(
    options,
    `This records ${what} in portfolio ${portfolio.id}; it cannot be taken back, only corrected.`,
  )
  const body = { kind, amount, currency, note: options.note ?? null }
  const path = portfolioPath(portfolio, 'cash')
  const outcome = await sendCommand(client, path, { body, idempotencyKey: options.idempotencyKey })
  return commandAnswer(portfolio.id, outcome, `Recorded ${what}`)
}
