import type {
  AlarmsTable,
  DecisionsTable,
  FillsTable,
  LedgerTable,
  MarketViewsTable,
  OrdersTable,
  PositionsTable,
} from '../db/tables.js'

/** PostgreSQL types of projected columns. */
export type ColumnType =
  | 'text'
  | 'bigint'
  | 'int'
  | 'numeric'
  | 'float8'
  | 'boolean'
  | 'timestamptz'
  | 'json'
  | 'jsonb'

/** The columns of a projected table, without its portfolio: the same list writes the rows and verifies them. */
export type Columns<Table> = Readonly<Record<Exclude<keyof Table, 'portfolio'> & string, ColumnType>>

/** Columns of decisions. */
export const decisionColumns = {
  id: 'text',
  seq: 'bigint',
  idx: 'int',
  input_id: 'text',
  alert_id: 'text',
  at: 'timestamptz',
  kind: 'text',
  instrument: 'text',
  outcome: 'text',
  reasons: 'jsonb',
  bound_by: 'text',
  lots: 'numeric',
} as const satisfies Columns<DecisionsTable>

/** Columns of orders. */
export const orderColumns = {
  id: 'text',
  seq: 'bigint',
  idx: 'int',
  client_order_id: 'text',
  venue_order_id: 'text',
  instrument: 'text',
  side: 'text',
  type: 'text',
  purpose: 'text',
  lots: 'numeric',
  limit_price: 'numeric',
  reference_price: 'float8',
  filled_lots: 'numeric',
  filled_value: 'numeric',
  state: 'text',
  reason: 'text',
  attempt: 'int',
  cancel_requested: 'boolean',
  decision_id: 'text',
  position_id: 'text',
  created_at: 'timestamptz',
  closed_at: 'timestamptz',
  leg_of: 'text',
  leg: 'text',
  strike: 'numeric',
  expiry: 'text',
  is_rollback: 'boolean',
  has_legs: 'boolean',
} as const satisfies Columns<OrdersTable>

/** Columns of orders that change after the order was made. */
export const changingOrderColumns = [
  'venue_order_id',
  'filled_lots',
  'filled_value',
  'state',
  'reason',
  'attempt',
  'cancel_requested',
  'closed_at',
  'has_legs',
] as const satisfies readonly (keyof typeof orderColumns)[]

/** Columns of positions. */
export const positionColumns = {
  id: 'text',
  seq: 'bigint',
  idx: 'int',
  instrument: 'text',
  unit: 'int',
  label: 'text',
  state: 'text',
  lots: 'numeric',
  cost: 'numeric',
  bought_lots: 'numeric',
  bought_value: 'numeric',
  sold_lots: 'numeric',
  sold_value: 'numeric',
  realized_pnl: 'numeric',
  fees: 'numeric',
  initial_stop: 'float8',
  stop: 'float8',
  highest_close: 'float8',
  stop_distance: 'float8',
  entry_atr: 'float8',
  point_value: 'float8',
  entry_order_id: 'text',
  exit_orders: 'int',
  exit_not_before: 'timestamptz',
  exit_decision_id: 'text',
  exit_reason: 'text',
  opened_at: 'timestamptz',
  closed_at: 'timestamptz',
  strike: 'numeric',
  expiry: 'text',
} as const satisfies Columns<PositionsTable>

/** Columns of positions that change after the unit was opened. */
export const changingPositionColumns = [
  'label',
  'state',
  'lots',
  'cost',
  'bought_lots',
  'bought_value',
  'sold_lots',
  'sold_value',
  'realized_pnl',
  'fees',
  'initial_stop',
  'stop',
  'highest_close',
  'exit_orders',
  'exit_not_before',
  'exit_decision_id',
  'exit_reason',
  'closed_at',
] as const satisfies readonly (keyof typeof positionColumns)[]

/** Columns of fills. */
export const fillColumns = {
  order_id: 'text',
  trade_id: 'text',
  seq: 'bigint',
  idx: 'int',
  lots: 'numeric',
  price: 'numeric',
  fee: 'numeric',
  at: 'timestamptz',
} as const satisfies Columns<FillsTable>

/** Columns of the ledger. */
export const ledgerColumns = {
  seq: 'bigint',
  idx: 'int',
  kind: 'text',
  amount: 'numeric',
  at: 'timestamptz',
  order_id: 'text',
  position_id: 'text',
  note: 'text',
} as const satisfies Columns<LedgerTable>

/** Columns of the alarms that are events; the id is drawn by the database. */
export const alarmColumns = {
  seq: 'bigint',
  idx: 'int',
  code: 'text',
  severity: 'text',
  instrument: 'text',
  subject: 'text',
  message: 'text',
  at: 'timestamptz',
} as const satisfies Omit<Columns<AlarmsTable>, 'id'>

/** Columns of market views. */
export const marketViewColumns = {
  instrument: 'text',
  data: 'json',
} as const satisfies Columns<MarketViewsTable>

/** A row of a projected table, ready to become JSON: exact numbers and instants as their text. */
export type Row<Table> = { readonly [Column in keyof Table]: unknown }

/** Returns the column list of a `json_to_recordset … as x (…)`. */
export function recordOf(
  columns: Readonly<Record<string, ColumnType>>,
  names = Object.keys(columns),
): string {
  return names.map((name) => `${quote(name)} ${columns[name]}`).join(', ')
}

/** Returns column names for a select or insert list, each behind `prefix`. */
export function listOf(names: readonly string[], prefix = ''): string {
  return names.map((name) => prefix + quote(name)).join(', ')
}

/** Returns `name` quoted: some columns are named like types or keywords. */
export function quote(name: string): string {
  return `"${name}"`
}
