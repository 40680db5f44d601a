import type { TrendParameters } from '../../core/instrument/instrument.js'
import type { SignalParameters } from '../../core/instrument/signal-parameters.js'
import { invariant } from '../../core/invariant.js'
import { INSTRUMENT_CATALOG } from '../../server/config/instrument-catalog.js'

/** What the Pine scripts of an instrument are made of. */
export interface PineInstrument {
  /** As alerts name it: GOLD_MINI. */
  readonly name: string
  /** For people: Gold Mini. */
  readonly title: string
  /** What the files' names begin with: gold-mini. */
  readonly file: string
  /** The symbol of the chart without the month, as syminfo.root tells it. */
  readonly root: string
  readonly exchange: string
  readonly zone: string
  /** Length of the chart's bars in minutes. */
  readonly barMinutes: number
  readonly signals: SignalParameters
  readonly trend: TrendParameters
  /** Quote currency per point and lot, of the latest contract. */
  readonly pointValue: number
  /** Quote currency that the exchange blocks for a lot of the latest contract. */
  readonly marginPerLot: number
}

/** Roots of the charts' symbols on TradingView. */
const CHART_ROOTS: Readonly<Record<string, string>> = {
  BANK_NIFTY: 'BANKNIFTY',
  GOLD_MINI: 'GOLDM',
  SILVER_MINI: 'SILVERM',
  COPPER: 'COPPER',
}

/** Returns the instruments that have Pine scripts, with the numbers of the catalog. */
export function listPineInstruments(): PineInstrument[] {
  return Object.entries(CHART_ROOTS).map(([name, root]) => pineInstrument(name, root))
}

function pineInstrument(name: string, root: string): PineInstrument {
  const known = INSTRUMENT_CATALOG[name]
  const facts = known?.facts.at(-1)
  invariant(known !== undefined && facts !== undefined, () => `${name} is not in the catalog`)
  const words = name.toLowerCase().split('_')
  return {
    name,
    title: words.map((word) => `${word[0]!.toUpperCase()}${word.slice(1)}`).join(' '),
    file: words.join('-'),
    root,
    exchange: known.exchange,
    zone: known.zone,
    barMinutes: known.barMinutes,
    signals: known.signals,
    trend: known.trend,
    pointValue: facts.pointValue,
    marginPerLot: facts.marginPerLot,
  }
}
