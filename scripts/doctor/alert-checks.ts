import { RATE_ALARM_FROM, RATE_LIMIT } from '../../core/alert/rate.js'
import type { Calendar } from '../../core/calendar/calendar.js'
import type { Instrument } from '../../core/instrument/instrument.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { findMissingBar } from '../../core/strategies/trend/missing-bar.js'
import { scoutWindowAt, silentSince } from '../../core/strategies/trend/scout-silence.js'
import { DAY, HOUR, type Instant, MINUTE, SECOND } from '../../core/time.js'
import type { ChartHealth } from '../../server/report/health.js'
import { type Finding, failure, fine, note, warning } from './finding.js'

/** What is known of the charts that send alerts. */
export interface ChartFacts {
  /** Null where no database tells. */
  readonly charts: readonly ChartHealth[] | null
  readonly calendar: Calendar | null
  readonly portfolios: readonly PortfolioSettings[]
}

const remedy = 'Look on TradingView whether its alert is active; docs/alerts.md tells what stops one'

/** Returns, for each instrument, when its charts were last heard of, and what of them is silent or too much at `now`. */
export function checkAlerts({ charts, calendar, portfolios }: ChartFacts, now: Instant): Finding[] {
  if (charts === null) return []
  const settings = new Map(portfolios.map((portfolio) => [portfolio.portfolio, portfolio]))
  const findings = charts.map((chart) => checkChart(chart, settings.get(chart.portfolio), calendar, now))
  const isHeardOf = (portfolio: string, name: string) =>
    charts.some((chart) => chart.portfolio === portfolio && chart.instrument === name)
  for (const { portfolio, instruments } of charts.length === 0 ? [] : settings.values()) {
    const unheard = instruments.map(({ name }) => name).filter((name) => !isHeardOf(portfolio, name))
    if (unheard.length > 0) findings.push(note('alerts', `${unheard.join(', ')} (${portfolio}): none yet`))
  }
  return findings
}

function checkChart(
  chart: ChartHealth,
  settings: PortfolioSettings | undefined,
  calendar: Calendar | null,
  now: Instant,
): Finding {
  const found = describeChart(chart, now)
  const instrument = settings?.instruments.find(({ name }) => name === chart.instrument)
  if (settings !== undefined && instrument !== undefined) {
    const silence = findSilence({ chart, settings, instrument, calendar }, now)
    if (silence !== null) {
      const tell = chart.heldSince === null ? warning : failure
      return tell('alerts', `${found}; ${silence}`, remedy)
    }
  }
  if (chart.recentOfOne < RATE_ALARM_FROM) return fine('alerts', found)
  const many = `TradingView stops a script that fires more than ${RATE_LIMIT} in 3 minutes`
  return warning('alerts', `${found}; ${many}`, 'Let the script fire less often')
}

function describeChart(chart: ChartHealth, now: Instant): string {
  const { portfolio, instrument, lastType, lastAt, lastScoutAt, lastBarAt, recent } = chart
  const parts = [
    lastScoutAt === null ? 'no scout yet' : `last scout ${age(now - lastScoutAt)} ago`,
    lastBarAt === null ? 'no bar yet' : `last bar ${age(now - lastBarAt)} ago`,
    `the last was ${lastType}, ${age(now - lastAt)} ago`,
    `${recent} within 3 minutes`,
  ]
  return `${instrument} (${portfolio}): ${parts.join(', ')}`
}

interface ChartPlace {
  readonly chart: ChartHealth
  readonly settings: PortfolioSettings
  readonly instrument: Instrument
  readonly calendar: Calendar | null
}

function findSilence({ chart, settings, instrument, calendar }: ChartPlace, now: Instant): string | null {
  if (calendar === null) return null
  const window = scoutWindowAt(settings, calendar, instrument, now)
  const heard = { lastScoutAt: chart.lastScoutAt ?? 0, listeningSince: 0 }
  if (window !== null && silentSince(window, heard, now) !== null) return 'no scout, and the close is near'
  const { heldSince, lastBarAt } = chart
  const facts = { hours: settings.hours, calendar, heldSince, barAt: lastBarAt ?? 0, heardAt: lastBarAt }
  const missing = findMissingBar(instrument, { ...facts, listeningSince: 0 }, now)
  if (missing === null) return null
  const held = missing.isHeld ? ', and units are held: their stops do not trail and do not fire' : ''
  return `a bar closed ${age(now - missing.closedAt)} ago and was not told${held}`
}

function age(milliseconds: number): string {
  const length = Math.max(0, milliseconds)
  if (length < 2 * MINUTE) return `${Math.round(length / SECOND)} s`
  if (length < 2 * HOUR) return `${Math.round(length / MINUTE)} min`
  return length < 2 * DAY ? `${Math.round(length / HOUR)} h` : `${Math.round(length / DAY)} days`
}
