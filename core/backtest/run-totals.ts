import type { BacktestTrade } from './backtest-trade.js'
import { type DailyReturns, newDailyReturns, seeDay } from './metrics/daily-returns.js'
import { type Drawdown, newDrawdown, seeEquity } from './metrics/drawdown.js'
import { addToCurve, type EquityCurve, larger, type Moment, newCurve } from './metrics/equity-curve.js'
import { type MarketTime, newMarketTime, seeHolding } from './metrics/market-time.js'
import { countMultiple, type MultipleCounts, newMultipleCounts } from './metrics/multiple-counts.js'
import { addTrade, multipleOf, newTradeTotals, type TradeTotals } from './metrics/trade-totals.js'
import type { TradingDays } from './metrics/trading-days.js'

/** Points of an equity curve: more than a report is wide. */
const CURVE_POINTS = 2000

/** What a backtest keeps while it runs: sums and extremes, never a list that grows with it. */
export interface RunTotals {
  readonly trades: TradeTotals
  readonly instruments: Map<string, TradeTotals>
  /** By number of the unit: 1 the base, 2 the first pyramid. */
  readonly units: Map<number, TradeTotals>
  readonly multiples: MultipleCounts
  readonly drawdown: Drawdown
  readonly daily: DailyReturns
  readonly time: MarketTime
  readonly curve: EquityCurve
  /** Largest heat in percent of equity; null until something with a stop was held. */
  maxHeatPct: number | null
  maxVolatilityPct: number | null
  maxMarginPct: number | null
  maxOpenPositions: number
}

/** Returns the totals of a run that has not begun. */
export function newRunTotals(initialCapital: number, days: TradingDays): RunTotals {
  return {
    trades: newTradeTotals(),
    instruments: new Map(),
    units: new Map(),
    multiples: newMultipleCounts(),
    drawdown: newDrawdown(initialCapital),
    daily: newDailyReturns(initialCapital, days),
    time: newMarketTime(),
    curve: newCurve(CURVE_POINTS),
    maxHeatPct: null,
    maxVolatilityPct: null,
    maxMarginPct: null,
    maxOpenPositions: 0,
  }
}

/** Adds a trade to the totals, to those of its instrument and to those of its unit's number. */
export function noteTrade(totals: RunTotals, trade: BacktestTrade): void {
  addTrade(totals.trades, trade)
  addTrade(totalsOf(totals.instruments, trade.instrument), trade)
  addTrade(totalsOf(totals.units, trade.unit), trade)
  const multiple = trade.open ? null : multipleOf(trade)
  if (multiple !== null) countMultiple(totals.multiples, multiple)
}

function totalsOf<Key>(map: Map<Key, TradeTotals>, key: Key): TradeTotals {
  let totals = map.get(key)
  if (totals === undefined) {
    totals = newTradeTotals()
    map.set(key, totals)
  }
  return totals
}

/** Takes a moment into the extremes and the curve. */
export function noteMoment(totals: RunTotals, moment: Moment): void {
  const { at, equity, openPositions } = moment
  seeEquity(totals.drawdown, at, equity)
  seeDay(totals.daily, at, equity)
  seeHolding(totals.time, at, openPositions)
  addToCurve(totals.curve, moment)
  if (openPositions > totals.maxOpenPositions) totals.maxOpenPositions = openPositions
  totals.maxHeatPct = larger(totals.maxHeatPct, moment.heatPct)
  totals.maxVolatilityPct = larger(totals.maxVolatilityPct, moment.volatilityPct)
  totals.maxMarginPct = larger(totals.maxMarginPct, moment.marginPct)
}
