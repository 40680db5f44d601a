import {
  type Calendar,
  closeOf,
  findExchange,
  findSpecialDay,
  nextSession,
  sessionAt,
  sessionsOn,
  tradingDate,
} from '../../core/calendar/calendar.js'
import type { ExchangeCalendar } from '../../core/calendar/exchange-calendar.js'
import { zoneOffsetMinutes } from '../../core/calendar/zone.js'
import { DAY, type Instant, isoInstant, localDate, MINUTE } from '../../core/time.js'
import { loadConfiguration, type PortfolioConfiguration } from '../../server/config/configuration.js'
import type { Environment } from '../../server/config/env.js'
import { builtInCalendar } from '../../server/market/calendar/effective-calendar.js'
import { findStaleness } from '../../server/market/calendar/staleness.js'
import { checkedSecrets } from '../cli/configured-secrets.js'
import { type Finding, fine, note, warning } from './finding.js'

/** Uncertain days are told so many days ahead. */
const daysAhead = 60
const consequence = 'on a date that is not known entries are refused'
const remedy = 'Import what the exchange has announced: `general calendar import FILE`'

/** Returns today's sessions of the exchanges that the portfolios use, and what is stale or unknown of them. */
export async function checkCalendar(
  environment: Environment,
  effective: Calendar | null,
  now: Instant,
): Promise<Finding[]> {
  const calendar = effective ?? builtInCalendar()
  const imports = effective === null ? '; without a database, so without what was imported' : ''
  const about = note('calendar', `version ${calendar.version}${imports}`)
  const portfolios = await configuredPortfolios(environment)
  return [about, ...usedExchanges(portfolios).flatMap((used) => checkExchange(calendar, used, now))]
}

interface UsedExchange {
  readonly exchange: string
  /** Whether a portfolio trades in its sessions only; else the calendar decides nothing there. */
  readonly isBinding: boolean
}

/** Returns the portfolios of the configuration; none of a broken one, which is a finding of its own. */
export async function configuredPortfolios(
  environment: Environment,
): Promise<readonly PortfolioConfiguration[]> {
  const configuration = loadConfiguration(environment.configPath, checkedSecrets(environment))
  return (await configuration.catch(() => null))?.portfolios ?? []
}

function usedExchanges(portfolios: readonly PortfolioConfiguration[]): UsedExchange[] {
  const used = new Map<string, boolean>()
  for (const { sessions, instruments } of portfolios) {
    for (const { exchange } of instruments) {
      used.set(exchange, (used.get(exchange) ?? false) || sessions !== 'always')
    }
  }
  return [...used].map(([exchange, isBinding]) => ({ exchange, isBinding }))
}

function checkExchange(calendar: Calendar, { exchange, isBinding }: UsedExchange, now: Instant): Finding[] {
  const check = `sessions of ${exchange}`
  const tell = (found: string) =>
    isBinding ? warning(check, `${found}; ${consequence}`, remedy) : note(check, found, remedy)
  const facts = findExchange(calendar, exchange)
  const staleness = findStaleness(calendar, exchange, now)
  if (facts === null) return [tell(staleness!)]
  const findings = [fine(check, describeToday(calendar, facts, now))]
  if (staleness !== null) findings.push(tell(staleness))
  return [...findings, ...uncertainDays(facts, now).map((found) => note(check, found, remedy))]
}

function describeToday(calendar: Calendar, facts: ExchangeCalendar, now: Instant): string {
  const { name, zone } = facts
  if (facts.isAlwaysOpen) return 'around the clock'
  const date = tradingDate(calendar, name, now)!
  const sessions = sessionsOn(calendar, name, date)
  const special = findSpecialDay(facts, date)
  const occasion = special === null ? '' : ` (${special.name})`
  if (sessions === null) return `today, ${date}, is not known`
  const hours = sessions.map(
    (session) => `${clock(facts, session.opensAt)}-${clock(facts, session.closesAt)}`,
  )
  const today = `today, ${date}${occasion}: ${hours.length === 0 ? 'closed' : hours.join(', ')} (${zone})`
  const close = closeOf(calendar, name, date)
  if (close !== null && now < close) {
    const isOpen = typeof sessionAt(calendar, name, now) === 'object'
    return `${today}; ${isOpen ? 'open' : 'not open'}, the next close is at ${clock(facts, close)}`
  }
  return `${today}; ${describeNext(calendar, facts, now)}`
}

function describeNext(calendar: Calendar, facts: ExchangeCalendar, now: Instant): string {
  const next = nextSession(calendar, facts.name, now)
  if (next === null) return 'when it opens next is not known'
  const date = tradingDate(calendar, facts.name, next.opensAt)!
  const close = closeOf(calendar, facts.name, date)!
  return `it opens next on ${date} at ${clock(facts, next.opensAt)}, and closes at ${clock(facts, close)}`
}

function uncertainDays({ days }: ExchangeCalendar, now: Instant): string[] {
  const [from, until] = [localDate(now), localDate(now + daysAhead * DAY)]
  return days
    .filter(({ date, confidence }) => confidence === 'expected' && from <= date && date <= until)
    .map(
      ({ date, name, note: doubt }) =>
        `${date}, ${name}, is not certain${doubt === null ? '' : `: ${doubt}`}`,
    )
}

/** Returns an instant as the time of day at the exchange, HH:MM. */
function clock({ zone }: ExchangeCalendar, at: Instant): string {
  return isoInstant(at + zoneOffsetMinutes(zone, at) * MINUTE).slice(11, 16)
}
