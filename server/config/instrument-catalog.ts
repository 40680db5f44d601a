import type { Zone } from '../../core/calendar/zone.js'
import { bankNiftyLotsByDate } from '../../core/instrument/contract.js'
import type { TrendParameters } from '../../core/instrument/instrument.js'
import { DEFAULT_SIGNALS, type SignalParameters } from '../../core/instrument/signal-parameters.js'
import type { LocalDate } from '../../core/time.js'
import { builtInCalendar } from '../market/calendar/effective-calendar.js'

/** Facts of a contract as the configuration writes them. */
export interface DatedFacts {
  readonly from: LocalDate
  readonly lotSize: number
  readonly pointValue: number
  readonly marginPerLot: number
  readonly tick: number
}

/** An instrument that a configuration can name without describing it. */
export interface CatalogInstrument {
  readonly exchange: string
  readonly zone: Zone
  readonly currency: string
  readonly barMinutes: number
  readonly facts: readonly DatedFacts[]
  readonly trend: TrendParameters
  readonly signals: SignalParameters
}

/** Units in a lot of Bank Nifty from each date on: of the contract that is traded then, not of the date's circular. */
const BANK_NIFTY_LOTS = bankNiftyLotsByDate(builtInCalendar())

/**
 * The margin of a synthetic future is a share of the index's value, so per lot it goes with the lot's size: ₹270,000 at
 * 30 units is ₹9,000 for one. Earlier years, when the index stood lower, are thereby charged too much, never too little.
 */
const BANK_NIFTY_MARGIN_PER_UNIT = 9_000

const INDIAN = { zone: 'Asia/Kolkata', currency: 'INR' } as const
const MCX = { ...INDIAN, exchange: 'MCX', barMinutes: 60 } as const
const COMMODITY_RISK = {
  initialRiskPct: 1,
  ongoingRiskPct: 1,
  initialVolatilityPct: 0.2,
  ongoingVolatilityPct: 0.3,
  pyramidSpacingAtr: 0.5,
} as const

/** The instruments that the service knows by itself. */
export const INSTRUMENT_CATALOG: Readonly<Record<string, CatalogInstrument>> = {
  BANK_NIFTY: {
    ...INDIAN,
    // Its options and futures; NSE itself is where shares trade, at other hours
    exchange: 'NFO',
    barMinutes: 75,
    facts: BANK_NIFTY_LOTS.map(({ from, lotSize }) => ({
      from,
      lotSize,
      // A synthetic future moves one rupee per point and unit
      pointValue: lotSize,
      marginPerLot: lotSize * BANK_NIFTY_MARGIN_PER_UNIT,
      tick: 0.05,
    })),
    trend: {
      initialRiskPct: 1,
      ongoingRiskPct: 1,
      initialVolatilityPct: 0.5,
      ongoingVolatilityPct: 0.7,
      initialAtrMultiple: 1.5,
      trailingAtrMultiple: 2.5,
      maxPyramids: 5,
      pyramidSpacingAtr: 0.5,
    },
    signals: DEFAULT_SIGNALS,
  },
  GOLD_MINI: {
    ...MCX,
    // A lot of 100 g is quoted per 10 g
    facts: [{ from: '2000-01-01', lotSize: 100, pointValue: 10, marginPerLot: 105_000, tick: 1 }],
    trend: { ...COMMODITY_RISK, initialAtrMultiple: 1, trailingAtrMultiple: 2, maxPyramids: 3 },
    signals: { ...DEFAULT_SIGNALS, adxBelow: 15 },
  },
  SILVER_MINI: {
    ...MCX,
    // 5 kg, quoted per kg
    facts: [{ from: '2000-01-01', lotSize: 5, pointValue: 5, marginPerLot: 385_000, tick: 1 }],
    trend: { ...COMMODITY_RISK, initialAtrMultiple: 2, trailingAtrMultiple: 3, maxPyramids: 5 },
    signals: DEFAULT_SIGNALS,
  },
  COPPER: {
    ...MCX,
    // 2,500 kg, quoted per kg
    facts: [{ from: '2000-01-01', lotSize: 2500, pointValue: 2500, marginPerLot: 300_000, tick: 0.05 }],
    trend: { ...COMMODITY_RISK, initialAtrMultiple: 3, trailingAtrMultiple: 5, maxPyramids: 3 },
    signals: { ...DEFAULT_SIGNALS, emaPeriod: 50, donchianPeriod: 10, adxBelow: 15 },
  },
}
