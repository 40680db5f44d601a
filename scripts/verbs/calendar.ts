import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import type { ShownExchange } from '../../server/http/v1/calendar.js'
import { newIdempotencyKey } from '../cli/admin-client.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { formatTime } from '../cli/format.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import { resolveUserPath } from '../cli/user-path.js'
import { connectService } from '../cli/v1.js'
import { VerbFailure } from '../cli/verb-failure.js'

/** Returns the verb that shows when exchanges trade, and imports what they announce. */
export function calendarCommand(): Command {
  return new Command('calendar')
    .description('Show when exchanges trade, and import what they announce')
    .addCommand(showVerb())
    .addCommand(importVerb())
}

interface ShowOptions extends JsonOption {
  readonly exchange?: string
  readonly date?: string
}

interface ImportOptions extends JsonOption {
  readonly source?: string
  readonly knownUntil?: string
  readonly idempotencyKey?: string
}

interface ImportOutcome {
  readonly commandId: string
  readonly version: string
  readonly exchanges: readonly { readonly name: string; readonly knownUntil: string }[]
}

function showVerb(): Command {
  return new Command('show')
    .description('The sessions of a date at each exchange that the running service knows')
    .option('--exchange <name>', 'only this one, with its special days')
    .option('--date <date>', 'YYYY-MM-DD at the exchange; default today')
    .option('--json', jsonHelp)
    .action((options: ShowOptions) => printAnswer(options, () => showCalendar(options)))
}

async function showCalendar({ exchange, date }: ShowOptions) {
  const query = new URLSearchParams()
  if (exchange !== undefined) query.set('exchange', exchange)
  if (date !== undefined) query.set('date', date)
  const client = await connectService()
  const document = await client.get<{ version: string; exchanges: readonly ShownExchange[] }>(
    `/v1/calendar?${query}`,
  )
  if (document.exchanges.length === 0) {
    const remedy = '`general calendar show` lists the exchanges that are known'
    const details = { exchange }
    throw new VerbFailure(`The calendar does not know ${exchange}. ${remedy}`, {
      ...{ code: 'EXCHANGE_UNKNOWN', remedy, details },
    })
  }
  const [only] = document.exchanges
  const describe = (style: Style): string =>
    formatExchanges(document.exchanges, style) +
    (exchange === undefined ? '' : `\n${formatDays(only!, style)}`)
  return { document, describe }
}

function formatExchanges(exchanges: readonly ShownExchange[], style: Style): string {
  const columns = ['exchange', 'date', 'sessions', 'closes at', 'occasion', 'known until']
  const rows = exchanges.map((found) => [
    found.name,
    found.date,
    describeSessions(found),
    found.closesAt === null ? null : formatTime(found.closesAt),
    found.special?.name ?? null,
    found.isAlwaysOpen ? null : found.knownUntil,
  ])
  return formatTable(
    columns.map((title) => ({ title })),
    rows,
    style,
  )
}

function describeSessions({ isAlwaysOpen, sessions }: ShownExchange): string {
  if (isAlwaysOpen) return 'around the clock'
  if (sessions === null) return 'not known'
  return sessions.length === 0 ? 'closed' : sessions.map(({ name }) => name).join(', ')
}

function formatDays({ days, sources }: ShownExchange, style: Style): string {
  const columns = ['date', 'closed', 'extra sessions', 'occasion', 'certainty', 'note']
  const rows = days.map(({ date, closed, extra, name, confidence, note }) => [
    ...[date, closed, extra.map(({ opens, closes }) => `${opens}-${closes}`).join(', ') || null],
    ...[name, confidence, note],
  ])
  const told = sources.map(({ facts, source, confidence }) => `${facts}: ${source} (${confidence})\n`)
  return `${formatTable(
    columns.map((title) => ({ title })),
    rows,
    style,
  )}\n${told.join('')}`
}

function importVerb(): Command {
  return new Command('import')
    .description(
      'Add closures, special sessions and hours: JSON as POST /v1/imports/calendar, or CSV of holidays',
    )
    .argument('<file>', 'JSON of one exchange, or lines of date,exchange,description')
    .option('--source <text>', 'where a CSV file comes from; default its name')
    .option('--known-until <date>', 'the last date for which a CSV file is complete')
    .option('--idempotency-key <key>', 'send an earlier import again: it is carried out once at most')
    .option('--json', jsonHelp)
    .action((file: string, options: ImportOptions) => printAnswer(options, () => importFile(file, options)))
}

async function importFile(file: string, options: ImportOptions) {
  const body = readBody(file, await readFile(resolveUserPath(file), 'utf8'), options)
  const client = await connectService()
  const key = options.idempotencyKey ?? newIdempotencyKey()
  const document = await client.post<ImportOutcome>('/v1/imports/calendar', { body, key })
  const told = document.exchanges.map(({ name, knownUntil }) => `${name} is known until ${knownUntil}\n`)
  return { document, describe: (style: Style) => `${style.good('Imported')}\n${told.join('')}` }
}

function readBody(file: string, text: string, { source, knownUntil }: ImportOptions): unknown {
  if (!text.trimStart().startsWith('{')) {
    return { csv: text, source: source ?? file, ...(knownUntil === undefined ? {} : { knownUntil }) }
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    const remedy = 'Correct the file; docs/operations.md shows one'
    const what = `${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`
    throw new VerbFailure(`${what}. ${remedy}`, { code: 'FILE_INVALID', remedy, details: { file } })
  }
}
