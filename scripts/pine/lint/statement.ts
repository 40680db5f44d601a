import { type Expression, parseExpression, Unreadable } from './expression.js'

/** A statement of a script. Lines count from 1. */
export type Statement =
  | AssignStatement
  | {
      readonly kind: 'function'
      readonly line: number
      readonly name: string
      readonly parameters: readonly Parameter[]
      readonly body: Block
    }
  | {
      readonly kind: 'if'
      readonly line: number
      readonly condition: Expression
      readonly then: Block
      readonly otherwise: Block
    }
  | { readonly kind: 'loop'; readonly line: number; readonly names: readonly string[]; readonly body: Block }
  | { readonly kind: 'expression'; readonly line: number; readonly value: Expression }
  | {
      readonly kind: 'type'
      readonly line: number
      /** Types of the fields by their names. */
      readonly fields: ReadonlyMap<string, string>
    }
  | { readonly kind: 'unread'; readonly line: number; readonly text: string; readonly problem: string }

/** A declaration or a change of variables. */
export interface AssignStatement {
  readonly kind: 'assign'
  readonly line: number
  /** More than one for a tuple. A field is named with its object: unit.stop. */
  readonly names: readonly string[]
  readonly operator: string
  /** Whether the value outlives the bar (var), or the tick too (varip). */
  readonly persistence: 'var' | 'varip' | null
  /** As declared; null when the script does not say. */
  readonly type: string | null
  readonly value: Expression
}

/** Statements one after another. */
export type Block = readonly Statement[]

/** A parameter of a function, with its default. */
export interface Parameter {
  readonly name: string
  readonly value: Expression | null
}

interface Line {
  readonly number: number
  readonly indent: number
  readonly text: string
}

/** Returns the statements of a script. What is not understood is kept as such, line by line. */
export function parseScript(text: string): Block {
  const lines = joinLines(text)
  return parseBlock({ lines, at: 0 }, 0)
}

/** Lines as Pine reads them: without comments, and with what goes on at an indent that is no block's, or in brackets. */
function joinLines(text: string): Line[] {
  const joined: Line[] = []
  let depth = 0
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = stripComment(raw).trimEnd()
    if (line.trim() === '') continue
    const indent = line.length - line.trimStart().length
    const last = joined.at(-1)
    const goesOn = depth > 0 || (indent % 4 !== 0 && last !== undefined)
    depth += bracketsOf(line)
    if (goesOn && last !== undefined) {
      joined[joined.length - 1] = { ...last, text: `${last.text} ${line.trim()}` }
    } else joined.push({ number: index + 1, indent, text: line.trim() })
  }
  return joined
}

function stripComment(line: string): string {
  const match = /^(?:[^"'/]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/(?!\/))*/.exec(line)
  return match === null ? line : match[0]
}

function bracketsOf(line: string): number {
  const bare = line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')
  return (bare.match(/[([]/g)?.length ?? 0) - (bare.match(/[)\]]/g)?.length ?? 0)
}

interface Cursor {
  readonly lines: readonly Line[]
  at: number
}

function parseBlock(cursor: Cursor, indent: number): Statement[] {
  const statements: Statement[] = []
  for (;;) {
    const line = cursor.lines[cursor.at]
    if (line === undefined || line.indent < indent) return statements
    cursor.at++
    statements.push(parseStatement(cursor, line))
  }
}

function parseStatement(cursor: Cursor, line: Line): Statement {
  try {
    return parseKnown(cursor, line)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    parseBlock(cursor, line.indent + 1)
    return { kind: 'unread', line: line.number, text: line.text, problem: error.message }
  }
}

const FUNCTION =
  /^(?:export\s+)?(?:method\s+)?([A-Za-z_]\w*)\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*=>\s*(.*)$/
const LOOP = /^(?:for\s+(?:\[(\w+),\s*(\w+)\]|(\w+))\s*(?:=|in)\s|while\s)/

function parseKnown(cursor: Cursor, line: Line): Statement {
  const { number, text } = line
  const inner = () => parseBlock(cursor, line.indent + 1)
  if (text.startsWith('if ')) return parseIf(cursor, line, text.slice(3))
  const loop = LOOP.exec(text)
  if (loop !== null) {
    const names = loop.slice(1).filter((name) => name !== undefined)
    return { kind: 'loop', line: number, names, body: inner() }
  }
  if (/^(?:type|enum)\s+\w+$/.test(text)) {
    return { kind: 'type', line: number, fields: parseFields(cursor, line.indent) }
  }
  const defined = FUNCTION.exec(text)
  if (defined !== null) {
    const [, name, parameters, short] = defined
    const body: Block =
      short === '' ? inner() : [{ kind: 'expression', line: number, value: parseExpression(short!) }]
    return { kind: 'function', line: number, name: name!, parameters: parseParameters(parameters!), body }
  }
  if (/^(?:switch|import|break|continue)\b/.test(text)) throw new Unreadable('this is not followed')
  return parseAssign(line) ?? { kind: 'expression', line: number, value: parseExpression(text) }
}

function parseFields(cursor: Cursor, indent: number): Map<string, string> {
  const fields = new Map<string, string>()
  for (;;) {
    const line = cursor.lines[cursor.at]
    if (line === undefined || line.indent <= indent) return fields
    cursor.at++
    const [type = '', name = ''] = line.text.split('=')[0]!.trim().split(/\s+/)
    fields.set(name, type)
  }
}

function parseIf(cursor: Cursor, line: Line, condition: string): Statement {
  const parsed = parseExpression(condition)
  const then = parseBlock(cursor, line.indent + 1)
  const next = cursor.lines[cursor.at]
  let otherwise: Block = []
  if (next?.indent === line.indent && /^else\b/.test(next.text)) {
    cursor.at++
    const again = /^else\s+if\s+(.*)$/.exec(next.text)
    otherwise = again === null ? parseBlock(cursor, line.indent + 1) : [parseIf(cursor, next, again[1]!)]
  }
  return { kind: 'if', line: line.number, condition: parsed, then, otherwise }
}

const ASSIGN =
  /^(?:(varip|var)\s+)?(?:(?:const|input|simple|series)\s+)?(?:([A-Za-z_][\w.]*(?:<[\w., ]+>)?(?:\[\])?)\s+)?([A-Za-z_][\w.]*|\[[\w\s,]+\])\s*(:=|\+=|-=|\*=|\/=|%=|=(?![=>]))\s*(.*)$/

function parseAssign({ number, text }: Line): AssignStatement | null {
  const match = ASSIGN.exec(text)
  if (match === null) return null
  const [, persistence, type, target, operator, value] = match
  if (/^(?:if|for|while|switch)\b/.test(value!)) throw new Unreadable('a value from a block is not followed')
  return {
    kind: 'assign',
    line: number,
    names: target!
      .replace(/[[\]]/g, '')
      .split(',')
      .map((name) => name.trim()),
    operator: operator!,
    persistence: persistence === 'var' || persistence === 'varip' ? persistence : null,
    type: type ?? null,
    value: parseExpression(value!),
  }
}

function parseParameters(text: string): Parameter[] {
  if (text.trim() === '') return []
  return text.split(',').map((part) => {
    const [declared = '', value] = part.split('=')
    const name = declared.trim().split(/\s+/).at(-1)!
    return { name, value: value === undefined ? null : parseExpression(value) }
  })
}
