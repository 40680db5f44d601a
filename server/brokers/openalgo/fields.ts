import { type Decimal, parseDecimal, ZERO } from '../../../core/decimal.js'

/*
 * OpenAlgo passes on what its broker's plugin made of the broker's answer: numbers come as numbers or as texts, ids as
 * either, and a message is a text or an object. What is read here is read leniently, and what is missing is an error.
 */

/** An object of an answer. */
export type Fields = Readonly<Record<string, unknown>>

/** Returns whether a value is an object with fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the text of a field, a number as its digits. Throws when there is none. */
export function textOf(row: Fields, name: string): string {
  const value = row[name]
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  if (text === '') throw new Error(`OpenAlgo left out ${name}`)
  return text
}

/** What programs write where they have no id. */
const NO_IDS = ['none', 'null', 'nil', 'nan', 'undefined', 'false', 'true', 'n/a', 'na', '-', '0']

/** Returns an id; null for anything that cannot be one: a number that has lost digits, or a word for nothing. */
export function idOf(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : null
  if (typeof value !== 'string') return null
  const text = value.trim()
  const isId = /^[\w.:/-]{1,64}$/.test(text) && /\d/.test(text) && !NO_IDS.includes(text.toLowerCase())
  return isId ? text : null
}

/** Returns the id of a row. Throws when it has none. */
export function idIn(row: Fields, name: string): string {
  const id = idOf(row[name])
  if (id === null) throw new Error(`OpenAlgo told no id for ${name}, but ${spell(row[name])}`)
  return id
}

/** Returns the number of a field exactly. Throws when there is none: what is left empty is not 0. */
export function decimalOf(row: Fields, name: string): Decimal {
  const value = row[name]
  const parsed = parseNumber(value)
  if (parsed === null) throw new Error(`OpenAlgo told no number for ${name}, but ${spell(value)}`)
  return parsed
}

/** Returns the price of a field; 0 where it is left empty, as it is for an order without one. Throws for anything else. */
export function priceOf(row: Fields, name: string): Decimal {
  const value = row[name]
  const isLeftEmpty =
    value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
  return isLeftEmpty ? ZERO : decimalOf(row, name)
}

/** Returns the number of a field above 0 exactly. Throws when it is anything else. */
export function positiveIn(row: Fields, name: string): Decimal {
  const value = decimalOf(row, name)
  if (!value.isPositive())
    throw new Error(`OpenAlgo told ${value.toString()} for ${name}, which must be above 0`)
  return value
}

/** Returns the number of a field above 0; null when it is anything else. */
export function positiveOf(row: Fields, name: string): number | null {
  const value = parseNumber(row[name])?.toNumber() ?? 0
  return Number.isFinite(value) && value > 0 ? value : null
}

/** Returns the number of a field; null when it is none. */
export function numberOf(row: Fields, name: string): number | null {
  return parseNumber(row[name])?.toNumber() ?? null
}

/** Returns the rows of a list. Throws when it is none: a list that is missing is not an empty one. */
export function rowsOf(value: unknown, name: string): readonly Fields[] {
  if (!Array.isArray(value)) throw new Error(`OpenAlgo told no list for ${name}, but ${spell(value)}`)
  return value.map((row: unknown) => {
    if (!isFields(row)) throw new Error(`OpenAlgo told a row of ${name} that is ${spell(row)}`)
    return row
  })
}

/** Returns the fields of a value. Throws when it has none. */
export function fieldsOf(value: unknown, name: string): Fields {
  if (isFields(value)) return value
  throw new Error(`OpenAlgo told no object for ${name}, but ${spell(value)}`)
}

function parseNumber(value: unknown): Decimal | null {
  if (typeof value === 'number') return Number.isFinite(value) ? parseDecimal(plainText(value)) : null
  if (typeof value !== 'string') return null
  return parseDecimal(value.trim().replaceAll(',', ''))
}

/** Texts of very small and very large numbers have an exponent. What is small is not nothing. */
function plainText(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20) : text
}

function spell(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60)
}
