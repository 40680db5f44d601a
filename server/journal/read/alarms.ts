import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { afterId, type Page, type PageQuery, pageOfRows } from './page.js'

/** Something that a person should look at. */
export interface ShownAlarm {
  readonly id: string
  readonly portfolio: string | null
  readonly code: string
  readonly severity: 'warning' | 'critical'
  readonly instrument: string | null
  readonly subject: string | null
  readonly message: string
  readonly at: string
}

/** Returns a page of the alarms of all portfolios and of the service, newest first. */
export async function readAlarms(db: Kysely<Tables>, page: PageQuery): Promise<Page<ShownAlarm>> {
  const before = afterId(page.cursor)
  const rows = await db
    .selectFrom('alarms')
    .selectAll()
    .$if(before !== null, (query) => query.where('id', '<', before))
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOfRows(rows, page.limit, {
    item: ({ id, portfolio, code, severity, instrument, subject, message, at }) => ({
      id: String(id),
      portfolio,
      code,
      severity,
      instrument,
      subject,
      message,
      at: at.toISOString(),
    }),
    cursor: ({ id }) => [id],
  })
}
