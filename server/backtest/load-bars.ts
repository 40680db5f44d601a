import { barCloseOf, barCloses } from '../../core/backtest/bars/bar-close.js'
import { lengthOfBars } from '../../core/backtest/bars/bar-length.js'
import type { Bars } from '../../core/backtest/bars/bars.js'
import type { Instrument } from '../../core/instrument/instrument.js'
import { type WarmUp, warmUpOf } from '../../core/strategies/trend/warm-up.js'
import { localDate } from '../../core/time.js'
import { readBars } from '../csv/bars.js'
import { CsvError } from '../csv/csv-error.js'
import type { ChartZone } from '../csv/time-field.js'
import { type BacktestRequest, BacktestUsageError } from './backtest-request.js'
import { barClockOf, type HistoryFacts, readBytes, spellPeriod, zoneOf } from './history-facts.js'

/** Everything that a file of bars says of an instrument on which the whole strategy runs. */
export interface LoadedBars extends HistoryFacts {
  readonly bars: Bars
  readonly closesAt: Float64Array
  /** Index of the first bar of the period, and of the first one after it. */
  readonly first: number
  readonly entriesEnd: number
  readonly warmUp: WarmUp
}

/**
 * Reads the bars of an instrument. Throws a CsvError when the file is of no use, or has no bar in the period, and a
 * BacktestUsageError when it has too few bars for the indicators.
 */
export async function loadBars(request: BacktestRequest, instrument: Instrument): Promise<LoadedBars> {
  const { name } = instrument
  const zone = zoneOf(request, instrument)
  const source = request.bars.get(name)!
  const file = source.name
  const { bars, rejected } = readBars({ file, bytes: await readBytes(source), offset: zone.localOffset })
  const count = bars.opensAt.length
  const warmUp = warmUpOf(instrument.signals)
  if (count < warmUp.bars) {
    throw new BacktestUsageError(
      `${file} has ${count} bars, and the ${warmUp.indicator} of ${name} needs ${warmUp.bars} before anything can be ` +
        'opened; export a longer history',
    )
  }
  const { first, entriesEnd } = periodOf(bars, request, zone)
  if (first >= entriesEnd)
    throw new CsvError(file, null, `none of its ${count} bars opened ${spellPeriod(request)}`)
  const barMinutes = request.timeframes.get(name) ?? lengthOfBars(bars) ?? instrument.barMinutes
  const clock = barClockOf(instrument, barMinutes, bars)
  return {
    instrument: name,
    file,
    rows: count,
    zone,
    barMinutes,
    bars,
    barsClose: barCloseOf(clock),
    closesAt: barCloses(clock),
    first,
    entriesEnd,
    warmUp,
    rejected,
  }
}

/** Days are those of the chart. Bars ascend, so each bound is found by halving. */
function periodOf(
  { opensAt }: Bars,
  { from, to }: BacktestRequest,
  zone: ChartZone,
): { readonly first: number; readonly entriesEnd: number } {
  const countBefore = (isBefore: (day: string) => boolean): number => {
    let low = 0
    let high = opensAt.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const open = opensAt[middle]!
      if (isBefore(localDate(open, zone.offsetAt(open)))) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    first: from === null ? 0 : countBefore((day) => day < from),
    entriesEnd: to === null ? opensAt.length : countBefore((day) => day <= to),
  }
}
