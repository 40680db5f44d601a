import { regularCloseMinutes } from '../../../core/calendar/regular-close.js'
import { type Zone, zoneOffsetMinutes } from '../../../core/calendar/zone.js'
import { type LocalDate, MINUTE, parseInstant } from '../../../core/time.js'
import type { AlertCall } from './alert-call.js'
import type { Finding } from './finding.js'
import { giving, passGuards, plainCircumstances } from './guards.js'

/** Working days in New York's winter and summer, and after NSE's session grew. */
const DAYS: readonly LocalDate[] = ['2026-01-14', '2026-07-15', '2026-09-16']
const LOOK_AROUND = 120
const EARLIEST = 60
const LATEST = 10

/** Returns where the window of a scout's reports misses the minutes before the close of its exchange. */
export function checkWindow(call: AlertCall, exchange: string, zone: Zone): Finding[] {
  return DAYS.flatMap((date) => {
    const close = regularCloseMinutes(exchange, date)
    const midnight = parseInstant(date)
    if (close === null || midnight === null) return []
    const closesAt = midnight + (close - zoneOffsetMinutes(zone, midnight)) * MINUTE
    const open = minutesOpen(call, closesAt, zone)
    const problem = judge(open)
    if (problem === null) return []
    const message = `on ${date} ${exchange} closes at ${clock(close)}, and the reports ${problem(close)}`
    return [{ line: call.line, rule: 'window', message } as const]
  })
}

/** Minutes before the close (negative: after it) in which a report could fire. */
function minutesOpen(call: AlertCall, closesAt: number, zone: Zone): number[] {
  const open: number[] = []
  for (let before = LOOK_AROUND; before >= -LOOK_AROUND; before--) {
    const then = giving(plainCircumstances(zone), [['timenow', closesAt - before * MINUTE]])
    if (passGuards(call.guards, then) !== false) open.push(before)
  }
  return open
}

function judge(open: readonly number[]): ((close: number) => string) | null {
  const first = open[0]
  const last = open.at(-1)
  if (first === undefined || last === undefined) return () => 'never fire around it'
  const told = (close: number) => `fire from ${clock(close - first)} to ${clock(close - last + 1)}`
  const hasGap = first - last + 1 !== open.length
  return first > EARLIEST || first < LATEST || last !== 1 || hasGap ? told : null
}

function clock(minutes: number): string {
  const pad = (value: number) => String(value).padStart(2, '0')
  return `${pad(Math.floor(minutes / 60) % 24)}:${pad(minutes % 60)}`
}
