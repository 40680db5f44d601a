import type { Instant } from '../time.js'
import type { BacktestTrade } from './backtest-trade.js'
import type { ExportedTrade } from './exported-trade.js'
import { noteMoment, type RunTotals } from './run-totals.js'

/** An exported trade with its value and its fees as numbers. */
export interface ValuedTrade {
  readonly exported: ExportedTrade
  readonly valued: BacktestTrade
  readonly pointValue: number
  readonly entryFee: number
}

interface Happening {
  readonly at: Instant
  readonly kind: 'opens' | 'closes' | 'marks'
  readonly order: number
  readonly trade: ValuedTrade
}

/** What is held of an instrument: Σ lots × point value, the same × entry price, and the last price. */
interface Holding {
  size: number
  cost: number
  price: number
}

/**
 * Follows equity through the trades as they open and close, at the prices of their rows, and notes every moment.
 * Heat is followed when every trade has a stop.
 */
export function followPath(trades: readonly ValuedTrade[], totals: RunTotals, initialCapital: number): void {
  const holdings = new Map<string, Holding>()
  const hasStops = trades.every((trade) => trade.exported.signal.stop !== null)
  let cash = initialCapital
  let risk = 0
  let openPositions = 0
  for (const { at, kind, trade } of happeningsOf(trades)) {
    const { exported, valued, pointValue } = trade
    const holding = holdingOf(holdings, exported.instrument)
    const size = exported.quantity * pointValue
    const sign = kind === 'opens' ? 1 : kind === 'closes' ? -1 : 0
    holding.price = kind === 'opens' ? valued.entryPrice : (valued.exitPrice ?? valued.entryPrice)
    holding.size += sign * size
    holding.cost += sign * size * valued.entryPrice
    risk += sign * Math.max(0, valued.entryPrice - (exported.signal.stop ?? 0)) * size
    openPositions += sign
    if (kind === 'opens') cash -= trade.entryFee
    else if (kind === 'closes') cash += valued.netPnl.toNumber() + trade.entryFee
    const equity = cash + unrealized(holdings)
    const heatPct = hasStops && equity > 0 ? (risk / equity) * 100 : Number.NaN
    noteMoment(totals, {
      at,
      equity,
      heatPct,
      volatilityPct: Number.NaN,
      marginPct: Number.NaN,
      openPositions,
    })
  }
}

function happeningsOf(trades: readonly ValuedTrade[]): Happening[] {
  const happenings: Happening[] = []
  for (const trade of trades) {
    const { entryTime, exitTime, open } = trade.valued
    happenings.push({ at: entryTime, kind: 'opens', order: 1, trade })
    if (exitTime === null) continue
    // What closes at one instant makes room before anything opens, unless it opened at that instant itself.
    happenings.push({
      at: exitTime,
      kind: open ? 'marks' : 'closes',
      order: exitTime === entryTime ? 2 : 0,
      trade,
    })
  }
  return happenings.sort((left, right) => left.at - right.at || left.order - right.order)
}

function holdingOf(holdings: Map<string, Holding>, instrument: string): Holding {
  let holding = holdings.get(instrument)
  if (holding === undefined) {
    holding = { size: 0, cost: 0, price: 0 }
    holdings.set(instrument, holding)
  }
  return holding
}

function unrealized(holdings: ReadonlyMap<string, Holding>): number {
  let sum = 0
  for (const { size, cost, price } of holdings.values()) sum += price * size - cost
  return sum
}
