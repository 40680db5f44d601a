import type { DailyReturns } from './daily-returns.js'
import { deviation, type Spread } from './spread.js'
import { daysPerYear } from './trading-days.js'

/*
 * Ratios of a backtest. Each is null where it has no value: too few days or trades, nothing that varies, nothing lost.
 * None is ever NaN or infinite.
 */

/** A deviation that is nothing but rounding of equal values. */
const NO_DEVIATION = 1e-12

/**
 * Returns the compound annual growth rate in percent: (final ÷ initial)^(1 ÷ years) − 1. −100 when nothing is left;
 * null without initial capital and for less than a day.
 */
export function cagrPct(initial: number, final: number, years: number): number | null {
  if (initial <= 0 || years < 1 / 365.25) return null
  if (final <= 0) return -100
  return finite(((final / initial) ** (1 / years) - 1) * 100)
}

/**
 * Returns the Sharpe ratio: mean ÷ standard deviation (n − 1) of the daily returns × √ days a year, with a riskless rate
 * of 0 (W. F. Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21, 1994).
 */
export function sharpeRatio(daily: DailyReturns): number | null {
  const spread = deviation(daily.returns)
  if (daily.isBroke || spread === null || spread < NO_DEVIATION) return null
  return finite((daily.returns.mean / spread) * Math.sqrt(daysPerYear(daily.days)))
}

/**
 * Returns the Sortino ratio: mean of the daily returns ÷ their downside deviation below 0, √(Σ min(0, return)² ÷ n),
 * × √ days a year (F. A. Sortino and L. N. Price, Journal of Investing 3, 1994). Null when no day lost.
 */
export function sortinoRatio(daily: DailyReturns): number | null {
  const { count, mean } = daily.returns
  if (daily.isBroke || count < 2) return null
  const downside = Math.sqrt(daily.losses / count)
  return downside < NO_DEVIATION ? null : finite((mean / downside) * Math.sqrt(daysPerYear(daily.days)))
}

/** Returns the standard deviation of the daily returns × √ days a year, in percent. */
export function annualVolatilityPct(daily: DailyReturns): number | null {
  const spread = deviation(daily.returns)
  return daily.isBroke || spread === null ? null : finite(spread * Math.sqrt(daysPerYear(daily.days)) * 100)
}

/** Returns the Calmar ratio: growth ÷ deepest drawdown, both in percent, over the whole run (T. W. Young, Futures, 1991). */
export function calmarRatio(growthPct: number | null, maxDrawdownPct: number): number | null {
  return growthPct === null || maxDrawdownPct <= 0 ? null : finite(growthPct / maxDrawdownPct)
}

/**
 * Returns the system quality number: √ trades × mean ÷ standard deviation (n − 1) of the R-multiples (V. K. Tharp,
 * The Definitive Guide to Position Sizing, 2008), without a bound on the number of trades.
 */
export function systemQuality(multiples: Spread): number | null {
  const spread = deviation(multiples)
  if (spread === null || spread < NO_DEVIATION) return null
  return finite((Math.sqrt(multiples.count) * multiples.mean) / spread)
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
