import { type Kysely, type Migration, sql } from 'kysely'

/**
 * The two append-only logs of a portfolio, and the snapshots that shorten their fold. Facts are `json`, not `jsonb`:
 * what was recorded is kept to the letter, and writing it costs half.
 */
export const logs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table inputs (
        portfolio text not null,
        seq bigint not null check (seq > 0),
        id text not null,
        type text not null,
        schema_version int not null,
        data json not null,
        batch_position int not null,
        recorded_at timestamptz not null default clock_timestamp(),
        primary key (portfolio, seq),
        constraint inputs_once unique (portfolio, id)
      )`.execute(db)
    await sql`
      create table events (
        portfolio text not null,
        seq bigint not null check (seq > 0),
        idx int not null check (idx >= 0),
        type text not null,
        schema_version int not null,
        data json not null,
        primary key (portfolio, seq, idx)
      )`.execute(db)
    await sql`
      create table snapshots (
        portfolio text not null,
        seq bigint not null,
        events_folded bigint not null,
        schema_version int not null,
        hash text not null,
        state json not null,
        taken_at timestamptz not null default clock_timestamp(),
        primary key (portfolio, seq)
      )`.execute(db)
    await createAppendOnlyGuard(db)
    await refuseChanges(db, 'inputs')
    await refuseChanges(db, 'events')
  },
}

async function createAppendOnlyGuard(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only: % refused', tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation';
    end $$`.execute(db)
}

/** Makes a table append-only: the database itself refuses to update, delete or truncate it. */
export async function refuseChanges(db: Kysely<unknown>, table: string): Promise<void> {
  await sql`
    create trigger append_only before update or delete on ${sql.table(table)}
    for each row execute function refuse_change()`.execute(db)
  await sql`
    create trigger append_only_truncate before truncate on ${sql.table(table)}
    for each statement execute function refuse_change()`.execute(db)
}
