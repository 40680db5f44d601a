import type { ExportedExit, ExportedTrade, RejectedRow } from '../../core/backtest/exported-trade.js'
import { CsvError } from './csv-error.js'
import { readRecords } from './records.js'
import { readEntrySignal, readExitSignal, type SignalReading } from './signal.js'
import { type LocalOffset, timeReader } from './time-field.js'
import { findTradeColumns } from './trade-columns.js'
import { type TradeRow, tradeRowReader } from './trade-row.js'

/** A file that holds a "List of trades" export of one instrument. */
export interface TradesFile {
  /** As it is to be named in messages. */
  readonly file: string
  readonly bytes: Buffer
  readonly instrument: string
  /** Of the chart: its times carry no offset. */
  readonly offset: LocalOffset
}

/** What an export says. */
export interface TradesExport {
  /** By number, ascending: the order of rows in the file does not matter. */
  readonly trades: readonly ExportedTrade[]
  /** Every row that no trade came of, by line. */
  readonly rejected: readonly RejectedRow[]
  /** Data rows in the file, used or not. */
  readonly rows: number
  /** Of the prices, as the header names it. */
  readonly currency: string | null
}

/** The rows of one trade. */
interface Rows {
  entry: TradeRow | undefined
  exit: TradeRow | undefined
  /** Lines of this trade that could not be used; null while there are none. */
  broken: number[] | null
}

/** Reads an export. Throws a CsvError when it is another kind of file or has no usable row. */
export function readTradesExport(source: TradesFile): TradesExport {
  const { file } = source
  const { byNumber, rejected, rows, currency } = groupRows(source)
  const trades: ExportedTrade[] = []
  const signals = new SignalReader()
  for (const number of [...byNumber.keys()].sort((left, right) => left - right)) {
    const pair = byNumber.get(number)!
    const outcome = toTrade(source, number, pair, signals)
    if (typeof outcome !== 'string') trades.push(outcome)
    else
      for (const row of [pair.entry, pair.exit])
        if (row) rejected.push({ file, line: row.line, reason: outcome })
  }
  rejected.sort((left, right) => left.line - right.line)
  if (trades.length === 0) throw new CsvError(file, null, describeUseless(rows), rejected)
  return { trades, rejected, rows, currency }
}

function groupRows(source: TradesFile) {
  const { file, bytes, offset } = source
  if (bytes.length === 0) throw new CsvError(file, null, 'the file is empty')
  if (bytes.includes(0))
    throw new CsvError(file, null, 'this is not a UTF-8 text file; export the list again as CSV')
  const records = readRecords(bytes)
  const header = records.next()
  if (header.done || 'problem' in header.value) {
    throw new CsvError(
      file,
      header.done ? null : header.value.line,
      'the file has no header that can be read',
    )
  }
  const columns = findTradeColumns(file, header.value.line, header.value.fields)
  const readRow = tradeRowReader(columns, timeReader(offset))
  const byNumber = new Map<number, Rows>()
  const rejected: RejectedRow[] = []
  let rows = 0
  for (const record of records) {
    if ('fields' in record && isBlank(record.fields)) continue
    rows += 1
    const row =
      'problem' in record
        ? { line: record.line, number: null, problem: record.problem }
        : readRow(record.fields, record.line)
    const problem = 'problem' in row ? row.problem : takeRow(byNumber, row)
    if (problem === null) continue
    rejected.push({ file, line: row.line, reason: problem })
    if ('problem' in row && row.number !== null) markBroken(rowsOf(byNumber, row.number), row.line)
  }
  return { byNumber, rejected, rows, currency: columns.currency }
}

function isBlank(fields: readonly string[]): boolean {
  for (const field of fields) if (field.trim() !== '') return false
  return true
}

function rowsOf(byNumber: Map<number, Rows>, number: number): Rows {
  let rows = byNumber.get(number)
  if (rows === undefined) {
    rows = { entry: undefined, exit: undefined, broken: null }
    byNumber.set(number, rows)
  }
  return rows
}

function markBroken(rows: Rows, line: number): void {
  rows.broken = [...(rows.broken ?? []), line]
}

function takeRow(byNumber: Map<number, Rows>, row: TradeRow): string | null {
  const rows = rowsOf(byNumber, row.number)
  const before = rows[row.kind]
  if (before !== undefined) return `trade ${row.number} has its ${row.kind} in line ${before.line} already`
  rows[row.kind] = row
  return null
}

/** Returns the trade that the rows make, or why they make none. */
function toTrade(
  source: TradesFile,
  number: number,
  rows: Rows,
  signals: SignalReader,
): ExportedTrade | string {
  const { entry, exit } = rows
  if (rows.broken !== null)
    return `trade ${number} has a row that cannot be used in line ${rows.broken.join(', ')}`
  if (entry === undefined) return `trade ${number} has an exit and no entry`
  if (exit?.barOpen != null && exit.barOpen < entry.barOpen!) return `trade ${number} ends before it begins`
  const quantity = entry.quantity ?? exit?.quantity ?? null
  if (quantity === null) return `trade ${number} has no size`
  if (exit?.quantity != null && exit.quantity !== quantity) {
    return `trade ${number} enters with ${quantity} lots and exits with ${exit.quantity}`
  }
  const reading = signals.read(entry.signal)
  if ('problem' in reading) return reading.problem
  return {
    number,
    instrument: source.instrument,
    file: source.file,
    quantity,
    entry: { line: entry.line, barOpen: entry.barOpen!, price: entry.price! },
    signal: reading.signal,
    exit: exit === undefined ? null : toExit(exit),
    statedNet: exit?.net ?? null,
  }
}

/** An open trade without a price or a time yet says no more than a missing exit row. */
function toExit(exit: TradeRow): ExportedExit | null {
  const { line, barOpen, price, signal } = exit
  if (price === null || barOpen === null) return null
  return { line, barOpen, price, ...readExitSignal(signal), open: signal === 'Open' }
}

function describeUseless(rows: number): string {
  if (rows === 0) return 'the file has a header and no rows'
  return rows === 1 ? 'its only row cannot be used' : `none of its ${rows} rows can be used`
}

/** Reads signals; the few that a plain export repeats are read once. */
class SignalReader {
  readonly #known = new Map<string, SignalReading>()

  read(comment: string): SignalReading {
    const known = this.#known.get(comment)
    if (known !== undefined) return known
    const reading = readEntrySignal(comment)
    if (this.#known.size < 10_000) this.#known.set(comment, reading)
    return reading
  }
}
