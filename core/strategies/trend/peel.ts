/** A unit's exposure against its ongoing limits; money in quote currency, percentages of equity. */
export interface PeelMeasures {
  readonly risk: number
  readonly volatility: number
  readonly lots: number
  readonly equity: number
  readonly maxRiskPct: number
  readonly maxVolatilityPct: number
}

/** Lots to shed, and what each limit asks for. */
export interface Peel {
  readonly lots: number
  readonly riskPct: number
  readonly volatilityPct: number
  readonly riskLots: number
  readonly volatilityLots: number
}

/**
 * Returns the lots to peel off a unit whose risk or volatility has outgrown its limit: the excess over what one lot
 * carries, rounded up, the larger of both, at most all lots (seed 003). No equity: all of them.
 */
export function peelOff(measures: PeelMeasures): Peel {
  const { risk, volatility, lots, equity } = measures
  if (lots <= 0) return { lots: 0, riskPct: 0, volatilityPct: 0, riskLots: 0, volatilityLots: 0 }
  const riskLots = excessLots(risk, (equity * measures.maxRiskPct) / 100, lots)
  const volatilityLots = excessLots(volatility, (equity * measures.maxVolatilityPct) / 100, lots)
  return {
    lots: Math.min(lots, Math.max(riskLots, volatilityLots)),
    riskPct: equity > 0 ? (risk / equity) * 100 : Number.MAX_VALUE,
    volatilityPct: equity > 0 ? (volatility / equity) * 100 : Number.MAX_VALUE,
    riskLots,
    volatilityLots,
  }
}

function excessLots(exposure: number, limit: number, lots: number): number {
  const allowed = Math.max(0, limit)
  return exposure > allowed ? Math.ceil((exposure - allowed) / (exposure / lots)) : 0
}
