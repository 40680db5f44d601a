import { createHash } from 'node:crypto'
import { type Decimal, ZERO } from '../../core/decimal.js'
import { filledValue } from '../../core/order/filled-value.js'
import { isHalt } from '../../core/strategies/allocation/halt.js'
import {
  normalizePrice,
  normalizeQuantity,
  reachesNotional,
  type Side,
  sizeLimitOrder,
  type TradeRules,
} from '../../core/strategies/allocation/order-size.js'
import { clipAmount, type OrderStyle, planOrders } from '../../core/strategies/allocation/plan.js'
import { reviewResting } from '../../core/strategies/allocation/resting.js'
import { checkWeights } from '../../core/strategies/allocation/target-weights.js'
import { type AllocationBooks, valuePortfolio } from '../../core/strategies/allocation/valuation.js'
import { entriesOf, exact, type Fields, haltFields } from './fields.js'
import type { VectorCase } from './trend.js'

/** Tick, lot and least notional of the reference's markets, for cases that bring none. */
const REFERENCE_FILTERS: Readonly<Record<string, ReferenceFilter>> = {
  BTCUSDT: { tick: '0.01', lot: '0.00001', min: '5' },
  ETHUSDT: { tick: '0.01', lot: '0.0001', min: '5' },
  ADAUSDT: { tick: '0.0001', lot: '0.1', min: '5' },
}
const DEFAULT_FILTER: ReferenceFilter = { tick: '0.01', lot: '0.001', min: '5' }
const REFERENCE_QUOTE = 'USDT'
const REFERENCE_ASSETS = new Set(['USDT', 'USDC', 'BTC', 'ETH', 'BNB', 'ADA', 'SOL'])
const LEAST_WEIGHT_PCT = 0.01
const CLIENT_ID_LENGTH = 20

interface ReferenceFilter {
  readonly tick: string
  readonly lot: string
  readonly min: string
}

/** Returns the answer to a case of the limit rebalancer, computed by the core; null for a capability that we do not know. */
export function limitRebalancerVector({ capability, input: given }: VectorCase): unknown {
  const input = given as Fields
  switch (capability) {
    case 'rebalance_engine':
      return rebalance(input)
    case 'seed_example':
      return seedExample(input)
    case 'normalize':
      return normalize(input)
    case 'client_order_id':
      // The reference's own rule. Ours is in core/ids.ts: a derived id that no clock window changes.
      return createHash('sha1').update(String(input.preimage)).digest('hex').slice(0, CLIENT_ID_LENGTH)
    case 'switch_cancel':
      return isSwitched(input)
    case 'filled_quote':
      return filledQuote(input)
    case 'allocation_validation':
      return isValidAllocation(input)
    default:
      return null
  }
}

function rulesOf(symbol: string, filters: unknown): TradeRules {
  const given = ((filters ?? {}) as Record<string, ReferenceFilter>)[symbol]
  const { tick, lot, min } = given ?? REFERENCE_FILTERS[symbol] ?? DEFAULT_FILTER
  return { tick: exact(tick), lot: exact(lot), minimumQuantity: ZERO, minimumNotional: exact(min) }
}

function booksOf(input: Fields, quote: string): AllocationBooks {
  const balances = entriesOf(input.balances)
  const weights = entriesOf(input.targets).map(([symbol, pct]) => ({ symbol, pct: Number(pct) }))
  return {
    currency: quote,
    cash: exact(balances.find(([symbol]) => symbol === quote)?.[1] ?? '0'),
    holdings: balances
      .filter(([symbol]) => symbol !== quote)
      .map(([symbol, amount]) => ({ symbol, quantity: exact(amount), sellable: exact(amount) })),
    weights,
    prices: new Map(entriesOf(input.prices).map(([symbol, price]) => [symbol, Number(price)])),
    cashPolicy: weights.some(({ symbol }) => symbol === quote) ? 'target' : 'included',
    restPolicy: 'sell',
  }
}

function rebalance(input: Fields): Fields {
  const quote = String(input.quote ?? REFERENCE_QUOTE)
  const valuation = valuePortfolio(booksOf(input, quote))
  if (isHalt(valuation)) return haltFields(valuation)
  const style: OrderStyle = {
    kind: 'limit',
    stepPct: Number(input.order_step_pct),
    clipPct: Number(input.order_size_pct),
    clip: input.clip === 'fixed' ? 'fixed' : 'capped',
  }
  const { members, equity } = valuation
  const plan = planOrders(valuation, {
    style,
    band:
      input.min_delta_quote === undefined
        ? { kind: 'percentOfTarget', pct: Number(input.min_delta_pct) }
        : { kind: 'amount', amount: exact(input.min_delta_quote) },
    rules: new Map(members.map(({ symbol }) => [symbol, rulesOf(`${symbol}${quote}`, input.filters)])),
    maxOrders: null,
  })
  if (isHalt(plan)) return haltFields(plan)
  const orders = plan.orders.map(({ symbol, side, difference, price, quantity, value }) => ({
    asset: symbol,
    action: side as string,
    delta: difference.toString(),
    limit_price: price.toString(),
    qty: quantity.toString(),
    notional: value.toString(),
  }))
  const holds = plan.holds.map(({ symbol, difference, reason }) => ({
    asset: symbol,
    action: 'hold',
    delta: difference.toString(),
    reason,
  }))
  const actions = [...orders, ...holds].sort((left, right) => (left.asset < right.asset ? -1 : 1))
  return { nav: equity.toString(), actions }
}

/** The reference's worked example: one fixed clip to buy BTC, the same to sell ETH. */
function seedExample(input: Fields): Fields {
  const valuation = valuePortfolio({ ...booksOf(input, REFERENCE_QUOTE), weights: [] })
  if (isHalt(valuation)) return haltFields(valuation)
  const { equity } = valuation
  const amount = clipAmount(ZERO, equity, { clip: 'fixed', clipPct: Number(input.order_size_pct) })
  const prices = input.prices as Record<string, string>
  const stepPct = Number(input.order_step_pct)
  const order = (asset: string, side: Side) => {
    const rules = rulesOf(`${asset}${REFERENCE_QUOTE}`, input.filters)
    const reference = exact(prices[asset])
    const { limitPrice, quantity } = sizeLimitOrder({ side, reference, stepPct, amount, rules })
    return {
      limit_price: onGrid(limitPrice, rules.tick),
      base_qty: onGrid(quantity, rules.lot),
      notional: limitPrice.times(quantity).toString(),
    }
  }
  return {
    NAV: equity.toString(),
    order_amount: amount.toString(),
    BTC: order('BTC', 'buy'),
    ETH_sell: order('ETH', 'sell'),
  }
}

/** Returns a multiple of `step` with as many digits as the step has. */
function onGrid(value: Decimal, step: Decimal): string {
  const digits = value
    .toScale(step.scale, 'floor')
    .coefficient.toString()
    .padStart(step.scale + 1, '0')
  if (step.scale === 0) return digits
  return `${digits.slice(0, -step.scale)}.${digits.slice(-step.scale)}`
}

function normalize(input: Fields): unknown {
  switch (input.fn) {
    case 'normalize_price': {
      const tick = exact(input.tick)
      return tick.isPositive() ? onGrid(normalizePrice(exact(input.price), tick), tick) : invalid('tick')
    }
    case 'normalize_quantity': {
      const lot = exact(input.lot)
      if (!lot.isPositive()) return invalid('lot')
      const quantity = normalizeQuantity(exact(input.qty), lot)
      return quantity.isZero() ? '0' : onGrid(quantity, lot)
    }
    case 'validate_min_notional':
      return reachesNotional(exact(input.price), exact(input.qty), exact(input.min))
    case 'calculate_quote_amount':
      return exact(input.price).times(exact(input.qty)).toString()
    default:
      throw new Error(`unknown function ${String(input.fn)}`)
  }
}

function invalid(what: string): Fields {
  return { error: 'ValueError', reason: `invalid_${what}` }
}

function isSwitched(input: Fields): boolean {
  const verdict = reviewResting(
    { side: input.existing_side as Side, limitPrice: exact(input.order_price) },
    { side: input.action as Side | 'hold', limitPrice: exact(input.plan_price ?? 0) },
    { switchBufferPct: Number(input.buffer_pct), repriceBufferPct: null },
  )
  return verdict === 'side_switch'
}

function filledQuote(input: Fields): string {
  const report = (input.exchange_order ?? {}) as Fields
  const read = (...names: string[]): Decimal | null => {
    const found = names.map((name) => report[name]).find((value) => value !== undefined && value !== null)
    return found === undefined || found === '' ? null : exact(found)
  }
  const positive = (value: Decimal | null) => (value?.isPositive() === true ? value : null)
  const filled = filledValue(
    {
      value: positive(read('cummulativeQuoteQty')),
      averagePrice: positive(read('avgPrice')) ?? read('price'),
      quantity: read('executedQty', 'filled_amount'),
    },
    input.max_quote === null || input.max_quote === undefined ? null : exact(input.max_quote),
  )
  const isCapped = typeof input.max_quote === 'string' && filled.equals(exact(input.max_quote))
  return isCapped || filled.isZero() ? filled.toString() : onGrid(filled, exact('0.00000001'))
}

function isValidAllocation(input: Fields): boolean {
  const weights = (input.allocations as [string, string][]).map(([symbol, pct]) => ({
    symbol: symbol.toUpperCase(),
    pct: Number(pct),
  }))
  const cash = String(input.quote)
  return checkWeights(weights, { leastPct: LEAST_WEIGHT_PCT, universe: REFERENCE_ASSETS, cash }) === null
}
