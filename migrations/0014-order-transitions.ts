import { type Kysely, sql } from 'kysely'

/**
 * What no order may do, whoever writes: be another one, forget a send or a fill, or come back to work once it has ended.
 * An ended order only ever fills. One statement may carry several steps, so that the steps between are not looked at.
 */
export const orderTransitions = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create function refuse_illegal_transition() returns trigger language plpgsql as $$
      begin
        if old.state in ('filled', 'canceled', 'rejected', 'expired', 'denied')
          and new.state not in (old.state, 'filled') then
          raise exception 'order %: it is %, it cannot become %', old.id, old.state, new.state
            using errcode = 'check_violation', constraint = 'orders_transition';
        end if;
        if new.attempt < old.attempt or new.filled_lots < old.filled_lots then
          raise exception 'order %: sends and fills are never forgotten', old.id
            using errcode = 'check_violation', constraint = 'orders_transition';
        end if;
        if (new.id, new.portfolio, new.instrument, new.side, new.purpose, new.lots, new.client_order_id)
          is distinct from
          (old.id, old.portfolio, old.instrument, old.side, old.purpose, old.lots, old.client_order_id) then
          raise exception 'order %: what it is never changes', old.id
            using errcode = 'check_violation', constraint = 'orders_transition';
        end if;
        return new;
      end $$`.execute(db)
    await sql`
      create trigger transitions before update on orders
      for each row execute function refuse_illegal_transition()`.execute(db)
  },
}
