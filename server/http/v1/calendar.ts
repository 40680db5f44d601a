import { z } from 'zod'
import {
  type Calendar,
  closeOf,
  findSpecialDay,
  nextSession,
  type Session,
  sessionsOn,
  tradingDate,
} from '../../../core/calendar/calendar.js'
import {
  CLOSED_SESSIONS,
  CONFIDENCES,
  type ExchangeCalendar,
} from '../../../core/calendar/exchange-calendar.js'
import { ZONES } from '../../../core/calendar/zone.js'
import { digest } from '../../../core/ids.js'
import { type Instant, isoInstant, type LocalDate } from '../../../core/time.js'
import { findImportFlaws } from '../../market/calendar/calendar-import.js'
import { answerOnce, type CommandAnswer, idempotencyKey } from '../idempotency.js'
import { problem, problemType } from '../problem.js'
import { calendarBody, readCalendarBody } from './calendar-body.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

const security = [{ adminToken: [] }]
const scope = 'POST /v1/imports/calendar'
const instant = z.iso.datetime({ offset: true })
const sessionHours = z.object({ name: z.string(), opens: z.string(), closes: z.string() })
const sessionShape = z.object({ name: z.string(), opensAt: instant, closesAt: instant })
const dayShape = z.object({
  date: z.iso.date(),
  name: z.string(),
  closed: z.enum(CLOSED_SESSIONS),
  extra: z.array(sessionHours),
  confidence: z.enum(CONFIDENCES),
  note: z.string().nullable(),
})
const exchangeShape = z.object({
  name: z.string(),
  zone: z.enum(ZONES),
  knownFrom: z.iso.date(),
  knownUntil: z.iso.date(),
  isAlwaysOpen: z.boolean(),
  date: z.iso.date().describe('The date that sessions, closesAt and special are about'),
  sessions: z.array(sessionShape).nullable().describe('Empty without trading; null when not known'),
  closesAt: instant.nullable().describe('When trading of the date ends'),
  special: dayShape.nullable(),
  next: sessionShape.nullable().describe('The first session after now'),
  weekend: z.array(z.int()).describe('Days of the week without trading; 0 is Sunday'),
  hours: z.array(z.object({ from: z.iso.date(), sessions: z.array(sessionHours) })),
  days: z.array(dayShape),
  sources: z.array(z.object({ facts: z.string(), source: z.string(), confidence: z.enum(CONFIDENCES) })),
})
const calendarShape = z.object({ version: z.string(), exchanges: z.array(exchangeShape) })
const importedShape = z.object({
  commandId: z.string(),
  version: z.string().describe('Of the calendar in force after the import'),
  exchanges: z.array(z.object({ name: z.string(), knownUntil: z.iso.date() })),
})
const query = z.object({
  exchange: z.string().optional(),
  date: z.iso.date().optional().describe('Local date of each exchange; default today'),
})

/** An exchange as /v1 shows it. */
export type ShownExchange = z.infer<typeof exchangeShape>

/** Adds the calendar in force, and what changes it. */
export function addCalendar(app: TypedApp, options: V1Options): void {
  const shown = {
    security,
    summary: 'When exchanges trade, and where that is known from',
    querystring: query,
    response: { 200: calendarShape },
  }
  app.get('/calendar', { schema: shown }, async (request, reply) => {
    const { calendar, now } = await options.reads.calendar()
    const { exchange, date } = request.query
    const found = Object.values(calendar.exchanges).filter(
      ({ name }) => exchange === undefined || name === exchange.toUpperCase(),
    )
    const exchanges = found.map((facts) => showExchange(calendar, facts, { now, date }))
    return reply.send({ version: calendar.version, exchanges } as never)
  })
  addImport(app, options)
}

function addImport(app: TypedApp, options: V1Options): void {
  const headers = z.looseObject({
    'idempotency-key': z.string().optional().describe('Required: new for each new import, kept for ever'),
  })
  const summary = 'Add closures, special sessions and hours of an exchange, or holidays as CSV'
  const schema = { security, summary, headers, body: calendarBody, response: { 200: importedShape } }
  // A wrong body is an answer like any other: the first one, kept with its key.
  const validatorCompiler = () => (value: unknown) => ({ value })
  app.post('/imports/calendar', { schema, validatorCompiler }, async (request, reply) => {
    const key = idempotencyKey(request.headers['idempotency-key'])
    const body: unknown = request.body ?? null
    const answer = await answerOnce(options.commandPool(), { scope, key, body }, () =>
      importCalendar(options, `C-${digest('command', scope, key)}`, body),
    )
    const type = answer.status < 400 ? 'application/json; charset=utf-8' : problemType
    return reply
      .code(answer.status as 200)
      .header('content-type', type)
      .serializer((payload: unknown) => String(payload))
      .send(JSON.stringify(answer.body) as never)
  })
}

async function importCalendar(
  { reads, commands }: V1Options,
  commandId: string,
  body: unknown,
): Promise<CommandAnswer> {
  const reading = readCalendarBody(body)
  if (reading.kind === 'refused') return refused(reading.problems)
  const { imported, toProblem } = reading
  const before = (await reads.calendar()).calendar.exchanges
  const flaws = findImportFlaws(before, imported)
  if (flaws.length > 0) return refused(flaws.map(toProblem))
  const { version, exchanges } = await commands.importCalendar(commandId, imported)
  const named = new Set(imported.exchanges.map(({ exchange }) => exchange))
  const told = Object.values(exchanges)
    .filter(({ name }) => named.has(name))
    .map(({ name, knownUntil }) => ({ name, knownUntil }))
  return { status: 200, body: { commandId, version, exchanges: told } }
}

function refused(problems: Parameters<typeof problem>[2]): CommandAnswer {
  const document = problem('REQUEST_INVALID', undefined, problems)
  return { status: document.status, body: document }
}

interface ShownAt {
  readonly now: Instant
  readonly date: LocalDate | undefined
}

function showExchange(calendar: Calendar, facts: ExchangeCalendar, { now, date: asked }: ShownAt) {
  const { name, zone, knownFrom, knownUntil, isAlwaysOpen, weekend, hours, days, sources } = facts
  const date = asked ?? tradingDate(calendar, name, now)!
  const close = closeOf(calendar, name, date)
  const next = nextSession(calendar, name, now)
  return {
    ...{ name, zone, knownFrom, knownUntil, isAlwaysOpen, date },
    sessions: sessionsOn(calendar, name, date)?.map(showSession) ?? null,
    closesAt: close === null ? null : isoInstant(close),
    special: findSpecialDay(facts, date),
    next: next === null ? null : showSession(next),
    ...{ weekend, hours, days, sources },
  }
}

function showSession({ name, opensAt, closesAt }: Session) {
  return { name, opensAt: isoInstant(opensAt), closesAt: isoInstant(closesAt) }
}
