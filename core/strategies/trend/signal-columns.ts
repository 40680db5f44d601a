import { atrColumn, type RangeColumns } from '../../indicators/atr.js'
import { adxColumn } from '../../indicators/directional-movement.js'
import { donchianColumn } from '../../indicators/donchian.js'
import { efficiencyColumn } from '../../indicators/efficiency-ratio.js'
import { rocColumn } from '../../indicators/rate-of-change.js'
import { rsiColumn } from '../../indicators/rsi.js'
import { emaColumn } from '../../indicators/smoothed-average.js'
import { superTrendColumn } from '../../indicators/super-trend.js'
import type { SignalParameters } from '../../instrument/signal-parameters.js'
import { conditionBits } from './scout.js'

/** Columns of the prices of bars, in points. */
export interface PriceColumns extends RangeColumns {
  readonly open: Float64Array
}

/** Every indicator of the trend strategy for each bar of a history, NaN while unknown, and the conditions that it meets. */
export interface SignalColumns {
  readonly rsi: Float64Array
  readonly ema: Float64Array
  readonly donchian: Float64Array
  readonly adx: Float64Array
  readonly efficiency: Float64Array
  readonly superTrend: Float64Array
  /** In points, as stops and sizes take it. */
  readonly atr: Float64Array
  /** In percent. */
  readonly roc: Float64Array
  /** Bits of CONDITION. All entry conditions are LONG_ENTRY exactly: `indexOf` finds the next bar that may be entered. */
  readonly conditions: Uint8Array
}

/** Returns the signals of a whole history, bit for bit those that a stream gives bar by bar. */
export function signalColumns(bars: PriceColumns, parameters: SignalParameters): SignalColumns {
  const { high, close } = bars
  const { atrPeriod, superTrendPeriod: period, superTrendFactor: factor } = parameters
  const atr = atrColumn(bars, atrPeriod)
  const bandAtr = period === atrPeriod ? atr : atrColumn(bars, period)
  const columns = {
    rsi: rsiColumn(close, parameters.rsiPeriod),
    ema: emaColumn(close, parameters.emaPeriod),
    donchian: donchianColumn(high, parameters.donchianPeriod),
    adx: adxColumn(bars, parameters.adxPeriod),
    efficiency: efficiencyColumn(close, parameters.efficiencyPeriod),
    superTrend: superTrendColumn(bars, { factor, period, atr: bandAtr }),
    atr,
    roc: rocColumn(close, parameters.rocPeriod),
  }
  return { ...columns, conditions: conditionColumn(bars, columns, parameters) }
}

type ScoutedColumns = Pick<SignalColumns, 'rsi' | 'ema' | 'donchian' | 'adx' | 'efficiency' | 'superTrend'>

function conditionColumn(
  bars: PriceColumns,
  columns: ScoutedColumns,
  parameters: SignalParameters,
): Uint8Array {
  const { open, high, low, close } = bars
  const { rsi, ema, donchian, adx, efficiency, superTrend } = columns
  const conditions = new Uint8Array(close.length)
  for (let index = 0; index < conditions.length; index++) {
    conditions[index] = conditionBits(parameters, {
      open: open[index]!,
      high: high[index]!,
      low: low[index]!,
      close: close[index]!,
      rsi: rsi[index]!,
      ema: ema[index]!,
      donchian: donchian[index]!,
      adx: adx[index]!,
      efficiency: efficiency[index]!,
      superTrend: superTrend[index]!,
    })
  }
  return conditions
}
