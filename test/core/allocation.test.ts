import fc from 'fast-check'
import t from 'tap'
import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { type CheckedMetrics, checkMetrics } from '../../core/strategies/allocation/fund-metrics.js'
import { fundBuys, releaseBuys, withFee } from '../../core/strategies/allocation/funding.js'
import { isHalt } from '../../core/strategies/allocation/halt.js'
import { marginTargets } from '../../core/strategies/allocation/margin.js'
import type { TradeRules } from '../../core/strategies/allocation/order-size.js'
import { summarizeRun } from '../../core/strategies/allocation/outcome.js'
import {
  type AllocationPlan,
  type OrderStyle,
  type PlannedOrder,
  planOrders,
} from '../../core/strategies/allocation/plan.js'
import { normalizeWeights } from '../../core/strategies/allocation/target-weights.js'
import {
  type AllocationBooks,
  type Valuation,
  valuePortfolio,
} from '../../core/strategies/allocation/valuation.js'
import { targetWeights, WEIGHT_MODES } from '../../core/strategies/allocation/weights.js'
import { counts } from '../helpers/counts.js'

const runs = { numRuns: counts.propertyRuns }

interface Asset {
  readonly price: number
  readonly lots: number
  readonly lot: string
  readonly weight: number
  readonly minimumNotional: number
}

const assets = fc.array(
  fc.record<Asset>({
    price: fc
      .oneof(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 1, max: 9999 }))
      .map((n) => n / 100),
    lots: fc.integer({ min: 0, max: 20_000 }),
    lot: fc.constantFrom('1', '10', '0.1', '0.001', '0.00001'),
    weight: fc.integer({ min: 0, max: 40 }),
    minimumNotional: fc.constantFrom(0, 0, 5, 100),
  }),
  { minLength: 1, maxLength: 8 },
)

const clips = fc
  .record({
    stepPct: fc.constantFrom(0.01, 0.4, 5),
    clipPct: fc.constantFrom(1, 10, 100),
    clip: fc.constantFrom('capped' as const, 'fixed' as const),
  })
  .map((clip): OrderStyle => ({ kind: 'limit', ...clip }))
const styles = fc.oneof(
  fc.constantFrom<OrderStyle>(
    { kind: 'market', minimumOneLot: false },
    { kind: 'market', minimumOneLot: true },
  ),
  clips,
)

const cashAmounts = fc.integer({ min: -50_000, max: 100_000_000 }).map((cents) => decimal(cents / 100))
const feesPct = fc.constantFrom(0, 0.1, 0.26, 3)

function symbolAt(index: number): string {
  return `A${index}`
}

function rulesOf(given: readonly Asset[]): Map<string, TradeRules> {
  return new Map(
    given.map(({ lot, minimumNotional }, index) => [
      symbolAt(index),
      {
        tick: decimal('0.01'),
        lot: decimal(lot),
        minimumQuantity: ZERO,
        minimumNotional: decimal(minimumNotional),
      },
    ]),
  )
}

function booksOf(given: readonly Asset[], cash: Decimal): AllocationBooks | null {
  const weights = normalizeWeights(
    given.map(({ weight }, index) => ({ symbol: symbolAt(index), pct: weight })),
  )
  if (isHalt(weights)) return null
  return {
    currency: 'EUR',
    cash,
    holdings: given.map(({ lots, lot }, index) => {
      const quantity = decimal(lots).times(decimal(lot))
      return { symbol: symbolAt(index), quantity, sellable: quantity }
    }),
    weights,
    prices: new Map(given.map(({ price }, index) => [symbolAt(index), price])),
    cashPolicy: 'included',
    restPolicy: 'sell',
  }
}

/** The plan of generated assets, or null where they are worth nothing. */
function planOf(
  given: readonly Asset[],
  cash: Decimal,
  style: OrderStyle,
): { plan: AllocationPlan; valuation: Valuation; rules: Map<string, TradeRules> } | null {
  const books = booksOf(given, cash)
  const valuation = books === null ? null : valuePortfolio(books)
  if (valuation === null || isHalt(valuation)) return null
  const rules = rulesOf(given)
  const plan = planOrders(valuation, { style, band: null, rules, maxOrders: null })
  return isHalt(plan) ? null : { plan, valuation, rules }
}

function total(orders: readonly PlannedOrder[], side: 'buy' | 'sell'): Decimal {
  return orders
    .filter((order) => order.side === side)
    .reduce((sum, { price, quantity }) => sum.plus(price.times(quantity)), ZERO)
}

t.test('weights sum to 100 whatever the mode, or the run halts with what is missing', async () => {
  const metric = fc.oneof(
    fc.double({ min: 1, max: 1e12, noNaN: true }),
    fc.constantFrom(null, 0, -1, Number.NaN, 1e308, 5e-324),
  )
  const funds = fc.array(fc.record({ marketCap: metric, aum: metric }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(
      fc.constantFrom(...WEIGHT_MODES),
      funds,
      fc.integer({ min: 0, max: 100 }),
      (mode, given, cashPct) => {
        const reported = given.map((fund, index) => ({ symbol: symbolAt(index), ...fund, observedAt: 0 }))
        const rules = { now: 0, maxAgeMs: 0, maxDisagreementPct: 0 }
        const share = (100 - cashPct) / given.length
        const configured = [
          { symbol: 'RUB', pct: cashPct },
          ...given.map((_, index) => ({ symbol: symbolAt(index), pct: share })),
        ]
        const weights = targetWeights({
          mode,
          configured,
          cash: 'RUB',
          metrics: checkMetrics(reported, rules),
        })
        if (isHalt(weights)) return weights.halt === 'weightData' && weights.symbols.length > 0
        const sum = weights.reduce((whole, { pct }) => whole + pct, 0)
        return Math.abs(sum - 100) < 1e-9 && weights.every(({ pct }) => pct >= 0 && pct <= 100)
      },
    ),
    runs,
  )
})

t.test('no stage flips a side, and every quantity is a whole number of lots', async () => {
  fc.assert(
    fc.property(assets, cashAmounts, styles, feesPct, (given, cash, style, feePct) => {
      const planned = planOf(given, cash, style)
      if (planned === null) return true
      const { plan, valuation, rules } = planned
      const members = new Map(valuation.members.map((member) => [member.symbol, member]))
      for (const mode of ['proportional', 'priority'] as const) {
        const funded = fundBuys(plan.orders, { cash: valuation.cash, feePct, mode, rules })
        for (const { symbol, side, quantity } of [...plan.orders, ...funded.orders]) {
          const { difference, sellable } = members.get(symbol)!
          const { lot } = rules.get(symbol)!
          if (side === 'buy' ? !difference.isPositive() : !difference.isNegative()) return false
          if (side === 'sell' && sellable.isLessThan(quantity)) return false
          if (!quantity.isPositive() || !quantity.toMultipleOf(lot, 'floor').equals(quantity)) return false
        }
        // Sells are what the target asks for: funding leaves them alone.
        if (!total(funded.orders, 'sell').equals(total(plan.orders, 'sell'))) return false
      }
      return true
    }),
    runs,
  )
})

t.test('buys with their fees never cost more than cash and what sells bring', async () => {
  fc.assert(
    fc.property(assets, cashAmounts, styles, feesPct, (given, cash, style, feePct) => {
      const planned = planOf(given, cash, style)
      if (planned === null) return true
      const { plan, valuation, rules } = planned
      return (['proportional', 'priority'] as const).every((mode) => {
        const { orders } = fundBuys(plan.orders, { cash: valuation.cash, feePct, mode, rules })
        const sold = total(orders, 'sell')
        const brought = valuation.cash.plus(sold).minus(withFee(sold, feePct).minus(sold))
        const cost = withFee(total(orders, 'buy'), feePct)
        return cost.isZero() || !brought.isLessThan(cost)
      })
    }),
    runs,
  )
})

t.test(
  'a second plan right after a complete run plans nothing, given a band of one step and the fees',
  async () => {
    fc.assert(
      fc.property(assets, cashAmounts, feesPct, (given, cash, feePct) => {
        const style = { kind: 'market', minimumOneLot: false } as const
        const planned = planOf(given, cash, style)
        const books = booksOf(given, cash)
        if (planned === null || books === null || cash.isNegative()) return true
        const { plan, valuation, rules } = planned
        const { orders } = fundBuys(plan.orders, {
          cash: valuation.cash,
          feePct,
          mode: 'proportional',
          rules,
        })
        const traded = total(orders, 'sell').plus(total(orders, 'buy'))
        const wanted = total(plan.orders, 'sell').plus(total(plan.orders, 'buy'))
        const quantities = new Map(
          orders.map(({ symbol, side, quantity }) => [
            symbol,
            side === 'buy' ? quantity : quantity.negated(),
          ]),
        )
        const fee = (value: Decimal) => withFee(value, feePct).minus(value)
        const after = valuePortfolio({
          ...books,
          cash: cash.plus(total(orders, 'sell')).minus(total(orders, 'buy')).minus(fee(traded)),
          holdings: books.holdings.map(({ symbol, quantity }) => {
            const left = quantity.plus(quantities.get(symbol) ?? ZERO)
            return { symbol, quantity: left, sellable: left }
          }),
        })
        if (isHalt(after)) return true
        // One step of the coarsest market, what a venue does not take, and the fees, twice: paid and reserved.
        const step = given.reduce((most, { price, lot, minimumNotional }) => {
          const value = decimal(price).times(decimal(lot)).plus(decimal(minimumNotional))
          return most.isLessThan(value) ? value : most
        }, ZERO)
        const unfunded = step.times(decimal(given.length))
        const amount = step.plus(unfunded).plus(fee(wanted).times(decimal(2)))
        const second = planOrders(after, { style, band: { kind: 'amount', amount }, rules, maxOrders: null })
        return !isHalt(second) && second.orders.length === 0
      }),
      runs,
    )
  },
)

t.test(
  'a failed sell never becomes a buy: buys cost what there is, and what failed buys nothing',
  async () => {
    fc.assert(
      fc.property(
        assets,
        feesPct,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        (given, feePct, fails) => {
          const planned = planOf(given, ZERO, { kind: 'market', minimumOneLot: false })
          if (planned === null) return true
          const { plan, rules } = planned
          const { orders } = fundBuys(plan.orders, { cash: ZERO, feePct, mode: 'priority', rules })
          const sells = orders.filter(({ side }) => side === 'sell')
          const buys = orders.filter(({ side }) => side === 'buy')
          const filled = total(
            sells.filter((_, index) => !fails[index]),
            'sell',
          )
          const proceeds = filled.minus(withFee(filled, feePct).minus(filled))
          const { released, waiting, dropped } = releaseBuys(
            buys,
            { cash: ZERO, proceeds, sellsEnded: true },
            { feePct, rules },
          )
          const sold = new Set(sells.map(({ symbol }) => symbol))
          return (
            waiting.length === 0 &&
            released.length + dropped.length === buys.length &&
            released.every(({ symbol, side }) => side === 'buy' && !sold.has(symbol)) &&
            !proceeds.isLessThan(withFee(total(released, 'buy'), feePct))
          )
        },
      ),
      runs,
    )
  },
)

t.test('margin never exceeds its maximum and never shrinks what own money pays', async () => {
  const money = fc.integer({ min: 0, max: 1_000_000_000 }).map((cents) => decimal(cents / 100))
  fc.assert(
    fc.property(
      assets,
      money,
      money,
      fc.double({ min: 1, max: 4, noNaN: true }),
      (given, equity, most, multiplier) => {
        const books = booksOf(given, ZERO)
        if (books === null) return true
        const targets = marginTargets(equity, books.weights, {
          enabled: true,
          multiplier,
          maxMarginSize: most,
        })
        const sum = targets.reduce((whole, { margin }) => whole.plus(margin), ZERO)
        return !most.isLessThan(sum) && targets.every(({ base, total: both }) => !both.isLessThan(base))
      },
    ),
    runs,
  )
})

t.test('buys wait for the sells that pay them, and go out one by one as those fill', async (t) => {
  const rules = new Map(['B', 'C'].map((symbol) => [symbol, coin('0.01')]))
  const buys = [bought('B', '3', '20'), bought('C', '2', '20')]
  const release = (cash: string, proceeds: string, sellsEnded: boolean) => {
    const progress = { cash: decimal(cash), proceeds: decimal(proceeds), sellsEnded }
    const { released, waiting, dropped } = releaseBuys(buys, progress, { feePct: 1, rules })
    const told = released.map(({ symbol, quantity }) => `${symbol} ${quantity}`)
    return [told, waiting.length, dropped.length]
  }
  t.same(release('0', '60.59', false), [[], 2, 0], 'one cent short of B with its fee')
  t.same(release('0', '60.60', false), [['B 3'], 1, 0])
  t.same(release('41', '60', false), [['B 3', 'C 2'], 0, 0])
  t.same(release('0', '70', true), [['B 3', 'C 0.46'], 0, 0], 'the rest buys a smaller C')
  t.same(release('0', '0', true), [[], 0, 2], 'sells that failed buy nothing')
  t.same(release('-5', '3', true), [[], 0, 2])
})

t.test("seed 001's worked example comes out exact", async (t) => {
  const valuation = valuePortfolio({
    currency: 'USDT',
    cash: decimal('1250.75'),
    holdings: [held('BTC', '0.0285'), held('ETH', '0.4892'), held('BNB', '3.25')],
    weights: [
      { symbol: 'BTC', pct: 40 },
      { symbol: 'ETH', pct: 30 },
      { symbol: 'BNB', pct: 20 },
      { symbol: 'USDT', pct: 10 },
    ],
    prices: new Map([
      ['BTC', 43250.5],
      ['ETH', 2580.75],
      ['BNB', 310.25],
    ]),
    cashPolicy: 'target',
    restPolicy: 'sell',
  }) as Valuation
  t.equal(`${valuation.equity}`, '4754.20465')
  t.equal(`${valuation.cashTarget}`, '475.420465')
  const plan = planOrders(valuation, {
    style: { kind: 'limit', stepPct: 0.4, clipPct: 1, clip: 'fixed' },
    band: { kind: 'percentOfTarget', pct: 0.1 },
    rules: new Map([
      ['BTC', coin('0.00001')],
      ['ETH', coin('0.0001')],
      ['BNB', coin('0.001')],
    ]),
    maxOrders: null,
  }) as AllocationPlan
  t.same(
    plan.orders.map(({ symbol, side, limitPrice, quantity, value }) =>
      [symbol, side, limitPrice, quantity, value].join(' '),
    ),
    ['BNB sell 311.49 0.152 47.34648', 'BTC buy 43077.5 0.0011 47.38525', 'ETH buy 2570.43 0.0184 47.295912'],
  )
})

t.test("seed 002's worked example comes out exact, and counts its turnover once", async (t) => {
  const valuation = valuePortfolio(spot('0')) as Valuation
  t.equal(`${valuation.equity}`, '27500')
  const rules = new Map(['BTC', 'ETH', 'SOL', 'ADA'].map((symbol) => [symbol, coin('0.00000001')]))
  const settings = {
    style: { kind: 'market', minimumOneLot: false },
    band: { kind: 'amount', amount: decimal(10) },
    rules,
    maxOrders: null,
  } as const
  const plan = planOrders(valuation, settings) as AllocationPlan
  const told = (orders: readonly PlannedOrder[]) =>
    orders.map(({ symbol, side, quantity }) => `${side} ${quantity} ${symbol}`)
  t.same(told(plan.orders), ['sell 0.225 BTC', 'buy 35 SOL', 'buy 1.3 ETH', 'buy 4500 ADA'])
  t.same(told((planOrders(valuation, { ...settings, maxOrders: 2 }) as AllocationPlan).orders), [
    'sell 0.225 BTC',
    'buy 35 SOL',
  ])
  const none = planOrders(valuation, { ...settings, maxOrders: 0 }) as AllocationPlan
  t.same(
    [none.orders.length, none.holds.map(({ reason }) => reason)],
    [0, Array(4).fill('beyond_max_orders')],
  )
  const filled = plan.orders.map((order) => ({
    order,
    fate: 'filled' as const,
    filledValue: order.value,
    fee: withFee(order.value, 0.26).minus(order.value),
  }))
  const { valueTraded, fees, executed, isClean } = summarizeRun(filled)
  t.same([`${valueTraded}`, `${fees}`, executed, isClean], ['9000', '46.8', 4, true])
  const funded = fundBuys(plan.orders, { cash: ZERO, feePct: 0.26, mode: 'proportional', rules })
  t.equal(`${funded.available}`, '8976.6')
  t.equal(`${funded.required}`, '9023.4')
  t.ok(total(funded.orders, 'buy').isLessThan(decimal('8953.32136445')))
  t.ok(decimal('8953.3213').isLessThan(total(funded.orders, 'buy')))
})

t.test('cash is a target, spent, or not ours; what has no weight is sold or left alone', async (t) => {
  const books = spot('2500')
  const equityOf = (change: Partial<AllocationBooks>) =>
    `${(valuePortfolio({ ...books, ...change }) as Valuation).equity}`
  t.equal(equityOf({}), '27500', 'excluded')
  t.equal(equityOf({ cashPolicy: 'included' }), '30000')
  const extra = [...books.holdings, held('XRP', '100')]
  const prices = new Map([...books.prices, ['XRP', 2] as const])
  t.equal(equityOf({ holdings: extra }), '27500', 'kept and not counted, so it needs no price')
  t.equal(equityOf({ holdings: extra, prices, restPolicy: 'sell' }), '27700')
  t.match(valuePortfolio({ ...books, holdings: extra, restPolicy: 'sell' }), {
    halt: 'price',
    problem: 'missing',
    symbols: ['XRP'],
  })
  const poor = { ...books, cash: decimal(-30_000), cashPolicy: 'included' as const }
  t.match(valuePortfolio(poor), { halt: 'emptyPortfolio' })
  const target = valuePortfolio({
    ...books,
    cashPolicy: 'target',
    weights: [
      { symbol: 'BTC', pct: 50 },
      { symbol: 'EUR', pct: 50 },
    ],
    restPolicy: 'sell',
  }) as Valuation
  t.equal(`${target.cashTarget}`, '15000')
})

t.test('metrics are judged by age and agreement before any weight is computed', async (t) => {
  const rules = { now: 1000, maxAgeMs: 100, maxDisagreementPct: 5 }
  const fund = (symbol: string, marketCap: number | null, observedAt: number) => ({
    symbol,
    marketCap,
    aum: 100,
    observedAt,
  })
  const halted = (metrics: Map<string, CheckedMetrics>) =>
    targetWeights({
      mode: 'marketcap',
      configured: [{ symbol: 'A', pct: 100 }],
      cash: 'RUB',
      metrics,
    })
  const weigh = (...funds: ReturnType<typeof fund>[]) => halted(checkMetrics(funds, rules))
  t.same(weigh(fund('A', 50, 900)), [{ symbol: 'A', pct: 100 }], 'exactly as old as it may be')
  t.match(weigh(fund('A', 50, 899)), { missing: 'fresh market cap or AUM', symbols: ['A'] })
  t.match(weigh(fund('A', 50, 1001)), { missing: 'fresh market cap or AUM' }, 'from the future')
  t.match(weigh(fund('A', 100, 950), fund('A', 94, 960)), { missing: 'consistent market cap or AUM' })
  t.same(weigh(fund('A', 100, 950), fund('A', 95, 960)), [{ symbol: 'A', pct: 100 }])
  t.same(
    weigh(fund('A', 100, 899), fund('A', 10, 960)),
    [{ symbol: 'A', pct: 100 }],
    'an old one is no witness',
  )
  t.match(weigh(), { halt: 'weightData', mode: 'marketcap', missing: 'market cap', symbols: ['A'] })
})

function held(symbol: string, amount: string) {
  return { symbol, quantity: decimal(amount), sellable: decimal(amount) }
}

function coin(lot: string): TradeRules {
  return { tick: decimal('0.01'), lot: decimal(lot), minimumQuantity: ZERO, minimumNotional: decimal(5) }
}

function bought(symbol: string, quantity: string, price: string): PlannedOrder {
  const value = decimal(quantity).times(decimal(price))
  return {
    symbol,
    side: 'buy',
    quantity: decimal(quantity),
    limitPrice: null,
    price: decimal(price),
    value,
    difference: value,
  }
}

function spot(cash: string): AllocationBooks {
  return {
    currency: 'EUR',
    cash: decimal(cash),
    holdings: [held('BTC', '0.5'), held('ETH', '2'), held('SOL', '20'), held('ADA', '1000')],
    weights: [
      { symbol: 'BTC', pct: 40 },
      { symbol: 'ETH', pct: 30 },
      { symbol: 'SOL', pct: 20 },
      { symbol: 'ADA', pct: 10 },
    ],
    prices: new Map([
      ['BTC', 40_000],
      ['ETH', 2500],
      ['SOL', 100],
      ['ADA', 0.5],
    ]),
    cashPolicy: 'excluded',
    restPolicy: 'keep',
  }
}
