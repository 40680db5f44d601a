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
  CommandOptions & {
    readonly instrument?: string
    readonly position?: string
    readonly all?: boolean
    readonly reason: string
  }

/** Returns the verb that closes positions of a running service. No rule refuses it but a frozen portfolio. */
export function exitCommand(): Command {
  const command = addCommandOptions(
    new Command('exit')
      .description('Close positions at the market: of an instrument or asset, one, or all')
      .option(
        '--instrument <name>',
        'every position of the instrument, or all that is held of the asset',
        parseText,
      )
      .option('--position <id>', 'one position, as `general positions` lists it', parseText)
      .option('--all', 'every position of the portfolio')
      .requiredOption('--reason <text>', 'why; it is kept with the decision', parseText)
      .option('--yes', yesHelp)
      .option('--json', jsonHelp),
  )
  return command.action((options: Options) => printAnswer(options, () => exit(command, options)))
}

async function exit(command: Command, options: Options) {
  const { instrument, position, all, reason, idempotencyKey } = options
  const targets = [instrument, position, all].filter((target) => target !== undefined)
  if (targets.length !== 1) {
    command.error('error: name one of --instrument NAME, --position ID and --all', { exitCode: 2 })
  }
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const what = position ?? (instrument === undefined ? 'every position' : `every position of ${instrument}`)
  await confirm(options, `This closes ${what} of portfolio ${portfolio.id} at the market.`)
  const target =
    position !== undefined
      ? { positionId: position }
      : instrument !== undefined
        ? { instrument }
        : { all: true }
  const body = { ...target, reason }
  const outcome = await sendCommand(client, portfolioPath(portfolio, 'exit'), { body, idempotencyKey })
  return commandAnswer(portfolio.id, outcome, 'The exits stand until they are done')
}
