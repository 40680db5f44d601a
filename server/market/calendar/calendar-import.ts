import { regularHoursOn } from '../../../core/calendar/calendar.js'
import type {
  ClosedSessions,
  Confidence,
  ExchangeCalendar,
  RegularHours,
  SessionHours,
  SpecialDay,
} from '../../../core/calendar/exchange-calendar.js'
import type { LocalDate } from '../../../core/time.js'
import { SAME_DAYS } from './built-in.js'

/** A date on which regular sessions do not take place; `none` takes an earlier closure back. */
export interface Closure {
  readonly date: LocalDate
  readonly sessions: ClosedSessions
  readonly name: string
}

/** A session on one date, beside the regular ones that are not closed. */
export interface SpecialSession extends SessionHours {
  readonly date: LocalDate
}

/** New facts about one exchange. */
export interface ExchangeImport {
  readonly exchange: string
  /** The last date for which closures and special sessions are now known; null leaves it. */
  readonly knownUntil: LocalDate | null
  readonly closures: readonly Closure[]
  readonly specialSessions: readonly SpecialSession[]
  readonly hours: readonly RegularHours[]
}

/** New facts, and where they come from. */
export interface CalendarImport {
  readonly source: string
  readonly confidence: Confidence
  readonly exchanges: readonly ExchangeImport[]
}

type Exchanges = Readonly<Record<string, ExchangeCalendar>>

/** What is wrong with a part of an import. */
export interface ImportFlaw {
  /** Index of the exchange in the import, and the path within it. */
  readonly exchange: number
  readonly path: readonly (string | number)[]
  readonly message: string
}

/**
 * Returns the exchanges with the facts of an import: each date that it names is what it says, other dates stay. A closure
 * makes the date anew; a special session without one keeps what was closed. Days of NSE and BSE hold for their derivatives
 * too. Exchanges that are not known are left out.
 */
export function applyImport(exchanges: Exchanges, imported: CalendarImport): Exchanges {
  const changed = { ...exchanges }
  for (const facts of imported.exchanges) {
    for (const name of SAME_DAYS[facts.exchange] ?? [facts.exchange]) {
      const known = changed[name]
      // Hours are those of the exchange that was named: shares and derivatives close at different times.
      const own = name === facts.exchange ? facts : { ...facts, hours: [] }
      if (known !== undefined) changed[name] = withFacts(known, own, imported)
    }
  }
  return changed
}

/** Returns what keeps an import from being applied; nothing when it can be. */
export function findImportFlaws(exchanges: Exchanges, imported: CalendarImport): ImportFlaw[] {
  return imported.exchanges.flatMap((facts, exchange) =>
    flawsOf(exchanges, facts).map((flaw) => ({ exchange, ...flaw })),
  )
}

type Flaw = Omit<ImportFlaw, 'exchange'>

function flawsOf(exchanges: Exchanges, facts: ExchangeImport): Flaw[] {
  const known = Object.hasOwn(exchanges, facts.exchange) ? exchanges[facts.exchange] : undefined
  if (known === undefined) {
    const names = Object.keys(exchanges).join(', ')
    return [{ path: ['exchange'], message: `${facts.exchange} is not known; known are ${names}` }]
  }
  if (known.isAlwaysOpen) return [{ path: ['exchange'], message: `${facts.exchange} never closes` }]
  const flaws: Flaw[] = []
  const { knownUntil } = facts
  if (knownUntil !== null && knownUntil < known.knownFrom) {
    flaws.push({ path: ['knownUntil'], message: `is before ${known.knownFrom}, where the calendar begins` })
  }
  const until = knownUntil ?? known.knownUntil
  const checkDate = (date: LocalDate, path: Flaw['path']): void => {
    if (date < known.knownFrom) flaws.push({ path, message: `${date} is before ${known.knownFrom}` })
    if (date > until) flaws.push({ path, message: `${date} is after ${until}: give knownUntil` })
  }
  facts.closures.forEach(({ date, sessions }, index) => {
    checkDate(date, ['closures', index, 'date'])
    if (sessions === 'all' || sessions === 'none' || hasSession(known, facts, date, sessions)) return
    const message = `${facts.exchange} has no ${sessions} session on ${date}; close all`
    flaws.push({ path: ['closures', index, 'sessions'], message })
  })
  facts.specialSessions.forEach(({ date }, index) => {
    checkDate(date, ['specialSessions', index, 'date'])
  })
  return [...flaws, ...repeatedClosures(facts)]
}

function hasSession(
  known: ExchangeCalendar,
  { hours }: ExchangeImport,
  date: LocalDate,
  session: string,
): boolean {
  const merged = { ...known, hours: mergeHours(known.hours, hours) }
  return regularHoursOn(merged, date)?.sessions.some(({ name }) => name === session) ?? false
}

function repeatedClosures({ closures }: ExchangeImport): Flaw[] {
  const first = new Map<LocalDate, number>()
  return closures.flatMap(({ date }, index) => {
    const earlier = first.get(date)
    if (earlier === undefined) first.set(date, index)
    return earlier === undefined
      ? []
      : [{ path: ['closures', index, 'date'], message: `${date} is named before` }]
  })
}

function withFacts(
  known: ExchangeCalendar,
  facts: ExchangeImport,
  { source, confidence }: CalendarImport,
): ExchangeCalendar {
  const days = new Map(known.days.map((day) => [day.date, day]))
  const dates = new Set([...facts.closures, ...facts.specialSessions].map(({ date }) => date))
  for (const date of dates) days.set(date, toDay(date, { facts, known: days.get(date), source, confidence }))
  const told = { facts: describe(facts), source, confidence }
  return {
    ...known,
    knownUntil: facts.knownUntil ?? known.knownUntil,
    hours: mergeHours(known.hours, facts.hours),
    days: [...days.values()].sort((left, right) => (left.date < right.date ? -1 : 1)),
    sources: [...known.sources, told],
  }
}

interface DayFacts {
  readonly facts: ExchangeImport
  readonly known: SpecialDay | undefined
  readonly source: string
  readonly confidence: Confidence
}

function toDay(date: LocalDate, { facts, known, source, confidence }: DayFacts): SpecialDay {
  const closure = facts.closures.find((candidate) => candidate.date === date)
  const sessions = facts.specialSessions.filter((candidate) => candidate.date === date)
  return {
    date,
    name: closure?.name ?? known?.name ?? sessions[0]?.name ?? '',
    closed: closure?.sessions ?? known?.closed ?? 'none',
    extra: sessions.map(({ name, opens, closes }) => ({ name, opens, closes })),
    confidence,
    note: `Imported: ${source}`,
  }
}

function mergeHours(
  known: readonly RegularHours[],
  imported: readonly RegularHours[],
): readonly RegularHours[] {
  const hours = new Map([...known, ...imported].map((entry) => [entry.from, entry]))
  return [...hours.values()].sort((left, right) => (left.from < right.from ? -1 : 1))
}

function describe({ closures, specialSessions, hours, knownUntil }: ExchangeImport): string {
  const counts: readonly (readonly [number, string])[] = [
    [closures.length, 'closures'],
    [specialSessions.length, 'special sessions'],
    [hours.length, 'hours'],
  ]
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return `Imported: ${[...parts, ...(knownUntil === null ? [] : [`known until ${knownUntil}`])].join(', ')}`
}
