import type { Queryable } from '../journal/read-log.js'
import { readLog } from '../journal/read-log.js'
import type { LogEntry } from '../journal/touched.js'

/** Returns those of the inputs with these ids that are recorded, by id. */
export async function findRecorded(
  db: Queryable,
  portfolio: string,
  ids: readonly string[],
): Promise<Map<string, LogEntry>> {
  const found = new Map<string, LogEntry>()
  const { rows } = await db.query<{ seq: number }>(
    'select seq from inputs where portfolio = $1 and id = any ($2::text[]) order by seq',
    [portfolio, ids],
  )
  for (const { seq } of rows) {
    for await (const entry of readLog(db, { portfolio, from: seq, to: seq })) found.set(entry.input.id, entry)
  }
  return found
}
