import type { Instant } from '../time.js'

/** What TradingView can send: two entries, an exit, a scout's view before the close, and a confirmed bar. */
export type AlertType = 'BASE_ENTRY' | 'PYRAMID' | 'EXIT' | 'EOD_MONITOR' | 'MARKET_DATA'

/** Every alert type, in the order of the documentation. */
export const ALERT_TYPES = ['BASE_ENTRY', 'PYRAMID', 'EXIT', 'EOD_MONITOR', 'MARKET_DATA'] as const

/** A strategy's wish to open a unit. Prices in the instrument's points; `er` is the efficiency ratio as sent. */
export interface EntryAlert {
  readonly type: 'BASE_ENTRY' | 'PYRAMID'
  readonly instrument: string
  readonly price: number
  /** Average true range in points; null when the alert carries none, then `stop` is set. */
  readonly atr: number | null
  readonly stop: number | null
  /** 0..1 when valid; 'NaN' when Pine printed na; null when absent. The decider refuses what is not 0..1. */
  readonly er: number | 'NaN' | null
  /** The strategy's own name of the unit (Long_1 …), kept on the unit. */
  readonly label: string | null
  readonly timestamp: Instant
  /** The bar that the alert is about, when the alert says so. */
  readonly barTime: Instant | null
}

/** A strategy's wish to close one unit by its label, or all of them. Nothing in it but the instrument must be right. */
export interface ExitAlert {
  readonly type: 'EXIT'
  readonly instrument: string
  readonly label: string | 'ALL'
  readonly price: number | null
  readonly reason: string | null
  /** Null when the alert's own time could not be read. */
  readonly timestamp: Instant | null
  readonly barTime: Instant | null
  /** What was wrong with the alert: it is admitted all the same. */
  readonly flags: readonly string[]
}

/** The seven entry conditions and the exit condition, as a scout evaluated them on the forming bar. */
export interface ScoutConditions {
  readonly rsi: boolean
  readonly ema: boolean
  readonly donchian: boolean
  readonly adx: boolean
  readonly efficiency: boolean
  readonly superTrend: boolean
  readonly notDoji: boolean
  readonly longEntry: boolean
  readonly longExit: boolean
}

/** A scout's report in the minutes before the close. */
export interface ScoutAlert {
  readonly type: 'EOD_MONITOR'
  readonly instrument: string
  readonly price: number
  readonly conditions: ScoutConditions
  readonly atr: number | null
  readonly er: number | 'NaN' | null
  readonly superTrend: number | null
  readonly timestamp: Instant
  readonly barTime: Instant | null
}

/** A confirmed bar: its close and the ATR at that close. */
export interface MarketDataAlert {
  readonly type: 'MARKET_DATA'
  readonly instrument: string
  readonly price: number
  readonly atr: number
  readonly timestamp: Instant
  readonly barTime: Instant | null
}

/** A parsed alert. */
export type Alert = EntryAlert | ExitAlert | ScoutAlert | MarketDataAlert

/**
 * Returns until when an alert speaks: the later of its bar's time, which may be the bar's open, and its own; null when
 * it tells neither.
 */
export function toldAt({ barTime, timestamp }: Alert): Instant | null {
  if (barTime === null || timestamp === null) return barTime ?? timestamp
  return Math.max(barTime, timestamp)
}

/** Returns the name in time of what the alert tells: its bar, else its own time, else null. */
export function alertTime(alert: Alert): Instant | null {
  return alert.barTime ?? alert.timestamp
}
