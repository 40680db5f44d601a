import { type Decimal, ZERO } from '../decimal.js'
import type { Instant } from '../time.js'

/** What one source said about a fund; money in the portfolio's currency, null where it said none. */
export interface ReportedMetrics {
  readonly symbol: string
  readonly source: string
  readonly marketCap: number | null
  readonly aum: number | null
  readonly observedAt: Instant
}

/** An order that a run wants, and how far it has come. */
export interface RunOrder {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** Target − value when it was planned; above 0 for a buy. */
  readonly difference: Decimal
  /** What the asset is to be worth. */
  readonly target: Decimal
  readonly limitPrice: Decimal | null
  quantity: Decimal
  /** What it is valued at: its limit, or the market's price when it was decided. */
  price: Decimal
  /** Null while it waits, and where it was never ordered. */
  orderId: string | null
  /** How often it was decided again because the price had moved. */
  attempt: number
  /** Why it is not ordered any more; null otherwise. */
  skipped: string | null
}

/** What made a run begin. */
export type RunTrigger = 'scheduled' | 'manual'

/** A run whose orders are being executed: sells first, then buys as they are paid for. */
export interface AllocationRun {
  readonly id: string
  readonly decisionId: string
  readonly trigger: RunTrigger
  readonly startedAt: Instant
  readonly style: 'market' | 'limit'
  /** What it may spend besides what its sells bring; it may borrow that far when above the cash. */
  readonly spendable: Decimal
  /** Fee of every order, in percent of its value. */
  readonly feePct: number
  readonly pauseMs: number
  /** Basis points that a price may have moved before its order is decided again; null: any. */
  readonly maxDriftBps: number | null
  /** In the order in which they are ordered. */
  readonly orders: RunOrder[]
  /** The next order goes out no sooner. */
  notBefore: Instant
}

/**
 * What became of a run. executed: every order filled · partial: some did · failed: none did, and some were refused ·
 * nothing: there was nothing to order · halted: its facts could not be used · dryRun: it was only planned.
 */
export type RunOutcome = 'executed' | 'partial' | 'failed' | 'nothing' | 'halted' | 'dryRun'

/** What became of one order of a run. */
export interface EndedRunOrder {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly quantity: Decimal
  readonly filled: Decimal
  /** Σ price × quantity of its fills. */
  readonly filledValue: Decimal
  readonly fate: 'filled' | 'partiallyFilled' | 'unfilled' | 'failed' | 'skipped' | 'dryRun'
  readonly orderId: string | null
  readonly reason: string | null
}

/** A run that is over. */
export interface EndedAllocationRun {
  readonly id: string
  readonly decisionId: string
  readonly trigger: RunTrigger
  readonly startedAt: Instant
  readonly endedAt: Instant
  readonly outcome: RunOutcome
  /** Why it was halted; null otherwise. */
  readonly reason: string | null
  readonly planned: number
  readonly executed: number
  readonly failed: number
  readonly skipped: number
  readonly open: number
  /** The larger of what was bought and what was sold. */
  readonly valueTraded: Decimal
  readonly fees: Decimal
  readonly orders: readonly EndedRunOrder[]
}

/** What a portfolio knows of its runs and of its funds. */
export interface AllocationState {
  run: AllocationRun | null
  last: EndedAllocationRun | null
  /** When a run last planned what was to be traded, and when one was last tried; null before the first. */
  lastRunAt: Instant | null
  lastTriedAt: Instant | null
  /** The last that each source said of each fund. */
  metrics: readonly ReportedMetrics[]
  /** Fees of orders of the present run. */
  runFees: Decimal
}

/** Returns the state of a portfolio that was never balanced. */
export function emptyAllocation(): AllocationState {
  return { run: null, last: null, lastRunAt: null, lastTriedAt: null, metrics: [], runFees: ZERO }
}
