import { type Kysely, type Migration, sql } from 'kysely'

/** The paper venue's own book: a venue like any other, which happens to live in this database. */
export const paper: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create schema paper`.execute(db)
    await sql`
      create table paper.orders (
        account text not null,
        client_order_id text not null,
        venue_order_id text not null,
        order_id text not null,
        instrument text not null,
        side text not null check (side in ('buy', 'sell')),
        type text not null check (type in ('market', 'limit')),
        lots numeric not null check (lots > 0),
        limit_price numeric,
        reference_price float8 not null,
        point_value float8 not null,
        tick float8 not null,
        filled_lots numeric not null default 0,
        state text not null,
        code text,
        message text,
        data jsonb not null default '{}',
        placed_at timestamptz not null,
        closed_at timestamptz,
        primary key (account, client_order_id),
        unique (account, venue_order_id)
      )`.execute(db)
    await sql`
      create table paper.fills (
        account text not null,
        trade_id text not null,
        client_order_id text not null,
        instrument text not null,
        side text not null check (side in ('buy', 'sell')),
        lots numeric not null check (lots > 0),
        price numeric not null,
        fee numeric not null,
        at timestamptz not null,
        primary key (account, trade_id),
        foreign key (account, client_order_id) references paper.orders
      )`.execute(db)
    await sql`create index fills_of_order on paper.fills (account, client_order_id)`.execute(db)
  },
}
