import { z } from 'zod'
import { CLOSED_SESSIONS, CONFIDENCES } from '../../../core/calendar/exchange-calendar.js'
import { readHolidays } from '../../csv/holidays.js'
import type { CalendarImport, ExchangeImport, ImportFlaw } from '../../market/calendar/calendar-import.js'
import type { FieldProblem } from '../problem.js'

const date = z.iso.date()
const name = z.string().trim().min(1).max(100)
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time as HH:MM')
const source = z.string().trim().min(1).max(300).describe('Where the facts come from, such as a circular')
const confidence = z.enum(CONFIDENCES).default('confirmed')
const exchange = z.string().trim().min(1).max(32)

const lasts = ({ opens, closes }: { opens: string; closes: string }): boolean =>
  closes === 'mcx' || opens < closes
const lastsMessage = { path: ['closes'], message: 'must be later than opens, on the same day' }

const sessionHours = z
  .strictObject({
    name,
    opens: time,
    closes: z.union([time, z.literal('mcx')]).describe('HH:MM, or mcx: by daylight saving time of New York'),
  })
  .refine(lasts, lastsMessage)

/** The body of POST /v1/imports/calendar: facts about one exchange, or holidays as CSV. */
export const calendarBody = z.union([
  z.strictObject({
    exchange,
    source,
    confidence,
    knownUntil: date.nullish().describe('The last date for which the list is complete'),
    closures: z
      .array(z.strictObject({ date, sessions: z.enum(CLOSED_SESSIONS).default('all'), name }))
      .max(500)
      .default([]),
    specialSessions: z
      .array(z.strictObject({ date, name, opens: time, closes: time }).refine(lasts, lastsMessage))
      .max(500)
      .default([]),
    hours: z
      .array(z.strictObject({ from: date, sessions: z.array(sessionHours).min(1).max(10) }))
      .max(50)
      .default([]),
  }),
  z.strictObject({
    csv: z.string().max(15_000).describe('Lines of date,exchange,description below that header'),
    source,
    confidence,
    knownUntil: date.nullish(),
  }),
])

/** A body that was read: the import, or what is wrong with it. */
export type ReadCalendarBody =
  | {
      readonly kind: 'read'
      readonly imported: CalendarImport
      /** Returns a flaw of the import as a problem with a field, or a line, of the body. */
      readonly toProblem: (flaw: ImportFlaw) => FieldProblem
    }
  | { readonly kind: 'refused'; readonly problems: readonly FieldProblem[] }

/** Returns what a body of POST /v1/imports/calendar imports, or everything that is wrong with its form. */
export function readCalendarBody(body: unknown): ReadCalendarBody {
  // One of the two shapes is meant, so that its fields are named and not those of both.
  const isCsv = typeof body === 'object' && body !== null && 'csv' in body
  const parsed = calendarBody.options[isCsv ? 1 : 0].safeParse(body)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
    return { kind: 'refused', problems }
  }
  const { data } = parsed
  if ('csv' in data) return readCsv(data)
  const { source: from, confidence: sure, knownUntil, ...facts } = data
  const imported = {
    source: from,
    confidence: sure,
    exchanges: [{ ...facts, exchange: facts.exchange.toUpperCase(), knownUntil: knownUntil ?? null }],
  }
  const toProblem = ({ path, message }: ImportFlaw) => ({ field: path.join('.'), message })
  return { kind: 'read', imported, toProblem }
}

type CsvBody = Extract<z.infer<typeof calendarBody>, { csv: string }>

function readCsv({ csv, source: from, confidence: sure, knownUntil }: CsvBody): ReadCalendarBody {
  const { holidays, problems } = readHolidays(csv)
  if (problems.length > 0) {
    const found = problems.map(({ line, problem }) => ({ field: `line ${line}`, message: problem }))
    return { kind: 'refused', problems: found }
  }
  const names = [...new Set(holidays.map((holiday) => holiday.exchange))]
  const exchanges = names.map((exchangeName): ExchangeImport => {
    const closures = holidays
      .filter((holiday) => holiday.exchange === exchangeName)
      .map(({ date: day, description }) => ({ date: day, sessions: 'all' as const, name: description }))
    return {
      exchange: exchangeName,
      knownUntil: knownUntil ?? null,
      closures,
      specialSessions: [],
      hours: [],
    }
  })
  const toProblem = ({ exchange: at, path, message }: ImportFlaw): FieldProblem => {
    const own = holidays.filter((holiday) => holiday.exchange === names[at])
    const row = path[0] === 'closures' ? own[Number(path[1])] : own[0]
    return { field: path[0] === 'knownUntil' ? 'knownUntil' : `line ${row?.line ?? 1}`, message }
  }
  return { kind: 'read', imported: { source: from, confidence: sure, exchanges }, toProblem }
}
