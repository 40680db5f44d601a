import { type Decimal, decimal, ZERO } from '../decimal.js'
import { invariant } from '../invariant.js'

/** What trading costs, as the paper venue and the backtest model it. */
export interface TradingCosts {
  /** Ticks by which a fill is worse than its reference; a whole number, at least 0. */
  readonly slippageTicks: number
  /** Commission in percent of the value traded, each side; at least 0. */
  readonly commissionPct: number
}

/** A trade to be modelled. */
export interface TradeTerms {
  readonly side: 'buy' | 'sell'
  readonly lots: Decimal
  /** Price that the trade starts from, in points. */
  readonly referencePrice: number
  /** Smallest price step in points; 0 where there is none. */
  readonly tick: number
  /** Quote currency per point and lot. */
  readonly pointValue: number
}

/** A modelled trade's price in points, and its fee in quote currency. Both are exact. */
export interface ModelFill {
  readonly price: Decimal
  readonly fee: Decimal
}

const PER_CENT = decimal('0.01')

/** Returns the price and the fee of a trade on these terms. */
export function modelFill(terms: TradeTerms, costs: TradingCosts): ModelFill {
  const { lots, pointValue } = terms
  const price = slippedPrice(terms, costs.slippageTicks)
  return { price, fee: commission({ price, lots, pointValue }, costs.commissionPct) }
}

/**
 * Returns the reference price moved `slippageTicks` ticks against the trader, up for a buy and down for a sell.
 * A reference between two ticks is moved to the worse of them first: nobody trades between ticks.
 */
export function slippedPrice(terms: Omit<TradeTerms, 'lots' | 'pointValue'>, slippageTicks: number): Decimal {
  invariant(slippageTicks >= 0, () => `slippage must be at least 0 ticks, not ${slippageTicks}`)
  const reference = decimal(terms.referencePrice)
  if (terms.tick === 0) return reference
  const tick = decimal(terms.tick)
  const slip = tick.times(decimal(slippageTicks))
  return terms.side === 'buy'
    ? reference.toMultipleOf(tick, 'ceil').plus(slip)
    : reference.toMultipleOf(tick, 'floor').minus(slip)
}

/** Returns the commission of one trade, in quote currency: percent × price × lots × point value, unrounded. */
export function commission(
  trade: { readonly price: Decimal; readonly lots: Decimal; readonly pointValue: number },
  commissionPct: number,
): Decimal {
  if (commissionPct === 0) return ZERO
  const value = trade.price.times(trade.lots).times(decimal(trade.pointValue))
  return value.times(decimal(commissionPct)).times(PER_CENT)
}
