import pg from 'pg'

const oid = { int8: 20, date: 1082, int8Array: 1016, numericArray: 1231, dateArray: 1182 } as const

/** An int8 as a number. Throws RangeError where a number cannot hold it. */
export function parseInt8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} is beyond the safe integers`)
  return value
}

const keep = (text: string): string => text

/** Elements of these types hold no comma, quote or brace, so the array's text can simply be split. */
function parseArray<T>(text: string, parse: (element: string) => T): (T | null)[] {
  const inner = text.slice(1, -1)
  if (inner === '') return []
  return inner.split(',').map((element) => (element === 'NULL' ? null : parse(element)))
}

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [oid.int8]: parseInt8,
  // A Date would move the day by the zone of this machine
  [oid.date]: keep,
  [oid.int8Array]: (text) => parseArray(text, parseInt8),
  [oid.numericArray]: (text) => parseArray(text, keep),
  [oid.dateArray]: (text) => parseArray(text, keep),
}

/** How columns become values: pg's own ways, but int8 as a safe integer, date and numeric as their text. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: (id, format) => {
    const own = format === 'binary' ? undefined : parsers[id]
    return own ?? pg.types.getTypeParser(id, format)
  },
}
