import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { commandAnswer } from '../cli/command-outcome.js'
import { confirm, type YesOption, yesHelp } from '../cli/confirm.js'
import { parseText } from '../cli/parse-option.js'
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
  CommandOptions & { readonly instrument: string; readonly reason: string }

/** Returns the verb that lets a locked instrument trade again. */
export function unlockCommand(): Command {
  const command = addCommandOptions(
    new Command('unlock')
      .description('Let a locked instrument trade again, after you have found out why it was locked')
      .requiredOption(
        '--instrument <name>',
        'the instrument; `general status` shows which are locked',
        parseText,
      )
      .requiredOption('--reason <text>', 'what you found; it is kept with the decision', parseText)
      .option('--yes', yesHelp)
      .option('--json', jsonHelp),
  )
  return command.action((options: Options) => printAnswer(options, () => unlock(options)))
}

async function unlock(options: Options) {
  const { instrument, reason, idempotencyKey } = options
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  await confirm(options, `This lets entries of ${instrument} run again in portfolio ${portfolio.id}.`)
  const body = { instrument, reason }
  const outcome = await sendCommand(client, portfolioPath(portfolio, 'unlock'), { body, idempotencyKey })
  return commandAnswer(portfolio.id, outcome, `${instrument} trades again`)
}
