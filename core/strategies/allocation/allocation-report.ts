import type { AllocationHalt } from './halt.js'
import type { PositionMetrics } from './position-metrics.js'

/** What differs from the configuration for one run; null where nothing does. */
export interface RunOverrides {
  readonly targetWeights: readonly { readonly symbol: string; readonly pct: number }[] | null
  /** Differences below so much of the portfolio's currency are left alone; digits. */
  readonly threshold: string | null
  readonly maxOrders: number | null
}

/** Nothing differs. */
export const NO_OVERRIDES: RunOverrides = { targetWeights: null, threshold: null, maxOrders: null }

/** One position of a plan; quantities and money exactly, as digits. */
export interface PlannedPosition {
  readonly symbol: string
  readonly quantity: string
  readonly price: number
  readonly value: string
  /** Shares of the equity in percent: at present, wanted, and once every order has filled at its price. */
  readonly currentPct: number
  readonly targetPct: number
  readonly expectedPct: number
  readonly target: string
  /** Target − value: above 0 to buy. */
  readonly difference: string
  readonly order: PlannedPositionOrder | null
  /** Why nothing is ordered; null where something is. */
  readonly held: string | null
  readonly metrics: Omit<PositionMetrics, 'symbol'>
}

/** What is ordered of a position. */
export interface PlannedPositionOrder {
  readonly side: 'buy' | 'sell'
  readonly quantity: string
  /** Null: at the market. */
  readonly limitPrice: string | null
  readonly value: string
  /** What was wanted, where there was money for less; null otherwise. */
  readonly wantedValue: string | null
}

/** What is borrowed, in the portfolio's currency. */
export interface PlannedMargin {
  readonly used: string
  readonly maximum: string
  readonly isWithin: boolean
  readonly level: 'low' | 'medium' | 'high'
  /** Of carrying the positions over night. */
  readonly transferCost: string
}

/** Everything that a run saw and wants: enough to explain it years later. */
export interface AllocationReport {
  readonly kind: 'allocation'
  readonly mode: string
  readonly isDryRun: boolean
  readonly overrides: RunOverrides
  readonly currency: string
  readonly equity: string
  readonly cash: string
  readonly cashTarget: string
  /** Share of cash in the equity, in percent: at present, wanted, and once every order has filled. */
  readonly cashPct: { readonly current: number; readonly target: number; readonly expected: number }
  readonly positions: readonly PlannedPosition[]
  readonly funding: {
    readonly available: string
    readonly required: string
    readonly outcome: 'full' | 'proportional' | 'partial'
  }
  readonly margin: PlannedMargin | null
  /** Largest distance of a position from its target, in points of the equity. */
  readonly maxDeviation: number
}

/** Why there is no plan: what stopped it, and the sentence for the user. */
export interface HaltReport {
  readonly kind: 'halt'
  readonly mode: string
  readonly halt: AllocationHalt
  readonly message: string
}
