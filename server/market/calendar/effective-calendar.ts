import type { Pool, PoolClient } from 'pg'
import type { Calendar } from '../../../core/calendar/calendar.js'
import type { Confidence } from '../../../core/calendar/exchange-calendar.js'
import { BUILT_IN_EXCHANGES } from './built-in.js'
import { applyImport, type CalendarImport, type ExchangeImport } from './calendar-import.js'
import { toCalendar } from './calendar-version.js'

type Queryable = Pick<Pool | PoolClient, 'query'>

/** Returns the calendar that the service knows by itself. */
export function builtInCalendar(): Calendar {
  return toCalendar(BUILT_IN_EXCHANGES)
}

/** Returns the calendar in force: what the service knows by itself, with every import in its order. */
export async function loadCalendar(db: Queryable): Promise<Calendar> {
  const { rows } = await db.query<StoredImport>('select source, facts from calendar_imports order by id')
  return toCalendar(rows.map(toImport).reduce(applyImport, BUILT_IN_EXCHANGES))
}

/** Stores an import under the id of its command; the same id is stored once. */
export async function recordImport(
  db: Queryable,
  commandId: string,
  imported: CalendarImport,
): Promise<void> {
  const { source, confidence, exchanges } = imported
  await db.query(
    'insert into calendar_imports (command_id, source, facts) values ($1, $2, $3) on conflict (command_id) do nothing',
    [commandId, source, JSON.stringify({ confidence, exchanges })],
  )
}

interface StoredImport {
  readonly source: string
  readonly facts: { readonly confidence: Confidence; readonly exchanges: readonly ExchangeImport[] }
}

function toImport({ source, facts }: StoredImport): CalendarImport {
  return { source, ...facts }
}
