import type { Bars } from '../../core/backtest/bars/bars.js'
import type { RejectedRow } from '../../core/backtest/exported-trade.js'
import { CsvError } from './csv-error.js'
import { readNumber } from './number-field.js'
import { readRecords } from './records.js'
import { type LocalOffset, type TimeReader, timeReader } from './time-field.js'

/** A file of TradingView chart data, or of any open-high-low-close bars. */
export interface BarsFile {
  /** As it is to be named in messages. */
  readonly file: string
  readonly bytes: Buffer
  /** For times that carry no offset; Unix seconds need none. */
  readonly offset: LocalOffset
}

/** What a file of bars says. */
export interface BarsReading {
  readonly bars: Bars
  readonly rejected: readonly RejectedRow[]
}

const COLUMNS = ['time', 'open', 'high', 'low', 'close'] as const
const TIME_NAMES = /^(?:time|date|datetime|date\/time|timestamp)$/

/** Reads bars: `time` and open, high, low, close in any case and order; other columns are left alone. Throws a CsvError. */
export function readBars(source: BarsFile): BarsReading {
  const { file, bytes } = source
  if (bytes.length === 0) throw new CsvError(file, null, 'the file is empty')
  if (bytes.includes(0))
    throw new CsvError(file, null, 'this is not a UTF-8 text file; export the chart data again as CSV')
  const records = readRecords(bytes)
  const header = records.next()
  if (header.done || 'problem' in header.value) {
    throw new CsvError(
      file,
      header.done ? null : header.value.line,
      'the file has no header that can be read',
    )
  }
  const at = findColumns(file, header.value.line, header.value.fields)
  const rejected: RejectedRow[] = []
  const rows: number[] = []
  const readTime = timeReader(source.offset)
  for (const record of records) {
    if ('problem' in record) {
      rejected.push({ file, line: record.line, reason: record.problem })
    } else if (!record.fields.every((field) => field.trim() === '')) {
      const problem = takeBar(record.fields, at, readTime, rows, record.line)
      if (problem !== null) rejected.push({ file, line: record.line, reason: problem })
    }
  }
  const bars = toColumns(file, rows, rejected)
  rejected.sort((left, right) => left.line - right.line)
  if (bars.opensAt.length === 0) {
    const why = rejected.length === 0 ? 'the file has a header and no rows' : 'none of its bars can be used'
    throw new CsvError(file, null, why, rejected)
  }
  return { bars, rejected }
}

function findColumns(file: string, line: number, header: readonly string[]): readonly number[] {
  const names = header.map((name) => name.trim().toLowerCase())
  const at = COLUMNS.map((column) =>
    names.findIndex((name) => (column === 'time' ? TIME_NAMES.test(name) : name === column)),
  )
  const missing = COLUMNS.filter((_, index) => at[index] === -1)
  if (missing.length > 0) {
    throw new CsvError(
      file,
      line,
      `this is not chart data: its header has no column ${missing.map((name) => `"${name}"`).join(', ')}`,
    )
  }
  return at
}

/** Six numbers a bar: time, open, high, low, close, line. */
const WIDTH = 6

function takeBar(
  fields: readonly string[],
  at: readonly number[],
  readTime: TimeReader,
  rows: number[],
  line: number,
): string | null {
  const timeText = fields[at[0]!] ?? ''
  const time = readTime(timeText)
  if (time === null) return `"${timeText}" is not a time that can be read in one way only`
  const prices: number[] = []
  for (let column = 1; column < COLUMNS.length; column++) {
    const text = fields[at[column]!]
    const price = text === undefined ? undefined : readNumber(text)
    if (price == null || price <= 0) return `the ${COLUMNS[column]} "${text ?? ''}" is not a number above 0`
    prices.push(price)
  }
  const [open, high, low, close] = prices as [number, number, number, number]
  if (high < Math.max(open, close) || Math.min(open, close) < low)
    return `the high ${high} and the low ${low} do not contain the open and the close`
  rows.push(time, open, high, low, close, line)
  return null
}

function toColumns(file: string, rows: readonly number[], rejected: RejectedRow[]): Bars {
  const order = ascendingRows(rows)
  const kept: number[] = []
  for (const row of order) {
    const before = kept.at(-1)
    if (before !== undefined && rows[before] === rows[row]) {
      rejected.push({
        file,
        line: rows[row + 5]!,
        reason: `line ${rows[before + 5]} has a bar of the same time`,
      })
    } else {
      kept.push(row)
    }
  }
  const column = (index: number): Float64Array => Float64Array.from(kept, (row) => rows[row + index]!)
  return { opensAt: column(0), open: column(1), high: column(2), low: column(3), close: column(4) }
}

function ascendingRows(rows: readonly number[]): number[] {
  const order: number[] = []
  let ascending = true
  for (let row = 0; row < rows.length; row += WIDTH) {
    if (row > 0 && rows[row]! < rows[row - WIDTH]!) ascending = false
    order.push(row)
  }
  // Chart data is ascending; sorting a million rows that are costs as much as reading them.
  return ascending ? order : order.sort((left, right) => rows[left]! - rows[right]! || left - right)
}
