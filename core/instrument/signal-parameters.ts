/**
 * What the trend strategy measures on the bars of an instrument, and from where on each condition holds. The native
 * scout, the bars backtest and the Pine scripts take their numbers from here alone. Periods are counts of bars.
 */
export interface SignalParameters {
  readonly rsiPeriod: number
  /** The entry needs an RSI above this, 0..100. */
  readonly rsiAbove: number
  readonly emaPeriod: number
  /** The entry needs a close above the highest high of this many bars before it. */
  readonly donchianPeriod: number
  /** Of the DMI and of its smoothing into the ADX alike. */
  readonly adxPeriod: number
  /** The entry needs an ADX below this, 0..100: a trend that is about to begin. */
  readonly adxBelow: number
  readonly efficiencyPeriod: number
  /** The entry needs an efficiency ratio above this, 0..1. */
  readonly efficiencyAbove: number
  readonly superTrendPeriod: number
  readonly superTrendFactor: number
  /** Of the ATR that stops and sizes take. */
  readonly atrPeriod: number
  /** Of the rate of change, which is reported and decides nothing. */
  readonly rocPeriod: number
  /** A bar whose body is at most this share of its range is a doji, 0..1. */
  readonly dojiBodyShare: number
}

/** The numbers of the reference strategies, where an instrument has none of its own. */
export const DEFAULT_SIGNALS: SignalParameters = {
  rsiPeriod: 6,
  rsiAbove: 70,
  emaPeriod: 200,
  donchianPeriod: 20,
  adxPeriod: 30,
  adxBelow: 25,
  efficiencyPeriod: 3,
  efficiencyAbove: 0.8,
  superTrendPeriod: 10,
  superTrendFactor: 1.5,
  atrPeriod: 10,
  rocPeriod: 15,
  dojiBodyShare: 0.1,
}
