import type { Constraint } from '../../core/settings.js'

/** A portfolio that clients race for. */
export interface RacedPortfolio {
  readonly id: string
  readonly instruments: readonly string[]
  /** Its part of the configuration file. */
  readonly configuration: { readonly id: string } & Record<string, unknown>
}

/** What makes a portfolio different from the others. */
export interface RaceOptions {
  readonly instruments: number
  readonly constraints: readonly Constraint[]
  /** In percent of equity; what is left out cannot bind. */
  readonly caps: Partial<Record<'maxHeatPct' | 'maxVolatilityPct' | 'maxMarginPct', number>>
  /** Of a base entry, in percent of equity. */
  readonly riskPct?: number
  readonly volatilityPct?: number
  readonly marginPerLot?: number
  readonly faults?: object
}

/** What every instrument of a race costs, in points. */
export const PRICE = 10_000
/** One lot moves the portfolio by ₹10 a point. */
export const POINT_VALUE = 10

/** Returns a portfolio of ₹1,00,00,000 that trades for nothing: its equity changes by profits and losses alone. */
export function racedPortfolio(id: string, options: RaceOptions): RacedPortfolio {
  const { constraints, riskPct = 1, volatilityPct = 1, marginPerLot = 1000 } = options
  const caps = { maxHeatPct: 100, maxVolatilityPct: 100, maxMarginPct: 100, ...options.caps }
  const instruments = Array.from(
    { length: options.instruments },
    (_, index) => `${id.toUpperCase()}_${index + 1}`,
  )
  const trend = {
    ...{ initialRiskPct: riskPct, ongoingRiskPct: 100, initialVolatilityPct: volatilityPct },
    ...{ ongoingVolatilityPct: 100, initialAtrMultiple: 1, trailingAtrMultiple: 2, maxPyramids: 3 },
    pyramidSpacingAtr: 0.5,
  }
  const facts = [{ from: '2000-01-01', lotSize: 1, pointValue: POINT_VALUE, marginPerLot, tick: 1 }]
  const market = { exchange: 'MCX', zone: 'Asia/Kolkata', currency: 'INR', barMinutes: 60 }
  const configuration = {
    ...{ id, currency: 'INR', initialDeposit: '10000000' },
    instruments: instruments.map((name) => ({ name, ...market, facts, trend })),
    broker: { kind: 'paper', seed: id, slippageTicks: 0, commissionPct: 0, faults: options.faults ?? {} },
    strategy: {
      ...{ kind: 'trend', equityMode: 'closed', constraints, controls: { maxOrdersPerDay: 1_000_000 } },
      caps: { ...caps, pyramidMaxHeatPct: caps.maxHeatPct, pyramidMaxVolatilityPct: caps.maxVolatilityPct },
    },
  }
  return { id, instruments, configuration }
}
