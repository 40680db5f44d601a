import type { BacktestTrade } from './backtest-trade.js'
import { type DailyReturns, newDailyReturns, seeDay } from './metrics/daily-returns.js'
import { type Drawdown, newDrawdown, seeEquity } from './metrics/drawdown.js'
import { addToCurve, type EquityCurve, exceeds, type Moment, newCurve } from './metrics/equity-curve.js'
import { type MarketTime, newMarketTime, seeHolding } from './metrics/market-time.js'
import { countMultiple, type MultipleCounts, newMultipleCounts } from './metrics/multiple-counts.js'
import {
  addTrade,
  mergeTotals,
  multipleOf,
  newTradeTotals,
  type TradeTotals,
} from './metrics/trade-totals.js'
import type { TradingDays } from './metrics/trading-days.js'

/** Points of an equity curve: more than a report is wide. */
const CURVE_POINTS = 2000

/** What a backtest keeps while it runs: sums and extremes, never a list that grows with it. */
export interface RunTotals {
  /** By instrument, and then by number of the unit: 1 the base, 2 the first pyramid. Each trade is in one of them. */
  readonly trades: Map<string, Map<number, TradeTotals>>
  readonly multiples: MultipleCounts
  readonly drawdown: Drawdown
  readonly daily: DailyReturns
  readonly time: MarketTime
  readonly curve: EquityCurve
  /** Largest in percent of equity; NaN until it was known. */
  maxHeatPct: number
  maxVolatilityPct: number
  maxMarginPct: number
  maxOpenPositions: number
}

/** Returns the totals of a run that has not begun. */
export function newRunTotals(initialCapital: number, days: TradingDays): RunTotals {
  return {
    trades: new Map(),
    multiples: newMultipleCounts(),
    drawdown: newDrawdown(initialCapital),
    daily: newDailyReturns(initialCapital, days),
    time: newMarketTime(),
    curve: newCurve(CURVE_POINTS),
    maxHeatPct: Number.NaN,
    maxVolatilityPct: Number.NaN,
    maxMarginPct: Number.NaN,
    maxOpenPositions: 0,
  }
}

/** Adds a trade to the totals of its instrument and its unit's number. */
export function noteTrade(totals: RunTotals, trade: BacktestTrade): void {
  let units = totals.trades.get(trade.instrument)
  if (units === undefined) {
    units = new Map()
    totals.trades.set(trade.instrument, units)
  }
  addTrade(totalsOf(units, trade.unit), trade)
  const multiple = trade.open ? null : multipleOf(trade)
  if (multiple !== null) countMultiple(totals.multiples, multiple)
}

/** Returns the totals of all trades. */
export function allTrades({ trades }: RunTotals): TradeTotals {
  return sumOf([...trades.values()].flatMap((units) => [...units.values()]))
}

/** Returns the totals by instrument, in the order in which they first traded. */
export function tradesByInstrument({ trades }: RunTotals): ReadonlyMap<string, TradeTotals> {
  return new Map([...trades].map(([instrument, units]) => [instrument, sumOf([...units.values()])]))
}

/** Returns the totals by number of the unit, ascending. */
export function tradesByUnit({ trades }: RunTotals): ReadonlyMap<number, TradeTotals> {
  const byUnit = new Map<number, TradeTotals>()
  for (const units of trades.values())
    for (const [unit, sums] of units) mergeTotals(totalsOf(byUnit, unit), sums)
  return new Map([...byUnit].sort(([left], [right]) => left - right))
}

function sumOf(parts: readonly TradeTotals[]): TradeTotals {
  const sum = newTradeTotals()
  for (const part of parts) mergeTotals(sum, part)
  return sum
}

function totalsOf(map: Map<number, TradeTotals>, unit: number): TradeTotals {
  let totals = map.get(unit)
  if (totals === undefined) {
    totals = newTradeTotals()
    map.set(unit, totals)
  }
  return totals
}

/** Takes a moment into the extremes and the curve. */
export function noteMoment(totals: RunTotals, moment: Moment): void {
  const { at, equity, heatPct, volatilityPct, marginPct, openPositions } = moment
  seeEquity(totals.drawdown, at, equity)
  seeDay(totals.daily, at, equity)
  seeHolding(totals.time, at, openPositions)
  addToCurve(totals.curve, moment)
  if (openPositions > totals.maxOpenPositions) totals.maxOpenPositions = openPositions
  if (exceeds(heatPct, totals.maxHeatPct)) totals.maxHeatPct = heatPct
  if (exceeds(volatilityPct, totals.maxVolatilityPct)) totals.maxVolatilityPct = volatilityPct
  if (exceeds(marginPct, totals.maxMarginPct)) totals.maxMarginPct = marginPct
}
