import { DAY, HOUR, MINUTE, SECOND } from '../../../core/time.js'
import type { AlertCall, ScriptFacts, StateChange } from './alert-call.js'
import { readNames } from './alert-call.js'
import { bindParameters, type Circumstances, evaluate } from './evaluate.js'
import { dottedName, type Expression, partsOf } from './expression.js'
import { giving, passGuards, plainCircumstances } from './guards.js'
import { lookUp, type Scope } from './scope.js'

/** What holds an alert back after it fired. */
export interface Throttle {
  readonly name: string
  readonly persistence: 'var' | 'varip'
  /** Least milliseconds from one alert to the next, with every input of the throttle at its least. */
  readonly milliseconds: number
  /** Inputs that set the interval. */
  readonly inputs: readonly string[]
}

const LONGEST = 10 * MINUTE

/**
 * Returns the throttle of an alert: a kept variable that is set where the alert fires and read by its guards. The
 * interval is measured, not read: the guards are asked each second after an alert until they could let the next one
 * pass. Null when nothing holds it back.
 */
export function findThrottle(
  call: AlertCall,
  facts: ScriptFacts,
  circumstances: Circumstances,
): Throttle | null {
  const read = namesInGuards(call)
  const changes = facts.changes.filter(
    ({ name, value, guards }) =>
      read.has(name) && value !== null && guards.every((guard) => isGuardOf(call, guard)),
  )
  for (const change of changes) {
    const kept = lookUp(call.scope, change.name)
    if (kept?.kind !== 'varies' || kept.persistence === null || change.value === null) continue
    const inputs = inputsOf(call, change)
    const least: Circumstances = { ...circumstances, least: new Set(inputs) }
    const milliseconds = measure(call, change, least)
    if (milliseconds > 0) return { name: change.name, persistence: kept.persistence, milliseconds, inputs }
  }
  return null
}

function isGuardOf({ guards }: AlertCall, { line, holds }: { line: number; holds: boolean }): boolean {
  return guards.some((own) => own.line === line && own.holds === holds)
}

function namesInGuards({ guards }: AlertCall): Set<string> {
  return new Set(
    guards.flatMap(({ condition, scope, line }) => [...readNames(condition, scope, line).keys()]),
  )
}

/** Inputs that the interval depends on: those in what is assigned, and those compared with the kept variable. */
function inputsOf(call: AlertCall, change: StateChange): string[] {
  const compared = call.guards.flatMap(({ condition, scope }) =>
    comparisonsWith(change.name, condition, scope),
  )
  const assigned = change.value === null ? [] : [{ expression: change.value, scope: change.scope }]
  const names = [...assigned, ...compared].flatMap(({ expression, scope }) => [
    ...readNames(expression, scope, 0).keys(),
  ])
  return [...new Set(names)].filter((name) => isNumberInput(name, call.scope))
}

interface Placed {
  readonly expression: Expression
  readonly scope: Scope
}

/** The comparisons that read a variable, looked for behind names and in the functions that are called. */
function comparisonsWith(name: string, expression: Expression, scope: Scope, depth = 0): Placed[] {
  if (depth > 20) return []
  const isComparison = expression.kind === 'binary' && /^[<>=!]/.test(expression.operator)
  if (isComparison && readNames(expression, scope, 0).has(name)) return [{ expression, scope }]
  const found = partsOf(expression).flatMap((part) => comparisonsWith(name, part, scope, depth + 1))
  const called = expression.kind === 'call' ? dottedName(expression.target) : null
  const own = lookUp(scope, called ?? (expression.kind === 'name' ? expression.name : ''))
  if (own?.kind === 'value') return [...found, ...comparisonsWith(name, own.value, own.scope, depth + 1)]
  if (own?.kind !== 'function' || expression.kind !== 'call') return found
  const inner = bindParameters({ caller: scope, scope: own.scope }, own.parameters, expression.values)
  const bodies = own.body.filter(
    (statement) => statement.kind === 'expression' || statement.kind === 'assign',
  )
  return [...found, ...bodies.flatMap(({ value }) => comparisonsWith(name, value, inner, depth + 1))]
}

function isNumberInput(name: string, scope: Scope): boolean {
  const binding = lookUp(scope, name)
  if (binding?.kind !== 'value' || binding.value.kind !== 'call') return false
  if (!/^input\b/.test(dottedName(binding.value.target) ?? '')) return false
  return typeof evaluate({ kind: 'name', name }, scope, plain) === 'number'
}

const plain = plainCircumstances('UTC')

function measure(call: AlertCall, change: StateChange, circumstances: Circumstances): number {
  const firedAt = firstPossible(call, change, circumstances)
  if (firedAt === null || change.value === null) return 0
  const kept = evaluate(change.value, change.scope, giving(circumstances, [['timenow', firedAt]]))
  for (let later = 0; later <= LONGEST; later += SECOND) {
    const then = giving(circumstances, [
      ['timenow', firedAt + later],
      [change.name, kept],
    ])
    if (passGuards(call.guards, then) !== false) return later
  }
  return LONGEST
}

/** A first time in which the alert could fire, looked for through a day of winter and two of summer. */
function firstPossible(call: AlertCall, change: StateChange, circumstances: Circumstances): number | null {
  for (const day of [Date.UTC(2026, 0, 14), Date.UTC(2026, 6, 15), Date.UTC(2026, 8, 16)]) {
    for (let at = day; at < day + DAY; at += 5 * MINUTE) {
      const quiet = giving(circumstances, [
        ['timenow', at],
        [change.name, at - 12 * HOUR],
      ])
      if (passGuards(call.guards, quiet) !== false) return at
    }
  }
  return null
}
