import { Command } from 'commander'
import type { TradingState } from '../../core/risk/trading-state.js'
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

interface StateVerb {
  readonly name: string
  readonly state: TradingState
  readonly description: string
  /** What is asked about first; null where a slip does no harm. */
  readonly consequence: string | null
  readonly done: string
}

type Options = JsonOption & YesOption & CommandOptions & { readonly reason: string }

/** Returns the verb that lets exits only run. */
export function haltCommand(): Command {
  return stateCommand({
    name: 'halt',
    state: 'halted',
    description: 'Let only exits run: no entries, no pyramids, no peel-offs',
    consequence: null,
    done: 'Halted: only exits run. `general resume` undoes it',
  })
}

/** Returns the verb that lets exits and reductions only run. */
export function reduceCommand(): Command {
  return stateCommand({
    name: 'reduce',
    state: 'reducing',
    description: 'Let only exits and reductions run: no entries, no pyramids',
    consequence: null,
    done: 'Reducing: only exits and reductions run. `general resume` undoes it',
  })
}

/** Returns the verb that lets everything run again. */
export function resumeCommand(): Command {
  return stateCommand({
    name: 'resume',
    state: 'active',
    description: 'Let everything run again, entries included',
    consequence: 'This lets entries run again, and exits that stand are ordered.',
    done: 'Active: everything runs',
  })
}

/** Returns the verb that stops everything, stops and exits included. */
export function freezeCommand(): Command {
  return stateCommand({
    name: 'freeze',
    state: 'frozen',
    description:
      'Stop everything, STOPS AND EXITS INCLUDED, until `general resume`; an alarm repeats meanwhile',
    consequence: 'This stops everything: no stop and no exit is executed while the portfolio is frozen.',
    done: 'Frozen: nothing runs, not even a stop. `general resume` undoes it',
  })
}

function stateCommand(verb: StateVerb): Command {
  const command = addCommandOptions(
    new Command(verb.name)
      .description(verb.description)
      .requiredOption(
        '--reason <text>',
        'why; it is kept with the decision and shown while it lasts',
        parseText,
      )
      .option('--json', jsonHelp),
  )
  if (verb.consequence !== null) command.option('--yes', yesHelp)
  return command.action((options: Options) => printAnswer(options, () => changeState(verb, options)))
}

async function changeState(verb: StateVerb, options: Options) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  if (verb.consequence !== null) await confirm(options, `Portfolio ${portfolio.id}: ${verb.consequence}`)
  const { reason, idempotencyKey } = options
  const body = { state: verb.state, reason }
  const outcome = await sendCommand(client, portfolioPath(portfolio, 'trading-state'), {
    body,
    idempotencyKey,
  })
  return commandAnswer(portfolio.id, outcome, verb.done)
}
