import { type Kysely, type Migration, sql } from 'kysely'
import { refuseChanges } from './0003-logs.js'

/** What was imported about exchanges, in the order in which it holds: a later fact about a date replaces an earlier one. */
export const calendar: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table calendar_imports (
        id bigint generated always as identity primary key,
        command_id text not null unique,
        source text not null,
        facts json not null,
        imported_at timestamptz not null default clock_timestamp()
      )`.execute(db)
    await refuseChanges(db, 'calendar_imports')
  },
}
