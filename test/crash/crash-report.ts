import { appendFileSync } from 'node:fs'
import { type FindingKind, kindOfFinding } from '../helpers/audit.js'

/** What one kind of fault came to. */
export interface CrashRow {
  readonly suite: string
  /** Where or how the service was killed or stopped. */
  readonly what: string
  readonly kills: number
  readonly restarts: number
  /** Milliseconds from each restart to ready, or from each kill to the other instance's being active. */
  readonly readyAfter: readonly number[]
  readonly findings: readonly string[]
}

/** Names the file that rows are added to, one JSON document a line; none are kept without it. */
export const crashReportVariable = 'CRASH_REPORT'

/** Adds a row to the report of `npm run crash`. */
export function reportCrash(row: CrashRow): void {
  const file = process.env[crashReportVariable]
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`)
}

/** Returns the middle and the largest of some times, rounded; zeros of none. */
export function middleAndMost(times: readonly number[]): { readonly middle: number; readonly most: number } {
  const sorted = times.map(Math.round).sort((left, right) => left - right)
  return { middle: sorted[sorted.length >> 1] ?? 0, most: sorted.at(-1) ?? 0 }
}

/** Returns how many findings are of a kind. */
export function countKind(findings: readonly string[], kind: FindingKind): number {
  return findings.filter((finding) => kindOfFinding(finding) === kind).length
}

/** Returns a row in one line. */
export function describeRow({ what, kills, readyAfter, findings }: CrashRow): string {
  const { middle, most } = middleAndMost(readyAfter)
  const found = findings.length === 0 ? 'nothing wrong' : findings.join('; ')
  return `${what}: ${kills} kills, ready after ${middle} ms, at most ${most} ms; ${found}`
}
