import { type Kysely, sql } from 'kysely'

/** Stops that rest at a venue: orders of a type and a purpose of their own, with a trigger price in the paper book. */
export const stops = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table orders drop constraint orders_purpose_check`.execute(db)
    await sql`alter table orders add constraint orders_purpose_check
      check (purpose in ('entry', 'pyramid', 'exit', 'peelOff', 'stop', 'rebalance'))`.execute(db)
    await sql`alter table orders drop constraint orders_type_check`.execute(db)
    await sql`alter table orders add constraint orders_type_check
      check (type in ('market', 'limit', 'stop'))`.execute(db)
    await sql`alter table paper.orders drop constraint orders_type_check`.execute(db)
    await sql`alter table paper.orders add constraint orders_type_check
      check (type in ('market', 'limit', 'stop'))`.execute(db)
    await sql`alter table paper.orders add column trigger_price numeric`.execute(db)
  },
}
