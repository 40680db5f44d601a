import { bindParameters, evaluate } from './evaluate.js'
import { type CallValue, dottedName, type Expression, everyPart } from './expression.js'
import { bind, EMPTY_SCOPE, lookUp, loosen, type Scope, varying } from './scope.js'
import type { AssignStatement, Block, Statement } from './statement.js'

/** A condition on the way to a statement, at its place, and whether it must hold or must not. */
export interface Guard {
  readonly condition: Expression
  readonly holds: boolean
  readonly scope: Scope
  readonly line: number
}

/** A call of alert() in a script, with what leads to it. */
export interface AlertCall {
  readonly line: number
  readonly message: Expression
  readonly frequency: AlertFrequency
  readonly guards: readonly Guard[]
  /** How many loops stand around it. */
  readonly loops: number
  /** At the call. */
  readonly scope: Scope
}

/** How often a call of alert() can fire. */
export type AlertFrequency = 'all' | 'oncePerBar' | 'oncePerBarClose'

/** A change of what is kept from bar to bar. */
export interface StateChange {
  readonly name: string
  readonly line: number
  /** Set to na, nothing or zero, or emptied. */
  readonly isReset: boolean
  /** Null where something is changed in place, as by array.push. */
  readonly value: Expression | null
  readonly guards: readonly Guard[]
  /** Whether the block that it stands in, or one around that, places orders. */
  readonly besideOrder: boolean
  readonly scope: Scope
}

/** What matters of a script. */
export interface ScriptFacts {
  readonly alerts: readonly AlertCall[]
  readonly changes: readonly StateChange[]
  /** Conditions under which the script stops with an error. */
  readonly stops: readonly (readonly Guard[])[]
  /** Lines that are not understood. */
  readonly unread: readonly { readonly line: number; readonly text: string; readonly problem: string }[]
  /** The declaration: indicator(...) or strategy(...). */
  readonly declaration: { readonly kind: string; readonly values: readonly CallValue[] } | null
  /** At the end of the script. */
  readonly scope: Scope
}

interface Collected {
  readonly alerts: AlertCall[]
  readonly changes: StateChange[]
  readonly stops: (readonly Guard[])[]
  readonly unread: { line: number; text: string; problem: string }[]
  declaration: ScriptFacts['declaration']
}

interface Path {
  readonly guards: readonly Guard[]
  readonly loops: number
  readonly calls: number
  readonly besideOrder: boolean
}

const START: Path = { guards: [], loops: 0, calls: 0, besideOrder: false }

/** Returns what matters of a script: its alerts with what leads to them, and what it keeps from bar to bar. */
export function collectFacts(script: Block): ScriptFacts {
  const collected: Collected = { alerts: [], changes: [], stops: [], unread: [], declaration: null }
  const scope = walk(collected, script, EMPTY_SCOPE, START)
  return { ...collected, scope }
}

/** Walks a block and returns the scope at its end. */
function walk(collected: Collected, block: Block, before: Scope, outer: Path): Scope {
  const path = { ...outer, besideOrder: outer.besideOrder || block.some(placesOrder) }
  let scope = before
  for (const statement of block) scope = step(collected, statement, scope, path)
  return scope
}

function step(collected: Collected, statement: Statement, scope: Scope, path: Path): Scope {
  switch (statement.kind) {
    case 'assign':
      return assign(collected, statement, scope, path)
    case 'function': {
      const { name, parameters, body } = statement
      return bind(scope, name, { kind: 'function', parameters, body, scope })
    }
    case 'type':
      return { ...scope, fields: new Map([...scope.fields, ...statement.fields]) }
    case 'if': {
      const guard = { condition: statement.condition, scope, line: statement.line }
      const under = (holds: boolean) => ({ ...path, guards: [...path.guards, { ...guard, holds }] })
      walk(collected, statement.then, scope, under(true))
      walk(collected, statement.otherwise, scope, under(false))
      return loosen(scope, [...statement.then, ...statement.otherwise])
    }
    case 'loop': {
      let inner = loosen(scope, statement.body)
      for (const name of statement.names) inner = bind(inner, name, varying(null))
      walk(collected, statement.body, inner, { ...path, loops: path.loops + 1 })
      return loosen(scope, statement.body)
    }
    case 'expression':
      readCall(collected, statement.value, { scope, path, line: statement.line })
      return scope
    case 'unread':
      collected.unread.push({ line: statement.line, text: statement.text, problem: statement.problem })
      return scope
  }
}

function assign(collected: Collected, statement: AssignStatement, scope: Scope, path: Path): Scope {
  const { names, operator, persistence, value, line } = statement
  if (names.length > 1) return names.reduce((all, name) => bind(all, name, varying('float')), scope)
  const name = names[0]!
  if (persistence !== null)
    return bind(scope, name, varying(statement.type ?? typeOfValue(value), persistence))
  const known = lookUp(scope, name)
  const isKept = known?.kind === 'varies' && known.persistence !== null
  if (operator !== '=' && isKept) {
    const plain = operator === ':=' ? value : null
    collected.changes.push({
      name,
      line,
      isReset: plain !== null && isNothing(plain),
      value: plain,
      scope,
      ...path,
    })
    return scope
  }
  if (operator !== '=' && known?.kind !== 'value') return scope
  const whole: Expression =
    operator === '=' || operator === ':='
      ? value
      : { kind: 'binary', operator: operator[0]!, left: { kind: 'name', name }, right: value }
  return bind(scope, name, { kind: 'value', value: whole, scope, line })
}

function typeOfValue(value: Expression): string | null {
  if (value.kind === 'text') return 'string'
  if (value.kind === 'name' && /^(?:true|false)$/.test(value.name)) return 'bool'
  return value.kind === 'call' && /^array\b|\bnew$/.test(dottedName(value.target) ?? '') ? 'array' : 'float'
}

function isNothing(value: Expression): boolean {
  if (value.kind === 'name') return value.name === 'na' || value.name === 'false'
  return (value.kind === 'number' && value.value === 0) || (value.kind === 'text' && value.value === '')
}

const ORDERS = /^strategy\.(?:entry|close|close_all|exit|order)$/

function placesOrder(statement: Statement): boolean {
  return (
    statement.kind === 'expression' &&
    statement.value.kind === 'call' &&
    ORDERS.test(dottedName(statement.value.target) ?? '')
  )
}

interface CallPlace {
  readonly scope: Scope
  readonly path: Path
  readonly line: number
}

const DEEPEST_CALL = 8

function readCall(collected: Collected, value: Expression, place: CallPlace): void {
  if (value.kind !== 'call') return
  const name = dottedName(value.target)
  if (name === null) return
  const { scope, path, line } = place
  if (name === 'alert') readAlert(collected, value.values, place)
  if (name === 'runtime.error') collected.stops.push(path.guards)
  if (name === 'indicator' || name === 'strategy')
    collected.declaration = { kind: name, values: value.values }
  const changed = /^(?:array\.(clear|pop|shift|remove)|(\w+)\.(?:clear|pop|shift|remove))$/.exec(name)
  const target = changed?.[2] ?? (changed === null ? undefined : nameOf(value.values[0]?.value))
  const kept = target === undefined ? undefined : lookUp(scope, target)
  if (target !== undefined && kept?.kind === 'varies' && kept.persistence !== null) {
    collected.changes.push({ name: target, line, isReset: true, value: null, scope, ...path })
  }
  const own = lookUp(scope, name)
  if (own?.kind === 'function' && path.calls < DEEPEST_CALL) {
    const inner = bindParameters({ caller: scope, scope: own.scope }, own.parameters, value.values)
    walk(collected, own.body, inner, { ...path, calls: path.calls + 1 })
  }
}

function nameOf(value: Expression | undefined): string | undefined {
  return value?.kind === 'name' ? value.name : undefined
}

function readAlert(
  collected: Collected,
  values: readonly CallValue[],
  { scope, path, line }: CallPlace,
): void {
  const message = values.find(({ name }) => name === 'message') ?? values[0]
  if (message === undefined) return
  const told = values.find(({ name }) => name === 'freq') ?? values[1]
  const { guards, loops } = path
  const frequency = frequencyOf(told?.value, scope)
  collected.alerts.push({ line, message: message.value, frequency, guards, loops, scope })
}

function frequencyOf(value: Expression | undefined, scope: Scope): AlertFrequency {
  if (value === undefined) return 'oncePerBar'
  const told = evaluate(value, scope, {
    zone: 'UTC',
    given: new Map(),
    least: new Set(),
    hasSamples: false,
  })
  if (told === 'alert.freq_once_per_bar_close') return 'oncePerBarClose'
  // Where it cannot be told, the worst is taken
  return told === 'alert.freq_once_per_bar' ? 'oncePerBar' : 'all'
}

/** Returns the names that an expression reads, those behind its variables included, each with the line where it is read. */
export function readNames(expression: Expression, scope: Scope, line: number): Map<string, number> {
  const found = new Map<string, number>()
  const visit = (inner: Expression, where: Scope, at: number, depth: number): void => {
    for (const part of everyPart(inner)) {
      if (part.kind !== 'name') continue
      const binding = lookUp(where, part.name)
      if (!found.has(part.name)) found.set(part.name, at)
      if (depth > 20 || binding === undefined) continue
      if (binding.kind === 'value') visit(binding.value, binding.scope, binding.line || at, depth + 1)
      if (binding.kind === 'function') {
        for (const statement of binding.body) {
          if (statement.kind === 'expression' || statement.kind === 'assign') {
            visit(statement.value, binding.scope, at, depth + 1)
          }
        }
      }
    }
  }
  visit(expression, scope, line, 0)
  return found
}
