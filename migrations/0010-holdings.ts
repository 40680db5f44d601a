import { type Kysely, sql } from 'kysely'

/** Orders of holdings: what is paid for in full is bought and sold by orders of a purpose of its own. */
export const holdings = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table orders drop constraint orders_purpose_check`.execute(db)
    await sql`alter table orders add constraint orders_purpose_check
      check (purpose in ('entry', 'pyramid', 'exit', 'peelOff', 'rebalance'))`.execute(db)
  },
}
