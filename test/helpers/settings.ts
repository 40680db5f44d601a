import type { ContractFacts, Instrument, TrendParameters } from '../../core/instrument/instrument.js'
import { DEFAULT_SIGNALS, type SignalParameters } from '../../core/instrument/signal-parameters.js'
import type { ExecutionSettings, PortfolioSettings, PreCloseSettings } from '../../core/settings.js'

/** Returns an instrument with round numbers unless told otherwise. */
export function instrument(
  name: string,
  facts: Partial<ContractFacts> = {},
  trend: Partial<TrendParameters> = {},
  signals: Partial<SignalParameters> = {},
): Instrument {
  return {
    name,
    exchange: 'MCX',
    zone: 'Asia/Kolkata',
    currency: 'INR',
    barMinutes: 60,
    facts: [
      {
        from: '2000-01-01',
        fromInstant: Date.UTC(1999, 11, 31, 18, 30),
        lotSize: 100,
        pointValue: 10,
        marginPerLot: 105_000,
        tick: 1,
        ...facts,
      },
    ],
    trend: {
      initialRiskPct: 1,
      ongoingRiskPct: 1,
      initialVolatilityPct: 0.2,
      ongoingVolatilityPct: 0.3,
      initialAtrMultiple: 1,
      trailingAtrMultiple: 2,
      maxPyramids: 3,
      pyramidSpacingAtr: 0.5,
      ...trend,
    },
    signals: { ...DEFAULT_SIGNALS, ...signals },
  }
}

/** Gold Mini with the numbers that the product starts with. */
export const GOLD = instrument('GOLD_MINI', {}, {}, { adxBelow: 15 })
/** Bank Nifty with the numbers that the product starts with. */
export const BANK_NIFTY = instrument(
  'BANK_NIFTY',
  { lotSize: 30, pointValue: 30, marginPerLot: 270_000, tick: 0.05 },
  {
    initialVolatilityPct: 0.5,
    ongoingVolatilityPct: 0.7,
    initialAtrMultiple: 1.5,
    trailingAtrMultiple: 2.5,
    maxPyramids: 5,
  },
)
/** Silver Mini with the numbers that the product starts with. */
export const SILVER = instrument(
  'SILVER_MINI',
  { lotSize: 5, pointValue: 5, marginPerLot: 385_000 },
  { initialAtrMultiple: 2, trailingAtrMultiple: 3, maxPyramids: 5 },
)
/** Copper with the numbers that the product starts with. */
export const COPPER = instrument(
  'COPPER',
  { lotSize: 2500, pointValue: 2500, marginPerLot: 300_000, tick: 0.05 },
  { initialAtrMultiple: 3, trailingAtrMultiple: 5 },
  { emaPeriod: 50, donchianPeriod: 10, adxBelow: 15 },
)

/** The run before the close as the product starts with it. */
export const PRE_CLOSE: PreCloseSettings = {
  exitMode: 'atr',
  monitorSeconds: 900,
  decideSeconds: 45,
  placeSeconds: 30,
  marketSeconds: 10,
  endSeconds: 5,
  scoutMaxAgeSeconds: 90,
  limitBufferPct: 0.1,
}

/** A chase of four limits, at the reference and 0.05, 0.1 and 0.15 % from it, and a marketable one, 5 s each. */
export const EXECUTION: ExecutionSettings = {
  stepSeconds: 5,
  stepPct: 0.05,
  maxSlippagePct: 0.2,
  marketableBufferPct: 0.25,
  partialFill: 'chase',
}

/** Returns the settings of a test portfolio of the four instruments. */
export function settings(changes: Partial<PortfolioSettings> = {}): PortfolioSettings {
  return {
    portfolio: 'test',
    currency: 'INR',
    equityMode: 'blended',
    blendedWeight: 0.5,
    constraints: ['risk', 'volatility', 'margin'],
    defaultEr: 1,
    entryMaxAgeSeconds: 60,
    entryMaxAheadSeconds: 30,
    caps: {
      maxHeatPct: 15,
      maxVolatilityPct: 5,
      maxMarginPct: 60,
      pyramidMaxHeatPct: 12,
      pyramidMaxVolatilityPct: 4,
    },
    controls: { maxOrderValue: null, maxOrdersPerDay: 1000, priceCollarPct: 2 },
    hours: 'always',
    preClose: null,
    validation: {
      warnAgeSeconds: 10,
      elevatedAgeSeconds: 30,
      quoteMaxAgeSeconds: 10,
      maxDivergencePct: { entry: 2, pyramid: 1 },
      maxRiskIncreasePct: { entry: 50, pyramid: 20 },
    },
    instruments: [GOLD, BANK_NIFTY, SILVER, COPPER],
    ...changes,
  }
}
