import { CommanderError } from 'commander'
import { type Style, styleFor } from './style.js'
import { VerbFailure } from './verb-failure.js'

/** The option that every verb has. */
export interface JsonOption {
  readonly json?: boolean
}

/** The help of --json. */
export const jsonHelp = 'print one JSON document on standard output'

/** What a verb answers: the document for programs, and how people are told the same. */
export interface Answer {
  readonly document: unknown
  readonly describe: (style: Style) => string
  /** True when something was found that a person should look at: exit code 1. */
  readonly isFinding?: boolean
}

/**
 * Runs a verb and prints its answer. With --json a failure is a document too, {"error"}, so that whoever reads
 * standard output always finds one. Rejects with the verb's error.
 */
export async function printAnswer({ json }: JsonOption, run: () => Promise<Answer>): Promise<void> {
  endQuietlyWhenUnread()
  if (json !== true) {
    const { describe, isFinding } = await run()
    process.stdout.write(describe(styleFor(process.stdout, process.env)))
    if (isFinding === true) process.exitCode = 1
    return
  }
  try {
    const { document, isFinding } = await run()
    printDocument(document)
    if (isFinding === true) process.exitCode = 1
  } catch (error) {
    if (!(error instanceof CommanderError)) printDocument({ error: errorDocument(error) })
    throw error
  }
}

function printDocument(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

function errorDocument(error: unknown) {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof VerbFailure)) return { code: codeOf(error), message, remedy: null, details: null }
  const { code, remedy, details } = error
  return { code, message, remedy, details }
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : 'INTERNAL'
}

/** Ends the process without a word when whoever reads us has seen enough, as `head` does. */
export function endQuietlyWhenUnread(): void {
  if (!process.stdout.listeners('error').includes(endQuietly)) process.stdout.on('error', endQuietly)
}

function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}
