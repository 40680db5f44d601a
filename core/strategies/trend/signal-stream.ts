import { AverageTrueRange } from '../../indicators/atr.js'
import { DirectionalMovement } from '../../indicators/directional-movement.js'
import { DonchianUpper } from '../../indicators/donchian.js'
import { EfficiencyRatio } from '../../indicators/efficiency-ratio.js'
import { RateOfChange } from '../../indicators/rate-of-change.js'
import { Rsi } from '../../indicators/rsi.js'
import { newEma } from '../../indicators/smoothed-average.js'
import { SuperTrend } from '../../indicators/super-trend.js'
import type { SignalParameters } from '../../instrument/signal-parameters.js'
import type { BarPrices, MeasuredBar } from './scout.js'

/** A bar with every indicator of the trend strategy; ATR in points and rate of change in percent, NaN while unknown. */
export interface SignalBar extends MeasuredBar {
  readonly atr: number
  readonly roc: number
}

/** The indicators of the trend strategy over bars that come one at a time, for a scout that watches a market. */
export class SignalStream {
  readonly #rsi
  readonly #ema
  readonly #donchian
  readonly #adx
  readonly #efficiency
  readonly #superTrend
  readonly #atr
  readonly #roc

  constructor(parameters: SignalParameters) {
    this.#rsi = new Rsi(parameters.rsiPeriod)
    this.#ema = newEma(parameters.emaPeriod)
    this.#donchian = new DonchianUpper(parameters.donchianPeriod)
    this.#adx = new DirectionalMovement(parameters.adxPeriod, parameters.adxPeriod)
    this.#efficiency = new EfficiencyRatio(parameters.efficiencyPeriod)
    this.#superTrend = new SuperTrend(parameters.superTrendFactor, parameters.superTrendPeriod)
    this.#atr = new AverageTrueRange(parameters.atrPeriod)
    this.#roc = new RateOfChange(parameters.rocPeriod)
  }

  /** Returns the next bar, which must have closed, with its indicators. */
  next({ open, high, low, close }: BarPrices): SignalBar {
    return {
      open,
      high,
      low,
      close,
      rsi: this.#rsi.next(close),
      ema: this.#ema.next(close),
      donchian: this.#donchian.next(high),
      adx: this.#adx.next(high, low, close),
      efficiency: this.#efficiency.next(close),
      superTrend: this.#superTrend.next(high, low, close),
      atr: this.#atr.next(high, low, close),
      roc: this.#roc.next(close),
    }
  }
}
