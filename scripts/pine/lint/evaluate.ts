import type { Zone } from '../../../core/calendar/zone.js'
import { callBuiltIn } from './built-in.js'
import { type CallValue, dottedName, type Expression } from './expression.js'
import { type Binding, bind, lookUp, loosen, type Scope, varying } from './scope.js'
import type { AssignStatement, Block } from './statement.js'
import { combine, NA, negate, sampleNumber, UNKNOWN, type Value } from './value.js'

/** The circumstances under which expressions are evaluated. */
export interface Circumstances {
  readonly zone: Zone
  /** What names and sources are to be, whatever the script says. */
  readonly given: ReadonlyMap<string, Value>
  /** Inputs that stand at the least value they allow; the others stand at their default. */
  readonly least: ReadonlySet<string>
  /** Whether series are plausible values rather than unknown: for what is printed, not for what is asked. */
  readonly hasSamples: boolean
  /** Is told every series that a value came from: prices, indicators, what is kept from bar to bar. */
  readonly onSource?: (name: string) => void
}

const DEEPEST = 60

/** Returns what an expression comes to at its place in the script. */
export function evaluate(expression: Expression, scope: Scope, circumstances: Circumstances): Value {
  return at({ scope, circumstances, depth: 0 }, expression)
}

interface Place {
  readonly scope: Scope
  readonly circumstances: Circumstances
  readonly depth: number
}

function at(place: Place, expression: Expression): Value {
  if (place.depth > DEEPEST) return UNKNOWN
  switch (expression.kind) {
    case 'number':
    case 'text':
      return expression.value
    case 'name':
      return nameAt(place, expression.name)
    case 'member':
      return memberAt(place, expression)
    case 'call':
      return callAt(place, expression.target, expression.values)
    case 'index':
      return source(place, `${render(expression.target)}[]`, null, render(expression.target))
    case 'unary': {
      const operand = at(place, expression.operand)
      if (expression.operator === 'not') return negate(operand)
      return expression.operator === '-' ? combine('-', 0, operand) : operand
    }
    case 'binary': {
      const { operator, left, right } = expression
      const first = at(place, left)
      // Asked no further than Pine asks
      if (first === (operator === 'or') && (operator === 'or' || operator === 'and')) return first
      return combine(operator, first, at(place, right))
    }
    case 'choice':
      return choiceAt(place, expression)
    case 'list':
      return UNKNOWN
  }
}

function choiceAt(place: Place, { condition, yes, no }: Extract<Expression, { kind: 'choice' }>): Value {
  const value = at(place, condition)
  if (typeof value === 'boolean') return at(place, value ? yes : no)
  const first = at(place, yes)
  const second = at(place, no)
  // Whichever it is, a text of the same kind is printed
  if (first === second || typeof first === 'string') return first
  return UNKNOWN
}

const PRICES = new Set(['open', 'high', 'low', 'close', 'volume', 'hl2', 'hlc3', 'ohlc4', 'hlcc4'])
const WORDS: Readonly<Record<string, Value>> = { true: true, false: false, na: NA }

function nameAt(place: Place, name: string): Value {
  const given = place.circumstances.given.get(name)
  if (given !== undefined) return given
  const word = WORDS[name]
  if (word !== undefined) return word
  const binding = lookUp(place.scope, name)
  if (binding?.kind === 'value') {
    const inner = { ...place, scope: binding.scope, depth: place.depth + 1 }
    return leastOf(place, name, binding.value) ?? at(inner, binding.value)
  }
  if (binding?.kind === 'varies') return source(place, name, binding.type, name)
  return PRICES.has(name) ? source(place, name, 'float', name) : UNKNOWN
}

/** An input at the least that it allows: its minval, else nothing holds it. */
function leastOf(place: Place, name: string, value: Expression): Value | undefined {
  if (!place.circumstances.least.has(name) || value.kind !== 'call') return undefined
  if (!/^input\b/.test(dottedName(value.target) ?? '')) return undefined
  const named = value.values.find((given) => given.name === 'minval')
  const third = value.values[2]
  const least = named ?? (third?.name === null ? third : undefined)
  return least === undefined ? 0 : at(place, least.value)
}

function memberAt(place: Place, expression: Extract<Expression, { kind: 'member' }>): Value {
  const name = dottedName(expression)
  const given = name === null ? undefined : place.circumstances.given.get(name)
  if (given !== undefined) return given
  const root = name?.split('.')[0]
  if (name !== null && root !== undefined && lookUp(place.scope, root) === undefined) {
    return constant(name, place.circumstances.hasSamples)
  }
  const type = place.scope.fields.get(expression.name) ?? null
  return source(place, render(expression), type, expression.name)
}

function constant(name: string, hasSamples: boolean): Value {
  if (name.startsWith('alert.') || name.startsWith('format.')) return name
  if (name === 'syminfo.timezone' || !hasSamples) return UNKNOWN
  if (name.startsWith('syminfo.')) return name === 'syminfo.mintick' ? 0.05 : 'SYMBOL'
  if (name === 'timeframe.period') return '60'
  return name.startsWith('strategy.') ? sampleNumber(name) : UNKNOWN
}

/** A series: na when the circumstances say so, else something plausible of its type. */
function source(place: Place, key: string, type: string | null, name: string): Value {
  const given = place.circumstances.given.get(key)
  if (given !== undefined) return given
  if (!place.circumstances.hasSamples) return UNKNOWN
  if (type === 'string') return `${name}_1`
  if (type === 'bool') return UNKNOWN
  if (type !== null && !/^(?:int|float)$/.test(type)) return UNKNOWN
  place.circumstances.onSource?.(key)
  return sampleNumber(name)
}

function callAt(place: Place, target: Expression, values: readonly CallValue[]): Value {
  const name = dottedName(target)
  if (name === null) return UNKNOWN
  const given = place.circumstances.given.get(`${name}()`)
  if (given !== undefined) return given
  const own = lookUp(place.scope, name)
  if (own?.kind === 'function') {
    const scope = bindParameters({ caller: place.scope, scope: own.scope }, own.parameters, values)
    return bodyAt({ ...place, scope, depth: place.depth + 1 }, own.body)
  }
  if (/^input\b/.test(name)) {
    const chosen = values.find((value) => value.name === 'defval') ?? values[0]
    return chosen === undefined ? UNKNOWN : at(place, chosen.value)
  }
  if (/^(?:ta|request)\./.test(name)) {
    const key = `${name}(${values.map(({ value }) => render(value)).join(', ')})`
    return source(place, key, 'float', name)
  }
  const all = values.map(({ value }) => at(place, value))
  return callBuiltIn(name, all, place.circumstances.zone)
}

/** Returns the scope in which the body of a function runs: its own, with the parameters standing for what was given. */
export function bindParameters(
  { caller, scope }: { readonly caller: Scope; readonly scope: Scope },
  parameters: readonly { readonly name: string; readonly value: Expression | null }[],
  values: readonly CallValue[],
): Scope {
  const names = new Map<string, Binding>()
  for (const [index, { name, value }] of parameters.entries()) {
    const given = values.find((candidate) => candidate.name === name) ?? values[index]
    const chosen = given?.value ?? value
    if (chosen !== null && chosen !== undefined) {
      names.set(name, { kind: 'value', value: chosen, scope: given === undefined ? scope : caller, line: 0 })
    } else names.set(name, varying(null))
  }
  return { names, outer: scope, fields: scope.fields }
}

/** What the last expression of a function's body comes to; what blocks in it change is not known after them. */
function bodyAt(place: Place, body: Block): Value {
  let scope = place.scope
  let last: Value = UNKNOWN
  for (const statement of body) {
    last = statement.kind === 'expression' ? at({ ...place, scope }, statement.value) : UNKNOWN
    if (statement.kind === 'assign') scope = assigned(statement, scope)
    if (statement.kind === 'if' || statement.kind === 'loop') scope = loosen(scope, [statement])
  }
  return last
}

function assigned(
  { names, operator, persistence, type, value, line }: AssignStatement,
  before: Scope,
): Scope {
  const isPlain = names.length === 1 && persistence === null && /^:?=$/.test(operator)
  const binding: Binding = isPlain
    ? { kind: 'value', value, scope: before, line }
    : varying(type ?? 'float', persistence)
  return names.reduce((scope, name) => bind(scope, name, binding), before)
}

/** Returns an expression as a text that tells it from others. */
export function render(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
    case 'text':
      return String(expression.value)
    case 'name':
      return expression.name
    case 'member':
      return `${render(expression.target)}.${expression.name}`
    case 'call':
      return `${render(expression.target)}(${expression.values.map(({ value }) => render(value)).join(', ')})`
    case 'index':
      return `${render(expression.target)}[${render(expression.at)}]`
    case 'unary':
      return `${expression.operator} ${render(expression.operand)}`
    case 'binary':
      return `${render(expression.left)} ${expression.operator} ${render(expression.right)}`
    case 'choice':
      return `${render(expression.condition)} ? ${render(expression.yes)} : ${render(expression.no)}`
    case 'list':
      return `[${expression.items.map(render).join(', ')}]`
  }
}
