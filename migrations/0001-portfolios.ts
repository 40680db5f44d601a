import { type Kysely, type Migration, sql } from 'kysely'

/** Portfolios with their fence (version, epoch), and the running instances that hold them. */
export const portfolios: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table instances (
        id text primary key,
        backend_pid int not null,
        backend_start timestamptz not null,
        started_at timestamptz not null default clock_timestamp(),
        heartbeat_at timestamptz not null default clock_timestamp()
      )`.execute(db)
    await sql`
      create table portfolios (
        id text primary key,
        currency text not null,
        version bigint not null default 0,
        epoch bigint not null default 0,
        holder text references instances (id) on delete set null,
        seq bigint not null default 0,
        events bigint not null default 0,
        phase text not null default 'database',
        phase_code text,
        phase_detail text,
        configuration_hash text not null default '',
        trading_state text not null default 'active'
          check (trading_state in ('active', 'reducing', 'halted', 'frozen')),
        trading_state_reason text not null default '',
        closed_equity numeric not null default 0,
        deposited numeric not null default 0,
        realized_pnl numeric not null default 0,
        fees numeric not null default 0,
        high_equity numeric not null default 0,
        updated_at timestamptz not null default clock_timestamp(),
        check (version >= 0 and epoch >= 0 and seq >= 0 and events >= 0)
      ) with (fillfactor = 50)`.execute(db)
  },
}
