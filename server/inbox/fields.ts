import { localOffsetMinutes, type Zone } from '../../core/calendar/zone.js'
import { type Instant, parseInstant } from '../../core/time.js'
import { type JsonObject, type JsonValue, shortened } from './strict-json.js'

/** A field of an alert that is wrong, and what would be right. */
export interface FieldProblem {
  /** Path of the field, as `conditions.long_entry`; empty for the whole body. */
  readonly field: string
  readonly message: string
}

/** The fields of one object of an alert; what is wrong is added to `problems`, so that all of it is told at once. */
export interface Fields {
  readonly object: JsonObject
  /** Stands before the names of the fields: empty, or `conditions.`. */
  readonly prefix: string
  readonly problems: FieldProblem[]
  /** Fields of the body whose value may not be the one that was meant. */
  readonly doubtful: ReadonlySet<string>
}

/** Numbers that a field may hold. */
export type NumberRule = 'finite' | 'positive'

const RULES: Readonly<Record<NumberRule, string>> = {
  finite: 'must be a finite number',
  positive: 'must be a finite number above 0',
}

const NUMERAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
// Anything else that a label may hold ends in logs, tables and messages
const LABEL = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,64}$/u

/** Returns a number that keeps the rule; null when it is absent or NaN, which is Pine's na, and when it is refused. */
export function readNumber(fields: Fields, name: string, rule: NumberRule): number | null {
  const value = fields.object.get(name)
  if (isAbsent(value)) return null
  const number = numberOf(value)
  if (Number.isNaN(number)) return null
  if (number !== null && Number.isFinite(number) && (rule === 'finite' || number > 0)) return number
  refuseValue(fields, name, RULES[rule])
  return null
}

/** Returns a number that must be given and keep the rule; NaN when it is refused. */
export function requireNumber(fields: Fields, name: string, rule: NumberRule): number {
  const value = fields.object.get(name)
  if (isAbsent(value)) return refuseAbsent(fields, name)
  const number = numberOf(value)
  if (number !== null && Number.isFinite(number) && (rule === 'finite' || number > 0)) return number
  return refuseValue(fields, name, RULES[rule])
}

/** Returns a ratio as it was sent: any finite number, 'NaN' where Pine printed na, null when it is absent or refused. */
export function readRatio(fields: Fields, name: string): number | 'NaN' | null {
  const value = fields.object.get(name)
  if (isAbsent(value)) return null
  const number = numberOf(value)
  if (Number.isNaN(number)) return 'NaN'
  if (number !== null && Number.isFinite(number)) return number
  refuseValue(fields, name, `${RULES.finite} or NaN`)
  return null
}

/** Returns a truth value that must be given; false when it is refused. */
export function requireFlag(fields: Fields, name: string): boolean {
  const value = fields.object.get(name)
  if (typeof value === 'boolean') return value
  if (isAbsent(value)) refuseAbsent(fields, name)
  else refuseValue(fields, name, 'must be true or false')
  return false
}

/** Returns a text without the space around it; null when it is absent, empty or refused. */
export function readText(fields: Fields, name: string): string | null {
  const value = fields.object.get(name)
  if (isAbsent(value)) return null
  if (typeof value === 'string') return value.trim() || null
  refuseValue(fields, name, 'must be a text')
  return null
}

/** Returns a name of at most 64 printable characters; null when it is absent, empty or refused. */
export function readLabel(fields: Fields, name: string): string | null {
  const value = fields.object.get(name)
  if (isAbsent(value)) return null
  const text = typeof value === 'string' ? value.trim() : null
  if (text === '') return null
  if (text !== null && LABEL.test(text)) return text
  refuseValue(fields, name, 'must be a label of 1 to 64 printable characters, such as Long_1')
  return null
}

/** Returns the fields of an object inside this one; without any when it is absent or refused. */
export function requireFields(fields: Fields, name: string): Fields {
  const value = fields.object.get(name)
  if (value instanceof Map) return { ...fields, object: value, prefix: `${fields.prefix}${name}.` }
  if (isAbsent(value)) refuseAbsent(fields, name)
  else refuseValue(fields, name, 'must be an object')
  // Its own fields are not to be reported as missing one by one
  return { ...fields, object: new Map(), problems: [] }
}

/** Returns the instant of a time that must be given, read in `zone` when it has no offset; NaN when it is refused. */
export function requireTime(fields: Fields, name: string, zone: Zone): Instant {
  const value = fields.object.get(name)
  if (isAbsent(value)) return refuseAbsent(fields, name)
  const instant = typeof value === 'string' ? instantOf(value, zone) : null
  return instant ?? refuseValue(fields, name, 'must be a time in ISO 8601, such as 2026-01-05T15:00:01+05:30')
}

/** Returns the instant of a bar, in ISO 8601 or as seconds or milliseconds since 1970; null when absent or refused. */
export function readBarTime(fields: Fields, name: string, zone: Zone): Instant | null {
  const value = fields.object.get(name)
  if (isAbsent(value)) return null
  const number = numberOf(value)
  if (Number.isNaN(number)) return null
  const instant =
    number !== null ? epochInstant(number) : typeof value === 'string' ? instantOf(value, zone) : null
  if (instant === null) {
    refuseValue(fields, name, 'must be a time in ISO 8601, or seconds or milliseconds since 1970')
  }
  return instant
}

function instantOf(text: string, zone: Zone): Instant | null {
  return parseInstant(text, (local) => localOffsetMinutes(zone, local))
}

/** Seconds and milliseconds of this century do not overlap. */
function epochInstant(value: number): Instant | null {
  const milliseconds = value < 1e11 ? value * 1000 : value
  const plausible = milliseconds >= Date.UTC(2000) && milliseconds < Date.UTC(2100)
  return plausible ? Math.floor(milliseconds) : null
}

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null
}

/** Returns the number that a value is or spells, NaN included; null when it spells none. */
function numberOf(value: JsonValue): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return null
  const text = value.trim()
  if (text === 'NaN') return Number.NaN
  return NUMERAL.test(text) ? Number(text) : null
}

function refuseAbsent(fields: Fields, name: string): number {
  fields.problems.push({ field: `${fields.prefix}${name}`, message: 'is required' })
  return Number.NaN
}

/** Adds the problem that a field does not hold what it must, with what it holds; returns NaN. */
export function refuseValue(fields: Fields, name: string, rule: string): number {
  const message = `${rule}, was ${shown(fields.object.get(name))}`
  fields.problems.push({ field: `${fields.prefix}${name}`, message })
  return Number.NaN
}

function shown(value: JsonValue | undefined): string {
  if (value instanceof Map) return 'an object'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'string') return JSON.stringify(shortened(value))
  return String(value)
}
