/** An expression of Pine, as far as alerts need it. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly target: Expression; readonly name: string }
  | { readonly kind: 'call'; readonly target: Expression; readonly values: readonly CallValue[] }
  | { readonly kind: 'index'; readonly target: Expression; readonly at: Expression }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'choice'
      readonly condition: Expression
      readonly yes: Expression
      readonly no: Expression
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }

/** A value given to a call; named when the script names it. */
export interface CallValue {
  readonly name: string | null
  readonly value: Expression
}

/** Thrown where a line is not as we know Pine; the caller reports the line. */
export class Unreadable extends Error {}

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign'
  readonly text: string
}

interface Cursor {
  readonly tokens: readonly Token[]
  at: number
}

const TOKEN =
  /\s*(?:(\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_]\w*)|(:=|==|!=|<=|>=|=>|[-+*/%]=|[-+*/%<>?:,.()[\]=])|(#[0-9a-fA-F]{6,8}))/y

/** Returns the expression that a text spells. Throws Unreadable. */
export function parseExpression(text: string): Expression {
  const cursor: Cursor = { tokens: tokenize(text), at: 0 }
  const expression = readChoice(cursor)
  const rest = cursor.tokens[cursor.at]
  if (rest !== undefined) throw new Unreadable(`${rest.text} is not expected here`)
  return expression
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const start = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) throw new Unreadable(`${text.slice(start, start + 10).trim()} is not known`)
    const [, number, quoted, name, sign, color] = match
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: plainText(quoted) })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else if (color !== undefined) tokens.push({ kind: 'text', text: color })
    else tokens.push({ kind: 'sign', text: sign! })
  }
  return tokens
}

function plainText(quoted: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t' }
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character)
}

function take(cursor: Cursor, text: string): boolean {
  const token = cursor.tokens[cursor.at]
  if (token === undefined || token.kind === 'text' || token.text !== text) return false
  cursor.at++
  return true
}

function need(cursor: Cursor, text: string): void {
  if (!take(cursor, text)) throw new Unreadable(`${text} is missing`)
}

function readChoice(cursor: Cursor): Expression {
  const condition = readBinary(cursor, 0)
  if (!take(cursor, '?')) return condition
  const yes = readChoice(cursor)
  need(cursor, ':')
  return { kind: 'choice', condition, yes, no: readChoice(cursor) }
}

const LEVELS: readonly (readonly string[])[] = [
  ['or'],
  ['and'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/', '%'],
]

function readBinary(cursor: Cursor, level: number): Expression {
  const operators = LEVELS[level]
  if (operators === undefined) return readUnary(cursor)
  let left = readBinary(cursor, level + 1)
  for (;;) {
    const operator = operators.find((candidate) => take(cursor, candidate))
    if (operator === undefined) return left
    left = { kind: 'binary', operator, left, right: readBinary(cursor, level + 1) }
  }
}

function readUnary(cursor: Cursor): Expression {
  for (const operator of ['not', '-', '+']) {
    if (take(cursor, operator)) return { kind: 'unary', operator, operand: readUnary(cursor) }
  }
  return readPostfix(cursor)
}

function readPostfix(cursor: Cursor): Expression {
  let expression = readPrimary(cursor)
  for (;;) {
    if (take(cursor, '.')) expression = readMember(cursor, expression)
    else if (take(cursor, '(')) expression = { kind: 'call', target: expression, values: readValues(cursor) }
    else if (take(cursor, '[')) {
      const at = readChoice(cursor)
      need(cursor, ']')
      expression = { kind: 'index', target: expression, at }
    } else if (cursor.tokens[cursor.at]?.text === '<' && skipTypes(cursor)) continue
    else return expression
  }
}

function readMember(cursor: Cursor, target: Expression): Expression {
  const token = cursor.tokens[cursor.at++]
  if (token?.kind !== 'name') throw new Unreadable('a name is missing after the dot')
  return { kind: 'member', target, name: token.text }
}

/** Skips the types of array.new<float>(...); a comparison is never followed by a name, `>` and `(`. */
function skipTypes(cursor: Cursor): boolean {
  const { tokens, at } = cursor
  let end = at + 1
  while (tokens[end]?.kind === 'name' || tokens[end]?.text === ',' || tokens[end]?.text === '.') end++
  if (end === at + 1 || tokens[end]?.text !== '>' || tokens[end + 1]?.text !== '(') return false
  cursor.at = end + 1
  return true
}

function readValues(cursor: Cursor): CallValue[] {
  const values: CallValue[] = []
  if (take(cursor, ')')) return values
  do {
    const token = cursor.tokens[cursor.at]
    const isNamed = token?.kind === 'name' && cursor.tokens[cursor.at + 1]?.text === '='
    if (isNamed) cursor.at += 2
    values.push({ name: isNamed ? token.text : null, value: readChoice(cursor) })
  } while (take(cursor, ','))
  need(cursor, ')')
  return values
}

function readPrimary(cursor: Cursor): Expression {
  if (take(cursor, '(')) {
    const expression = readChoice(cursor)
    need(cursor, ')')
    return expression
  }
  if (take(cursor, '[')) return { kind: 'list', items: readItems(cursor) }
  const token = cursor.tokens[cursor.at++]
  if (token === undefined) throw new Unreadable('the expression ends too early')
  if (token.kind === 'number') return { kind: 'number', value: Number(token.text.replaceAll('_', '')) }
  if (token.kind === 'text') return { kind: 'text', value: token.text }
  if (token.kind === 'name') return { kind: 'name', name: token.text }
  throw new Unreadable(`${token.text} is not expected here`)
}

function readItems(cursor: Cursor): Expression[] {
  const items: Expression[] = []
  if (take(cursor, ']')) return items
  do items.push(readChoice(cursor))
  while (take(cursor, ','))
  need(cursor, ']')
  return items
}

/** Returns the dotted name that an expression is, as `barstate.isconfirmed`; null when it is none. */
export function dottedName(expression: Expression): string | null {
  if (expression.kind === 'name') return expression.name
  if (expression.kind !== 'member') return null
  const target = dottedName(expression.target)
  return target === null ? null : `${target}.${expression.name}`
}

/** Returns the expressions directly inside one. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'number':
    case 'text':
    case 'name':
      return []
    case 'member':
      return [expression.target]
    case 'call':
      return [expression.target, ...expression.values.map(({ value }) => value)]
    case 'index':
      return [expression.target, expression.at]
    case 'unary':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'choice':
      return [expression.condition, expression.yes, expression.no]
    case 'list':
      return expression.items
  }
}

/** Returns an expression and everything inside it. */
export function everyPart(expression: Expression): Expression[] {
  return [expression, ...partsOf(expression).flatMap(everyPart)]
}
