import { Decimal, parseDecimal } from '../../core/decimal.js'
import { type ColumnType, listOf } from './projection-columns.js'
import type { Queryable } from './read-log.js'

/** Columns as the server writes them, without pg's ways of reading them. */
const asWritten = { getTypeParser: () => (text: string) => text }

/** Which rows of a projected table are read, and how they are told apart. */
export interface RowSource {
  readonly portfolio: string
  readonly table: string
  readonly columns: Readonly<Record<string, ColumnType>>
  /** Columns that name a row within its portfolio. */
  readonly key: readonly string[]
  /** Columns that are compared; default: all. */
  readonly compared?: readonly string[]
  /** SQL condition on the table's rows (as `a`), with `$2` as its value. Rows beyond it are not looked at. */
  readonly where: string
  readonly value: unknown
}

/** Rows as the server writes them: the columns of the key first, then the others that are compared. */
export type WrittenRows = readonly (readonly (string | null)[])[]

/** Returns the rows of a table in the server's own words. */
export async function readWritten(db: Queryable, source: RowSource): Promise<WrittenRows> {
  const { portfolio, table, where, value } = source
  const { rows } = await db.query<(string | null)[]>({
    text: `select ${listOf(namesOf(source), 'a.')} from ${table} as a where a.portfolio = $1 and (${where})`,
    values: [portfolio, value],
    rowMode: 'array',
    types: asWritten,
  } as never)
  return rows
}

function namesOf({ columns, key, compared }: RowSource): string[] {
  return [...key, ...(compared ?? Object.keys(columns)).filter((name) => !key.includes(name))]
}

/** What rows are to say. */
export interface ExpectedRows {
  readonly expected: readonly object[]
  /** Whether an expected row of this key need not be there; default: all must. */
  readonly mayLack?: (key: string) => boolean
}

/**
 * Returns whether rows are the expected ones, told from the texts in which the server writes them: two texts alike are
 * the same value, and that is quickly found. False is only a doubt, since a value may have several texts; the database
 * then decides. The connection must write ISO dates in UTC and all digits of a float8.
 */
export function areSameRows(
  written: WrittenRows,
  source: RowSource,
  { expected, mayLack = () => false }: ExpectedRows,
): boolean {
  const { columns, key } = source
  const missing = new Map(expected.map((row) => [keyOf(row as Row, key), row as Row]))
  if (missing.size < expected.length) return false
  const names = namesOf(source)
  const types = names.map((name) => columns[name]!)
  for (const row of written) {
    const found = row.slice(0, key.length).join('/')
    const wanted = missing.get(found)
    if (wanted === undefined || !isSameRow(row, wanted, { names, types })) return false
    missing.delete(found)
  }
  return [...missing.keys()].every(mayLack)
}

type Row = Readonly<Record<string, unknown>>

function keyOf(row: Row, key: readonly string[]): string {
  return key.map((name) => String(row[name])).join('/')
}

interface RowLayout {
  readonly names: readonly string[]
  readonly types: readonly ColumnType[]
}

function isSameRow(written: readonly (string | null)[], wanted: Row, { names, types }: RowLayout): boolean {
  for (let index = 0; index < names.length; index++) {
    if (!isSameValue(types[index]!, written[index]!, wanted[names[index]!])) return false
  }
  return true
}

function isSameValue(type: ColumnType, written: string | null, wanted: unknown): boolean {
  if (written === null || wanted === null || wanted === undefined) return written === (wanted ?? null)
  switch (type) {
    case 'text':
      return written === wanted
    case 'bigint':
    case 'int':
      return written === String(wanted)
    case 'numeric':
      return written === String(wanted) || isSameNumber(written, wanted)
    case 'float8':
      // All digits are written, so no two float8 have one text
      return Number(written) === wanted
    case 'boolean':
      return (written === 't') === wanted
    case 'timestamptz':
      return written === timeText(wanted as string)
    case 'json':
      return written === JSON.stringify(wanted)
    case 'jsonb':
      return written === listText(wanted)
  }
}

function isSameNumber(written: string, wanted: unknown): boolean {
  return wanted instanceof Decimal && parseDecimal(written)?.equals(wanted) === true
}

/** 2026-01-05T09:30:01.250Z is written 2026-01-05 09:30:01.25+00. */
function timeText(iso: string): string {
  const [seconds, fraction] = [iso.slice(0, 19).replace('T', ' '), iso.slice(20, 23)]
  const digits = fraction.replace(/0+$/, '')
  return digits === '' ? `${seconds}+00` : `${seconds}.${digits}+00`
}

/** How jsonb writes a list of texts; null for anything else. */
function listText(wanted: unknown): string | null {
  if (!Array.isArray(wanted) || !wanted.every((element) => typeof element === 'string')) return null
  return `[${wanted.map((element) => JSON.stringify(element)).join(', ')}]`
}
