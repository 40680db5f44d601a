import type { Instant } from '../time.js'
import type { BacktestTrade } from './backtest-trade.js'
import { type Drawdown, newDrawdown, seeEquity } from './metrics/drawdown.js'
import { addToCurve, type EquityCurve, newCurve } from './metrics/equity-curve.js'
import { addTrade, newTradeTotals, type TradeTotals } from './metrics/trade-totals.js'

/** Points of an equity curve: more than a report is wide. */
const CURVE_POINTS = 2000

/** What a backtest keeps while it runs: sums and extremes, never a list that grows with it. */
export interface RunTotals {
  readonly trades: TradeTotals
  readonly instruments: Map<string, TradeTotals>
  readonly drawdown: Drawdown
  readonly curve: EquityCurve
  /** Largest heat in percent of equity; null until something with a stop was held. */
  maxHeatPct: number | null
  maxOpenPositions: number
}

/** What a moment looks like once everything of it is decided and filled. */
export interface Moment {
  readonly at: Instant
  /** Closed equity and all of the unrealized profit. */
  readonly equity: number
  /** In percent of equity; null where stops are not known. */
  readonly heatPct: number | null
  readonly openPositions: number
}

/** Returns the totals of a run that has not begun. */
export function newRunTotals(initialCapital: number): RunTotals {
  return {
    trades: newTradeTotals(),
    instruments: new Map(),
    drawdown: newDrawdown(initialCapital),
    curve: newCurve(CURVE_POINTS),
    maxHeatPct: null,
    maxOpenPositions: 0,
  }
}

/** Adds a trade to the totals and to those of its instrument. */
export function noteTrade(totals: RunTotals, trade: BacktestTrade): void {
  addTrade(totals.trades, trade)
  let ofInstrument = totals.instruments.get(trade.instrument)
  if (ofInstrument === undefined) {
    ofInstrument = newTradeTotals()
    totals.instruments.set(trade.instrument, ofInstrument)
  }
  addTrade(ofInstrument, trade)
}

/** Takes a moment into the extremes and the curve. */
export function noteMoment(totals: RunTotals, moment: Moment): void {
  seeEquity(totals.drawdown, moment.equity)
  addToCurve(totals.curve, moment.at, moment.equity)
  if (moment.openPositions > totals.maxOpenPositions) totals.maxOpenPositions = moment.openPositions
  if (moment.heatPct !== null) totals.maxHeatPct = Math.max(totals.maxHeatPct ?? 0, moment.heatPct)
}
