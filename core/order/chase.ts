import type { Decimal } from '../decimal.js'
import type { OrderInitialized } from '../event.js'
import { factsAt, limitAbove, limitAtLeast, limitAtMost, limitBelow } from '../instrument/instrument.js'
import { bookOf, instrumentOf, type Portfolio } from '../portfolio/portfolio.js'
import type { ExecutionSettings } from '../settings.js'
import { MINUTE, SECOND } from '../time.js'
import type { Chase, OrderPurpose } from './order.js'

/** How an order is priced, as its event says it. */
export type Pricing = Pick<OrderInitialized, 'orderType' | 'limitPrice' | 'chase'>

/** An order that takes what it gets. */
export const AT_MARKET: Pricing = { orderType: 'market', limitPrice: null }

/** An order that is to be priced. */
export interface Unpriced {
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly purpose: OrderPurpose
}

/** The buffer of an exit's further rounds grows up to so many times the configured one. */
const WIDEST = 10

/** Returns the policy by which the portfolio's orders are executed; null for market orders. */
export function executionOf({ settings }: Portfolio): ExecutionSettings | null {
  return settings?.execution ?? null
}

/**
 * Returns the step that is marketable: those before it are limits, at the reference and ever further from it, short of
 * the hard limit. Entries end with it; exits go on.
 */
export function marketableStep({ stepPct, maxSlippagePct }: ExecutionSettings): number {
  return Math.ceil(maxSlippagePct / stepPct - 1e-9)
}

/** Returns how long a step rests, in milliseconds: an exit's further rounds ever longer, up to a minute. */
export function restsFor(execution: ExecutionSettings, { step }: Chase): number {
  const round = Math.max(1, step - marketableStep(execution) + 1)
  const whole = execution.stepSeconds * SECOND
  return Math.max(whole, Math.min(whole * round, MINUTE))
}

/** Returns how the order `orderId` begins: as the first step of a chase from `price`, or at market without a policy. */
export function firstStep(portfolio: Portfolio, orderId: string, order: Unpriced, price: number): Pricing {
  return priceStep(portfolio, order, { parentId: orderId, step: 0, referencePrice: price })
}

/** Returns how a step of a chase is priced; at market without a policy, and for what two legs carry out together. */
export function priceStep(portfolio: Portfolio, order: Unpriced, chase: Chase): Pricing {
  const execution = executionOf(portfolio)
  const instrument = instrumentOf(portfolio, order.instrument)
  if (execution === null || instrument === undefined || instrument.synthetic !== undefined) return AT_MARKET
  const { price } = bookOf(portfolio, order.instrument).market
  const { tick } = factsAt(instrument, portfolio.now)
  const terms = { ...order, tick, marketPrice: price ?? chase.referencePrice }
  return { orderType: 'limit', limitPrice: stepLimit(execution, terms, chase), chase }
}

/**
 * Returns how an order is priced that is to fill now, without a chase: at market, or by the policy at a limit beyond the
 * latest price, for what adds risk never further from `referencePrice` than the hard limit.
 */
export function marketablePricing(portfolio: Portfolio, order: Unpriced, referencePrice: number): Pricing {
  const execution = executionOf(portfolio)
  if (execution === null) return AT_MARKET
  const step = marketableStep(execution)
  const { orderType, limitPrice } = priceStep(portfolio, order, { parentId: '', step, referencePrice })
  return { orderType, limitPrice }
}

interface StepTerms extends Unpriced {
  readonly tick: number
  readonly marketPrice: number
}

/** Limits are rounded towards being filled; only the hard limit is rounded away from it, as nothing goes beyond it. */
function stepLimit(execution: ExecutionSettings, terms: StepTerms, chase: Chase): Decimal {
  const { side, purpose, tick, marketPrice } = terms
  const beyond = side === 'buy' ? limitAbove : limitBelow
  const { referencePrice, step } = chase
  const round = step - marketableStep(execution) + 1
  if (purpose === 'exit' && round > 0) {
    return beyond(marketPrice, execution.marketableBufferPct * Math.min(round, WIDEST), tick)
  }
  const stepped = beyond(referencePrice, Math.min(step * execution.stepPct, execution.maxSlippagePct), tick)
  const marketable = beyond(marketPrice, execution.marketableBufferPct, tick)
  const wanted = round > 0 ? further(side, stepped, marketable) : stepped
  const hard = (side === 'buy' ? limitAtMost : limitAtLeast)(referencePrice, execution.maxSlippagePct, tick)
  return further(side, wanted, hard) === hard ? wanted : hard
}

function further(side: 'buy' | 'sell', one: Decimal, other: Decimal): Decimal {
  return (side === 'buy') === one.isLessThan(other) ? other : one
}
