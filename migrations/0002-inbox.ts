import { type Kysely, type Migration, sql } from 'kysely'

/**
 * Alerts as they came: accepted ones, which wait to be decided, and refused ones. Each index costs a sixth of what the
 * inbox can take, so conflicts, which are rare, have one of their own.
 */
export const inbox: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table inbox (
        id bigint generated always as identity primary key,
        alert_id text not null,
        portfolio text not null,
        source text not null,
        dedupe_key text not null,
        content_hash text not null,
        conflict boolean not null default false,
        raw bytea not null,
        received_at timestamptz not null default clock_timestamp(),
        alert jsonb not null,
        state text not null default 'waiting' check (state in ('waiting', 'decided', 'quarantined')),
        seq bigint,
        outcome text check (outcome in ('approved', 'blocked', 'ignored')),
        decision_id text,
        reasons jsonb,
        lots numeric,
        decided_at timestamptz
      )`.execute(db)
    await sql`create unique index inbox_first on inbox (source, dedupe_key) where not conflict`.execute(db)
    await sql`
      create unique index inbox_conflict on inbox (source, dedupe_key, content_hash) where conflict`.execute(
      db,
    )
    await sql`create index inbox_alert on inbox (alert_id)`.execute(db)
    await sql`create index inbox_waiting on inbox (portfolio, id) where state = 'waiting'`.execute(db)
    await sql`
      create table refused_alerts (
        id bigint generated always as identity primary key,
        source text,
        received_at timestamptz not null default clock_timestamp(),
        raw bytea not null,
        status int not null,
        problems jsonb not null
      )`.execute(db)
  },
}
