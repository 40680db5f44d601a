import fc from 'fast-check'
import t from 'tap'
import { type Decimal, decimal, ZERO } from '../../../core/decimal.js'
import { type Cell, cellValue, stockShare, stockValue } from '../../../core/strategies/volatility/cell.js'
import { commissionRate } from '../../../core/strategies/volatility/commission.js'
import { goEx, payDividend, splitShares } from '../../../core/strategies/volatility/dividend.js'
import { type Circumstances, evaluateCell } from '../../../core/strategies/volatility/evaluate.js'
import { bookFill, endOrder, fillState, newCellOrder } from '../../../core/strategies/volatility/fill.js'
import { breachAfterFill } from '../../../core/strategies/volatility/guardrails.js'
import type { CellSettings } from '../../../core/strategies/volatility/settings.js'
import { counts } from '../../helpers/counts.js'

const settings: CellSettings = {
  triggers: { upPct: decimal(3), downPct: decimal(3) },
  guardrails: {
    ...{ minStock: decimal('0.25'), maxStock: decimal('0.75'), maxTrade: null },
    ...{ maxDailyNotional: null, maxOrdersPerDay: 5 },
  },
  orders: {
    ...{ minShares: ZERO, minNotional: decimal(100), lot: ZERO, qtyStep: ZERO, belowMinimum: 'hold' },
    ...{ sizing: 'proportional', rebalanceRatio: decimal('1.6667') },
  },
  commissionRate: decimal('0.001'),
  returnsToBand: false,
}

function using(changes: {
  readonly guardrails?: Partial<CellSettings['guardrails']>
  readonly orders?: Partial<CellSettings['orders']>
  readonly returnsToBand?: boolean
}): CellSettings {
  return {
    ...settings,
    guardrails: { ...settings.guardrails, ...changes.guardrails },
    orders: { ...settings.orders, ...changes.orders },
    returnsToBand: changes.returnsToBand ?? false,
  }
}

function cell(shares: number, cash: number, anchor: number | null = 100): Cell {
  return {
    ...{ shares: decimal(shares), cash: decimal(cash), receivable: ZERO },
    anchor: anchor === null ? null : decimal(anchor),
  }
}

function at(price: number | Decimal, more: Partial<Circumstances> = {}): Circumstances {
  return {
    price: typeof price === 'number' ? decimal(price) : price,
    ...{ isOpen: true, hasOrderAtWork: false, today: { count: 0, notional: ZERO } },
    ...more,
  }
}

/** Evaluates, and fills what was ordered at its price. */
function trade(before: Cell, price: Decimal, using: CellSettings): Cell {
  const evaluation = evaluateCell(before, at(price), using)
  if (evaluation.outcome !== 'order') return before
  const { shares, fee } = evaluation.order
  const booked = bookFill(before, newCellOrder(evaluation.side, shares), { shares, price, fee })
  return endOrder(booked.cell, booked.order)
}

t.test('a price moves the cell, anchors it, or says why nothing is done', async (t) => {
  t.match(evaluateCell(cell(100, 10_000, null), at(100), settings), { outcome: 'anchored' })
  t.match(evaluateCell(cell(100, 10_000), at(102.99), settings), { outcome: 'held' })
  t.match(
    evaluateCell(cell(100, 10_000), at(103), settings),
    { outcome: 'order', side: 'sell' },
    'the bound trades',
  )
  t.match(evaluateCell(cell(100, 10_000), at(97), settings), {
    outcome: 'order',
    side: 'buy',
    reason: 'trigger',
  })
  t.match(evaluateCell(cell(100, 10_000), at(151), settings), { outcome: 'halted', reason: 'anchor_anomaly' })
  t.match(
    evaluateCell(cell(100, 10_000), at(150), settings),
    { outcome: 'order' },
    'half is not yet too much',
  )
  const skipped = (more: Partial<Circumstances>) => evaluateCell(cell(100, 10_000), at(97, more), settings)
  t.match(skipped({ isOpen: false }), { outcome: 'skipped', reason: 'market_closed' })
  t.match(skipped({ hasOrderAtWork: true }), { outcome: 'skipped', reason: 'order_at_work' })
  t.match(skipped({ today: { count: 5, notional: ZERO } }), {
    outcome: 'blocked',
    reason: 'max_orders_per_day',
  })
  const daily = using({ guardrails: { maxDailyNotional: decimal(1000) } })
  const spent = { today: { count: 1, notional: ZERO } }
  t.match(evaluateCell(cell(100, 10_000), at(97, spent), daily), { reason: 'max_daily_notional' })
  t.match(evaluateCell(cell(0, 10_000, 90), at(100), settings), {
    outcome: 'blocked',
    reason: 'nothing_to_sell',
  })
  t.match(evaluateCell(cell(10, 0, 110), at(100), settings), {
    outcome: 'blocked',
    reason: 'insufficient_cash',
  })
  t.match(evaluateCell(cell(1, 100), at(97), settings), { outcome: 'skipped', reason: 'below_min_notional' })
})

t.test('an order below the minimum is held, refused, or raised to it where that is allowed', async (t) => {
  const small = cell(1, 300)
  const orders = { minNotional: decimal(100), qtyStep: decimal('0.1') }
  const least = evaluateCell(small, at(97), using({ orders: { ...orders, belowMinimum: 'clip' } }))
  t.match(least, { outcome: 'order', order: { shares: decimal('1.1') } })
  const refused = evaluateCell(small, at(97), using({ orders: { ...orders, belowMinimum: 'reject' } }))
  t.match(refused, { outcome: 'blocked', reason: 'below_min_notional' })
  const poor = evaluateCell(cell(1, 100), at(97), using({ orders: { ...orders, belowMinimum: 'clip' } }))
  t.match(poor, { outcome: 'skipped', reason: 'below_min_notional' }, 'the cash does not reach')
  const whole = evaluateCell(cell(100, 10_000), at(97), using({ orders: { lot: decimal(4) } }))
  t.match(whole, { outcome: 'order', order: { shares: decimal(8) } }, 'whole lots, rounded down')
})

t.test(
  'outside the guardrails the cell returns to the nearer bound exactly, where it is told to',
  async (t) => {
    t.match(evaluateCell(cell(80, 2000), at(100), settings), { outcome: 'held' })
    const returning = using({ guardrails: { maxStock: decimal('0.7') }, returnsToBand: true })
    const back = evaluateCell(cell(80, 2000), at(100), returning)
    t.match(back, { outcome: 'order', side: 'sell', reason: 'auto_guardrail_rebalance' })
    t.equal(back.outcome === 'order' && back.order.shares.toNumber().toFixed(6), '10.007005')
    const after = trade(cell(80, 2000), decimal(100), returning)
    t.ok(Math.abs(stockShare(after, decimal(100)).toNumber() - 0.7) < 1e-12)
    t.match(evaluateCell(after, at(100), returning), { outcome: 'held' }, 'and stays there')
  },
)

t.test('six straight falls of 3 % fill the cell to 75 %, seven rises empty it to 25 %', async (t) => {
  const free: CellSettings = { ...settings, commissionRate: ZERO }
  const shareAfter = (factor: string, moves: number): number[] => {
    let [state, price] = [cell(100, 10_000), decimal(100)]
    return Array.from({ length: moves }, () => {
      price = price.times(decimal(factor))
      state = trade(state, price, free)
      return Number(stockShare(state, price).toNumber().toFixed(9))
    })
  }
  t.equal(shareAfter('0.97', 6).indexOf(0.75), 5)
  t.equal(shareAfter('1.03', 7).indexOf(0.25), 6)
})

t.test('fills are booked as they are told: in parts, and beyond the order', async (t) => {
  const order = newCellOrder('buy', decimal(10))
  const part = { shares: decimal(4), price: decimal(100), fee: ZERO }
  const first = bookFill(cell(0, 2000), order, part)
  t.equal(fillState(first.order), 'partiallyFilled')
  const second = bookFill(first.cell, first.order, part)
  t.match([second.cell.shares, second.cell.cash].map(String), ['8', '1200'])
  t.equal(fillState(second.order), 'partiallyFilled')
  const third = bookFill(second.cell, second.order, { ...part, price: decimal(90) })
  t.equal(fillState(third.order), 'overfilled')
  t.equal(
    endOrder(third.cell, third.order).anchor?.toNumber().toFixed(9),
    '96.666666667',
    'the average price',
  )
  t.equal(endOrder(cell(1, 1, 50), order).anchor?.toString(), '50', 'nothing filled: it stays')
  t.equal(breachAfterFill(cell(90, 1000), decimal(100), settings.guardrails), 'above_max_stock')
  t.equal(breachAfterFill(cell(10, -1), decimal(100), settings.guardrails), 'negative_cash')
})

t.test('the nearest commission rate counts', async (t) => {
  const rate = (tenantAsset: number | null, tenant: number | null, global: number | null) => {
    const told = [tenantAsset, tenant, global].map((one) => (one === null ? null : decimal(one)))
    return commissionRate({ tenantAsset: told[0]!, tenant: told[1]!, global: told[2]! })
  }
  t.match(rate(0.003, 0.002, 0.001), { scope: 'tenantAsset', rate: decimal('0.003') })
  t.match(rate(null, 0, 0.001), { scope: 'tenant', rate: ZERO }, 'a rate of nothing is a rate')
  t.match(rate(null, null, 0.001), { scope: 'global' })
  t.match(rate(null, null, null), { scope: 'default', rate: decimal('0.0001') })
})

t.test('a dividend lowers the anchor, is receivable, then cash; a split changes no value', async (t) => {
  const dividend = { id: 'd', perShare: decimal('0.82'), withholdingRate: decimal('0.25') }
  const before = { cell: cell(100, 10_000, 150), receivables: new Map() }
  const ex = goEx(before, dividend)
  t.match([ex.cell.anchor, ex.cell.receivable, ex.cell.cash].map(String), ['149.18', '61.5', '10000'])
  t.equal(goEx(ex, dividend), ex, 'told twice, it counts once')
  t.equal(payDividend(before, 'd'), before, 'what is not receivable is not paid')
  const paid = payDividend(ex, 'd')
  t.match([paid.cell.receivable, paid.cell.cash].map(String), ['0', '10061.5'])
  t.equal(payDividend(paid, 'd'), paid)
  const split = splitShares(cell(100, 10_000, 150), decimal(3))
  t.match([split.shares, split.anchor].map(String), ['300', '50'])
})

const amount = (least: number, most: number) =>
  fc.integer({ min: least * 100, max: most * 100 }).map((hundredths) => decimal(hundredths / 100))
const fraction = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((percent) => decimal(percent / 100))

const anyCell: fc.Arbitrary<Cell> = fc.record({
  shares: amount(0, 1000),
  cash: amount(0, 100_000),
  receivable: fc.oneof(fc.constant(ZERO), amount(0, 5000)),
  anchor: amount(1, 500),
})

const anySettings: fc.Arbitrary<CellSettings> = fc
  .tuple(fraction(0, 45), fraction(55, 100), fc.option(fraction(1, 60)), amount(0, 200))
  .chain(([minStock, maxStock, maxTrade, minNotional]) =>
    fc.record({
      triggers: fc.record({ upPct: amount(1, 9), downPct: amount(1, 9) }),
      guardrails: fc.constant({
        ...{ minStock, maxStock, maxTrade },
        ...{ maxDailyNotional: null, maxOrdersPerDay: null },
      }),
      orders: fc.record({
        minShares: fc.constantFrom(ZERO, decimal('0.5')),
        minNotional: fc.constant(minNotional),
        lot: fc.constantFrom(ZERO, decimal(1), decimal(10)),
        qtyStep: fc.constantFrom(ZERO, decimal('0.001')),
        belowMinimum: fc.constantFrom('hold' as const, 'reject' as const, 'clip' as const),
        sizing: fc.constantFrom('proportional' as const, 'fixedPercentage' as const),
        rebalanceRatio: fc.constantFrom(decimal('1.6667'), decimal('0.5'), decimal(10)),
      }),
      commissionRate: fc.constantFrom(ZERO, decimal('0.001'), decimal('0.02')),
      returnsToBand: fc.boolean(),
    }),
  )

t.test('an order keeps its side, its step and its guardrail, and is paid from settled cash', async () => {
  fc.assert(
    fc.property(anyCell, anySettings, amount(1, 500), (before, using, price) => {
      const evaluation = evaluateCell(before, at(price), using)
      if (evaluation.outcome !== 'order') return true
      const { side, order } = evaluation
      const step = using.orders.lot.isPositive() ? using.orders.lot : using.orders.qtyStep
      const isStepped = !step.isPositive() || order.shares.toMultipleOf(step, 'floor').equals(order.shares)
      const { cell: after } = bookFill(before, newCellOrder(side, order.shares), { ...order, price })
      const value = cellValue(after, price)
      const held = stockValue(after, price)
      const { minStock, maxStock, maxTrade } = using.guardrails
      const isInside =
        side === 'buy' ? held.compare(maxStock.times(value)) <= 0 : held.compare(minStock.times(value)) >= 0
      const isSmall =
        maxTrade === null || order.notional.compare(maxTrade.times(cellValue(before, price))) <= 0
      const isTriggered =
        evaluation.reason !== 'trigger' || (side === 'buy') === price.isLessThan(before.anchor!)
      return (
        order.shares.isPositive() &&
        isStepped &&
        isInside &&
        isSmall &&
        isTriggered &&
        !after.cash.isNegative() &&
        !after.shares.isNegative()
      )
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('whatever the order of an order’s fills, the cell comes out the same', async () => {
  const fill = fc.record({ shares: amount(1, 50), price: amount(1, 500), fee: amount(0, 5) })
  const fills = fc.array(fill, { minLength: 1, maxLength: 6 })
  const shuffled = fills.chain((told) =>
    fc.tuple(fc.constant(told), fc.shuffledSubarray(told, { minLength: told.length })),
  )
  const isBuy = fc.boolean()
  fc.assert(
    fc.property(anyCell, shuffled, isBuy, (before, [told, other], buys) => {
      const end = (list: typeof told) => {
        let state = { cell: before, order: newCellOrder(buys ? 'buy' : 'sell', decimal(100)) }
        for (const one of list) state = bookFill(state.cell, state.order, one)
        return JSON.stringify(endOrder(state.cell, state.order))
      }
      return end(told) === end(other)
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('a dividend told again and again, paid again and again, moves the same money once', async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('ex', 'pay'), fc.constantFrom('a', 'b')), { maxLength: 12 })
  fc.assert(
    fc.property(anyCell, steps, (before, told) => {
      let state: Parameters<typeof payDividend>[0] = { cell: before, receivables: new Map() }
      for (const [kind, id] of told) {
        const dividend = { id, perShare: decimal('0.5'), withholdingRate: decimal('0.15') }
        state = kind === 'ex' ? goEx(state, dividend) : payDividend(state, id)
      }
      let [net, anchor] = [ZERO, before.anchor!]
      for (const due of state.receivables.values()) {
        net = net.plus(due.net)
        anchor = anchor.minus(decimal('0.5'))
      }
      const { cash, receivable } = state.cell
      const money = before.cash.plus(before.receivable).plus(net)
      return cash.plus(receivable).equals(money) && state.cell.anchor!.equals(anchor)
    }),
    { numRuns: counts.propertyRuns },
  )
})
