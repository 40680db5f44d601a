import { type Kysely, type Migration, sql } from 'kysely'

/** Answers to commands, kept for ever: the same key and body get the first answer. */
export const idempotency: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table idempotency (
        scope text not null,
        key text not null,
        body_hash text not null,
        state text not null default 'running' check (state in ('running', 'done')),
        status int,
        response json,
        created_at timestamptz not null default clock_timestamp(),
        primary key (scope, key),
        check (state = 'running' or status is not null)
      )`.execute(db)
  },
}
