import type { Zone } from '../../../core/calendar/zone.js'
import { SECOND } from '../../../core/time.js'
import type { AlertCall, ScriptFacts } from './alert-call.js'
import { evaluate, render } from './evaluate.js'
import type { Finding } from './finding.js'
import { giving, passGuards, plainCircumstances } from './guards.js'
import type { Sample } from './instantiate.js'
import { findThrottle } from './throttle.js'
import { UNKNOWN } from './value.js'

/** More alerts of one script than this in 3 minutes, and TradingView stops it. */
export const MOST_ALERTS = 15
const WINDOW_SECONDS = 180

/** The most alerts that a script can fire in 3 minutes, and how that is reckoned. */
export interface WorstCase {
  /** Infinity where nothing limits them. */
  readonly alerts: number
  readonly arithmetic: readonly string[]
  readonly findings: readonly Finding[]
}

interface Part {
  readonly alerts: number
  readonly arithmetic: string
  readonly findings: readonly Finding[]
}

/** What is known of the chart and the script before its alerts are counted. */
interface Ground {
  readonly facts: ScriptFacts
  readonly zone: Zone
  /** Bars that can close within 3 minutes. */
  readonly closes: number
  readonly pyramiding: number
}

/** Returns the worst case of a script. `barMinutes` is the chart it is said to be on; null: what the script insists on. */
export function worstCaseOf(
  samples: readonly Sample[],
  facts: ScriptFacts,
  { zone, barMinutes }: { readonly zone: Zone; readonly barMinutes: number | null },
): WorstCase {
  const seconds = barMinutes === null ? insistedSeconds(facts, zone) : barMinutes * 60
  // One more, since a bar without trades may be told to be closed only when the next one trades
  const closes = Math.floor(WINDOW_SECONDS / (seconds ?? 60)) + 2
  const told =
    seconds === null
      ? 'nothing stops the script on a 1-minute chart'
      : `bars of ${seconds / 60} min${barMinutes === null ? ', which the script insists on' : ''}`
  const ground: Ground = { facts, zone, closes, pyramiding: pyramidingOf(facts, zone) }
  const exits = samples.filter((sample) => isExitInLoop(sample, facts))
  const parts = samples
    .filter((sample) => !exits.includes(sample))
    .map((sample) => countAlerts(sample.call, sample.alert?.type ?? 'an alert', ground))
  if (exits.length > 0) parts.push(countExits(exits, samples, ground))
  const alerts = parts.reduce((sum, part) => sum + part.alerts, 0)
  const arithmetic = [
    `${told}: floor(180 / ${seconds ?? 60}) + 1, and 1 that is told late: at most ${closes} close in 3 minutes`,
    ...parts.map((part) => part.arithmetic),
  ]
  const findings = parts.flatMap((part) => part.findings)
  if (alerts > MOST_ALERTS) {
    const message = `up to ${alerts === Number.POSITIVE_INFINITY ? 'any number of' : alerts} alerts in 3 minutes; above ${MOST_ALERTS} TradingView stops the alert`
    findings.push({ line: null, rule: 'rate', message })
  }
  return { alerts, arithmetic, findings }
}

/**
 * Seconds of the shortest bar with which the script runs; null when it runs with any. A check that an input can switch
 * off does not count.
 */
function insistedSeconds({ stops, scope }: ScriptFacts, zone: Zone): number | null {
  const switches = [...scope.names].filter(([, binding]) => {
    return binding.kind === 'value' && /^input\(?\.?bool/.test(render(binding.value))
  })
  const circumstances = giving(plainCircumstances(zone), [
    ...switches.map(([name]) => [name, UNKNOWN] as const),
    ['barstate.isfirst', true],
  ])
  for (let minutes = 1; minutes <= 1440; minutes++) {
    const onChart = giving(circumstances, [['timeframe.in_seconds()', minutes * 60]])
    if (stops.some((guards) => passGuards(guards, onChart) === true)) continue
    return minutes === 1 ? null : minutes * 60
  }
  return null
}

/** How many entries a strategy may hold at once; 0 for an indicator. */
function pyramidingOf({ declaration, scope }: ScriptFacts, zone: Zone): number {
  if (declaration?.kind !== 'strategy') return 0
  const told = declaration.values.find(({ name }) => name === 'pyramiding')
  const value = told === undefined ? 0 : evaluate(told.value, scope, plainCircumstances(zone))
  return typeof value === 'number' ? Math.max(1, value) : Number.POSITIVE_INFINITY
}

function isExitInLoop({ call, alert }: Sample, { declaration }: ScriptFacts): boolean {
  return declaration?.kind === 'strategy' && call.loops > 0 && alert?.type === 'EXIT'
}

/** Every entry is closed once: those that were open, and those that the window brings. */
function countExits(exits: readonly Sample[], samples: readonly Sample[], ground: Ground): Part {
  const sites = samples.filter(
    ({ alert }) => alert?.type === 'BASE_ENTRY' || alert?.type === 'PYRAMID',
  ).length
  const entries = sites * ground.closes
  const lines = exits.map(({ call }) => call.line).join(', ')
  const alerts = ground.pyramiding + entries
  const arithmetic = `line ${lines}, EXIT: ${ground.pyramiding} entries open at most, and ${entries} new ones: ${alerts}`
  const findings = exits.flatMap(({ call }) => (isPerBar(call, ground) ? [] : [unlimited(call, 'EXIT')]))
  return { alerts: findings.length > 0 ? Number.POSITIVE_INFINITY : alerts, arithmetic, findings }
}

function countAlerts(call: AlertCall, what: string, ground: Ground): Part {
  const where = `line ${call.line}, ${what}`
  if (call.loops > 0) {
    const findings: Finding[] = [
      { line: call.line, rule: 'rate', message: 'an alert in a loop has no limit that can be seen' },
    ]
    return { alerts: Number.POSITIVE_INFINITY, arithmetic: `${where}: in a loop, no limit`, findings }
  }
  if (isPerBar(call, ground)) {
    return { alerts: ground.closes, arithmetic: `${where}: once a bar: ${ground.closes}`, findings: [] }
  }
  return countThrottled(call, where, what, ground)
}

/** Whether it fires on the last tick of a bar only, or once in it. */
function isPerBar(call: AlertCall, { zone }: Ground): boolean {
  if (call.frequency !== 'all') return true
  const forming = giving(plainCircumstances(zone), [['barstate.isconfirmed', false]])
  return passGuards(call.guards, forming) === false
}

function countThrottled(call: AlertCall, where: string, what: string, { facts, zone }: Ground): Part {
  const throttle = findThrottle(call, facts, plainCircumstances(zone))
  if (throttle === null) {
    return {
      alerts: Number.POSITIVE_INFINITY,
      arithmetic: `${where}: no limit`,
      findings: [unlimited(call, what)],
    }
  }
  const { name, persistence, milliseconds, inputs } = throttle
  if (persistence === 'var') {
    const message = `${name} is kept with var, which every tick of a bar rolls back: the throttle forgets; use varip`
    const findings: Finding[] = [{ line: call.line, rule: 'throttle', message }]
    return {
      alerts: Number.POSITIVE_INFINITY,
      arithmetic: `${where}: ${name} is rolled back, no limit`,
      findings,
    }
  }
  const seconds = milliseconds / SECOND
  const alerts = Math.floor(WINDOW_SECONDS / seconds) + 1
  const by = inputs.length === 0 ? '' : `, the least that ${inputs.join(', ')} allows`
  return {
    alerts,
    arithmetic: `${where}: ${seconds} s apart${by}: floor(180 / ${seconds}) + 1 = ${alerts}`,
    findings: [],
  }
}

function unlimited({ line }: AlertCall, what: string): Finding {
  return { line, rule: 'throttle', message: `${what} can fire on every tick: nothing holds it back` }
}
