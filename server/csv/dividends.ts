import type { PastAction } from '../../core/backtest/cells/run-cells.js'
import type { RejectedRow } from '../../core/backtest/exported-trade.js'
import { parseDecimal } from '../../core/decimal.js'
import { parseInstant } from '../../core/time.js'
import { CsvError } from './csv-error.js'
import { readRecords } from './records.js'

const REQUIRED = ['exDate', 'payDate', 'perShare'] as const
const OPTIONAL = ['withholdingRate', 'splitRatio'] as const

/** What a dividend withholds when its line does not say: a quarter. */
const DEFAULT_RATE = '0.25'

/**
 * Returns the dividends and splits of a CSV file with the columns exDate, payDate, perShare, and perhaps withholdingRate
 * and splitRatio, in any order; a line with a splitRatio is a split, and needs its exDate alone. Bad lines are listed with
 * their numbers. Throws a CsvError when the header is of no use.
 */
export function readDividends(
  file: string,
  bytes: Buffer,
  instrument: string,
): { readonly actions: readonly PastAction[]; readonly rejected: readonly RejectedRow[] } {
  const actions: PastAction[] = []
  const rejected: RejectedRow[] = []
  let places: ReadonlyMap<string, number> | null = null
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
    const found = places
    const row = readRow((name) => fields[found.get(name) ?? -1] ?? '', instrument)
    if (typeof row === 'string') rejected.push({ file, line, reason: row })
    else actions.push(row)
  }
  return { actions, rejected }
}

function readHeader(file: string, fields: readonly string[]): ReadonlyMap<string, number> {
  const known = [...REQUIRED, ...OPTIONAL]
  const places = new Map<string, number>()
  for (const [index, field] of fields.entries()) {
    const name = known.find((column) => column.toLowerCase() === field.toLowerCase())
    if (name !== undefined) places.set(name, index)
  }
  const missing = REQUIRED.filter((name) => !places.has(name))
  if (missing.length === 0) return places
  throw new CsvError(file, 1, `the header lacks ${missing.join(', ')}; it has ${known.join(',')}`)
}

type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number]

/** Returns what a line says, or what is wrong with it. */
function readRow(field: (name: Column) => string, instrument: string): PastAction | string {
  const exDate = field('exDate')
  if (!isDate(exDate)) return `exDate must be a date such as 2026-01-31, was "${exDate}"`
  const ratio = field('splitRatio')
  if (ratio !== '') {
    const parsed = parseDecimal(ratio)
    if (parsed === null || !parsed.isPositive()) return `splitRatio must be above 0, was "${ratio}"`
    return { kind: 'split', instrument, exDate, ratio: parsed }
  }
  const payDate = field('payDate')
  if (!isDate(payDate)) return `payDate must be a date such as 2026-01-31, was "${payDate}"`
  if (payDate < exDate) return `payDate ${payDate} is before exDate ${exDate}`
  const perShare = parseDecimal(field('perShare'))
  if (perShare === null || !perShare.isPositive())
    return `perShare must be above 0, was "${field('perShare')}"`
  const rate = parseDecimal(field('withholdingRate') || DEFAULT_RATE)
  if (rate === null || rate.isNegative() || rate.toNumber() > 1)
    return `withholdingRate must be from 0 to 1, was "${field('withholdingRate')}"`
  return { kind: 'dividend', instrument, exDate, payDate, perShare, withholdingRate: rate }
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && parseInstant(text) !== null
}
