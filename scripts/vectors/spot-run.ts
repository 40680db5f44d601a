import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { fundBuys, releaseBuys } from '../../core/strategies/allocation/funding.js'
import { type AllocationHalt, describeHalt, isHalt } from '../../core/strategies/allocation/halt.js'
import { KRAKEN_SYMBOLS } from '../../core/strategies/allocation/kraken-symbols.js'
import {
  type FeeSchedule,
  feeOf,
  type RunOrder,
  summarizeRun,
} from '../../core/strategies/allocation/outcome.js'
import { type AllocationPlan, type PlannedOrder, planOrders } from '../../core/strategies/allocation/plan.js'
import { type Holding, mergeHoldings, readSymbol } from '../../core/strategies/allocation/symbols.js'
import { checkWeights, type TargetWeight } from '../../core/strategies/allocation/target-weights.js'
import {
  type CashPolicy,
  type Valuation,
  valuePortfolio,
} from '../../core/strategies/allocation/valuation.js'
import { entriesOf, exact, type Fields, haltFields } from './fields.js'
import { SPOT_CURRENCY, SPOT_RULES } from './spot-orders.js'
import { tradingPair } from './spot-pairs.js'

/** Market prices of the reference's venue, for cases that bring none. */
const REFERENCE_PRICES = { BTC: 40_000, ETH: 2500, SOL: 100, ADA: 0.5 }
const REFERENCE_FEES: FeeSchedule = { makerPct: 0.16, takerPct: 0.26 }
const REFERENCE_THRESHOLD = 10
/** The reference's venue quotes this far below and above the price, in percent. */
const HALF_SPREAD_PCT = 0.1

interface SpotCase {
  readonly holdings: readonly Holding[]
  readonly cash: Decimal
  readonly weights: readonly TargetWeight[]
  readonly prices: ReadonlyMap<string, number>
  readonly threshold: Decimal
  readonly maxOrders: number | null
}

interface PlannedRun {
  readonly valuation: Valuation
  readonly plan: AllocationPlan
}

/** Returns what a run of the reference's orchestrator plans and does with its venue. */
export function orchestrate(input: Fields): Fields {
  const given = caseOf(input)
  if (isHalt(given)) return failed(given)
  const namesCash = given.weights.some(({ symbol }) => symbol === SPOT_CURRENCY)
  const policy = namesCash ? 'target' : hasMembers(given) ? 'excluded' : 'included'
  const run = planRun(given, policy)
  if (isHalt(run)) return failed(run)
  const { valuation, plan } = run
  // The reference's cases reserve no fees.
  const rules = rulesOf(valuation)
  const funded = fundBuys(plan.orders, { cash: valuation.cash, feePct: 0, mode: 'proportional', rules })
  const rests = input.orderType === 'limit'
  const executed = execute(plan.orders, funded.orders, valuation, input)
  const summary = summarizeRun(executed)
  return {
    success: summary.isClean,
    errors: executed
      .filter(({ fate }) => fate === 'failed')
      .map(({ order }) => `${order.symbol}: ${input.failFirst}`),
    summary: {
      totalOrders: summary.planned,
      successfulOrders: summary.executed,
      failedOrders: summary.failed,
      skippedOrders: summary.skipped,
      totalValueTraded: summary.valueTraded.toNumber(),
      totalFees: summary.fees.toNumber(),
    },
    planned: plan.orders.map(({ symbol, side, quantity, difference }) => [
      symbol,
      side,
      quantity.toNumber(),
      difference.toNumber(),
    ]),
    executed: executed
      .filter(({ fate }) => fate === 'filled' || fate === 'dryRun')
      .map(({ order, fate, fee }) => ({
        s: order.symbol,
        side: order.side,
        v: order.quantity.toNumber(),
        ex: fate === 'filled',
        fee: fee.toNumber(),
        ...(rests ? { price: restingPrice(order).toNumber() } : {}),
      })),
    alloc: {
      strategy: funded.outcome,
      avail: funded.available.toNumber(),
      req: funded.required.toNumber(),
    },
    calls: executed.filter(({ fate }) => fate === 'filled' || fate === 'failed').map(callOf(rests)),
    totalValue: valuation.equity.toNumber(),
    ...amountsOf(given.holdings),
    orders: input.maxOrders === undefined ? valuesOf(plan) : plan.orders.length,
    ...(policy === 'excluded' && given.cash.isPositive() ? cashIncluded(given) : {}),
  }
}

function failed(halt: AllocationHalt): Fields {
  return { success: false, errors: [describeHalt(halt)], ...haltFields(halt) }
}

function caseOf(input: Fields): SpotCase | AllocationHalt {
  const balances = entriesOf(input.balances).map(([name, amount]) => ({ name, quantity: exact(amount) }))
  const weights = entriesOf(input.weights).map(([symbol, pct]) => ({ symbol, pct: Number(pct) }))
  const wrong = checkWeights(weights, { leastPct: 0 })
  if (wrong !== null) return wrong
  // Accounts at this venue hold what no target names: every name is known, and what has no target is left alone.
  const known = new Set(balances.map(({ name }) => readSymbol(name, KRAKEN_SYMBOLS).symbol))
  const holdings = mergeHoldings(balances, KRAKEN_SYMBOLS, known)
  if (isHalt(holdings)) return holdings
  return {
    holdings,
    cash: holdings.find(({ symbol }) => symbol === SPOT_CURRENCY)?.sellable ?? ZERO,
    weights,
    prices: new Map(
      entriesOf(input.prices ?? REFERENCE_PRICES).map(([symbol, price]) => [symbol, Number(price)]),
    ),
    threshold: exact(input.threshold ?? REFERENCE_THRESHOLD),
    maxOrders: typeof input.maxOrders === 'number' ? input.maxOrders : null,
  }
}

function hasMembers({ holdings, weights }: SpotCase): boolean {
  return holdings.some(({ symbol }) => weights.some((weight) => weight.symbol === symbol))
}

function planRun(given: SpotCase, cashPolicy: CashPolicy): PlannedRun | AllocationHalt {
  const { threshold, maxOrders, ...books } = given
  const valuation = valuePortfolio({ ...books, currency: SPOT_CURRENCY, cashPolicy, restPolicy: 'keep' })
  if (isHalt(valuation)) return valuation
  const plan = planOrders(valuation, {
    style: { kind: 'market', minimumOneLot: false },
    band: { kind: 'amount', amount: threshold },
    rules: rulesOf(valuation),
    maxOrders,
  })
  return isHalt(plan) ? plan : { valuation, plan }
}

function rulesOf({ members }: Valuation) {
  return new Map(members.map(({ symbol }) => [symbol, SPOT_RULES]))
}

/** The reference's venue fills every order whole, but the first where a case says that it fails. */
function execute(
  planned: readonly PlannedOrder[],
  funded: readonly PlannedOrder[],
  { cash, members }: Valuation,
  input: Fields,
): readonly RunOrder[] {
  const rests = input.orderType === 'limit'
  const fee = (value: Decimal) => feeOf(value, REFERENCE_FEES, rests)
  const filled = (order: PlannedOrder): RunOrder => ({
    order,
    fate: 'filled',
    filledValue: order.value,
    fee: fee(order.value),
  })
  const none = { filledValue: ZERO, fee: ZERO }
  if (input.dryRun !== false && input.failFirst === undefined)
    return funded.map((order) => ({ order, fate: 'dryRun', filledValue: ZERO, fee: fee(order.value) }))
  const sells = funded
    .filter(({ side }) => side === 'sell')
    .map(
      (order, index): RunOrder =>
        index === 0 && input.failFirst !== undefined ? { order, fate: 'failed', ...none } : filled(order),
    )
  const proceeds = sells.reduce((sum, { filledValue }) => sum.plus(filledValue), ZERO)
  const { released } = releaseBuys(
    funded.filter(({ side }) => side === 'buy'),
    { cash, proceeds, sellsEnded: true },
    { feePct: 0, rules: rulesOf({ members } as Valuation) },
  )
  const bought = new Map(released.map((order) => [order.symbol, order]))
  const buys = planned
    .filter(({ side }) => side === 'buy')
    .map((order): RunOrder => {
      const buy = bought.get(order.symbol)
      return buy === undefined ? { order, fate: 'skipped', ...none } : filled(buy)
    })
  return [...sells, ...buys]
}

/** A maker's price: at the bid for a buy, at the ask for a sell. */
function restingPrice({ side, price }: PlannedOrder): Decimal {
  const half = price.times(decimal(HALF_SPREAD_PCT / 100))
  return side === 'buy' ? price.minus(half) : price.plus(half)
}

/** What the venue was asked for. */
function callOf(rests: boolean) {
  return ({ order }: RunOrder): Fields => ({
    pair: tradingPair(order.symbol),
    side: order.side,
    vol: order.quantity.toNumber(),
    ...(rests ? { price: restingPrice(order).toNumber() } : {}),
  })
}

function amountsOf(holdings: readonly Holding[]): Fields {
  return Object.fromEntries(holdings.map(({ symbol, quantity }) => [`${symbol}_amount`, quantity.toString()]))
}

function valuesOf({ orders }: AllocationPlan): Fields[] {
  return orders.map(({ symbol, side, value }) => ({ [symbol]: side, value: value.toNumber() }))
}

/** The same run with cash counted and spent. */
function cashIncluded(given: SpotCase): Fields {
  const run = planRun(given, 'included')
  if (isHalt(run)) return { cash_included: haltFields(run) }
  const { equity, members } = run.valuation
  const diffs = members.map(({ symbol, difference }) => [symbol, difference.toNumber()])
  return { cash_included: { totalValue: equity.toNumber(), diffs: Object.fromEntries(diffs) } }
}
