import t from 'tap'
import { decimal, ZERO } from '../../core/decimal.js'
import { decimalToQuotation, quotationToDecimal } from '../../core/instrument/quotation.js'
import { parseAmount } from '../../core/strategies/allocation/amount-text.js'
import { runExtent } from '../../core/strategies/allocation/closed-venue.js'
import { findRate } from '../../core/strategies/allocation/conversion.js'
import { type DriftRule, isBeyond, isRunDue, isScheduled } from '../../core/strategies/allocation/drift.js'
import { describeHalt, isHalt } from '../../core/strategies/allocation/halt.js'
import { KRAKEN_SYMBOLS } from '../../core/strategies/allocation/kraken-symbols.js'
import { checkMarginSettings, isMarginDue, marginTargets } from '../../core/strategies/allocation/margin.js'
import { type PlannedOrder, planOrders } from '../../core/strategies/allocation/plan.js'
import { choosePrice, choosePrices } from '../../core/strategies/allocation/pricing.js'
import { findDuplicates, reviewResting } from '../../core/strategies/allocation/resting.js'
import {
  FUND_SYMBOLS,
  findPair,
  type Holding,
  mergeHoldings,
  readSymbol,
} from '../../core/strategies/allocation/symbols.js'
import { checkWeights, mergeWeights } from '../../core/strategies/allocation/target-weights.js'
import type { Valuation } from '../../core/strategies/allocation/valuation.js'
import { targetWeights } from '../../core/strategies/allocation/weights.js'
import { DAY, HOUR, MINUTE, parseInstant } from '../../core/time.js'

t.test('custody variants are one asset for value, and only the plain balance is for sale', async (t) => {
  const balances = [
    ['XXBT', '0.5'],
    ['XBT.F', '0.1'],
    ['BTC.M', '0.2'],
    ['ZEUR', '7'],
    ['DOT28.S', '3'],
    ['ETH', '0'],
  ].map(([name, quantity]) => ({ name: name!, quantity: decimal(quantity!) }))
  const known = new Set(['BTC', 'EUR', 'DOT'])
  const holdings = mergeHoldings(balances, KRAKEN_SYMBOLS, known) as Holding[]
  t.same(
    holdings.map(({ symbol, quantity, sellable }) => `${symbol} ${quantity} ${sellable}`),
    ['BTC 0.8 0.5', 'EUR 7 7', 'DOT 3 0'],
  )
  const strange = [...balances, { name: 'FOO.S', quantity: decimal(1) }]
  t.same(mergeHoldings(strange, KRAKEN_SYMBOLS, known), { halt: 'unknownSymbol', symbols: ['FOO.S'] })
  const names = ['C98.F', 'XCN', 'XTZ.S', 'sol03.s', '1INCH.M', 'EUR.HOLD', 'XETH2', 'XDG']
  t.same(
    names.map((name) => readSymbol(name, KRAKEN_SYMBOLS).symbol),
    ['C98', 'XCN', 'XTZ', 'SOL', '1INCH', 'EUR', 'ETH', 'DOGE'],
  )
  t.same(readSymbol(' tray@ ', FUND_SYMBOLS), { symbol: 'TPAY', isSellable: true })
  const pairs = [{ id: 'XXBTZEUR', base: 'BTC', quote: 'EUR' }]
  t.match(findPair(pairs, 'BTC', 'EUR'), { id: 'XXBTZEUR' })
  t.same(findPair(pairs, 'BTC', 'USD'), { halt: 'unknownPair', base: 'BTC', quote: 'USD' })
})

t.test('a sell takes what is for sale, and one of nothing for sale says so', async (t) => {
  const member = {
    symbol: 'BTC',
    quantity: decimal('0.6'),
    price: decimal(40_000),
    value: decimal(24_000),
    currentPct: 76,
    targetPct: 0,
    target: ZERO,
    difference: decimal(-24_000),
  }
  const rules = {
    tick: decimal('0.1'),
    lot: decimal('0.01'),
    minimumQuantity: decimal('0.02'),
    minimumNotional: ZERO,
  }
  const planned = (sellable: string) =>
    planOrders(
      {
        equity: decimal(31_500),
        cash: ZERO,
        cashTarget: ZERO,
        members: [{ ...member, sellable: decimal(sellable) }],
      } satisfies Valuation,
      {
        style: { kind: 'market', minimumOneLot: false },
        band: null,
        rules: new Map([['BTC', rules]]),
        maxOrders: null,
      },
    )
  const told = (result: ReturnType<typeof planned>) =>
    isHalt(result)
      ? result.halt
      : [
          ...result.orders.map(({ quantity }: PlannedOrder) => `${quantity}`),
          ...result.holds.map(({ reason }) => reason),
        ]
  t.same(told(planned('0.509')), ['0.5'])
  t.same(told(planned('0.005')), ['not_sellable'])
  t.same(told(planned('0.01')), ['below_min_quantity'])
})

t.test('a price is mid or last, young, near the previous one, and never 0', async (t) => {
  const rule = { source: 'mid', now: 1000, maxAgeMs: 100, outlierPct: 10 } as const
  const quote = { bid: 99, ask: 101, last: 90, observedAt: 950 }
  const cases: [ReturnType<typeof choosePrice>, unknown][] = [
    [choosePrice(quote, rule, null), 100],
    [choosePrice(quote, { ...rule, source: 'last' }, null), 90],
    [choosePrice(quote, rule, 110), 100],
    [choosePrice(quote, rule, 112), 'outlier'],
    [choosePrice(quote, { ...rule, outlierPct: null }, 1), 100],
    [choosePrice({ ...quote, observedAt: 900 }, rule, null), 100],
    [choosePrice({ ...quote, observedAt: 899 }, rule, null), 'stale'],
    [choosePrice({ ...quote, observedAt: 1001 }, rule, null), 'stale'],
    [choosePrice({ ...quote, bid: 0 }, rule, null), 'missing'],
    [choosePrice({ ...quote, ask: Number.NaN }, rule, null), 'missing'],
    [choosePrice({ ...quote, bid: 102 }, rule, null), 'missing'],
    [choosePrice({ ...quote, last: Number.POSITIVE_INFINITY }, { ...rule, source: 'last' }, null), 'missing'],
    [choosePrice(undefined, rule, null), 'missing'],
  ]
  for (const [index, [price, expected]] of cases.entries()) t.equal(price, expected, `case ${index}`)
  const request = { quotes: new Map([['A', quote]]), previous: new Map<string, number>(), rule }
  t.same(choosePrices({ ...request, symbols: ['A', 'B', 'C'] }), {
    halt: 'price',
    problem: 'missing',
    symbols: ['B', 'C'],
  })
  t.same(choosePrices({ ...request, symbols: ['A'] }), new Map([['A', 100]]))
})

t.test('currencies convert straight, turned around or by way of another, else not at all', async (t) => {
  const rates = [
    { from: 'USD', to: 'RUB', rate: 80 },
    { from: 'EUR', to: 'USD', rate: 1.25 },
    { from: 'GBP', to: 'RUB', rate: 0 },
  ]
  const rateOf = (from: string, to: string) => {
    const found = findRate(rates, from, to)
    return isHalt(found) ? describeHalt(found) : found.rate
  }
  t.same(
    [
      rateOf('RUB', 'RUB'),
      rateOf('USD', 'RUB'),
      rateOf('RUB', 'USD'),
      rateOf('EUR', 'RUB'),
      rateOf('USD', 'EUR'),
    ],
    [1, 80, 0.0125, 100, 0.8],
  )
  t.match(rateOf('GBP', 'RUB'), /no rate from GBP to RUB/)
})

t.test('exactly at the limit has drifted, on target never has', async (t) => {
  const drift = { difference: decimal('-10.01'), target: decimal(100), equity: decimal(1001) }
  t.ok(isBeyond({ kind: 'amount', amount: decimal('10.01') }, drift))
  t.notOk(isBeyond({ kind: 'amount', amount: decimal('10.02') }, drift))
  t.ok(isBeyond({ kind: 'percentOfTarget', pct: 10.01 }, drift))
  t.notOk(isBeyond({ kind: 'percentOfTarget', pct: 10.02 }, drift))
  t.ok(isBeyond({ kind: 'points', points: 1 }, drift))
  t.notOk(isBeyond({ kind: 'points', points: 1.0001 }, drift))
  t.ok(
    isBeyond({ kind: 'percentOfTarget', pct: 10 }, { ...drift, target: ZERO }),
    'without a target all is drift',
  )
  t.notOk(isBeyond({ kind: 'amount', amount: ZERO }, { ...drift, difference: ZERO }))
})

t.test('a run is due once in a local day, week or month, or after an interval', async (t) => {
  const at = (text: string) => parseInstant(text)!
  const calendar = (period: 'daily' | 'weekly' | 'monthly', last: string, now: string) =>
    isScheduled({ kind: 'calendar', period, zone: 'Europe/Moscow' }, at(now), at(last))
  t.notOk(calendar('daily', '2026-03-01T21:00:00Z', '2026-03-02T20:59:59Z'), 'Moscow has the same day')
  t.ok(calendar('daily', '2026-03-01T20:59:59Z', '2026-03-01T21:00:00Z'))
  t.notOk(calendar('weekly', '2026-03-02T10:00:00Z', '2026-03-08T20:59:59Z'), 'Monday to Sunday')
  t.ok(calendar('weekly', '2026-03-08T20:59:59Z', '2026-03-08T21:00:00Z'))
  t.notOk(calendar('monthly', '2026-02-28T21:00:00Z', '2026-03-31T20:59:59Z'))
  t.ok(calendar('monthly', '2025-12-31T20:59:59Z', '2025-12-31T21:00:00Z'))
  const interval = { kind: 'interval', milliseconds: HOUR } as const
  t.same(
    [isScheduled(interval, HOUR, 0), isScheduled(interval, HOUR - 1, 0), isScheduled(interval, 5, null)],
    [true, false, true],
  )
  const drifts = [{ difference: decimal(5), target: decimal(100), equity: decimal(100) }]
  const due = (kind: 'either' | 'both', points: number, now: number) =>
    isRunDue({ kind, schedule: interval, measure: { kind: 'points', points } }, { now, lastRunAt: 0, drifts })
  t.same([due('either', 5, 1), due('either', 6, 1), due('either', 6, HOUR)], [true, false, true])
  t.same([due('both', 5, 1), due('both', 6, HOUR), due('both', 5, HOUR)], [false, false, true])
  const byDrift: DriftRule = { kind: 'drift', measure: { kind: 'points', points: 5 } }
  t.ok(isRunDue(byDrift, { now: DAY, lastRunAt: DAY, drifts }))
  t.notOk(isRunDue(byDrift, { now: DAY, lastRunAt: null, drifts: [] }))
})

t.test(
  'a resting order gives way to the other side beyond its buffer, to a far price, to a left asset',
  async (t) => {
    const buy = { side: 'buy', limitPrice: decimal(59_640) } as const
    const rules = { switchBufferPct: 0.15, repriceBufferPct: 1 }
    const wanted = (side: 'buy' | 'sell' | 'hold', price: string) => ({ side, limitPrice: decimal(price) })
    t.equal(reviewResting(buy, wanted('sell', '59729.46'), rules), 'side_switch', 'exactly at the buffer')
    t.equal(reviewResting(buy, wanted('sell', '59729.45'), rules), 'keep')
    t.equal(
      reviewResting(buy, wanted('sell', '50000'), rules),
      'keep',
      'the market is on the other side of it',
    )
    t.equal(reviewResting(buy, wanted('sell', '50000'), { ...rules, switchBufferPct: 0 }), 'side_switch')
    t.equal(reviewResting(buy, wanted('buy', '60236.4'), rules), 'reprice')
    t.equal(reviewResting(buy, wanted('buy', '60236.3'), rules), 'keep')
    t.equal(reviewResting(buy, wanted('buy', '90000'), { ...rules, repriceBufferPct: null }), 'keep')
    t.equal(reviewResting(buy, wanted('hold', '1'), rules), 'keep')
    t.equal(reviewResting(buy, null, rules), 'left_universe')
    t.same(findDuplicates(['old', 'older', 'latest']), ['old', 'older'])
    t.same(findDuplicates([]), [])
  },
)

t.test('margin is enforced, due before the close, and its settings are checked', async (t) => {
  const weights = [
    { symbol: 'A', pct: 50 },
    { symbol: 'B', pct: 50 },
  ]
  const totals = (maxMarginSize: string | null, enabled = true) =>
    marginTargets(decimal(13_732), weights, {
      enabled,
      multiplier: 2,
      maxMarginSize: maxMarginSize === null ? null : decimal(maxMarginSize),
    }).map(({ total }) => `${total}`)
  t.same(totals('5000'), ['9366', '9366'])
  t.same(totals(null), ['13732', '13732'])
  t.same(totals('13732'), ['13732', '13732'], 'exactly at the maximum')
  t.same(totals('0'), ['6866', '6866'])
  t.same(totals('5000', false), ['6866', '6866'])
  const due = (minutes: number, interval: number) => isMarginDue(minutes * MINUTE, interval * MINUTE)
  t.same(
    [due(60, 60), due(59, 60), due(15, 1), due(14, 1), due(0, 1), due(-5, 1)],
    [false, true, false, true, true, true],
  )
  const settings = {
    enabled: true,
    multiplier: 4,
    freeThreshold: decimal(5000),
    maxMarginSize: decimal(5000),
    strategy: 'keep_if_small',
  } as const
  t.equal(checkMarginSettings(settings), null)
  t.equal(checkMarginSettings({ ...settings, multiplier: 5 }), 'multiplier')
  t.equal(checkMarginSettings({ ...settings, maxMarginSize: ZERO }), 'maxMarginSize')
  t.equal(checkMarginSettings({ ...settings, maxMarginSize: decimal(4999) }), 'freeThreshold')
  t.equal(checkMarginSettings({ ...settings, enabled: false, multiplier: 9 }), null)
})

t.test('weights are refused with the reason, and a portfolio of cash alone needs no metrics', async (t) => {
  const weights = (...pcts: number[]) => pcts.map((pct, index) => ({ symbol: `A${index}`, pct }))
  const problem = (given: ReturnType<typeof weights>, cash?: string) => {
    const halt = checkWeights(given, { leastPct: 0.01, ...(cash === undefined ? {} : { cash }) })
    return halt?.halt === 'weights' ? halt.problem : halt
  }
  t.equal(problem(weights(33.33, 33.33, 33.33)), null, '99.99 is within 0.01, exactly')
  t.equal(problem(weights(33.33, 33.33, 33.32)), 'sumNot100')
  t.equal(problem(weights(50, 50.01)), null)
  t.equal(problem([]), 'empty')
  t.equal(problem(weights(Number.NaN, 100)), 'notANumber')
  t.equal(problem(weights(0, 100)), 'outOfRange')
  t.equal(problem([...weights(50), ...weights(50)]), 'duplicate')
  t.equal(problem(weights(100), 'USDT'), 'cashMissing')
  t.match(checkWeights(weights(100), { leastPct: 0, universe: new Set(['B']) }), { problem: 'unknownSymbol' })
  t.same(mergeWeights([...weights(30), ...weights(20)]), [{ symbol: 'A0', pct: 50 }])
  const cashOnly = { configured: [{ symbol: 'RUB', pct: 100 }], cash: 'RUB', metrics: new Map() }
  t.same(targetWeights({ mode: 'marketcap', ...cashOnly }), [{ symbol: 'RUB', pct: 100 }])
})

t.test('every halt is told in one sentence that names what is concerned', async (t) => {
  const told = [
    describeHalt({ halt: 'weightData', mode: 'aum', missing: 'AUM', symbols: ['TRUR', 'TMOS'] }),
    describeHalt({ halt: 'weights', problem: 'sumNot100', symbols: [] }),
    describeHalt({ halt: 'unknownSymbol', symbols: ['FOO'] }),
    describeHalt({ halt: 'unknownPair', base: 'FOO', quote: 'EUR' }),
    describeHalt({ halt: 'price', problem: 'stale', symbols: ['BTC'] }),
    describeHalt({ halt: 'emptyPortfolio' }),
  ]
  const words = [/aum.*AUM.*TRUR, TMOS/, /100/, /FOO/, /FOO and EUR/, /BTC is too old/, /worth nothing/]
  for (const [index, text] of told.entries()) t.match(text, words[index]!)
})

t.test('amounts in words of a page, and quotations of a venue, are read exactly', async (t) => {
  const amounts: [string, number | null][] = [
    ['1,500,000,000 ₽', 1_500_000_000],
    ['1.234.567,89', 1_234_567.89],
    ['1,234,567.89', 1_234_567.89],
    ['1 234 567,8 руб.', 1_234_567.8],
    ['Руб. 12,345', 12_345],
    ['1.234', 1.234],
    ["CHF 1'000", 1000],
    ['7', 7],
    ['1.2.3', null],
    ['(5)', null],
    ['−5', null],
    ['5-', null],
    ['0,00', null],
    ['', null],
    ['₽', null],
  ]
  for (const [text, amount] of amounts) t.equal(parseAmount(text), amount, text)
  t.equal(`${quotationToDecimal({ units: -1, nano: -500_000_000 })}`, '-1.5')
  t.equal(`${quotationToDecimal({})}`, '0')
  t.same(decimalToQuotation(decimal('-0.25')), { units: 0, nano: -250_000_000 })
  t.same(decimalToQuotation(decimal('1.9999999999')), { units: 2, nano: 0 })
})

t.test('a closed venue skips, only plans, or trades all the same', async (t) => {
  const told = (mode: 'skip_iteration' | 'force_orders' | 'dry_run', updates: boolean) =>
    Object.values(runExtent(false, mode, updates))
  t.same(told('skip_iteration', true), [false, false, false])
  t.same(told('force_orders', true), [true, true, true])
  t.same(told('dry_run', false), [true, false, false])
  t.same(Object.values(runExtent(true, 'skip_iteration', false)), [true, true, true])
})
