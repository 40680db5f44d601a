import type { BelowMinimum, SizingRule } from './settings.js'

/*
 * The settings of the strategy as they are recorded: plain JSON, money and quantities as digits, shares of a value and
 * rates as fractions. cell-rules.ts turns them into exact numbers.
 */

/** How one asset is traded as a cell. */
export interface CellConfiguration {
  readonly asset: string
  /** Cash that the cell starts with, out of the portfolio's. */
  readonly cash: string
  /** Stock that the cell buys at its first price, as a share of its value; null: none. */
  readonly initialStock: number | null
  readonly triggers: { readonly upPct: number; readonly downPct: number }
  readonly guardrails: {
    readonly minStock: number
    readonly maxStock: number
    readonly maxTrade: number | null
    readonly maxDailyNotional: string | null
    readonly maxOrdersPerDay: number | null
  }
  readonly orders: {
    readonly minShares: string
    readonly minNotional: string
    readonly lot: string
    readonly qtyStep: string
    readonly belowMinimum: BelowMinimum
    readonly sizing: SizingRule
    readonly rebalanceRatio: number
  }
  /** Of this asset, as a fraction of an order's value; null: that of the owner, or the global one. */
  readonly commissionRate: number | null
  /** Outside the guardrails without a trigger, the cell trades back to the nearer bound. */
  readonly returnsToBand: boolean
  /** Whether it also trades before the open and after the close of a day of its exchange. */
  readonly afterHours: boolean
}

/** How a portfolio of cells is traded. */
export interface VolatilitySettings {
  readonly cells: readonly CellConfiguration[]
  /** Fractions of an order's value; null: not set. */
  readonly commission: { readonly tenant: number | null; readonly global: number | null }
  /** A price older than this is not traded on. */
  readonly priceMaxAgeSeconds: number
  /** An order whose price has moved by more than this many basis points is decided again before it is sent. */
  readonly maxDriftBps: number
  /** Every so often the cells are evaluated at the broker's prices; null: when prices come alone. */
  readonly evaluateEverySeconds: number | null
}
