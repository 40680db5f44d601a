import type { Asset, Instrument } from './instrument/instrument.js'
import type { AllocationSettings } from './strategies/allocation/allocation-settings.js'
import type { VolatilitySettings } from './strategies/volatility/volatility-settings.js'

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
  /** Null or left out: no limit. */
  readonly maxOrdersPerSecond?: number | null
  /** An entry of the same instrument and lots within so many seconds is taken for the same one; null or left out: none is. */
  readonly duplicateGuardSeconds?: number | null
  /** Largest distance of the alert's price from a fresh reference price, in percent. */
  readonly priceCollarPct: number
}

/** When orders may be sent: at any time, or in the sessions of each instrument's exchange. */
export type TradingHours = 'always' | 'exchange'

/** Which units a run before the close sells: those whose stop the price has broken, or all when the SuperTrend is lost. */
export type PreCloseExitMode = 'atr' | 'supertrend'

/** How the minutes before the close are used; seconds are before the close. */
export interface PreCloseSettings {
  readonly exitMode: PreCloseExitMode
  /** From here on scouts are expected. */
  readonly monitorSeconds: number
  readonly decideSeconds: number
  readonly placeSeconds: number
  /** Limit orders that are not filled by then become market orders. */
  readonly marketSeconds: number
  readonly endSeconds: number
  /** A scout older than this opens nothing. */
  readonly scoutMaxAgeSeconds: number
  /** How far beyond the price a limit order goes, in percent. */
  readonly limitBufferPct: number
}

/** How orders are executed: as limit orders that go after the price step by step. */
export interface ExecutionSettings {
  /** How long a step rests before the next one takes its place. */
  readonly stepSeconds: number
  /** How much further from the reference price each step goes, in percent of it. */
  readonly stepPct: number
  /** The hard limit: no entry and no reduction goes further from its reference price, in percent. */
  readonly maxSlippagePct: number
  /** How far beyond the latest price a marketable limit goes, in percent. */
  readonly marketableBufferPct: number
  /** What becomes of the rest of an entry or a reduction that has filled in part when a step is over. */
  readonly partialFill: 'chase' | 'cancel'
}

/** A stop order at the venue for each unit: it sells when nobody here is there to do it. */
export interface ProtectiveStopSettings {
  /** How far below its trigger the order's limit lies, in percent. */
  readonly limitPct: number
}

/** Limits for each kind of entry, in percent. */
export interface EntryLimits {
  readonly entry: number
  readonly pyramid: number
}

/** How an entry is judged a second time, at the broker's price. */
export interface ValidationSettings {
  /** An alert older than this is told as late. */
  readonly warnAgeSeconds: number
  /** An alert older than this may diverge by half as much. */
  readonly elevatedAgeSeconds: number
  /** The broker's price may be so old. */
  readonly quoteMaxAgeSeconds: number
  /** Largest distance of the broker's price from the signal's. */
  readonly maxDivergencePct: EntryLimits
  /** Growth of the distance to the stop beyond which lots are taken off. */
  readonly maxRiskIncreasePct: EntryLimits
}

/** How long, and how near its price, a person may approve an entry. */
export interface ApprovalSettings {
  readonly expireSeconds: number
  /** Largest distance of the price at the answer from the price that was asked about, in percent. */
  readonly priceBandPct: number
}

/** When units leave a contract that is near its expiry. */
export interface RolloverSettings {
  /** Minutes of the day at the exchange from which on units are rolled, on the date on which they have to leave. */
  readonly atMinutes: number
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
  readonly hours: TradingHours
  /** Null or left out: market orders. */
  readonly execution?: ExecutionSettings | null
  /** Null or left out: stops are kept here alone. */
  readonly protectiveStop?: ProtectiveStopSettings | null
  /** Null: nothing is done before the close. */
  readonly preClose: PreCloseSettings | null
  /** Null or left out: units stay in their contract until somebody closes them. */
  readonly rollover?: RolloverSettings | null
  readonly validation: ValidationSettings
  /** Left out: entries need nobody's approval. */
  readonly approval?: ApprovalSettings
  readonly instruments: readonly Instrument[]
  /** What it holds and pays for in full; left out where it trades instruments alone. */
  readonly assets?: readonly Asset[]
  /** How its assets are traded as cells; left out where they are not. */
  readonly volatility?: VolatilitySettings
  /** How its assets are kept at target weights; left out where they are not. */
  readonly allocation?: AllocationSettings
}
