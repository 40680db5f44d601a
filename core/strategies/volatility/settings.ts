import type { Decimal } from '../../decimal.js'

/** How far the price may be from the anchor before the cell trades, in percent, both above 0; the bound itself trades. */
export interface Triggers {
  readonly upPct: Decimal
  readonly downPct: Decimal
}

/** What a cell may hold and do. Shares of value are fractions, 0..1; null: no limit. */
export interface Guardrails {
  readonly minStock: Decimal
  readonly maxStock: Decimal
  /** Largest order, as a share of the cell's value. */
  readonly maxTrade: Decimal | null
  /** Value of the orders of a day of the exchange, in the cell's currency. */
  readonly maxDailyNotional: Decimal | null
  readonly maxOrdersPerDay: number | null
}

/** What becomes of an order below the minimum: left out, refused, or raised to the minimum where that is allowed. */
export type BelowMinimum = 'hold' | 'reject' | 'clip'

/** How the size of an order follows from the move: see sizing.ts. */
export type SizingRule = 'proportional' | 'fixedPercentage'

/** What an order must be like. */
export interface OrderPolicy {
  readonly minShares: Decimal
  readonly minNotional: Decimal
  /** Orders are whole multiples of it; 0: of qtyStep alone. */
  readonly lot: Decimal
  /** 0: of any fraction. */
  readonly qtyStep: Decimal
  readonly belowMinimum: BelowMinimum
  readonly sizing: SizingRule
  /** r: the trade as a share of value for a move of 100 %. */
  readonly rebalanceRatio: Decimal
}

/** How one cell trades. */
export interface CellSettings {
  readonly triggers: Triggers
  readonly guardrails: Guardrails
  readonly orders: OrderPolicy
  /** Fee as a fraction of an order's value. */
  readonly commissionRate: Decimal
  /** Outside the guardrails without a trigger, the cell trades back to the nearer bound. */
  readonly returnsToBand: boolean
}
