import t from 'tap'
import { simulateAllocation } from '../../core/backtest/allocation/simulate-allocation.js'
import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import { settledCash } from '../../core/portfolio/holding.js'
import type { AllocationSettings } from '../../core/strategies/allocation/allocation-settings.js'
import { isLookDue } from '../../core/strategies/allocation/check-allocation.js'
import { continueRun, hasRunDue } from '../../core/strategies/allocation/continue-run.js'
import { untilClose } from '../../core/strategies/allocation/margin-close.js'
import { encodeState } from '../../server/journal/codec/state-codec.js'
import { calendarOf } from '../../server/market/calendar/calendar-version.js'
import { builtInCalendar } from '../../server/market/calendar/effective-calendar.js'
import { AllocationDesk, allocation, asset, weights } from '../helpers/allocation.js'
import { alarmsIn, decisionIn, eventsOf } from '../helpers/desk.js'
import { settings } from '../helpers/settings.js'

function ordersIn(events: readonly PortfolioEvent[]): string[] {
  return eventsOf(events, 'OrderInitialized').map(
    ({ side, instrument, lots, limitPrice }) =>
      `${side} ${lots} ${instrument}${limitPrice === null ? '' : ` at ${limitPrice}`}`,
  )
}

function ordered(desk: AllocationDesk, symbol: string): string {
  const found = [...desk.portfolio.orders.values()].filter(
    ({ instrument, state }) => instrument === symbol && state !== 'filled' && state !== 'canceled',
  )
  return found.at(-1)!.id
}

t.test('a run buys what is wanted, and its summary says what became of it', async (t) => {
  const desk = new AllocationDesk()
  const events = desk.run()
  t.same(ordersIn(events), ['buy 50 A', 'buy 100 B'])
  const decision = decisionIn(events)
  t.match(decision, { kind: 'rebalance', outcome: 'approved', reasons: ['PLANNED'] })
  t.match(decision.rebalance, {
    ...{ kind: 'allocation', mode: 'manual', equity: '10000', cash: '10000' },
    positions: [
      { symbol: 'A', currentPct: 0, targetPct: 50, expectedPct: 50, order: { side: 'buy', quantity: '50' } },
      { symbol: 'B', difference: '5000' },
    ],
  })
  desk.fillAll()
  t.same(desk.held(), { A: '50', B: '100' })
  t.match(desk.last(), { outcome: 'executed', planned: 2, executed: 2, failed: 0, skipped: 0, open: 0 })
  t.equal(`${desk.last().valueTraded}`, '10000')
  t.equal(desk.portfolio.allocation.run, null)
  t.match(decisionIn(desk.run()), { outcome: 'ignored', reasons: ['NOTHING_TO_ORDER'] })
})

t.test('sells go first, and each buy when what they brought pays for it', async (t) => {
  const desk = new AllocationDesk()
  desk.run({ targetWeights: { A: 100 } })
  desk.fillAll()
  const started = desk.run({ targetWeights: { A: 40, B: 30, C: 30 } })
  t.same(ordersIn(started), ['sell 60 A'], 'the buys wait')
  desk.send()
  const half = desk.fill(ordered(desk, 'A'), 0.5)
  t.same(ordersIn(half), ['buy 60 B'], 'what 30 brought pays for the first of them')
  const rest = desk.fill(ordered(desk, 'A'), 1, 90)
  t.same(ordersIn(rest), ['buy 270 C'], 'the rest sold for less, so the last buy is smaller')
  desk.fillAll()
  t.match(desk.last(), { outcome: 'executed', planned: 3, executed: 3 })
  t.equal(`${settledCash(desk.portfolio)}`, '0')
})

t.test('a sell that failed buys nothing, and is never tried as a buy', async (t) => {
  const desk = new AllocationDesk()
  desk.run({ targetWeights: { A: 100 } })
  desk.fillAll()
  desk.run()
  const [sell] = desk.send()
  const refused = desk.report({ kind: 'rejected', orderId: sell!, code: 'NO', message: 'no' })
  t.same(ordersIn(refused), [])
  t.match(desk.last(), { outcome: 'failed', executed: 0, failed: 1, skipped: 1 })
  t.same(
    desk.last().orders.map(({ symbol, side, fate, reason }) => [symbol, side, fate, reason]),
    [
      ['A', 'sell', 'failed', 'NO: no'],
      ['B', 'buy', 'skipped', 'NOT_FUNDED'],
    ],
  )
  t.same(alarmsIn(refused), ['ORDER_REJECTED', 'ALLOCATION_INCOMPLETE'])
})

t.test('an order of which nobody knows keeps the run open until there is evidence', async (t) => {
  const desk = new AllocationDesk()
  desk.run()
  const [first, second] = desk.send()
  desk.fill(second!, 1)
  desk.portfolio.orders.get(first!)!.state = 'submitted'
  desk.report({ kind: 'unresolved', orderId: first!, cause: 'no answer' })
  t.not(desk.portfolio.allocation.run, null)
  t.match(decisionIn(desk.run()), { outcome: 'blocked', reasons: ['RUN_IN_PROGRESS'] })
  desk.fill(first!, 1)
  t.match(desk.last(), { outcome: 'executed' })
})

t.test('fees are reserved, and booked in the summary', async (t) => {
  const desk = new AllocationDesk({ funding: { mode: 'proportional', feePct: 0.1 } })
  const events = desk.run()
  t.same(ordersIn(events), ['buy 49 A', 'buy 99 B'])
  for (const id of desk.send()) {
    const { lots, referencePrice } = desk.portfolio.orders.get(id)!
    const price = decimal(referencePrice)
    desk.report({
      ...{ kind: 'fill', orderId: id, tradeId: `t-${id}`, lots, price, at: desk.now },
      fee: lots.times(price).times(decimal('0.001')),
    })
  }
  t.equal(`${desk.last().fees}`, '9.85')
  t.notOk(settledCash(desk.portfolio).isNegative())
})

t.test('a pause lets one order go out at a time, and the clock the next', async (t) => {
  const desk = new AllocationDesk({ pauseMs: 3000 })
  t.same(ordersIn(desk.run()), ['buy 50 A'])
  t.notOk(hasRunDue(desk.portfolio, desk.now))
  t.same(ordersIn(desk.give({ type: 'TimerFired' })), [])
  desk.wait(3000)
  t.ok(hasRunDue(desk.portfolio, desk.now))
  t.same(ordersIn(desk.give({ type: 'TimerFired' })), ['buy 100 B'])
  desk.fillAll()
  t.match(desk.last(), { outcome: 'executed' })
})

t.test('a price that has moved is decided again before its order is sent, three times at most', async (t) => {
  const desk = new AllocationDesk({ weights: weights('manual', { A: 100 }) })
  t.same(ordersIn(desk.run()), ['buy 100 A'])
  desk.prices({ A: 100.1 })
  t.equal(desk.send().length, 1, 'ten basis points are no matter')
  const other = new AllocationDesk({ weights: weights('manual', { A: 100 }) })
  other.run()
  const due = () => {
    const ids = [...other.portfolio.orders.values()].filter(({ state }) => state === 'initialized')
    return other.give({ type: 'OrdersDue', orderIds: ids.map(({ id }) => id) })
  }
  for (const [price, lots] of [
    [101, 99],
    [102, 98],
    [103, 97],
  ]) {
    other.prices({ A: price! })
    t.same(ordersIn(due()), [`buy ${lots} A`])
  }
  other.prices({ A: 104 })
  t.same(ordersIn(due()), [])
  t.match(other.last(), { outcome: 'partial', skipped: 1, orders: [{ reason: 'PRICE_DRIFT' }] })
})

t.test('bad input halts the run with its reason, and trades nothing', async (t) => {
  const halted = (desk: AllocationDesk, changes: Parameters<AllocationDesk['run']>[0] = {}) => {
    const events = desk.run(changes)
    t.same(ordersIn(events), [])
    const decision = decisionIn(events)
    t.match(decision, { outcome: 'blocked', reasons: ['HALTED'] })
    t.match(desk.last(), { outcome: 'halted' })
    return decision.notes[0] ?? ''
  }
  const plain = () => new AllocationDesk()
  t.match(halted(plain(), { targetWeights: { A: 50, B: 40 } }), /sum must be 100/)
  t.match(halted(plain(), { targetWeights: { A: 150, B: -50 } }), /limits/)
  t.match(halted(plain(), { targetWeights: { A: 50, X: 50 } }), /of X cannot be used: .*known/)
  t.match(halted(plain(), { targetWeights: {} }), /there are none/)
  const twice = [
    { symbol: 'A', pct: 50 },
    { symbol: 'A', pct: 50 },
  ]
  t.match(halted(new AllocationDesk({ weights: { ...weights('manual', {}), targets: twice } })), /named once/)
  t.match(halted(new AllocationDesk({}, {}, 1).withdraw(1)), /worth nothing/)
  const stale = plain()
  stale.wait(301_000)
  t.match(halted(stale), /price of A, B is too old/)
  const far = plain()
  far.prices({ A: 120 })
  t.match(halted(far), /price of A is too far/)
  far.prices({ A: 121 })
  t.same(ordersIn(far.run()), ['buy 41 A', 'buy 100 B'], 'the second source agreed')
  const zero = new AllocationDesk({}, {}, 10_000)
  zero.prices({ A: 0, B: Number.NaN })
  t.same(ordersIn(zero.run()), ['buy 50 A', 'buy 100 B'], 'what is no price is not taken')
  const decorrelated = new AllocationDesk({ weights: weights('decorrelation', { A: 50, B: 50 }) })
  t.match(halted(decorrelated), /decorrelation mode requires both market cap and AUM data for tickers: A, B/)
})

t.test('weights follow fund metrics, which must be fresh; every run tells them', async (t) => {
  const desk = new AllocationDesk({ weights: weights('marketcap', { A: 0, B: 0, C: 0 }) })
  const tell = (observedAt: number) =>
    desk.give({
      type: 'MetricsImported',
      metrics: [
        { symbol: 'A', source: 'file', marketCap: 50e9, aum: 15e9, observedAt },
        { symbol: 'B', source: 'file', marketCap: 30e9, aum: 12e9, observedAt },
        { symbol: 'C', source: 'file', marketCap: 20e9, aum: 8e9, observedAt },
      ],
    })
  tell(desk.now - 49 * 3_600_000)
  t.match(decisionIn(desk.run()).notes, [/fresh market cap/])
  tell(desk.now)
  const { rebalance } = decisionIn(desk.run())
  t.match(rebalance, {
    mode: 'marketcap',
    positions: [
      {
        targetPct: 50,
        metrics: {
          aum: { value: 15e9 },
          marketCap: { percentage: 50 },
          decorrelation: { percentage: 0, interpretation: 'overvalued' },
        },
      },
      { targetPct: 30, metrics: { decorrelation: { percentage: 50 } } },
      { targetPct: 20 },
    ],
  })
  t.same(Object.keys(rebalance!).includes('margin'), true)
})

t.test('cash has a weight of its own, and what is not wanted is sold or kept', async (t) => {
  const target = weights('manual', { A: 40, RUB: 60 })
  const desk = new AllocationDesk({ cash: 'target', weights: target })
  t.same(ordersIn(desk.run()), ['buy 40 A'])
  desk.fillAll()
  t.equal(`${settledCash(desk.portfolio)}`, '6000')
  desk.prices({ A: 105 })
  t.same(ordersIn(desk.run({ targetWeights: { A: 20, RUB: 80 } })), ['sell 21 A'], 'cash is raised by a sale')
  const kept = new AllocationDesk({ rest: 'keep' })
  kept.run({ targetWeights: { C: 100 } })
  kept.fillAll()
  t.match(decisionIn(kept.run()), { reasons: ['HALTED', 'PORTFOLIO_EMPTY'] }, 'what is kept does not count')
  const sold = new AllocationDesk({ cash: 'excluded' })
  t.match(decisionIn(sold.run()), { reasons: ['HALTED', 'PORTFOLIO_EMPTY'] }, 'cash is not the strategy’s')
})

t.test('a dry run records its plan and sends nothing; thresholds and maxima hold for one run', async (t) => {
  const desk = new AllocationDesk()
  const events = desk.run({ isDryRun: true })
  t.same(ordersIn(events), [])
  t.match(decisionIn(events), { outcome: 'ignored', reasons: ['DRY_RUN'], rebalance: { isDryRun: true } })
  t.match(desk.last(), { outcome: 'dryRun', planned: 2, executed: 2 })
  t.equal(desk.portfolio.allocation.lastRunAt, null)
  t.same(ordersIn(desk.run({ maxOrders: 1 })), ['buy 50 A'])
  desk.fillAll()
  t.same(ordersIn(desk.run({ threshold: 5001 })), [])
  t.same(ordersIn(desk.run({ threshold: 5000 })), ['buy 100 B'])
})

t.test('limit orders rest between runs; the next run looks at them first', async (t) => {
  const style = {
    kind: 'limit',
    stepPct: 1,
    clipPct: 10,
    clip: 'capped',
    switchBufferPct: 0.15,
    repriceBufferPct: 2,
    maxAgeSeconds: 4000,
  } as const
  const desk = new AllocationDesk({ style, automatic: true })
  t.same(ordersIn(desk.due()), ['buy 10 A at 99', 'buy 20 B at 49.5'])
  desk.send()
  desk.wait(3_600_000)
  desk.prices({ A: 100, B: 52 })
  const next = desk.due()
  t.same(
    eventsOf(next, 'OrderCancelRequested').map(({ reason }) => reason),
    ['reprice'],
    'B moved too far from its limit',
  )
  t.same(eventsOf(next, 'AllocationRunEnded'), [], 'there is nothing to add: the run goes on')
  const first = [...desk.portfolio.orders.values()].find(({ instrument }) => instrument === 'B')!
  desk.report({ kind: 'canceled', orderId: first.id, reason: 'asked' })
  desk.wait(3_600_000)
  desk.prices({ A: 100, B: 52 })
  const third = desk.due()
  t.same(ordersIn(third), ['buy 19 B at 51.48'], 'A rests still')
  t.match(eventsOf(third, 'AllocationRunEnded'), [
    { ended: { outcome: 'partial', planned: 2, executed: 0, open: 1, skipped: 1 } },
  ])
  const resting = [...desk.portfolio.orders.values()].find(({ instrument }) => instrument === 'A')!
  t.ok(resting.cancelRequested, 'it is too old, though its run is over')
})

t.test('a resting order that is too old is cancelled by the clock', async (t) => {
  const style = {
    kind: 'limit',
    stepPct: 1,
    clipPct: 10,
    clip: 'capped',
    switchBufferPct: 0.15,
    repriceBufferPct: null,
    maxAgeSeconds: 600,
  } as const
  const desk = new AllocationDesk({ style })
  desk.run()
  const ids = desk.send()
  desk.wait(600_000)
  t.ok(hasRunDue(desk.portfolio, desk.now))
  const aged = eventsOf(desk.give({ type: 'TimerFired' }), 'OrderCancelRequested')
  t.equal(aged.length, 2)
  for (const orderId of ids) desk.report({ kind: 'canceled', orderId, reason: 'asked' })
  t.match(desk.last(), { outcome: 'partial', skipped: 2, failed: 0 })
})

t.test('the run is the same after every input when it is folded anew', async (t) => {
  const desk = new AllocationDesk({ pauseMs: 1000 })
  const check = () => t.equal(encodeState(desk.refold()), encodeState(desk.portfolio))
  desk.run({ targetWeights: { A: 100 } })
  desk.fillAll()
  desk.wait(60_000)
  desk.run({ targetWeights: { A: 40, B: 30, C: 30 } })
  check()
  while (desk.portfolio.allocation.run !== null) {
    for (const id of desk.send()) {
      check()
      desk.fill(id, 0.5)
      check()
      desk.fill(id, 1)
      check()
    }
    desk.wait(1000)
    desk.give({ type: 'TimerFired' })
    check()
  }
  t.match(desk.last(), { outcome: 'executed' })
  const events: PortfolioEvent[] = []
  continueRun(desk.portfolio, (more) => void events.push(...more))
  t.same(events, [], 'what is over stays over')
})

t.test('a backtest keeps the weights over prices of the past, beside having held', async (t) => {
  const closes = { A: [100, 200, 100], B: [100, 100, 100] }
  const feeds = Object.entries(closes).map(([instrument, close]) => {
    const opensAt = Float64Array.from(close, (_, index) => Date.UTC(2026, 0, 5 + index))
    const prices = Float64Array.from(close)
    const bars = { opensAt, open: prices, high: prices, low: prices, close: prices }
    return { instrument, bars, closesAt: opensAt.map((at) => at + 86_399_000), first: 0, end: 3 }
  })
  const rule = { kind: 'schedule', schedule: { kind: 'calendar', period: 'daily', zone: 'UTC' } } as const
  const prices = { source: 'last', maxAgeSeconds: 604_800, outlierPct: 100 } as const
  const using = settings({
    currency: 'RUB',
    instruments: [],
    assets: [asset('A', { quantityStep: 0.5 }), asset('B', { quantityStep: 0.5 })],
    allocation: allocation({ automatic: true, rule, prices }),
  })
  const sides: string[] = []
  const { summary, curve } = simulateAllocation({
    ...{ settings: using, configurationHash: 'h', capital: decimal(10_000), feeds, fillAt: 'close' },
    costs: { commissionPct: 0, slippageTicks: 0 },
    onTrade: ({ side, instrument, fill }) => sides.push(`${side} ${fill.lots} ${instrument}`),
  })
  t.same(sides.slice(2), ['sell 12.5 A', 'buy 25 B', 'sell 19 B', 'buy 18.5 A'])
  t.same(
    curve.map(({ value, held }) => [value, held]),
    [
      [10_000, 10_000],
      [15_000, 15_000],
      [11_250, 10_000],
    ],
    'a rise and its fall earn the rebalancing return',
  )
  t.match(summary, { runs: 3, trades: 6, valueTraded: 14_400, rebalancingReturnPct: 12.5, halted: 0 })
})

t.test('what is borrowed stays below its maximum, and is paid back before the close', async (t) => {
  const margin = {
    ...{ enabled: true, multiplier: 2, freeThreshold: '1000', maxMarginSize: '4000' },
    strategy: 'remove',
  } as const
  const open = Date.UTC(2026, 1, 3, 8)
  const desk = new AllocationDesk({ margin, automatic: true }, { hours: 'exchange' }, 10_000, open)
  desk.give({ type: 'CalendarImported', calendar: calendarOf(builtInCalendar(), ['MOEX']) })
  desk.prices({ A: 100, B: 50 })
  const events = desk.due()
  t.same(ordersIn(events), ['buy 70 A', 'buy 140 B'], 'the maximum holds')
  t.match(decisionIn(events).rebalance, { margin: { used: '4000', maximum: '4000', isWithin: true } })
  desk.fillAll()
  t.equal(`${settledCash(desk.portfolio)}`, '-4000')
  const settings = desk.portfolio.settings!.allocation!
  const left = untilClose(desk.portfolio, desk.now)!
  desk.wait(left - 14 * 60_000)
  t.ok(isLookDue(desk.portfolio, settings, desk.now), 'before the close a debt is looked at')
  desk.prices({ A: 100, B: 50 })
  t.same(ordersIn(desk.due()), ['sell 20 A', 'sell 40 B'])
  desk.fillAll()
  t.equal(`${settledCash(desk.portfolio)}`, '0')
})

t.test(
  'runs are due by the clock, by drift or both; one that is closed waits, or is only planned',
  async (t) => {
    const day = { kind: 'calendar', period: 'daily', zone: 'UTC' } as const
    const measure = { kind: 'points', points: 5 } as const
    const kept = (rule: AllocationSettings['rule']) => {
      const desk = new AllocationDesk({ automatic: true, rule })
      desk.due()
      desk.fillAll()
      desk.wait(3_600_000)
      return desk
    }
    const isDue = (desk: AllocationDesk) =>
      isLookDue(desk.portfolio, desk.portfolio.settings!.allocation!, desk.now)
    const byDay = kept({ kind: 'schedule', schedule: day })
    t.notOk(isDue(byDay), 'the day has had its run')
    t.ok(isDue(byDay.wait(86_400_000)))
    const byDrift = kept({ kind: 'drift', measure })
    byDrift.prices({ A: 108, B: 50 })
    t.same(byDrift.due(), [], 'two points are no drift')
    byDrift.prices({ A: 118, B: 48 })
    t.same(ordersIn(byDrift.due()), ['sell 5 A'], 'five points are')
    const byBoth = kept({ kind: 'both', schedule: day, measure })
    byBoth.prices({ A: 109, B: 50 })
    byBoth.prices({ A: 118, B: 48 })
    t.notOk(isDue(byBoth), 'it has drifted, and the day has had its run')
    const saturday = Date.UTC(2026, 1, 7, 23)
    const closed = (mode: AllocationSettings['closedMarket']['mode']) => {
      const closedMarket = { mode, updatesResult: mode === 'dry_run' }
      const desk = new AllocationDesk(
        { automatic: true, closedMarket },
        { hours: 'exchange' },
        10_000,
        saturday,
      )
      desk.give({ type: 'CalendarImported', calendar: calendarOf(builtInCalendar(), ['MOEX']) })
      return desk
    }
    t.notOk(isDue(closed('skip_iteration')))
    t.match(decisionIn(closed('skip_iteration').run()), { outcome: 'blocked', reasons: ['MARKET_CLOSED'] })
    const planned = closed('dry_run')
    t.same(ordersIn(planned.due()), [])
    t.match(planned.last(), { outcome: 'dryRun', trigger: 'scheduled' })
    t.notOk(isDue(planned), 'it was tried')
    t.same(ordersIn(closed('force_orders').due()), ['buy 50 A', 'buy 100 B'])
  },
)
