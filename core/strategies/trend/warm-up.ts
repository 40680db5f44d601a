import type { SignalParameters } from '../../instrument/signal-parameters.js'

/** How many bars an indicator needs before its condition can hold. */
export interface WarmUp {
  /** As people write it, with its period: EMA 200. */
  readonly indicator: string
  /** Count of bars, the one that it is then known on included. */
  readonly bars: number
}

/** Returns the indicator of the entry conditions and of the stops that is known last, and the bars that it needs. */
export function warmUpOf(parameters: SignalParameters): WarmUp {
  const { rsiPeriod, emaPeriod, donchianPeriod, adxPeriod, efficiencyPeriod } = parameters
  const { superTrendPeriod, atrPeriod } = parameters
  const all: readonly WarmUp[] = [
    { indicator: `EMA ${emaPeriod}`, bars: emaPeriod },
    { indicator: `ADX ${adxPeriod}`, bars: 2 * adxPeriod },
    { indicator: `Donchian channel ${donchianPeriod}`, bars: donchianPeriod + 1 },
    { indicator: `RSI ${rsiPeriod}`, bars: rsiPeriod + 1 },
    { indicator: `efficiency ratio ${efficiencyPeriod}`, bars: efficiencyPeriod + 1 },
    { indicator: `SuperTrend ${superTrendPeriod}`, bars: superTrendPeriod },
    { indicator: `ATR ${atrPeriod}`, bars: atrPeriod },
  ]
  return all.reduce((last, one) => (one.bars > last.bars ? one : last))
}
