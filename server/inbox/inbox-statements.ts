/*
 * Single statements that commit by themselves. node-postgres resolves a query when the server is ready for the next
 * one, which it says after the commit, so a resolved query is a confirmed commit.
 */

const incoming = `rows from (
    unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::float8[]),
    jsonb_array_elements($8::jsonb)
  ) as incoming (alert_id, portfolio, source, dedupe_key, content_hash, raw, received_ms, alert)`

const columns = 'alert_id, portfolio, source, dedupe_key, content_hash, raw, received_at, alert'
const values = `alert_id, portfolio, source, dedupe_key, content_hash, raw, to_timestamp(received_ms / 1000), alert`

/** Inserts alerts, in their order, whose key is new; returns the ids of those that were. */
export const insertFirst = {
  name: 'inbox-insert-first',
  text: `insert into inbox (${columns})
    select ${values} from ${incoming}
    on conflict do nothing
    returning alert_id`,
}

const shown =
  'id, source, dedupe_key, content_hash, conflict, alert_id, state, outcome, decision_id, reasons, lots'
const ofKey = 'source = wanted.source and dedupe_key = wanted.dedupe_key'

/**
 * Returns every row with one of the keys, the first alert's before those in conflict with it. Each half has an index of
 * its own; one condition for both would use neither.
 */
export const selectByKey = {
  name: 'inbox-select-by-key',
  text: `select known.*
    from unnest($1::text[], $2::text[]) as wanted (source, dedupe_key)
    cross join lateral (
      select ${shown} from inbox where ${ofKey} and not conflict
      union all
      select ${shown} from inbox where ${ofKey} and conflict
    ) as known
    order by known.conflict, known.id`,
}

/**
 * Inserts alerts that contradict an earlier one, each with its alarm; returns the ids of those that were inserted.
 * Exits wait for their decision like any alert, the others are decided: they are ignored.
 */
export const insertConflicts = {
  name: 'inbox-insert-conflicts',
  text: `with stored as (
      insert into inbox (${columns}, conflict, state, outcome, reasons, lots, decided_at)
      select ${values}, true,
        case when is_exit then 'waiting' else 'decided' end,
        case when is_exit then null else 'ignored' end,
        case when is_exit then null else '["CONFLICT"]'::jsonb end,
        case when is_exit then null else 0 end,
        case when is_exit then null else clock_timestamp() end
      from (select *, alert ->> 'type' = 'EXIT' as is_exit from ${incoming}) as incoming
      on conflict do nothing
      returning alert_id, portfolio, alert, received_at
    ), alarmed as (
      insert into alarms (portfolio, code, severity, instrument, subject, message, at)
      select portfolio, 'ALERT_CONFLICT', 'warning', alert ->> 'instrument', alert_id, message, received_at
      from stored join unnest($1::text[], $9::text[]) as told (alert_id, message) using (alert_id)
    )
    select alert_id from stored`,
}

/** Inserts bodies that were refused. */
export const insertRefused = {
  name: 'inbox-insert-refused',
  text: `insert into refused_alerts (source, raw, status, received_at, problems)
    select source, raw, status, to_timestamp(received_ms / 1000), problems
    from rows from (
      unnest($1::text[], $2::bytea[], $3::int[], $4::float8[]), jsonb_array_elements($5::jsonb)
    ) as refused (source, raw, status, received_ms, problems)`,
}

/** Returns alerts of a portfolio that wait to be decided, the oldest first. */
export const selectWaiting = {
  name: 'inbox-select-waiting',
  text: `select id, alert_id, alert, conflict, received_at from inbox
    where portfolio = $1 and state = 'waiting' order by id limit $2`,
}
