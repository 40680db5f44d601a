import { Command, InvalidArgumentError } from 'commander'
import { newIdempotencyKey } from '../cli/admin-client.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import type { Style } from '../cli/style.js'
import { connectService } from '../cli/v1.js'

type Options = JsonOption & { readonly portfolio?: string; readonly idempotencyKey?: string }

/** Returns the verb that tells prices of assets, where the broker tells none. */
export function pricesCommand(): Command {
  return new Command('prices')
    .description('Tell prices of assets, where the broker tells none, as on paper')
    .addCommand(
      new Command('import')
        .description('Tell prices of now')
        .argument('<asset=price...>', 'such as TPAY=101.5')
        .option('--portfolio <id>', 'left out: every portfolio that holds assets')
        .option('--idempotency-key <key>', 'send an earlier import again: it is carried out once at most')
        .option('--json', jsonHelp)
        .action((prices: readonly string[], options: Options) =>
          printAnswer(options, () => importPrices(prices, options)),
        ),
    )
}

async function importPrices(told: readonly string[], options: Options) {
  const prices = told.map(readPrice)
  const client = await connectService()
  const body = { ...(options.portfolio === undefined ? {} : { portfolio: options.portfolio }), prices }
  const key = options.idempotencyKey ?? newIdempotencyKey()
  const document = await client.post<{ portfolios: readonly string[]; count: number }>('/v1/imports/prices', {
    body,
    key,
  })
  const into = document.portfolios.join(', ')
  return {
    document,
    describe: (style: Style) => `${style.good('Imported')}: ${document.count} prices, into ${into}\n`,
  }
}

function readPrice(text: string) {
  const [instrument, price, rest] = text.split('=')
  const value = Number(price)
  if (instrument && price && rest === undefined && Number.isFinite(value) && value > 0)
    return { instrument, price: value }
  throw new InvalidArgumentError(`${text} must be such as TPAY=101.5, the price above 0.`)
}
