import { Command, InvalidArgumentError } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { commandAnswer } from '../cli/command-outcome.js'
import {
  addCommandOptions,
  type CommandOptions,
  choosePortfolio,
  connectService,
  portfolioPath,
  sendCommand,
} from '../cli/v1.js'

type Options = JsonOption & CommandOptions & { readonly price?: ReadonlyMap<string, number> }

/** Returns the verb that has cells of a running service evaluated; what they ask for is ordered. */
export function evaluateCommand(): Command {
  return addCommandOptions(
    new Command('evaluate')
      .description('Evaluate cells at given prices, else at those that are known; what triggers is ordered')
      .argument('[assets...]', 'which; all when left out')
      .option('--price <ASSET=PRICE>', 'a price of now; repeatable', priceOf)
      .option('--json', jsonHelp),
  ).action((assets: readonly string[], options: Options) =>
    printAnswer(options, () => evaluate(assets, options)),
  )
}

function priceOf(text: string, told: ReadonlyMap<string, number> = new Map()): ReadonlyMap<string, number> {
  const [asset, price, rest] = text.split('=')
  const value = Number(price)
  if (asset && price && rest === undefined && Number.isFinite(value) && value > 0)
    return new Map(told).set(asset, value)
  throw new InvalidArgumentError('It must be such as KO=62.5, the price above 0.')
}

async function evaluate(assets: readonly string[], options: Options) {
  const client = await connectService()
  const portfolio = await choosePortfolio(client, options)
  const told = options.price ?? new Map<string, number>()
  const instruments = assets.length === 0 ? undefined : [...new Set([...assets, ...told.keys()])]
  const prices = [...told].map(([instrument, price]) => ({ instrument, price }))
  const body = { prices, ...(instruments === undefined ? {} : { instruments }) }
  const path = portfolioPath(portfolio, 'evaluate')
  const outcome = await sendCommand(client, path, { body, idempotencyKey: options.idempotencyKey })
  return commandAnswer(portfolio.id, outcome, 'Evaluated')
}
