import type { Instrument } from './instrument/instrument.js'

/** What sizing takes as equity: realized only, with all or half of the unrealized profit, or the watermark. */
export type EquityMode = 'closed' | 'open' | 'blended' | 'high'

/** The constraints that sizing may apply, in the order in which a tie names them. */
export type Constraint = 'risk' | 'volatility' | 'margin'

/** Caps of a portfolio, in percent of its equity. */
export interface PortfolioCaps {
  readonly maxHeatPct: number
  readonly maxVolatilityPct: number
  readonly maxMarginPct: number
  /** A pyramid must leave the portfolio below these. */
  readonly pyramidMaxHeatPct: number
  readonly pyramidMaxVolatilityPct: number
}

/** Controls that every entry passes before it becomes an order. */
export interface OrderControls {
  /** Largest value of one order (price × lots × point value), in the portfolio's currency; null: no limit. */
  readonly maxOrderValue: number | null
  readonly maxOrdersPerDay: number
  /** Largest distance of the alert's price from a fresh reference price, in percent. */
  readonly priceCollarPct: number
}

/** How a portfolio trades: everything that a decision reads besides its state and its input. */
export interface PortfolioSettings {
  readonly portfolio: string
  readonly currency: string
  readonly equityMode: EquityMode
  /** Share of the unrealized profit in blended equity. */
  readonly blendedWeight: number
  readonly constraints: readonly Constraint[]
  /** The efficiency ratio of an alert that carries none. */
  readonly defaultEr: number
  /** An entry older than this, or further in the future, is refused. */
  readonly entryMaxAgeSeconds: number
  readonly entryMaxAheadSeconds: number
  readonly caps: PortfolioCaps
  readonly controls: OrderControls
  readonly instruments: readonly Instrument[]
}
