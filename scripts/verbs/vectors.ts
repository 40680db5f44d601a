import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Argument, Command } from 'commander'
import { loadConfiguration } from '../../server/config/configuration.js'
import { settingsOf } from '../../server/config/settings.js'
import { endQuietlyWhenUnread, type JsonOption } from '../cli/answer.js'
import { answerCase, VECTOR_FAMILIES, type VectorFamily } from '../vectors/answer-case.js'

/** Returns the verb that answers published cases with the core's own functions. */
export function vectorsCommand(): Command {
  return new Command('vectors')
    .description(
      'Read cases ({"id","capability","input"}) as JSON lines on standard input and print {"id","result"} lines, ' +
        'computed with the default configuration; what cannot be computed is printed as {"id","skipped"}',
    )
    .addArgument(new Argument('<family>', 'which cases').choices(VECTOR_FAMILIES))
    .option('--json', 'print one JSON array instead of lines')
    .action((family: VectorFamily, options: JsonOption) => answerCases(family, options.json === true))
}

async function answerCases(family: VectorFamily, asArray: boolean): Promise<void> {
  endQuietlyWhenUnread()
  // The default configuration names the webhook's token; no case depends on it.
  const { portfolios } = await loadConfiguration(null, () => 'not-needed-by-any-case')
  const settings = settingsOf(portfolios[0]!)
  let number = 0
  let answered = 0
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1
    if (text.trim() === '') continue
    const answer = JSON.stringify(answerCase(family, settings, { text, number }))
    // A line is written whole at once: whoever sends the next case may wait for it.
    await write(asArray ? `${answered === 0 ? '[' : ','}\n${answer}` : `${answer}\n`)
    answered += 1
  }
  if (asArray) await write(answered === 0 ? '[]\n' : '\n]\n')
}

/** Waits while whoever reads us is slower than we are. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
