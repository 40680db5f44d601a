import type { ColumnType, Generated } from 'kysely'
import type { OrderPurpose, OrderType } from '../../core/order/order.js'
import type { AlertOutcomeKind, InboxState, PhaseName, PositionState } from './column-values.js'

/** A recorded time: read as a Date, written as a Date or ISO text. */
type Time = ColumnType<Date, Date | string, Date | string>
/** A time that the database sets unless it is given. */
type SetTime = ColumnType<Date, Date | string | undefined, Date | string>
/** An exact number, as its text. */
type Numeric = string
/** A JSON column: read as what it holds, written as JSON text. */
type Json<T = unknown> = ColumnType<T, string, string>
/** A number that the database draws. */
type Identity = ColumnType<number, never, never>

/** A running instance of the service, with the connection that proves it lives. */
export interface InstancesTable {
  id: string
  backend_pid: number
  backend_start: Time
  started_at: SetTime
  heartbeat_at: SetTime
}

/** A portfolio: its fence (version, epoch), who holds it, where its logs end, and sums of its ledger. */
export interface PortfoliosTable {
  id: string
  currency: string
  version: Generated<number>
  epoch: Generated<number>
  holder: string | null
  seq: Generated<number>
  /** Count of its events. */
  events: Generated<number>
  phase: Generated<PhaseName>
  phase_code: string | null
  phase_detail: string | null
  configuration_hash: Generated<string>
  trading_state: Generated<'active' | 'reducing' | 'halted' | 'frozen'>
  trading_state_reason: Generated<string>
  closed_equity: Generated<Numeric>
  deposited: Generated<Numeric>
  realized_pnl: Generated<Numeric>
  fees: Generated<Numeric>
  high_equity: Generated<Numeric>
  updated_at: SetTime
}

/** A start of a portfolio by an instance that has not become active. */
export interface UnfinishedStartsTable {
  portfolio: string
  instance: string
  began_at: SetTime
}

/** An alert that was accepted: its bytes, what it says, and what became of it. */
export interface InboxTable {
  id: Identity
  /** Derived from source and dedupe key; a conflicting alert may share the id of the first. */
  alert_id: string
  portfolio: string
  source: string
  dedupe_key: string
  content_hash: string
  conflict: Generated<boolean>
  raw: Buffer
  received_at: SetTime
  /** The parsed alert of the core. */
  alert: Json
  state: Generated<InboxState>
  seq: number | null
  outcome: AlertOutcomeKind | null
  decision_id: string | null
  reasons: Json<string[] | null>
  lots: Numeric | null
  decided_at: Time | null
}

/** A body that was refused for good, with its problems. */
export interface RefusedAlertsTable {
  id: Identity
  source: string | null
  received_at: SetTime
  raw: Buffer
  status: number
  problems: Json
}

/** The log of inputs, in the order decided. Append-only. */
export interface InputsTable {
  portfolio: string
  seq: number
  id: string
  type: string
  schema_version: number
  data: Json
  batch_position: number
  recorded_at: SetTime
}

/** The log of events: what each input caused. Append-only. */
export interface EventsTable {
  portfolio: string
  seq: number
  idx: number
  type: string
  schema_version: number
  data: Json
}

/** A portfolio's state after an input, with its hash. */
export interface SnapshotsTable {
  portfolio: string
  seq: number
  events_folded: number
  schema_version: number
  hash: string
  state: Json
  taken_at: SetTime
}

/** A decision; its arithmetic is the event (portfolio, seq, idx). */
export interface DecisionsTable {
  id: string
  portfolio: string
  seq: number
  idx: number
  input_id: string
  alert_id: string | null
  at: Time
  kind: string
  instrument: string | null
  outcome: AlertOutcomeKind
  reasons: Json<string[]>
  bound_by: string | null
  lots: Numeric
}

/** An order of ours. (seq, idx) is the event that made it. */
export interface OrdersTable {
  id: string
  portfolio: string
  seq: number
  idx: number
  client_order_id: string
  venue_order_id: string | null
  instrument: string
  side: 'buy' | 'sell'
  type: OrderType
  purpose: OrderPurpose
  lots: Numeric
  limit_price: Numeric | null
  reference_price: number
  filled_lots: Numeric
  filled_value: Numeric
  state: string
  reason: string | null
  attempt: number
  cancel_requested: boolean
  decision_id: string
  position_id: string
  created_at: Time
  closed_at: Time | null
  /** The order that it is a leg of. */
  leg_of: string | null
  leg: 'call' | 'put' | null
  strike: Numeric | null
  /** YYYY-MM-DD. */
  expiry: string | null
  is_rollback: boolean
  /** Orders for its legs carry it out. */
  has_legs: boolean
}

/** A unit, from its first fill on. (seq, idx) is the event that opened it. */
export interface PositionsTable {
  id: string
  portfolio: string
  seq: number
  idx: number
  instrument: string
  unit: number
  label: string | null
  state: PositionState
  lots: Numeric
  cost: Numeric
  bought_lots: Numeric
  bought_value: Numeric
  sold_lots: Numeric
  sold_value: Numeric
  realized_pnl: Numeric
  fees: Numeric
  initial_stop: number
  stop: number
  highest_close: number
  stop_distance: number
  entry_atr: number
  point_value: number
  entry_order_id: string
  exit_orders: number
  exit_not_before: Time
  exit_decision_id: string | null
  exit_reason: string | null
  opened_at: Time
  closed_at: Time | null
  /** Of the options that it is held in; null where it is held as one contract. */
  strike: Numeric | null
  expiry: string | null
}

/** A trade, exactly as the broker reported it. Append-only. */
export interface FillsTable {
  portfolio: string
  order_id: string
  trade_id: string
  seq: number
  idx: number
  lots: Numeric
  price: Numeric
  fee: Numeric
  at: Time
}

/** A posting; amounts are signed. Append-only. */
export interface LedgerTable {
  portfolio: string
  seq: number
  idx: number
  kind: string
  amount: Numeric
  at: Time
  order_id: string | null
  position_id: string | null
  note: string | null
}

/** An alarm: the core's come with their event, the shell's without. */
export interface AlarmsTable {
  id: Identity
  portfolio: string | null
  code: string
  severity: 'warning' | 'critical'
  instrument: string | null
  subject: string | null
  message: string
  at: Time
  seq: number | null
  idx: number | null
}

/** The last that was seen of an instrument's market. */
export interface MarketViewsTable {
  portfolio: string
  instrument: string
  data: Json
}

/** The first answer to a command; kept for ever. */
export interface IdempotencyTable {
  /** Method and path. */
  scope: string
  key: string
  body_hash: string
  state: Generated<'running' | 'done'>
  status: number | null
  response: Json | null
  created_at: SetTime
}

/** An order in the paper venue's book. */
export interface PaperOrdersTable {
  account: string
  client_order_id: string
  venue_order_id: string
  instrument: string
  side: 'buy' | 'sell'
  type: OrderType
  lots: Numeric
  limit_price: Numeric | null
  trigger_price: Numeric | null
  accepted_at: Time
  end_status: 'canceled' | 'rejected' | null
  ended_at: Time | null
  end_code: string | null
  end_message: string | null
  /** When the venue last has something new to tell of it; infinity while it rests. */
  last_news_at: Time
}

/** A trade in the paper venue's book; one that lies ahead has not happened. */
export interface PaperFillsTable {
  account: string
  client_order_id: string
  trade_id: string
  instrument: string
  side: 'buy' | 'sell'
  lots: Numeric
  price: Numeric
  fee: Numeric
  at: Time
  shown_at: Time
}

/** Every table and its columns, as Kysely types them. */
export interface Tables {
  instances: InstancesTable
  portfolios: PortfoliosTable
  unfinished_starts: UnfinishedStartsTable
  inbox: InboxTable
  refused_alerts: RefusedAlertsTable
  inputs: InputsTable
  events: EventsTable
  snapshots: SnapshotsTable
  decisions: DecisionsTable
  orders: OrdersTable
  positions: PositionsTable
  fills: FillsTable
  ledger: LedgerTable
  alarms: AlarmsTable
  market_views: MarketViewsTable
  idempotency: IdempotencyTable
  'paper.orders': PaperOrdersTable
  'paper.fills': PaperFillsTable
}
