/** A row that is not what the fold of the logs says it is. */
export interface Difference {
  readonly table: string
  /** The row's key within its portfolio. */
  readonly key: string
  /** missing: the fold has it, the table does not · extra: the other way round · different: a column differs. */
  readonly kind: 'missing' | 'extra' | 'different'
  /** Null unless `different`. */
  readonly column: string | null
  readonly expected: string | null
  readonly actual: string | null
}

/** Returns a difference as one line for people. */
export function describeDifference({ table, key, kind, column, expected, actual }: Difference): string {
  switch (kind) {
    case 'missing':
      return `${table} ${key}: the row is missing`
    case 'extra':
      return `${table} ${key}: no event made this row`
    case 'different':
      return `${table} ${key}: ${column} is ${actual ?? 'null'}, the fold says ${expected ?? 'null'}`
  }
}
