import { factsAt, type Instrument } from '../instrument/instrument.js'
import { type Portfolio, settingsOf } from '../portfolio/portfolio.js'
import { unitRisk, unitVolatility, unrealizedProfit } from '../portfolio/unit.js'
import type { PortfolioSettings } from '../settings.js'
import type { Moment } from './metrics/equity-curve.js'

/**
 * Returns what a portfolio with nothing at work looks like: equity, and its heat, volatility and margin in percent of
 * the equity that each of them is capped by. `instruments` are those of its settings, by name.
 */
export function measureMoment(
  portfolio: Portfolio,
  instruments: ReadonlyMap<string, Instrument>,
  openPositions: number,
): Moment {
  const { closedEquity } = portfolio.ledger
  let unrealized = 0
  let risk = 0
  let volatility = 0
  let margin = 0
  for (const { instrument, units, market } of portfolio.books.values()) {
    if (units.length === 0) continue
    const configured = instruments.get(instrument)
    const marginPerLot = configured === undefined ? 0 : factsAt(configured, portfolio.now).marginPerLot
    for (const unit of units) {
      risk += unitRisk(unit)
      volatility += unitVolatility(unit, market.atr ?? unit.entryAtr)
      margin += unit.heldLots * marginPerLot
      if (market.price !== null) unrealized += unrealizedProfit(unit, market.price)
    }
  }
  const equity = closedEquity + unrealized
  const base = sizingBase(settingsOf(portfolio), portfolio, unrealized)
  return {
    at: portfolio.now,
    equity,
    heatPct: base > 0 ? (risk / base) * 100 : Number.NaN,
    volatilityPct: base > 0 ? (volatility / base) * 100 : Number.NaN,
    marginPct: equity > 0 ? (margin / equity) * 100 : Number.NaN,
    openPositions,
  }
}

/** The equity that sizing uses, from an unrealized profit that is known already. */
function sizingBase(
  { equityMode, blendedWeight }: PortfolioSettings,
  { ledger }: Portfolio,
  unrealized: number,
): number {
  if (equityMode === 'high') return ledger.highEquity
  const share = equityMode === 'blended' ? blendedWeight : equityMode === 'open' ? 1 : 0
  return ledger.closedEquity + share * unrealized
}
