import type { RejectedRow } from '../../core/backtest/exported-trade.js'
import { parseInstant } from '../../core/time.js'
import { CsvError } from './csv-error.js'
import { readNumber } from './number-field.js'
import { readRecords } from './records.js'

/** What a file says of one fund; left out where it says nothing. */
export interface MetricsRow {
  readonly symbol: string
  readonly marketCap: number | null
  readonly aum: number | null
  readonly observedAt?: string
}

/** Names of the columns in any case; the first of each is the one that we write. */
const COLUMNS = {
  symbol: /^(?:symbol|ticker)$/i,
  marketCap: /^market[ _]?cap$/i,
  aum: /^aum$/i,
  observedAt: /^(?:observed[ _]?at|timestamp|time|date)$/i,
} as const

/**
 * Returns the fund metrics of a CSV file with the columns symbol, marketCap, aum and perhaps observedAt, in any order. A
 * blank is an unknown metric. Throws a CsvError when a line cannot be used: half of a table is no table.
 */
export function readMetricsCsv(file: string, bytes: Buffer): MetricsRow[] {
  const rows: MetricsRow[] = []
  const rejected: RejectedRow[] = []
  let places: Places | null = null
  for (const record of readRecords(bytes)) {
    const { line } = record
    if ('problem' in record) {
      rejected.push({ file, line, reason: record.problem })
      continue
    }
    const fields = record.fields.map((field) => field.trim())
    if (places === null) {
      places = readHeader(file, fields)
      continue
    }
    if (fields.every((field) => field === '')) continue
    const row = readRow(fields, places)
    if (typeof row === 'string') rejected.push({ file, line, reason: row })
    else rows.push(row)
  }
  if (rejected.length > 0)
    throw new CsvError(file, null, 'some metrics cannot be used; none is imported', rejected)
  if (rows.length === 0) throw new CsvError(file, null, 'the file has no metrics')
  return rows
}

type Places = Readonly<Record<keyof typeof COLUMNS, number>>

function readHeader(file: string, fields: readonly string[]): Places {
  const placeOf = (name: keyof typeof COLUMNS) => fields.findIndex((field) => COLUMNS[name].test(field))
  const places = {
    symbol: placeOf('symbol'),
    marketCap: placeOf('marketCap'),
    aum: placeOf('aum'),
    observedAt: placeOf('observedAt'),
  }
  if (places.symbol !== -1 && (places.marketCap !== -1 || places.aum !== -1)) return places
  throw new CsvError(file, 1, 'the header must name symbol, and marketCap or aum')
}

function readRow(fields: readonly string[], places: Places): MetricsRow | string {
  const field = (name: keyof typeof COLUMNS) => fields[places[name]] ?? ''
  const symbol = field('symbol')
  if (symbol === '') return 'symbol must not be blank'
  const marketCap = readMetric(field('marketCap'))
  if (marketCap === undefined) return `marketCap must be a number above 0, was "${field('marketCap')}"`
  const aum = readMetric(field('aum'))
  if (aum === undefined) return `aum must be a number above 0, was "${field('aum')}"`
  if (marketCap === null && aum === null) return `${symbol} has neither marketCap nor aum`
  const observedAt = field('observedAt')
  if (observedAt === '') return { symbol, marketCap, aum }
  if (parseInstant(observedAt) === null)
    return `observedAt must be an instant such as 2026-01-31T14:30:00Z, was "${observedAt}"`
  return { symbol, marketCap, aum, observedAt }
}

/** A word for no number is a mistake of whoever wrote it, and no unknown metric. */
function readMetric(text: string): number | null | undefined {
  if (/nan|inf|null/i.test(text)) return undefined
  const value = readNumber(text)
  if (value === null || value === undefined) return value
  return value > 0 ? value : undefined
}
