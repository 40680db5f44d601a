import type { Instant } from '../../core/time.js'
import { readNumber } from './number-field.js'
import type { TimeReader } from './time-field.js'
import type { TradeColumns } from './trade-columns.js'

/** A readable row of a "List of trades" export. */
export interface TradeRow {
  readonly line: number
  readonly number: number
  readonly kind: 'entry' | 'exit'
  readonly signal: string
  /** Null in the exit row of an open trade that has no time yet. */
  readonly barOpen: Instant | null
  /** Null in the exit row of an open trade that has no price yet. */
  readonly price: number | null
  /** Null where the export leaves it out. */
  readonly quantity: number | null
  /** Of the exit row; null where the export leaves it out, or writes something unreadable: it is only compared. */
  readonly net: number | null
}

/** A row that cannot be used; `number` is its trade's, where that could be read. */
export interface BrokenRow {
  readonly line: number
  readonly number: number | null
  readonly problem: string
}

const TYPE = /^(entry|exit)\s+(long|short)$/
const WHOLE = /^\d{1,9}$/

/** Reads the rows of one file. */
export type TradeRowReader = (fields: readonly string[], line: number) => TradeRow | BrokenRow

/** Returns a reader of rows with these columns. It never throws. */
export function tradeRowReader(columns: TradeColumns, readTime: TimeReader): TradeRowReader {
  const texts = new Texts()
  return (fields, line) => {
    if (fields.length !== columns.count)
      return { line, number: null, problem: describeMisfit(fields, columns) }
    return readRow(fields, line, { columns, readTime, texts })
  }
}

interface Reading {
  readonly columns: TradeColumns
  readonly readTime: TimeReader
  readonly texts: Texts
}

function readRow(fields: readonly string[], line: number, reading: Reading): TradeRow | BrokenRow {
  const { columns, readTime, texts } = reading
  const numberText = fields[columns.number]!.trim()
  const number = WHOLE.test(numberText) ? Number(numberText) : null
  const broken = (problem: string): BrokenRow => ({ line, number, problem })
  if (number === null) return broken(`"${numberText}" is not a trade number`)
  const kind = kindOf(fields[columns.type]!)
  if (kind === null) return broken(`the type "${fields[columns.type]}" is not Entry long or Exit long`)
  if (kind === 'short') return broken('a short trade: the general only buys')
  const signal = texts.own(fields[columns.signal]!.trim())
  const timeText = fields[columns.time]!.trim()
  const open = kind === 'exit' && (isOpen(signal) || isOpen(timeText))
  const barOpen = readTime(timeText)
  if (barOpen === null && !(open && (isOpen(timeText) || readNumber(timeText) === null))) {
    return broken(`"${timeText}" is not a date and time that can be read in one way only`)
  }
  const price = readNumber(fields[columns.price]!)
  if (price === undefined || (price === null ? !open : price <= 0)) {
    return broken(`the price "${fields[columns.price]}" is not a number above 0`)
  }
  const quantity = readNumber(fields[columns.quantity]!)
  if (quantity === undefined || (quantity !== null && quantity <= 0)) {
    return broken(`the size "${fields[columns.quantity]}" is not a number above 0`)
  }
  const net = kind === 'entry' || columns.net === null ? null : (readNumber(fields[columns.net]!) ?? null)
  return { line, number, kind, signal: open ? 'Open' : signal, barOpen, price, quantity, net }
}

function kindOf(text: string): 'entry' | 'exit' | 'short' | null {
  if (text === 'Entry long') return 'entry'
  if (text === 'Exit long') return 'exit'
  const type = TYPE.exec(text.trim().toLowerCase())
  if (type === null) return null
  return type[2] === 'short' ? 'short' : type[1] === 'entry' ? 'entry' : 'exit'
}

function isOpen(text: string): boolean {
  return text.length === 4 && text.toLowerCase() === 'open'
}

function describeMisfit(fields: readonly string[], columns: TradeColumns): string {
  const why = fields.length < columns.count ? 'the row is cut off' : 'a field with a comma is not quoted'
  return `the row has ${fields.length} fields and the header ${columns.count}: ${why}`
}

/** Texts that are kept: a part of a line keeps all of the line in memory, and an export repeats a few texts. */
class Texts {
  readonly #known = new Map<string, string>()

  own(text: string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const owned = Buffer.from(text).toString()
    if (this.#known.size < 10_000) this.#known.set(owned, owned)
    return owned
  }
}
