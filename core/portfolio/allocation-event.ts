import type { Decimal } from '../decimal.js'
import type { Instant } from '../time.js'
import type { AllocationRun, EndedAllocationRun, ReportedMetrics } from './allocation-state.js'

/** A run began: what it orders is planned, and goes out as it is paid for. */
export interface AllocationRunStarted {
  readonly type: 'AllocationRunStarted'
  readonly run: AllocationRun
}

/** What happened to one order of a run. */
export interface RunOrderChange {
  readonly symbol: string
  readonly quantity: Decimal
  readonly price: Decimal
  readonly orderId: string | null
  readonly attempt: number
  readonly skipped: string | null
}

/** Orders of the run went out, or were given up. */
export interface AllocationAdvanced {
  readonly type: 'AllocationAdvanced'
  readonly runId: string
  readonly changes: readonly RunOrderChange[]
  readonly notBefore: Instant
}

/** A run is over, whether or not it ordered anything. */
export interface AllocationRunEnded {
  readonly type: 'AllocationRunEnded'
  readonly ended: EndedAllocationRun
  /** Whether it counts as the last run; one that was only tried does not. */
  readonly counts: boolean
  /** Whether its result is kept as the last one. */
  readonly updatesResult: boolean
}

/** Sources told what funds are worth; what they told before of the same funds is replaced. */
export interface FundMetricsApplied {
  readonly type: 'FundMetricsApplied'
  readonly metrics: readonly ReportedMetrics[]
}

/** What happens to the runs of a portfolio besides their orders. */
export type AllocationEvent =
  | AllocationRunStarted
  | AllocationAdvanced
  | AllocationRunEnded
  | FundMetricsApplied
