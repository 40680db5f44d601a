import { CsvError } from './csv-error.js'

/** Where the columns that matter stand in a "List of trades" export, from 0; null for those that may be missing. */
export interface TradeColumns {
  readonly count: number
  readonly number: number
  readonly type: number
  readonly signal: number
  readonly time: number
  readonly price: number
  readonly quantity: number
  readonly net: number | null
  /** Currency of the price column's header; null when it has none. */
  readonly currency: string | null
}

type Name = 'number' | 'type' | 'signal' | 'time' | 'price' | 'quantity' | 'net'

/** Every header that TradingView has used for the columns that matter, without case; a currency may follow. */
const HEADERS: Record<Name, RegExp> = {
  number: /^(?:trade #|trade number|trade no\.?|#)$/,
  type: /^type$/,
  signal: /^signal$/,
  time: /^(?:date\/time|date and time|date & time)$/,
  price: /^price(?: ([a-z]{3,5}|[₹$€£¥]))?$/,
  quantity: /^(?:contracts|position size \(qty\)|size \(qty\)|qty|quantity)$/,
  net: /^(?:profit|net profit|net p&l|net pnl)(?: ([a-z]{3,5}|[₹$€£¥]))?$/,
}

const SPELLINGS: Record<Exclude<Name, 'net'>, string> = {
  number: 'Trade #',
  type: 'Type',
  signal: 'Signal',
  time: 'Date/Time',
  price: 'Price',
  quantity: 'Position size (qty)',
}

/** Finds the columns in the header of an export. Throws a CsvError that names what is missing. */
export function findTradeColumns(file: string, line: number, header: readonly string[]): TradeColumns {
  const names = header.map((name) =>
    name
      .replace(/[\s\u00a0]+/g, ' ')
      .trim()
      .toLowerCase(),
  )
  const at = (name: Name): number => names.findIndex((candidate) => HEADERS[name].test(candidate))
  const missing = (Object.keys(SPELLINGS) as (keyof typeof SPELLINGS)[]).filter((name) => at(name) === -1)
  if (missing.length > 0) throw new CsvError(file, line, describeMissing(header, missing))
  const net = at('net')
  const currency = HEADERS.price.exec(names[at('price')]!)?.[1] ?? null
  return {
    count: header.length,
    number: at('number'),
    type: at('type'),
    signal: at('signal'),
    time: at('time'),
    price: at('price'),
    quantity: at('quantity'),
    net: net === -1 ? null : net,
    currency: currency === null ? null : currency.toUpperCase(),
  }
}

function describeMissing(header: readonly string[], missing: readonly (keyof typeof SPELLINGS)[]): string {
  const wanted = missing.map((name) => `"${SPELLINGS[name]}"`).join(', ')
  const found = printable(header.join(',')).slice(0, 120)
  const separator =
    header.length === 1 && /[;\t]/.test(header[0]!) ? '; the columns must be separated by commas' : ''
  return (
    `this is not a TradingView "List of trades" export: its header has no column ${wanted}${separator}. ` +
    `The header is: ${found === '' ? '(empty)' : found}`
  )
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffc]/g, '?')
}
