import { type Kysely, type Migration, sql } from 'kysely'

/** Orders that are legs of another one, and the options in which a position is held. */
export const legs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table orders
        add column leg_of text,
        add column leg text check (leg in ('call', 'put')),
        add column strike numeric,
        add column expiry text,
        add column is_rollback boolean not null default false,
        add column has_legs boolean not null default false,
        add constraint orders_whole_leg check (num_nulls(leg_of, leg, strike, expiry) in (0, 4))`.execute(db)
    await sql`
      alter table positions
        add column strike numeric,
        add column expiry text,
        add constraint positions_whole_contract check (num_nulls(strike, expiry) in (0, 2))`.execute(db)
    // A leg of an entry is at work beside the entry that it carries out
    await sql`alter table orders drop constraint orders_one_entry_at_work`.execute(db)
    await sql`
      alter table orders add constraint orders_one_entry_at_work
      exclude using btree (portfolio with =, instrument with =)
      where (purpose in ('entry', 'pyramid') and leg_of is null
        and state in ('initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled'))
      deferrable initially immediate`.execute(db)
  },
}
