import { type Decimal, ZERO } from '../../decimal.js'
import type { BacktestTrade } from '../backtest-trade.js'

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
  } else if (trade.netPnl.isPositive()) {
    totals.wins += 1
    totals.won = totals.won.plus(trade.netPnl)
  } else {
    totals.lost = totals.lost.plus(trade.netPnl)
  }
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
