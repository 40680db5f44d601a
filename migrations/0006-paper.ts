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
        instrument text not null,
        side text not null check (side in ('buy', 'sell')),
        type text not null check (type in ('market', 'limit')),
        lots numeric not null check (lots > 0),
        limit_price numeric,
        accepted_at timestamptz not null,
        end_status text check (end_status in ('canceled', 'rejected')),
        ended_at timestamptz,
        end_code text,
        end_message text,
        last_news_at timestamptz not null,
        primary key (account, client_order_id),
        unique (account, venue_order_id),
        check ((end_status is null) = (ended_at is null))
      )`.execute(db)
    await sql`create index orders_by_news on paper.orders (account, last_news_at)`.execute(db)
    // An order's trades are written by the statement that writes the order, so no foreign key has to watch them
    await sql`
      create table paper.fills (
        account text not null,
        client_order_id text not null,
        trade_id text not null,
        instrument text not null,
        side text not null check (side in ('buy', 'sell')),
        lots numeric not null check (lots > 0),
        price numeric not null,
        fee numeric not null,
        at timestamptz not null,
        shown_at timestamptz not null check (shown_at >= at),
        primary key (account, client_order_id, trade_id)
      )`.execute(db)
  },
}
