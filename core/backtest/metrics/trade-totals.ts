import { type Decimal, ZERO } from '../../decimal.js'
import type { BacktestTrade } from '../backtest-trade.js'
import { addSpread, addValue, newSpread, type Spread } from './spread.js'

/** Sums over trades, money in quote currency. */
export interface TradeTotals {
  /** Open ones included. */
  trades: number
  openTrades: number
  /** Closed trades with a net profit above 0. */
  wins: number
  grossPnl: Decimal
  fees: Decimal
  netPnl: Decimal
  /** Net profits of the closed trades that won, and net losses (below 0) of those that lost. */
  won: Decimal
  lost: Decimal
  /** R-multiples of the closed trades whose initial risk is known. */
  readonly multiples: Spread
}

/** Returns the totals of no trades. */
export function newTradeTotals(): TradeTotals {
  return {
    trades: 0,
    openTrades: 0,
    wins: 0,
    grossPnl: ZERO,
    fees: ZERO,
    netPnl: ZERO,
    won: ZERO,
    lost: ZERO,
    multiples: newSpread(),
  }
}

/** Adds a trade to `totals`. */
export function addTrade(totals: TradeTotals, trade: BacktestTrade): void {
  totals.trades += 1
  totals.grossPnl = totals.grossPnl.plus(trade.grossPnl)
  totals.fees = totals.fees.plus(trade.fees)
  totals.netPnl = totals.netPnl.plus(trade.netPnl)
  if (trade.open) {
    totals.openTrades += 1
    return
  }
  const multiple = multipleOf(trade)
  if (multiple !== null) addValue(totals.multiples, multiple)
  if (trade.netPnl.isPositive()) {
    totals.wins += 1
    totals.won = totals.won.plus(trade.netPnl)
  } else {
    totals.lost = totals.lost.plus(trade.netPnl)
  }
}

/** Adds the totals of other trades to `totals`. */
export function mergeTotals(totals: TradeTotals, other: TradeTotals): void {
  totals.trades += other.trades
  totals.openTrades += other.openTrades
  totals.wins += other.wins
  totals.grossPnl = totals.grossPnl.plus(other.grossPnl)
  totals.fees = totals.fees.plus(other.fees)
  totals.netPnl = totals.netPnl.plus(other.netPnl)
  totals.won = totals.won.plus(other.won)
  totals.lost = totals.lost.plus(other.lost)
  addSpread(totals.multiples, other.multiples)
}

/** Returns the share of closed trades that won, 0..1; null without a closed trade. */
export function winRate(totals: TradeTotals): number | null {
  const closed = totals.trades - totals.openTrades
  return closed === 0 ? null : totals.wins / closed
}

/** Returns the net profit of the winners ÷ the net loss of the losers; null when nothing was lost. */
export function profitFactor(totals: TradeTotals): number | null {
  return totals.lost.isNegative() ? totals.won.toNumber() / -totals.lost.toNumber() : null
}

/** Returns net profit ÷ initial risk, the R-multiple of a trade; null where the risk is not known or nothing. */
export function multipleOf({ netPnl, initialRisk }: BacktestTrade): number | null {
  return initialRisk === null || initialRisk <= 0 ? null : netPnl.toNumber() / initialRisk
}

/** Returns the mean net profit of a closed trade, in quote currency; null without one. */
export function expectancy(totals: TradeTotals): number | null {
  const closed = totals.trades - totals.openTrades
  return closed === 0 ? null : (totals.won.toNumber() + totals.lost.toNumber()) / closed
}

/** Returns the mean R-multiple; null where none is known. */
export function expectancyMultiple({ multiples }: TradeTotals): number | null {
  return multiples.count === 0 ? null : multiples.mean
}

/** Returns the mean net profit of the closed trades that won, in quote currency; null without one. */
export function averageWin(totals: TradeTotals): number | null {
  return totals.wins === 0 ? null : totals.won.toNumber() / totals.wins
}

/** Returns the mean net profit, 0 or below, of the closed trades that did not win; null without one. */
export function averageLoss(totals: TradeTotals): number | null {
  const losses = totals.trades - totals.openTrades - totals.wins
  return losses === 0 ? null : totals.lost.toNumber() / losses
}
