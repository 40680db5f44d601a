import { type Decimal, least, ZERO } from '../../core/decimal.js'
import { type FundedOrders, type FundingMode, fundBuys } from '../../core/strategies/allocation/funding.js'
import type { PlannedOrder } from '../../core/strategies/allocation/plan.js'
import { entriesOf, exact, type Fields } from './fields.js'
import { rebalanceOrders, SPOT_RULES } from './spot-orders.js'

type OrderTuple = readonly [symbol: string, side: 'buy' | 'sell', volume: number, difference: number]

/** The reference's worked example, which cases name instead of orders. */
const REFERENCE_CASE = {
  balances: { BTC: 0.5, ETH: 2, SOL: 20, ADA: 1000 },
  prices: { BTC: 40_000, ETH: 2500, SOL: 100, ADA: 0.5 },
  weights: { BTC: 40, ETH: 30, SOL: 20, ADA: 10 },
}
const PRICE_DIGITS = 24

/** Returns the orders of a case with buys limited to its funds. The reference's cases reserve no fees. */
export function fundAllocation(input: Fields, mode: FundingMode): Fields {
  const given = ordersOf(input.orders)
  const held = new Map(entriesOf(input.assets).map(([symbol, amount]) => [symbol, exact(amount)]))
  const wanted = given.map((tuple) => plannedOf(tuple, held))
  const rules = new Map(given.map(([symbol]) => [symbol, SPOT_RULES]))
  const funded = fundBuys(wanted, { cash: exact(input.cash), feePct: 0, mode, rules })
  const isPartial = mode === 'priority' || funded.outcome === 'partial'
  return {
    adjustedOrders: given.map((tuple) => adjustedOf(tuple, funded)),
    totalAvailableFunds: funded.available.toNumber(),
    totalRequiredFunds: funded.required.toNumber(),
    allocationStrategy: isPartial ? 'partial' : funded.outcome,
    adjustments: [...sellAdjustments(given, held), ...buyAdjustments(given, funded)],
    available: funded.available.toNumber(),
    buys: funded.outcome,
  }
}

function ordersOf(orders: unknown): readonly OrderTuple[] {
  if (typeof orders !== 'string') return orders as OrderTuple[]
  const threshold = /threshold-(\d+(?:\.\d+)?) orders/.exec(orders)?.[1]
  if (threshold === undefined) throw new Error(`orders are told in words: ${orders}`)
  const planned = rebalanceOrders({ ...REFERENCE_CASE, threshold: Number(threshold) })
  return (planned.orders as Fields[]).map(({ symbol, side, volume, difference }) => [
    String(symbol),
    side as 'buy' | 'sell',
    Number(volume),
    Number(difference),
  ])
}

/** Sells are limited to what is held, as the plan limits them. */
function plannedOf(
  [symbol, side, volume, difference]: OrderTuple,
  held: ReadonlyMap<string, Decimal>,
): PlannedOrder {
  const value = exact(difference).abs()
  const wanted = exact(volume)
  const price = wanted.isZero() ? ZERO : value.dividedBy(wanted, PRICE_DIGITS, 'halfEven')
  const quantity = side === 'sell' ? least(wanted, held.get(symbol) ?? ZERO) : wanted
  const isWhole = quantity.equals(wanted)
  return {
    symbol,
    side,
    quantity,
    limitPrice: null,
    price,
    value: isWhole ? value : quantity.times(price),
    difference: exact(difference),
  }
}

function adjustedOf([symbol, side]: OrderTuple, { orders }: FundedOrders): Fields {
  const order = orders.find((one) => one.symbol === symbol && one.side === side)
  const value = order?.value.toNumber() ?? 0
  return {
    symbol,
    side,
    volume: order?.quantity.toNumber() ?? 0,
    difference: side === 'sell' ? 0 - value : value,
  }
}

function sellAdjustments(given: readonly OrderTuple[], held: ReadonlyMap<string, Decimal>): Fields[] {
  return given.flatMap(([symbol, side, volume], orderIndex) => {
    const most = held.get(symbol) ?? ZERO
    if (side === 'buy' || !most.isLessThan(exact(volume))) return []
    return [{ orderIndex, originalAmount: volume, adjustedAmount: most.toNumber(), reason: 'not_held' }]
  })
}

function buyAdjustments(given: readonly OrderTuple[], { cuts }: FundedOrders): Fields[] {
  return given.flatMap(([symbol, side, , difference], orderIndex) => {
    const cut = side === 'buy' ? cuts.find((one) => one.symbol === symbol) : undefined
    if (cut === undefined) return []
    const funded = cut.funded.toNumber()
    return [
      { orderIndex, originalAmount: Math.abs(difference), adjustedAmount: funded, reason: 'not_funded' },
    ]
  })
}
