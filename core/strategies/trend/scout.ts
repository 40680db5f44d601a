import type { ScoutConditions } from '../../alert/alert.js'
import { isDoji } from '../../indicators/doji.js'
import type { SignalParameters } from '../../instrument/signal-parameters.js'

/** The four prices of a bar, in points. */
export interface BarPrices {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** A bar with what the conditions ask of its indicators; NaN where one is not known yet. Prices in points. */
export interface MeasuredBar extends BarPrices {
  readonly rsi: number
  readonly ema: number
  /** Highest high of the bars before this one. */
  readonly donchian: number
  readonly adx: number
  readonly efficiency: number
  readonly superTrend: number
}

/** The conditions of a bar as bits of one number, for columns. */
export const CONDITION = {
  rsi: 1,
  ema: 2,
  donchian: 4,
  adx: 8,
  efficiency: 16,
  superTrend: 32,
  notDoji: 64,
  longExit: 128,
} as const

/** The bits of a bar with all seven entry conditions; a close above its SuperTrend is not below it, so no bit is left. */
export const LONG_ENTRY = 127

/**
 * Returns which conditions of the trend strategy a bar meets: RSI, close and efficiency ratio strictly above, ADX strictly
 * below their limits, the close strictly above its average, the channel and its SuperTrend, and no doji; the exit
 * condition is a close strictly below its SuperTrend. What is not known (NaN) meets no condition.
 */
export function conditionBits(parameters: SignalParameters, bar: MeasuredBar): number {
  const { close } = bar
  // Numbers and not the bar are handed on: a bar that is made for this call alone is then never made at all.
  const body = Math.abs(close - bar.open)
  const isADoji = isDoji(body, bar.high - bar.low, parameters.dojiBodyShare)
  // Each condition is a number to multiply and not a choice to make: hardly one of them can be foreseen.
  return (
    (Number(bar.rsi > parameters.rsiAbove) * CONDITION.rsi) |
    (Number(close > bar.ema) * CONDITION.ema) |
    (Number(close > bar.donchian) * CONDITION.donchian) |
    (Number(bar.adx < parameters.adxBelow) * CONDITION.adx) |
    (Number(bar.efficiency > parameters.efficiencyAbove) * CONDITION.efficiency) |
    (Number(close > bar.superTrend) * CONDITION.superTrend) |
    (Number(!isADoji) * CONDITION.notDoji) |
    (Number(close < bar.superTrend) * CONDITION.longExit)
  )
}

/** Returns conditions as a scout's alert tells them, from their bits. */
export function conditionsOf(bits: number): ScoutConditions {
  const holds = (condition: number): boolean => (bits & condition) !== 0
  return {
    rsi: holds(CONDITION.rsi),
    ema: holds(CONDITION.ema),
    donchian: holds(CONDITION.donchian),
    adx: holds(CONDITION.adx),
    efficiency: holds(CONDITION.efficiency),
    superTrend: holds(CONDITION.superTrend),
    notDoji: holds(CONDITION.notDoji),
    longEntry: bits === LONG_ENTRY,
    longExit: holds(CONDITION.longExit),
  }
}

/** Returns what the native scout says of a bar: the same conditions as a Pine scout's on the same bars. */
export function scoutConditions(parameters: SignalParameters, bar: MeasuredBar): ScoutConditions {
  return conditionsOf(conditionBits(parameters, bar))
}
