import type { Difference } from './difference.js'
import { listOf, quote, recordOf } from './projection-columns.js'
import type { Queryable } from './read-log.js'
import { areSameRows, type ExpectedRows, type RowSource, readWritten, type WrittenRows } from './same-rows.js'

/** Rows of a projected table that should be so, and which rows of the table they are compared with. */
export interface Comparison extends RowSource, ExpectedRows {
  /** Those rows, if they are being read already. */
  readonly written?: Promise<WrittenRows>
}

interface ComparedRow {
  readonly key: string
  readonly has_expected: boolean
  readonly has_actual: boolean
  readonly expected: Record<string, string | null>
  readonly actual: Record<string, string | null>
  readonly columns: string[]
}

/**
 * Returns every difference between the rows that should be there and those that are. Where they do not look the same
 * the database compares, by the types of the columns: 1.50 is 1.5, and nothing else is near enough.
 */
export async function compareRows(db: Queryable, comparison: Comparison): Promise<Difference[]> {
  const written = await (comparison.written ?? readWritten(db, comparison))
  if (areSameRows(written, comparison, comparison)) return []
  const { portfolio, table, expected, value, mayLack = () => false } = comparison
  const values = [portfolio, value, JSON.stringify(expected)]
  const { rows } = await db.query<ComparedRow>(comparisonStatement(comparison), values)
  return rows
    .flatMap((row) => differencesIn(table, row))
    .filter(({ kind, key }) => kind !== 'missing' || !mayLack(key))
}

function comparisonStatement({ table, columns, key, compared, where }: Comparison): string {
  const names = compared ?? Object.keys(columns)
  const same = key.map((name) => `e.${quote(name)} = a.${quote(name)}`).join(' and ')
  const text = (side: string, name: string) => `${side}.${quote(name)}::text`
  const texts = (side: string) =>
    `jsonb_object(array[${names.map((name) => `'${name}'`).join(', ')}], array[${names
      .map((name) => text(side, name))
      .join(', ')}])`
  const differing = names.map((name) => {
    const cast = columns[name] === 'json' ? '::jsonb' : ''
    return `case when e.${quote(name)}${cast} is distinct from a.${quote(name)}${cast} then '${name}' end`
  })
  const keyText = key.map((name) => `coalesce(${text('e', name)}, ${text('a', name)})`).join(` || '/' || `)
  return `
    with e as (
      select true as is_there, x.* from json_to_recordset($3::json) as x (${recordOf(columns)})
    ), a as (
      select true as is_there, ${listOf(Object.keys(columns), 'a.')} from ${table} as a
      where a.portfolio = $1 and (${where})
    )
    select ${keyText} as key, e.is_there is true as has_expected, a.is_there is true as has_actual,
      ${texts('e')} as expected, ${texts('a')} as actual,
      array_remove(array[${differing.join(', ')}], null) as columns
    from e full join a on ${same}
    where e.is_there is null or a.is_there is null or array_remove(array[${differing.join(', ')}], null) <> '{}'
    order by 1`
}

function differencesIn(table: string, row: ComparedRow): Difference[] {
  const { key } = row
  const nothing = { column: null, expected: null, actual: null }
  if (!row.has_actual) return [{ table, key, kind: 'missing', ...nothing }]
  if (!row.has_expected) return [{ table, key, kind: 'extra', ...nothing }]
  return row.columns.map((column) => ({
    table,
    key,
    kind: 'different',
    column,
    expected: row.expected[column] ?? null,
    actual: row.actual[column] ?? null,
  }))
}
