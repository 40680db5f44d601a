import { formatNumber } from '../cli/format.js'
import type { Style } from '../cli/style.js'
import { type Cell, formatTable } from '../cli/table.js'
import type { Spread } from './spread.js'

/** Something that was measured. */
export interface BenchRow {
  readonly what: string
  readonly unit: string
  readonly value: Spread
  /** To the baseline of the same repetition. */
  readonly ratio?: Spread
}

/** Something that is wanted, and what came of it. */
export interface BenchGoal {
  readonly goal: string
  readonly measured: string
  readonly met: boolean
}

/** Something that must be so for the numbers to mean anything. */
export interface BenchCheck {
  readonly check: string
  readonly passed: boolean
}

/** What a benchmark found. */
export interface BenchReport {
  readonly bench: string
  /** What was done, in a sentence or two. */
  readonly about: string
  readonly repetitions: number
  readonly rows: readonly BenchRow[]
  readonly goals: readonly BenchGoal[]
  readonly checks: readonly BenchCheck[]
}

/** Returns the report for people, below a line about the machine. */
export function describeReport(report: BenchReport, machine: readonly string[], style: Style): string {
  const { bench, about, repetitions, rows, goals, checks } = report
  const count =
    repetitions === 1 ? 'one repetition' : `median of ${repetitions} interleaved repetitions (min–max)`
  const failed = checks.filter(({ passed }) => !passed)
  return [
    style.strong(`general bench ${bench}`),
    ...machine.map((line) => style.faint(line)),
    `${about}; ${count}`,
    '',
    measureTable(rows, style),
    goalTable(goals, style),
    ...failed.map(({ check }) => style.bad(`not so: ${check}`)),
    ...(failed.length === 0 ? [style.good(`checked: ${checks.map(({ check }) => check).join('; ')}`)] : []),
    '',
  ].join('\n')
}

function measureTable(rows: readonly BenchRow[], style: Style): string {
  const columns = [
    { title: 'measured' },
    { title: 'median', align: 'right' },
    { title: 'min–max', align: 'right' },
    { title: '' },
    { title: 'of the baseline', align: 'right' },
  ] as const
  const cells = rows.map(({ what, value, unit, ratio }): Cell[] => [
    what,
    figure(value.median),
    `${figure(value.min)}–${figure(value.max)}`,
    unit,
    ratio === undefined ? null : `${figure(ratio.median)} × (${figure(ratio.min)}–${figure(ratio.max)})`,
  ])
  return formatTable(columns, cells, style)
}

function goalTable(goals: readonly BenchGoal[], style: Style): string {
  const columns = [{ title: 'goal' }, { title: 'measured' }, { title: '' }] as const
  const cells = goals.map(({ goal, measured, met }) => [
    goal,
    measured,
    met ? style.good('met') : style.warning('not met'),
  ])
  return formatTable(columns, cells, style)
}

/** Returns a number with the digits that mean something: 3 of them, or all before the point. */
export function figure(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return formatNumber(value, 'USD', Math.min(digits, 6))
}
