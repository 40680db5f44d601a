import type { Zone } from '../../../core/calendar/zone.js'
import { INSTRUMENT_CATALOG } from '../../../server/config/instrument-catalog.js'
import { collectFacts, type ScriptFacts } from './alert-call.js'
import type { Finding } from './finding.js'
import { giving, passGuards, plainCircumstances } from './guards.js'
import { instantiate, type Sample } from './instantiate.js'
import { checkStateBeforeAlert } from './state-before-alert.js'
import { parseScript } from './statement.js'
import { checkWindow } from './window.js'
import { worstCaseOf } from './worst-case.js'

/** What was found in a script. */
export interface LintReport {
  /** The declaration: indicator or strategy; null when there is none. */
  readonly kind: string | null
  /** Types of its alerts, each once, as far as they can be read. */
  readonly alertTypes: readonly string[]
  /** Most alerts in 3 minutes; null when nothing limits them. */
  readonly worstCase: number | null
  readonly arithmetic: readonly string[]
  /** By line. */
  readonly findings: readonly Finding[]
}

/** Examines a Pine script that sends alerts to us. `barMinutes` is the chart it will be on, where it does not insist. */
export function lintScript(text: string, barMinutes: number | null = null): LintReport {
  const facts = collectFacts(parseScript(text))
  const instrument = instrumentIn(text)
  const zone = instrument?.zone ?? 'UTC'
  const read = facts.alerts.map((call) => instantiate(call, zone))
  const samples = read.map(({ sample }) => sample)
  const worst = worstCaseOf(samples, facts, { zone, barMinutes })
  const findings = [
    ...checkText(text, facts),
    ...read.flatMap((one) => one.findings),
    ...samples.flatMap((sample) => checkSample(sample, facts, zone)),
    ...samples.flatMap(({ call, alert }) => {
      const exchange = alert === null ? undefined : INSTRUMENT_CATALOG[alert.instrument]?.exchange
      return alert?.type === 'EOD_MONITOR' && exchange !== undefined ? checkWindow(call, exchange, zone) : []
    }),
    ...worst.findings,
    ...checkStateBeforeAlert(facts),
  ]
  return {
    kind: facts.declaration?.kind ?? null,
    alertTypes: [...new Set(samples.flatMap(({ alert }) => (alert === null ? [] : [alert.type])))],
    worstCase: Number.isFinite(worst.alerts) ? worst.alerts : null,
    arithmetic: worst.arithmetic,
    findings: findings.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  }
}

function instrumentIn(text: string): { readonly zone: Zone } | undefined {
  const name = Object.keys(INSTRUMENT_CATALOG).find((known) => new RegExp(`["']${known}\\\\?["']`).test(text))
  return name === undefined ? undefined : INSTRUMENT_CATALOG[name]
}

function checkText(text: string, { declaration, unread, alerts }: ScriptFacts): Finding[] {
  const findings: Finding[] = []
  if (!/^\s*\/\/\s*@version\s*=\s*6\s*$/m.test(text)) {
    findings.push({ line: 1, rule: 'version', message: '//@version=6 is missing' })
  }
  if (declaration === null) {
    findings.push({
      line: null,
      rule: 'declaration',
      message: 'neither indicator() nor strategy() is called',
    })
  }
  if (alerts.length === 0) {
    findings.push({
      line: null,
      rule: 'alert',
      message: 'there is no call of alert(): the script tells us nothing',
    })
  }
  for (const { line, problem } of unread) {
    findings.push({ line, rule: 'unread', message: `this line is not checked: ${problem}` })
  }
  const status = text.split('\n').findIndex((line) => /position_status/.test(line))
  if (status !== -1) {
    const message =
      'position_status is sent; a script knows no positions, and what it says of them is ignored'
    findings.push({ line: status + 1, rule: 'positionStatus', message })
  }
  return findings
}

const WITH_OFFSET = /(?:Z|[+-]\d{2}:?\d{2})$/

function checkSample({ call, text, alert }: Sample, { declaration }: ScriptFacts, zone: Zone): Finding[] {
  const findings: Finding[] = []
  const { line } = call
  const timestamp = /"timestamp"\s*:\s*"([^"]*)"/.exec(text)?.[1]
  if (timestamp !== undefined && !WITH_OFFSET.test(timestamp)) {
    const message = `the timestamp ${timestamp} has no offset: Z or +05:30 says which clock it is`
    findings.push({ line, rule: 'timestamp', message })
  }
  if (text !== '' && !/"barTime"\s*:/.test(text)) {
    findings.push({ line, rule: 'barTime', message: 'barTime is missing: it tells a bar from the next one' })
  }
  if (alert === null) return findings
  if (alert.type === 'EOD_MONITOR') {
    if (declaration?.kind !== 'strategy') return findings
    const message =
      'EOD_MONITOR comes from a strategy(), which runs when a bar closes: after the close; use indicator()'
    return [...findings, { line, rule: 'declaration', message }]
  }
  const forming = giving(plainCircumstances(zone), [['barstate.isconfirmed', false]])
  if (call.frequency !== 'oncePerBarClose' && passGuards(call.guards, forming) !== false) {
    const message = `${alert.type} can fire on a bar that still forms: ask barstate.isconfirmed first`
    findings.push({ line, rule: 'confirmed', message })
  }
  return findings
}
