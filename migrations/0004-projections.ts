import { type Kysely, type Migration, sql } from 'kysely'
import { refuseChanges } from './0003-logs.js'

/** Tables that are folds of the events, written in the transaction of their events. */
export const projections: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createDecisions(db)
    await createOrders(db)
    await createPositions(db)
    await createMoney(db)
    await createAlarms(db)
  },
}

/** A decision's arithmetic is the event (portfolio, seq, idx). */
async function createDecisions(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table decisions (
      id text not null,
      portfolio text not null,
      seq bigint not null,
      idx int not null,
      input_id text not null,
      alert_id text,
      at timestamptz not null,
      kind text not null,
      instrument text,
      outcome text not null check (outcome in ('approved', 'blocked', 'ignored')),
      reasons jsonb not null,
      bound_by text,
      lots numeric not null,
      primary key (id, portfolio),
      unique (portfolio, seq, idx)
    )`.execute(db)
  await sql`create index decisions_of_alert on decisions (alert_id) where alert_id is not null`.execute(db)
}

async function createOrders(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table orders (
      id text not null,
      portfolio text not null,
      seq bigint not null,
      idx int not null,
      client_order_id text not null unique,
      venue_order_id text,
      instrument text not null,
      side text not null check (side in ('buy', 'sell')),
      type text not null check (type in ('market', 'limit')),
      purpose text not null check (purpose in ('entry', 'pyramid', 'exit', 'peelOff')),
      lots numeric not null check (lots > 0),
      limit_price numeric,
      reference_price float8 not null,
      filled_lots numeric not null check (filled_lots >= 0),
      filled_value numeric not null,
      state text not null check (state in ('initialized', 'submitted', 'unresolved', 'accepted',
        'partiallyFilled', 'filled', 'canceled', 'rejected', 'expired', 'denied')),
      reason text,
      attempt int not null,
      cancel_requested boolean not null,
      decision_id text not null,
      position_id text not null,
      created_at timestamptz not null,
      closed_at timestamptz,
      primary key (id, portfolio),
      unique (portfolio, seq, idx)
    ) with (fillfactor = 80)`.execute(db)
  // Checked at the end of the statement: one batch may end an entry and begin the next
  await sql`
    alter table orders add constraint orders_one_entry_at_work
    exclude using btree (portfolio with =, instrument with =)
    where (purpose in ('entry', 'pyramid')
      and state in ('initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled'))
    deferrable initially immediate`.execute(db)
  await sql`create index orders_of_decision on orders (decision_id)`.execute(db)
  await sql`
    create index orders_at_work on orders (portfolio)
    where state in ('initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled')`.execute(db)
}

async function createPositions(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table positions (
      id text not null,
      portfolio text not null,
      seq bigint not null,
      idx int not null,
      instrument text not null,
      unit int not null check (unit > 0),
      label text,
      state text not null check (state in ('opening', 'open', 'closing', 'closed')),
      lots numeric not null check (lots >= 0),
      cost numeric not null,
      bought_lots numeric not null,
      bought_value numeric not null,
      sold_lots numeric not null,
      sold_value numeric not null,
      realized_pnl numeric not null,
      fees numeric not null,
      initial_stop float8 not null,
      stop float8 not null,
      highest_close float8 not null,
      stop_distance float8 not null,
      entry_atr float8 not null,
      point_value float8 not null,
      entry_order_id text not null,
      exit_orders int not null,
      exit_not_before timestamptz not null,
      exit_decision_id text,
      exit_reason text,
      opened_at timestamptz not null,
      closed_at timestamptz,
      primary key (id, portfolio),
      unique (portfolio, seq, idx)
    ) with (fillfactor = 80)`.execute(db)
  await sql`create index positions_held on positions (portfolio) where state <> 'closed'`.execute(db)
  await sql`
    create function refuse_falling_stop() returns trigger language plpgsql as $$
    begin
      if new.stop < old.stop then
        raise exception 'position %: a stop never falls, from % to %', old.id, old.stop, new.stop
          using errcode = 'check_violation', constraint = 'positions_ratchet';
      end if;
      if new.highest_close < old.highest_close then
        raise exception 'position %: a highest close never falls, from % to %',
          old.id, old.highest_close, new.highest_close
          using errcode = 'check_violation', constraint = 'positions_ratchet';
      end if;
      return new;
    end $$`.execute(db)
  await sql`
    create trigger ratchet before update on positions
    for each row execute function refuse_falling_stop()`.execute(db)
}

async function createMoney(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table fills (
      portfolio text not null,
      order_id text not null,
      trade_id text not null,
      seq bigint not null,
      idx int not null,
      lots numeric not null,
      price numeric not null,
      fee numeric not null,
      at timestamptz not null,
      primary key (portfolio, order_id, trade_id),
      unique (portfolio, seq, idx)
    )`.execute(db)
  await sql`
    create table ledger (
      portfolio text not null,
      seq bigint not null,
      idx int not null,
      kind text not null,
      amount numeric not null,
      at timestamptz not null,
      order_id text,
      position_id text,
      note text,
      primary key (portfolio, seq, idx)
    )`.execute(db)
  await refuseChanges(db, 'fills')
  await refuseChanges(db, 'ledger')
}

async function createAlarms(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table alarms (
      id bigint generated always as identity primary key,
      portfolio text,
      code text not null,
      severity text not null check (severity in ('warning', 'critical')),
      instrument text,
      subject text,
      message text not null,
      at timestamptz not null,
      seq bigint,
      idx int,
      unique (portfolio, seq, idx)
    )`.execute(db)
  await sql`
    create table market_views (
      portfolio text not null,
      instrument text not null,
      data json not null,
      primary key (portfolio, instrument)
    ) with (fillfactor = 50)`.execute(db)
}
