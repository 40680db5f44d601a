import { Command, InvalidArgumentError } from 'commander'
import { readStory, storyKind } from '../../server/report/read-story.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { readProcessEnvironment } from '../cli/environment.js'
import { withServiceDatabase } from '../cli/service-database.js'
import type { Style } from '../cli/style.js'
import { VerbFailure } from '../cli/verb-failure.js'
import { describeStory } from '../explain/describe-story.js'
import { storyDocument } from '../explain/story-document.js'

/** Returns the verb that tells the story of one alert, command, decision, order, position or question. */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'Tell the whole story of an alert (A-…), command (C-…), decision (D-…), order (O-…), position (P-…) or ' +
        'question (Q-…): the ' +
        'input, the arithmetic, every gate, what followed, and what one more lot would have needed. It reads the ' +
        'database, whether the service runs or not',
    )
    .argument('<id>', 'what to explain', parseId)
    .option('--json', jsonHelp)
    .action((id: string, options: JsonOption) => printAnswer(options, () => explain(id)))
}

function parseId(text: string): string {
  if (storyKind(text) !== null) return text
  throw new InvalidArgumentError('It must be an id such as A-…, C-…, D-…, O-…, P-… or Q-….')
}

async function explain(id: string) {
  const story = await withServiceDatabase(readProcessEnvironment(), async ({ pool }, { name }) => {
    const found = await readStory(pool, id)
    if (found !== null) return found
    const remedy = '`general decisions`, `general orders` and `general positions` list ids'
    const message = `Nothing is recorded under ${id} in ${name}. ${remedy}`
    throw new VerbFailure(message, { code: 'ID_UNKNOWN', remedy })
  })
  return { document: storyDocument(story), describe: (style: Style) => describeStory(story, style) }
}
