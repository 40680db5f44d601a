import { type Kysely, sql } from 'kysely'

/** Starts of portfolios that have not become active yet, by the instance that began them; what is left of one is a crash. */
export const unfinishedStarts = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table unfinished_starts (
        portfolio text not null,
        instance text not null,
        began_at timestamptz not null default clock_timestamp(),
        primary key (portfolio, instance)
      )`.execute(db)
  },
}
