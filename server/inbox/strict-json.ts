import { isUtf8 } from 'node:buffer'

/*
 * JSON as the standard writes it, from raw bytes, in one pass. JSON.parse would let through what must not reach a
 * decision: the last of two equal keys, 1e999 as infinity, a lone surrogate that the database refuses later.
 * Two things are more than the standard: a byte order mark is skipped, and the bare words NaN and Infinity are read as
 * such numbers, because Pine prints NaN for na. Whoever reads the value decides where they may stand.
 */

/** What a body can hold. Numbers include NaN and the infinities where the body spells them out. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject

/** An object of a body. A map, so that a key such as `__proto__` is a key like any other; also faster to fill. */
export type JsonObject = ReadonlyMap<string, JsonValue>

/** Something that is wrong in a body. */
export interface JsonProblem {
  /** Path of the value, as `conditions.long_entry` or `legs[2]`; empty for the body itself. */
  readonly field: string
  readonly message: string
  /** Place in the text, in UTF-16 units from 0. */
  readonly offset: number
  /** Whether what stands in the value may not be what was meant. Not so where a key is repeated with one value. */
  readonly isDoubtful: boolean
}

/** A body as read. */
export interface StrictJson {
  /** Undefined when the body has no readable structure; then there is one problem, the last, that says why. */
  readonly value: JsonValue | undefined
  /**
   * What was refused inside a readable structure: of equal keys the first stands, a number too large is infinite, and
   * NUL and lone surrogates are U+FFFD in `value`.
   */
  readonly problems: readonly JsonProblem[]
}

/** Objects and arrays inside one another, the outermost counted. */
export const maxDepth = 16

interface Cursor {
  readonly text: string
  at: number
  /** Keys and indices on the way to the value that is read. */
  readonly path: (string | number)[]
  readonly problems: JsonProblem[]
}

/** Thrown and caught inside this file: the structure cannot be read any further. */
class Unreadable extends Error {}

/** Reads a body; its size has been checked before. Never throws. */
export function parseStrictJson(bytes: Uint8Array): StrictJson {
  if (!isUtf8(bytes)) return notUtf8(bytes)
  return parseStrictText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
}

/** Reads a text that holds one JSON value. Never throws. */
export function parseStrictText(text: string): StrictJson {
  const cursor: Cursor = { text, at: text.charCodeAt(0) === 0xfeff ? 1 : 0, path: [], problems: [] }
  try {
    skipSpace(cursor)
    if (cursor.at === text.length) stop(cursor, 'the text is empty')
    const value = readValue(cursor, 1)
    skipSpace(cursor)
    if (cursor.at < text.length) stop(cursor, `${found(cursor)} follows the end of the JSON value`)
    return { value, problems: cursor.problems }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return { value: undefined, problems: cursor.problems }
  }
}

function notUtf8(bytes: Uint8Array): StrictJson {
  const offset = new TextDecoder().decode(bytes).indexOf('\ufffd')
  return {
    value: undefined,
    problems: [{ field: '', message: 'the text is not UTF-8', offset, isDoubtful: true }],
  }
}

function readValue(cursor: Cursor, depth: number): JsonValue {
  switch (cursor.text.charCodeAt(cursor.at)) {
    case 0x22:
      return readString(cursor)
    case 0x7b:
      return readObject(cursor, depth)
    case 0x5b:
      return readArray(cursor, depth)
    case 0x74:
      return readWord(cursor, 'true', true)
    case 0x66:
      return readWord(cursor, 'false', false)
    case 0x6e:
      return readWord(cursor, 'null', null)
    case 0x4e:
      return readWord(cursor, 'NaN', Number.NaN)
    case 0x49:
      return readWord(cursor, 'Infinity', Number.POSITIVE_INFINITY)
    default:
      return readNumber(cursor)
  }
}

function readObject(cursor: Cursor, depth: number): JsonObject {
  checkDepth(cursor, depth)
  const { text, path } = cursor
  const object = new Map<string, JsonValue>()
  cursor.at++
  skipSpace(cursor)
  if (text.charCodeAt(cursor.at) === 0x7d) {
    cursor.at++
    return object
  }
  for (;;) {
    const start = cursor.at
    if (text.charCodeAt(start) !== 0x22)
      stop(cursor, `a key in double quotes was expected, not ${found(cursor)}`)
    const key = readString(cursor)
    path.push(key)
    skipSpace(cursor)
    if (text.charCodeAt(cursor.at) !== 0x3a) stop(cursor, `a colon was expected, not ${found(cursor)}`)
    cursor.at++
    skipSpace(cursor)
    const value = readValue(cursor, depth + 1)
    if (object.has(key)) refuseRepeated(cursor, start, object.get(key) !== value)
    else object.set(key, value)
    path.pop()
    if (endsAfterItem(cursor, 0x7d, '}')) return object
  }
}

function readArray(cursor: Cursor, depth: number): JsonValue[] {
  checkDepth(cursor, depth)
  const array: JsonValue[] = []
  cursor.at++
  skipSpace(cursor)
  if (cursor.text.charCodeAt(cursor.at) === 0x5d) {
    cursor.at++
    return array
  }
  for (;;) {
    cursor.path.push(array.length)
    array.push(readValue(cursor, depth + 1))
    cursor.path.pop()
    if (endsAfterItem(cursor, 0x5d, ']')) return array
  }
}

/** Reads what follows an item: the closing bracket, or the comma and the space before the next item. */
function endsAfterItem(cursor: Cursor, closing: number, bracket: string): boolean {
  skipSpace(cursor)
  const code = cursor.text.charCodeAt(cursor.at)
  if (code !== closing && code !== 0x2c)
    stop(cursor, `a comma or ${bracket} was expected, not ${found(cursor)}`)
  cursor.at++
  if (code === closing) return true
  skipSpace(cursor)
  return false
}

function checkDepth(cursor: Cursor, depth: number): void {
  if (depth > maxDepth) stop(cursor, `the text is nested deeper than ${maxDepth} levels`)
}

function readString(cursor: Cursor): string {
  const { text } = cursor
  const start = ++cursor.at
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      cursor.at = at + 1
      return text.slice(start, at)
    }
    if (code === 0x5c || code < 0x20) return readEscapedString(cursor, start, at)
  }
  cursor.at = text.length
  return stop(cursor, 'a text has no closing quote')
}

/** Reads on from the first character that does not stand for itself. */
function readEscapedString(cursor: Cursor, start: number, firstEscape: number): string {
  const { text } = cursor
  let value = text.slice(start, firstEscape)
  cursor.at = firstEscape
  for (;;) {
    const code = text.charCodeAt(cursor.at)
    if (code === 0x22) break
    if (code === 0x5c) value += readEscape(cursor)
    else if (code >= 0x20) value += text[cursor.at++]
    else if (cursor.at >= text.length) stop(cursor, 'a text has no closing quote')
    else stop(cursor, `${found(cursor)} must be escaped inside a text`)
  }
  cursor.at++
  return refuseUnstorable(cursor, start, value)
}

/** PostgreSQL stores neither in a text, and no honest sender writes them. */
function refuseUnstorable(cursor: Cursor, start: number, value: string): string {
  const wellFormed = value.replace(/\p{Surrogate}/gu, '\ufffd')
  if (wellFormed !== value) refuse(cursor, start, 'the text holds half of a surrogate pair')
  if (!wellFormed.includes('\0')) return wellFormed
  refuse(cursor, start, 'the text holds the character U+0000')
  return wellFormed.replaceAll('\0', '\ufffd')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

function readEscape(cursor: Cursor): string {
  const { text } = cursor
  const letter = text[cursor.at + 1] ?? ''
  if (letter === 'u') {
    const hex = text.slice(cursor.at + 2, cursor.at + 6)
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) stop(cursor, 'four hexadecimal digits were expected after \\u')
    cursor.at += 6
    return String.fromCharCode(Number.parseInt(hex, 16))
  }
  const character = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined
  if (character === undefined) stop(cursor, 'a backslash stands before a character that has no escape')
  cursor.at += 2
  return character
}

function readWord<T extends JsonValue>(cursor: Cursor, word: string, value: T): T {
  if (!cursor.text.startsWith(word, cursor.at)) stop(cursor, `a value was expected, not ${found(cursor)}`)
  cursor.at += word.length
  return value
}

function readNumber(cursor: Cursor): number {
  const { text } = cursor
  const start = cursor.at
  const negative = text.charCodeAt(start) === 0x2d
  if (negative) cursor.at++
  const first = text.charCodeAt(cursor.at)
  if (negative && first === 0x49) return readWord(cursor, 'Infinity', Number.NEGATIVE_INFINITY)
  if (first === 0x30) cursor.at++
  else readDigits(cursor)
  if (text.charCodeAt(cursor.at) === 0x2e) {
    cursor.at++
    readDigits(cursor)
  }
  if ((text.charCodeAt(cursor.at) | 0x20) === 0x65) {
    cursor.at++
    const sign = text.charCodeAt(cursor.at)
    if (sign === 0x2b || sign === 0x2d) cursor.at++
    readDigits(cursor)
  }
  const value = Number(text.slice(start, cursor.at))
  if (!Number.isFinite(value)) refuse(cursor, start, 'the number is too large')
  return value
}

function readDigits(cursor: Cursor): void {
  const { text } = cursor
  const start = cursor.at
  while (isDigit(text.charCodeAt(cursor.at))) cursor.at++
  if (cursor.at === start) stop(cursor, `a value was expected, not ${found(cursor)}`)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor
  for (;;) {
    const code = text.charCodeAt(cursor.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    cursor.at++
  }
}

/** Names what stands at the cursor, so that a person finds it. */
function found(cursor: Cursor): string {
  const code = cursor.text.codePointAt(cursor.at)
  if (code === undefined) return 'the end of the text'
  return code > 0x20 && code < 0x7f
    ? `"${String.fromCodePoint(code)}"`
    : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

function refuse(cursor: Cursor, offset: number, message: string): void {
  cursor.problems.push({ field: pathOf(cursor), message, offset, isDoubtful: true })
}

function refuseRepeated(cursor: Cursor, offset: number, isDoubtful: boolean): void {
  const message = `the key appears more than once, with ${isDoubtful ? 'different values' : 'the same value'}`
  cursor.problems.push({ field: pathOf(cursor), message, offset, isDoubtful })
}

function stop(cursor: Cursor, message: string): never {
  refuse(cursor, cursor.at, message)
  throw new Unreadable()
}

/** Returns the path of the value that is read, with keys cut to a length that a person can read. */
function pathOf(cursor: Cursor): string {
  let path = ''
  for (const step of cursor.path) {
    if (typeof step === 'number') path += `[${step}]`
    else path += `${path === '' ? '' : '.'}${shortened(step)}`
  }
  return path
}

/** Returns at most 40 characters of `text`, never half of one, without NUL. */
export function shortened(text: string): string {
  const characters = Array.from(text.slice(0, 160))
  const cut = text.length > 160 || characters.length > 40
  const kept = (cut ? [...characters.slice(0, 39), '…'] : characters).join('')
  return kept.replace(/\p{Surrogate}/gu, '\ufffd').replaceAll('\0', '\ufffd')
}
