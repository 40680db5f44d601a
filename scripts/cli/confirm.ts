import { createInterface } from 'node:readline/promises'
import { VerbFailure } from './verb-failure.js'

/** The option of verbs that ask before they act. */
export interface YesOption {
  readonly yes?: boolean
}

/** The help of --yes. */
export const yesHelp = 'do not ask for confirmation (it is asked on a terminal only)'

/**
 * Asks whether `consequence` is meant, on a terminal and without --yes; elsewhere there is nobody to ask. Throws
 * VerbFailure unless the answer is yes.
 */
export async function confirm({ yes }: YesOption, consequence: string): Promise<void> {
  if (yes === true || process.stdin.isTTY !== true || process.stderr.isTTY !== true) return
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // The end of the input, or an interrupt, is a no; the question itself would wait for ever.
  const ended = new AbortController()
  terminal.once('close', () => ended.abort())
  try {
    const question = `${consequence}\nContinue? [y/N] `
    const reply = await terminal.question(question, { signal: ended.signal }).catch(() => 'no')
    if (/^y(es)?$/i.test(reply.trim())) return
  } finally {
    terminal.close()
  }
  const remedy = 'Answer yes, or give --yes'
  throw new VerbFailure('Nothing was done', { code: 'NOT_CONFIRMED', remedy })
}
