import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { isHalt } from '../../core/strategies/allocation/halt.js'
import { lotTarget, type TradeRules } from '../../core/strategies/allocation/order-size.js'
import { type AllocationPlan, planOrders } from '../../core/strategies/allocation/plan.js'
import {
  type AllocationBooks,
  type Valuation,
  valuePortfolio,
} from '../../core/strategies/allocation/valuation.js'
import { entriesOf, exact, type Fields, haltFields } from './fields.js'

/** The currency of the reference's portfolios. */
export const SPOT_CURRENCY = 'EUR'

/** The reference rounds no quantity; so fine a step changes none that it prints. */
export const SPOT_LOT = decimal('1e-18')

/** A market without a step of its own. */
export const SPOT_RULES: TradeRules = {
  tick: SPOT_LOT,
  lot: SPOT_LOT,
  minimumQuantity: ZERO,
  minimumNotional: ZERO,
}

/** Assets that the reference counts and never trades. */
const BASE_CURRENCIES = new Set(['EUR', 'ZEUR', 'USD', 'ZUSD', 'USDT'])
/** Differences that the reference does not call skipped. */
const UNTOLD = decimal('0.01')

/** Returns the books of a case; euros are cash. */
export function spotBooks(input: Fields): AllocationBooks {
  const held = entriesOf(input.balances).filter(([, amount]) => Number(amount) > 0)
  const weights = entriesOf(input.weights).map(([symbol, pct]) => ({ symbol, pct: Number(pct) }))
  return {
    currency: SPOT_CURRENCY,
    cash: exact(held.find(([symbol]) => symbol === SPOT_CURRENCY)?.[1] ?? 0),
    holdings: held
      .filter(([symbol]) => symbol !== SPOT_CURRENCY)
      .map(([symbol, amount]) => ({ symbol, quantity: exact(amount), sellable: exact(amount) })),
    weights,
    prices: new Map(entriesOf(input.prices).map(([symbol, price]) => [symbol, Number(price)])),
    cashPolicy: weights.some(({ symbol }) => symbol === SPOT_CURRENCY) ? 'target' : 'included',
    restPolicy: 'sell',
  }
}

interface SpotPlan {
  readonly valuation: Valuation
  readonly plan: AllocationPlan
}

function planSpot(input: Fields, threshold: Decimal): SpotPlan | Fields {
  const valuation = valuePortfolio(spotBooks(input))
  if (isHalt(valuation)) return haltFields(valuation)
  const members = valuation.members.filter(({ symbol }) => !BASE_CURRENCIES.has(symbol))
  const plan = planOrders(
    { ...valuation, members },
    {
      style: { kind: 'market', minimumOneLot: false },
      band: { kind: 'amount', amount: threshold },
      rules: new Map(members.map(({ symbol }) => [symbol, SPOT_RULES])),
      maxOrders: null,
    },
  )
  return isHalt(plan) ? haltFields(plan) : { valuation, plan }
}

/** Returns the orders of a case by the size of their differences, and what stays below the threshold. */
export function rebalanceOrders(input: Fields): Fields {
  const planned = planSpot(input, exact(input.threshold ?? 10))
  if (!('plan' in planned)) return planned
  const { valuation, plan } = planned as SpotPlan
  const members = new Map(valuation.members.map((member) => [member.symbol, member]))
  const orders = plan.orders.map(({ symbol, side, quantity, difference }) => {
    const { value, target, quantity: held, price } = members.get(symbol)!
    return {
      symbol,
      side,
      volume: quantity.toNumber(),
      currentValue: value.toNumber(),
      targetValue: target.toNumber(),
      difference: difference.toNumber(),
      currentAmount: held.toNumber(),
      targetAmount: lotTarget(target, price, SPOT_LOT).quantity.toNumber(),
    }
  })
  const skipped = plan.holds.filter(({ difference }) => UNTOLD.isLessThan(difference.abs()))
  return {
    orders: orders.sort((left, right) => Math.abs(right.difference) - Math.abs(left.difference)),
    skippedOrders: skipped.map(({ symbol, difference, reason }) => ({
      symbol,
      difference: difference.toNumber(),
      side: difference.isPositive() ? 'buy' : 'sell',
      reason,
    })),
  }
}

/** Returns the orders of a case whose targets name cash. */
export function cashAsTarget(input: Fields): Fields {
  const planned = planSpot(input, exact(input.threshold ?? 10))
  if (!('plan' in planned)) return planned
  const orders = (planned as SpotPlan).plan.orders.map(({ symbol, side, quantity, value }) => ({
    symbol,
    side,
    volume: quantity.toString(),
    value: value.toString(),
  }))
  return { orders }
}
