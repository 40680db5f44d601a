import type { Alert } from '../../../core/alert/alert.js'
import type { Zone } from '../../../core/calendar/zone.js'
import { INSTRUMENT_CATALOG } from '../../../server/config/instrument-catalog.js'
import { createAlertReader } from '../../../server/inbox/alert-schema.js'
import type { AlertCall } from './alert-call.js'
import { evaluate } from './evaluate.js'
import type { Finding } from './finding.js'
import { giving, passGuards, plainCircumstances } from './guards.js'
import { NA } from './value.js'

/** What an alert of a script says, with plausible values in it. */
export interface Sample {
  readonly call: AlertCall
  readonly text: string
  /** Null when our service would refuse it. */
  readonly alert: Alert | null
}

/** A Wednesday evening in India, within the session of MCX. */
export const SAMPLE_INSTANT: number = Date.UTC(2026, 0, 14, 14, 30)
const SAMPLE_CLOCK = [
  ['timenow', SAMPLE_INSTANT + 1000],
  ['time', SAMPLE_INSTANT - 3_600_000],
  ['time_close', SAMPLE_INSTANT],
] as const

const instruments = Object.entries(INSTRUMENT_CATALOG).map(([name, { zone }]) => ({ name, zone }))
const readAlert = createAlertReader({ instruments, allowedTypes: null, allowedInstruments: null })

/** Instantiates the message of an alert, with plausible values and with na for each, and reads it as the service would. */
export function instantiate(
  call: AlertCall,
  zone: Zone,
): { readonly sample: Sample; readonly findings: Finding[] } {
  const sources = new Set<string>()
  const circumstances = giving(plainCircumstances(zone), SAMPLE_CLOCK)
  const printed = { ...circumstances, hasSamples: true }
  const text = evaluate(call.message, call.scope, { ...printed, onSource: (name) => sources.add(name) })
  if (typeof text !== 'string') {
    const message = 'what this alert says cannot be followed, so it is not checked'
    const finding: Finding = { line: call.line, rule: 'unread', message }
    return { sample: { call, text: '', alert: null }, findings: [finding] }
  }
  const findings = judge(call, text, 'with plausible values')
  for (const name of sources) {
    const without = giving(circumstances, [[name, NA]])
    // Asked at no particular time: an alert of the evening must not pass for one that never fires
    if (passGuards(call.guards, giving(plainCircumstances(zone), [[name, NA]])) === false) continue
    const told = evaluate(call.message, call.scope, { ...without, hasSamples: true })
    if (typeof told === 'string') findings.push(...judge(call, told, `when ${name} is na`))
  }
  const reading = readAlert(Buffer.from(text))
  return { sample: { call, text, alert: reading.kind === 'alert' ? reading.alert : null }, findings }
}

function judge({ line }: AlertCall, text: string, when: string): Finding[] {
  const findings: Finding[] = []
  if (!isJson(text)) {
    const message = `is no JSON ${when}, so TradingView sends it as plain text: ${around(text)}`
    findings.push({ line, rule: 'json', message })
  }
  const reading = readAlert(Buffer.from(text))
  const problems =
    reading.kind === 'refused'
      ? reading.problems.map(({ field, message }) => `${field} ${message}`.trim())
      : reading.alert.type === 'EXIT'
        ? reading.alert.flags
        : []
  if (problems.length > 0) {
    const verb = reading.kind === 'refused' ? 'is refused' : 'is admitted with an alarm'
    findings.push({ line, rule: 'alert', message: `${verb} ${when}: ${problems.join('; ')}` })
  }
  return findings
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The place that is wrong where it is plain, else the beginning. */
function around(text: string): string {
  const at = Math.max(0, text.search(/[^"\w](?:NaN|na|undefined)\b/) - 30)
  return text.slice(at, at + 80)
}
