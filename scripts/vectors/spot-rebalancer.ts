import { decimal } from '../../core/decimal.js'
import { isBeyond } from '../../core/strategies/allocation/drift.js'
import { fundableBuys } from '../../core/strategies/allocation/funding.js'
import { describeHalt, isHalt } from '../../core/strategies/allocation/halt.js'
import { KRAKEN_SYMBOLS } from '../../core/strategies/allocation/kraken-symbols.js'
import { lotTarget } from '../../core/strategies/allocation/order-size.js'
import { feeOf } from '../../core/strategies/allocation/outcome.js'
import { waitsInWindow } from '../../core/strategies/allocation/pacing.js'
import { percentOf } from '../../core/strategies/allocation/percent.js'
import { isPrice } from '../../core/strategies/allocation/pricing.js'
import { readSymbol } from '../../core/strategies/allocation/symbols.js'
import { checkWeights } from '../../core/strategies/allocation/target-weights.js'
import { valuePortfolio } from '../../core/strategies/allocation/valuation.js'
import { entriesOf, exact, type Fields, haltFields, spell } from './fields.js'
import { fundAllocation } from './spot-funding.js'
import { cashAsTarget, rebalanceOrders, SPOT_CURRENCY, SPOT_LOT, spotBooks } from './spot-orders.js'
import { tradingPair } from './spot-pairs.js'
import { orchestrate } from './spot-run.js'
import type { VectorCase } from './trend.js'

/** Returns the answer to a case of the spot rebalancer, computed by the core; null for a capability that we do not know. */
export function spotRebalancerVector({ capability, input: given }: VectorCase): unknown {
  const input = given as Fields
  switch (capability) {
    case 'portfolio_value':
      return portfolioValue(input)
    case 'target_holdings':
      return targetHoldings(input)
    case 'rebalance_orders':
      return rebalanceOrders(input)
    case 'cash_as_target':
      return cashAsTarget(input)
    case 'weight_validation':
      return validateWeights(input)
    case 'threshold_edge':
      return { orders: thresholdEdge(input) }
    case 'threshold_trigger':
      return isTriggered(input)
    case 'fund_allocation':
      return fundAllocation(input, 'proportional')
    case 'fund_allocation_priority':
      return fundAllocation(input, 'priority')
    case 'fund_allocation_fees':
      return fundedAfterFees(input)
    case 'asset_symbol':
      return readSymbol(String(given), KRAKEN_SYMBOLS).symbol
    case 'trading_pair':
      return tradingPair(given)
    case 'orchestrator':
      return orchestrate(input)
    case 'fees':
      return fees(input)
    case 'rate_limit':
      return rateLimit(input)
    default:
      return null
  }
}

function portfolioValue(input: Fields): Fields {
  const held = entriesOf(input.balances).filter(([, amount]) => Number(amount) > 0)
  const valuation = valuePortfolio({ ...spotBooks(input), weights: [], cashPolicy: 'included' })
  if (isHalt(valuation)) {
    if (valuation.halt !== 'emptyPortfolio') return haltFields(valuation)
    return { totalValue: 0, holdings: [], currency: SPOT_CURRENCY }
  }
  const { members, cash, equity } = valuation
  const whole = equity.toNumber()
  const rows = members.map(({ symbol, quantity, value, currentPct }) => ({
    symbol,
    amount: quantity.toNumber(),
    value: value.toNumber(),
    percentage: currentPct,
  }))
  if (held.some(([symbol]) => symbol === SPOT_CURRENCY)) {
    const amount = cash.toNumber()
    rows.push({ symbol: SPOT_CURRENCY, amount, value: amount, percentage: (amount / whole) * 100 })
  }
  const holdings = rows.sort((left, right) => right.value - left.value)
  return { totalValue: whole, holdings, currency: SPOT_CURRENCY }
}

function targetHoldings(input: Fields): unknown {
  const prices = (input.prices ?? {}) as Record<string, number>
  const weights = entriesOf(input.weights)
  const priceOf = (symbol: string) => prices[symbol] ?? (symbol === SPOT_CURRENCY ? 1 : undefined)
  const unpriced = weights.map(([symbol]) => symbol).filter((symbol) => !isPrice(priceOf(symbol)))
  if (unpriced.length > 0) return haltFields({ halt: 'price', problem: 'missing', symbols: unpriced })
  return weights.map(([symbol, pct]) => {
    const target = percentOf(exact(input.totalValue), Number(pct))
    const { quantity } = lotTarget(target, decimal(priceOf(symbol)!), SPOT_LOT)
    return {
      symbol,
      amount: quantity.toNumber(),
      value: target.toNumber(),
      percentage: Number(pct),
    }
  })
}

function validateWeights(input: Fields): Fields {
  const weights = entriesOf(input).map(([symbol, pct]) => ({ symbol, pct: Number(pct) }))
  const halt = checkWeights(weights, { leastPct: 0 })
  return { valid: halt === null, errors: halt === null ? [] : [describeHalt(halt)] }
}

function thresholdEdge(input: Fields): number {
  const [current, target] = [exact(input.current), exact(input.target)]
  const drift = { difference: target.minus(current), target, equity: target }
  return isBeyond({ kind: 'amount', amount: exact(input.threshold) }, drift) ? 1 : 0
}

function isTriggered(input: Fields): boolean {
  const [current, target] = [exact(input.current_pct), exact(input.target_pct)]
  const drift = { difference: target.minus(current), target, equity: decimal(100) }
  return isBeyond({ kind: 'points', points: Number(input.threshold_pct) }, drift)
}

function fundedAfterFees(input: Fields): Fields {
  const wanted = exact(input.buys)
  const feePct = exact(input.fee_rate).times(decimal(100)).toNumber()
  const { total, scale } = fundableBuys(wanted, exact(input.sells), exact(input.cash), feePct)
  const isFull = total.equals(wanted)
  return {
    buys_total: total.toString(),
    scale: scale.toString(),
    buys: total.toNumber(),
    strategy: isFull ? 'full' : total.isZero() ? 'partial' : 'proportional',
  }
}

function fees(input: Fields): Fields {
  const pct = (rate: unknown) => exact(rate).times(decimal(100)).toNumber()
  const schedule = { makerPct: pct(input.maker ?? '0.0016'), takerPct: pct(input.taker ?? '0.0026') }
  const value = exact(input.value)
  return {
    taker: spell(feeOf(value, schedule, false), 2),
    maker: spell(feeOf(value, schedule, true), 2),
  }
}

function rateLimit(input: Fields): Fields {
  const limit = { maxRequests: Number(input.maxRequests), windowMs: Number(input.windowMs) }
  const waits = waitsInWindow(Number(input.requests), limit)
  return {
    delayed: waits.filter((wait) => wait > 0).length,
    delay_ms: waits.reduce((longest, wait) => Math.max(longest, wait), 0),
  }
}
