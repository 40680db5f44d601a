import {
  alarmColumns,
  type ColumnType,
  changingOrderColumns,
  changingPositionColumns,
  decisionColumns,
  fillColumns,
  ledgerColumns,
  listOf,
  marketViewColumns,
  orderColumns,
  positionColumns,
  quote,
  recordOf,
} from './projection-columns.js'

/*
 * The one statement that records a batch. Everything hangs on its first part, the fence: it holds only while nobody
 * else has written to the portfolio (version) and nobody else has taken its lease (epoch), and it locks the row until
 * the end of the statement. When it does not hold, the other parts join with nothing and write nothing.
 *
 * JSON documents come as one text, joined by a character that JSON text cannot hold: escaping each of them as an
 * element of an array literal would cost more than deciding it.
 */

/** Joins JSON documents into one parameter. */
export const DOCUMENT_SEPARATOR = '\u001e'

/** The parameters of the statement, in order. */
export interface PersistParameters {
  readonly portfolio: string
  readonly expectedVersion: number
  readonly epoch: number
  readonly firstSeq: number
  readonly inputCount: number
  readonly eventCount: number
  readonly configurationHash: string
  readonly tradingState: string
  readonly tradingStateReason: string
  readonly closedEquity: string
  readonly deposited: string
  readonly realizedPnl: string
  readonly fees: string
  readonly highEquity: string
  readonly inputIds: readonly string[]
  readonly inputTypes: readonly string[]
  readonly inputData: string
  readonly eventSeqs: readonly number[]
  readonly eventIdxs: readonly number[]
  readonly eventTypes: readonly string[]
  readonly eventData: string
  readonly inboxIds: readonly number[]
  readonly inbox: string
  readonly decisions: string
  readonly madeOrders: string
  readonly changedOrderIds: readonly string[]
  readonly changedOrders: string
  readonly madePositions: string
  readonly changedPositionIds: readonly string[]
  readonly changedPositions: string
  readonly fills: string
  readonly ledger: string
  readonly alarms: string
  readonly marketViews: string
}

const order: readonly (keyof PersistParameters)[] = [
  'portfolio',
  'expectedVersion',
  'epoch',
  'firstSeq',
  'inputCount',
  'eventCount',
  'configurationHash',
  'tradingState',
  'tradingStateReason',
  'closedEquity',
  'deposited',
  'realizedPnl',
  'fees',
  'highEquity',
  'inputIds',
  'inputTypes',
  'inputData',
  'eventSeqs',
  'eventIdxs',
  'eventTypes',
  'eventData',
  'inboxIds',
  'inbox',
  'decisions',
  'madeOrders',
  'changedOrderIds',
  'changedOrders',
  'madePositions',
  'changedPositionIds',
  'changedPositions',
  'fills',
  'ledger',
  'alarms',
  'marketViews',
]

/** Returns the values of the statement's parameters in their order. */
export function persistValues(parameters: PersistParameters): unknown[] {
  return order.map((name) => parameters[name])
}

const at = (name: keyof PersistParameters): string => `$${order.indexOf(name) + 1}`

const documents = (name: keyof PersistParameters): string =>
  `string_to_array(${at(name)}::text, chr(${DOCUMENT_SEPARATOR.charCodeAt(0)}))`

const fence = `
  fence as (
    update portfolios set
      version = version + 1,
      seq = seq + ${at('inputCount')}::int,
      events = events + ${at('eventCount')}::int,
      configuration_hash = ${at('configurationHash')},
      trading_state = ${at('tradingState')},
      trading_state_reason = ${at('tradingStateReason')},
      closed_equity = ${at('closedEquity')}::numeric,
      deposited = ${at('deposited')}::numeric,
      realized_pnl = ${at('realizedPnl')}::numeric,
      fees = ${at('fees')}::numeric,
      high_equity = ${at('highEquity')}::numeric,
      updated_at = clock_timestamp()
    where id = ${at('portfolio')}
      and version = ${at('expectedVersion')}::bigint
      and epoch = ${at('epoch')}::bigint
      and seq = ${at('firstSeq')}::bigint - 1
    returning id
  )`

const inputs = `
  new_inputs as (
    insert into inputs (portfolio, seq, id, type, schema_version, data, batch_position)
    select fence.id, ${at('firstSeq')}::bigint + x.n - 1, x.id, x.type, 1, x.data::json, x.n - 1
    from fence, unnest(${at('inputIds')}::text[], ${at('inputTypes')}::text[], ${documents('inputData')})
      with ordinality as x (id, type, data, n)
  )`

const events = `
  new_events as (
    insert into events (portfolio, seq, idx, type, schema_version, data)
    select fence.id, x.seq, x.idx, x.type, 1, x.data::json
    from fence, unnest(${at('eventSeqs')}::bigint[], ${at('eventIdxs')}::int[], ${at('eventTypes')}::text[],
      ${documents('eventData')}) as x (seq, idx, type, data)
  )`

const inbox = `
  decided as (
    update inbox set state = x.state, seq = x.seq, outcome = x.outcome, decision_id = x.decision_id,
      reasons = x.reasons, lots = x.lots, decided_at = clock_timestamp()
    from fence, json_to_recordset(${at('inbox')}::json) as x (id bigint, state text, seq bigint, outcome text,
      decision_id text, reasons jsonb, lots numeric)
    where inbox.id = any (${at('inboxIds')}::bigint[]) and inbox.id = x.id
  )`

type ColumnTypes = Readonly<Record<string, ColumnType>>

function insertion(name: keyof PersistParameters, table: string, columns: ColumnTypes): string {
  const names = Object.keys(columns)
  return `
  ${quote(`new_${name}`)} as (
    insert into ${table} (portfolio, ${listOf(names)})
    select fence.id, ${listOf(names, 'x.')}
    from fence, json_to_recordset(${at(name)}::json) as x (${recordOf(columns)})
  )`
}

/** The list of ids makes the plan look the rows up by their key instead of joining all of the portfolio's. */
function change(
  name: 'changedOrders' | 'changedPositions',
  table: string,
  columns: ColumnTypes,
  changing: readonly string[],
): string {
  const ids = name === 'changedOrders' ? at('changedOrderIds') : at('changedPositionIds')
  const assignments = changing.map((column) => `${quote(column)} = x.${quote(column)}`)
  return `
  ${quote(`new_${name}`)} as (
    update ${table} set ${assignments.join(', ')}
    from fence, json_to_recordset(${at(name)}::json) as x (${recordOf(columns, ['id', ...changing])})
    where ${table}.id = any (${ids}::text[]) and ${table}.portfolio = fence.id and ${table}.id = x.id
  )`
}

const marketViews = `${insertion('marketViews', 'market_views', marketViewColumns).trimEnd().slice(0, -1)}
    on conflict (portfolio, instrument) do update set data = excluded.data
  )`

/** The statement; it returns one row whose `held` says whether the fence held, and so whether anything was written. */
export const PERSIST_STATEMENT = `with ${[
  fence,
  inputs,
  events,
  inbox,
  insertion('decisions', 'decisions', decisionColumns),
  insertion('madeOrders', 'orders', orderColumns),
  change('changedOrders', 'orders', orderColumns, changingOrderColumns),
  insertion('madePositions', 'positions', positionColumns),
  change('changedPositions', 'positions', positionColumns, changingPositionColumns),
  insertion('fills', 'fills', fillColumns),
  insertion('ledger', 'ledger', ledgerColumns),
  insertion('alarms', 'alarms', alarmColumns),
  marketViews,
].join(',')}
select exists (select from fence) as held`
