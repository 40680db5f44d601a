import type { ClosedVenueMode } from './closed-venue.js'
import type { FundingMode } from './funding.js'
import type { MarginStrategy } from './margin.js'
import type { TargetWeight } from './target-weights.js'
import type { CashPolicy, RestPolicy } from './valuation.js'
import type { WeightMode } from './weights.js'

/*
 * The settings of the strategy as they are recorded: plain JSON, money as digits, shares in percent.
 * allocation-rules.ts turns them into exact numbers.
 */

/** How far a member may drift, as it is configured. */
export type DriftSettings =
  | { readonly kind: 'amount'; readonly amount: string }
  | { readonly kind: 'percentOfTarget'; readonly pct: number }
  | { readonly kind: 'points'; readonly points: number }

/** When the clock asks for a run, as it is configured; days, weeks and months are those of the zone. */
export type ScheduleSettings =
  | { readonly kind: 'interval'; readonly seconds: number }
  | { readonly kind: 'calendar'; readonly period: 'daily' | 'weekly' | 'monthly'; readonly zone: string }

/** When a run is due: by the clock, by drift, by either, or by drift when the clock asks. */
export type RuleSettings =
  | { readonly kind: 'schedule'; readonly schedule: ScheduleSettings }
  | { readonly kind: 'drift'; readonly measure: DriftSettings }
  | { readonly kind: 'either'; readonly schedule: ScheduleSettings; readonly measure: DriftSettings }
  | { readonly kind: 'both'; readonly schedule: ScheduleSettings; readonly measure: DriftSettings }

/** How a difference becomes an order, as it is configured. */
export type StyleSettings =
  | { readonly kind: 'market'; readonly minimumOneLot: boolean }
  | {
      readonly kind: 'limit'
      readonly stepPct: number
      readonly clipPct: number
      readonly clip: 'capped' | 'fixed'
      /** A resting order gives way to the other side once the price is beyond it by so much. */
      readonly switchBufferPct: number
      /** And to a new price so far from its own; null: never. */
      readonly repriceBufferPct: number | null
      /** An order that has rested so long is cancelled; null: never. */
      readonly maxAgeSeconds: number | null
    }

/** How a portfolio is kept at its target weights. */
export interface AllocationSettings {
  readonly weights: {
    readonly mode: WeightMode
    /** Symbols are names of assets; cash has the name of the currency. */
    readonly targets: readonly TargetWeight[]
    /** Metrics older than this are not used. */
    readonly metricsMaxAgeHours: number
    /** By how much two sources may differ, in percent of the larger value. */
    readonly maxDisagreementPct: number
  }
  readonly cash: CashPolicy
  readonly rest: RestPolicy
  /** Whether runs begin by themselves. */
  readonly automatic: boolean
  readonly rule: RuleSettings
  /** The no-trade region of one member; null: none. */
  readonly band: DriftSettings | null
  readonly style: StyleSettings
  /** Most orders of one run; null: no limit. */
  readonly maxOrders: number | null
  /** Between two orders of a run. */
  readonly pauseMs: number
  readonly funding: { readonly mode: FundingMode; readonly feePct: number }
  readonly prices: {
    readonly source: 'mid' | 'last'
    readonly maxAgeSeconds: number
    /** Farthest from the last price, in percent of it, before another one agrees. */
    readonly outlierPct: number
  }
  /** A market order whose price has moved by more than this many basis points is decided again before it is sent. */
  readonly maxDriftBps: number
  readonly closedMarket: { readonly mode: ClosedVenueMode; readonly updatesResult: boolean }
  readonly margin: {
    readonly enabled: boolean
    readonly multiplier: number
    readonly freeThreshold: string
    readonly maxMarginSize: string
    readonly strategy: MarginStrategy
  }
}
