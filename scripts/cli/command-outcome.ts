import type { Answer } from './answer.js'
import { withNumbers } from './exact-numbers.js'
import { formatLots } from './format.js'
import type { Style } from './style.js'
import type { CommandOutcome } from './v1.js'

/** Returns what a command led to, as an answer. `done` says in a sentence what is so from here on. */
export function commandAnswer(portfolio: string, outcome: CommandOutcome, done: string): Answer {
  return {
    document: withNumbers({ portfolio, ...outcome }),
    describe: (style) => describeOutcome(outcome, done, style),
  }
}

function describeOutcome(
  { commandId, outcome, decisions }: CommandOutcome,
  done: string,
  style: Style,
): string {
  const first = outcome === 'ignored' ? style.warning('There was nothing to do') : style.good(done)
  const lines = decisions.map(({ id, outcome: decided, reasons, lots, instrument }) => {
    const what = Number(lots) > 0 ? `, ${formatLots(lots)} of ${instrument}` : ''
    return `  ${id}: ${decided} (${reasons.join(', ')})${what}`
  })
  const follow = decisions.length === 0 ? [] : [`Follow it with: general explain ${commandId}`]
  return `${[first, ...lines, ...follow].join('\n')}\n`
}
