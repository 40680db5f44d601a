import { alertOutcome, quarantinedOutcome } from '../journal/alert-outcome.js'
import { type Queryable, readLog } from '../journal/read-log.js'
import type { LogEntry } from '../journal/touched.js'
import { type DecidedWork, failureId } from './decide-batch.js'
import type { Work } from './work.js'

/** Returns, by id, those of the works that are recorded, with what they led to, or with why they were put aside. */
export async function findRecorded(
  db: Queryable,
  portfolio: string,
  works: readonly Work[],
): Promise<Map<string, DecidedWork>> {
  const ids = works.flatMap(({ input }) => [input.id, failureId(input.id)])
  const entries = await readEntries(db, portfolio, ids)
  const recorded = new Map<string, DecidedWork>()
  for (const work of works) {
    const { id } = work.input
    const [decided, failed] = [entries.get(id), entries.get(failureId(id))]
    if (decided !== undefined) recorded.set(id, asDecided(work, decided))
    else if (failed !== undefined) recorded.set(id, asFailed(work, failed))
  }
  return recorded
}

async function readEntries(
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

function asDecided(work: Work, entry: LogEntry): DecidedWork {
  const { id, type } = work.input
  const alert = type === 'AlertAdmitted' ? alertOutcome(id, entry.seq, entry.events) : null
  return { work, entry, alert, failure: null }
}

function asFailed(work: Work, entry: LogEntry): DecidedWork {
  const { id, type } = work.input
  const alert = type === 'AlertAdmitted' ? quarantinedOutcome(id, entry.seq) : null
  return { work, entry, alert, failure: entry.input.type === 'InputFailed' ? entry.input.error : '' }
}
