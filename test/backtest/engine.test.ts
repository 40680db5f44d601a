import fc from 'fast-check'
import t from 'tap'
import type { Alert } from '../../core/alert/alert.js'
import type { BacktestTrade } from '../../core/backtest/backtest-trade.js'
import { barCloseOf } from '../../core/backtest/bars/bar-close.js'
import { newBarFeed } from '../../core/backtest/bars/bar-feed.js'
import type { Bars } from '../../core/backtest/bars/bars.js'
import { type BacktestSetup, runBacktest } from '../../core/backtest/engine.js'
import type { Signal } from '../../core/backtest/timeline.js'
import { decimal, ZERO } from '../../core/decimal.js'
import type { Decision } from '../../core/decision.js'
import { atrColumn } from '../../core/indicators/atr.js'
import { HOUR, type Instant } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { Desk } from '../helpers/desk.js'
import { settings } from '../helpers/settings.js'

const START = Date.UTC(2020, 0, 6, 4)

function entry(
  hour: number,
  price: number,
  changes: { atr?: number; label?: string; instrument?: string } = {},
): Signal {
  const { atr = 400, label = 'Long_1', instrument = 'GOLD_MINI' } = changes
  const at = START + hour * HOUR
  const type = label === 'Long_1' ? 'BASE_ENTRY' : 'PYRAMID'
  const alert: Alert = {
    type,
    instrument,
    price,
    atr,
    stop: null,
    er: null,
    label,
    timestamp: at,
    barTime: null,
  }
  return { id: `A-${instrument}-${hour}-${label}`, at, alert }
}

function exit(hour: number, price: number, label = 'ALL', instrument = 'GOLD_MINI'): Signal {
  const at = START + hour * HOUR
  const alert: Alert = {
    type: 'EXIT',
    instrument,
    label,
    price,
    reason: 'EXIT - Basso Stop',
    timestamp: at,
    barTime: null,
    flags: [],
  }
  return { id: `A-${instrument}-${hour}-${label}-exit`, at, alert }
}

function run(signals: readonly Signal[], changes: Partial<BacktestSetup> = {}) {
  const decisions: Decision[] = []
  const trades: BacktestTrade[] = []
  const result = runBacktest({
    configuration: { hash: 'h', settings: settings() },
    initialCapital: 10_000_000,
    timeline: { signals, rejected: [], splitTrades: 0, openMarks: new Map() },
    feeds: [],
    costs: { slippageTicks: 0, commissionPct: 0 },
    fillAt: 'close',
    onDecision: (decision) => decisions.push(decision),
    onTrade: (trade) => trades.push(trade),
    ...changes,
  })
  return { ...result, decisions, trades }
}

/** Hourly bars that begin an hour before START: the bar of index i closes i hours after it. */
function hourly(closes: readonly number[], opens: readonly number[] = closes): Bars {
  const column = Float64Array.from(closes)
  const open = Float64Array.from(opens)
  return {
    opensAt: Float64Array.from(closes, (_, index) => START + (index - 1) * HOUR),
    open,
    high: column,
    low: column,
    close: column,
  }
}

function feedOf(bars: Bars, atr: number, instrument = 'GOLD_MINI', from: Instant = 0) {
  const barClose = barCloseOf({ exchange: 'X', offsetMinutes: () => 0, barMinutes: 60, bars })
  return newBarFeed(instrument, { bars, atr: new Float64Array(bars.close.length).fill(atr), barClose }, from)
}

t.test('an entry is sized by the general, filled at its price and closed by its exit', async (t) => {
  const { summary, trades, decisions, boundBy, curve } = run([entry(0, 50_000), exit(5, 50_500, 'Long_1')], {
    costs: { slippageTicks: 1, commissionPct: 0.01 },
  })
  // Volatility binds: 0.2 % of 1,00,00,000 ÷ (400 × 10) is 5 lots.
  t.match(decisions[0], { kind: 'entry', outcome: 'approved', boundBy: 'volatility', lots: 5 })
  t.match(trades[0], {
    trade: 1,
    unit: 1,
    entryPrice: 50_001,
    exitPrice: 50_499,
    exitReason: 'EXIT - Basso Stop',
    open: false,
  })
  t.equal(trades[0]!.entryTime, START)
  t.equal(trades[0]!.exitTime, START + 5 * HOUR)
  t.equal(trades[0]!.grossPnl.toString(), '24900')
  t.equal(trades[0]!.fees.toString(), '502.5', '0.01 % of both values')
  t.match(summary, {
    netPnl: 24_397.5,
    finalEquity: 10_024_397.5,
    trades: 1,
    openTrades: 0,
    exits: 1,
    maxOpenPositions: 1,
  })
  t.same(summary.entries, { executed: 1, blocked: 0 })
  t.equal(boundBy.volatility, 1)
  t.ok(Math.abs(summary.maxHeatPct! - 0.2) < 0.001, 'risk of one ATR, 2,000 a lot')
  t.equal(curve.at(-1)?.equity, 10_024_397.5)
})

t.test('refusals are counted with every rule that stood in the way', async (t) => {
  const { summary, blockedBy, decisions } = run([
    entry(0, 50_000),
    entry(1, 50_100),
    entry(2, 50_100, { label: 'Long_2' }),
    exit(3, 50_000, 'Long_7'),
  ])
  t.same(summary.entries, { executed: 1, blocked: 1 })
  t.same(summary.pyramids, { executed: 0, blocked: 1 })
  t.equal(blockedBy.NOT_FLAT, 1)
  t.equal(blockedBy.ONE_R, 1)
  t.match(decisions.at(-1), { kind: 'exit', outcome: 'ignored' })
  t.match(
    summary,
    { trades: 1, openTrades: 1, exits: 0, netPnl: 0 },
    'the exit named no unit, so its price is a price like any other',
  )
})

t.test('a unit that is still held is valued at the mark of its export', async (t) => {
  const timeline = {
    signals: [entry(0, 50_000)],
    rejected: [],
    splitTrades: 0,
    openMarks: new Map([['GOLD_MINI', 50_800]]),
  }
  const { summary, trades } = run([], { timeline, costs: { slippageTicks: 0, commissionPct: 0.01 } })
  t.match(trades[0], { open: true, exitReason: 'OPEN', exitPrice: 50_800, exitTime: null })
  t.equal(trades[0]!.netPnl.toString(), '39496', '40,000 less 250 and 254 of commission')
  t.equal(summary.finalEquity, 10_039_496)
})

t.test('with bars the stops of the general close units', async (t) => {
  const closes = [50_000, 50_600, 51_200, 50_900, 50_300, 50_000]
  const { trades, decisions, summary } = run([entry(0, 50_000), exit(5, 50_000, 'Long_1')], {
    feeds: [feedOf(hourly(closes), 400)],
  })
  // Two ATRs behind the highest close, 51,200, are 50,400; 50,300 is below.
  t.match(trades, [{ exitReason: 'STOP_HIT', exitPrice: 50_300, exitTime: START + 4 * HOUR }])
  t.same(
    decisions.map(({ kind, outcome }) => `${kind} ${outcome}`),
    ['entry approved', 'stop approved', 'exit ignored'],
    'the exit of the export finds nothing left',
  )
  t.equal(summary.exits, 1)
})

t.test('a bar that closes with an alert comes before it', async (t) => {
  const closes = [50_000, 49_500]
  const { decisions } = run([entry(0, 50_000), exit(1, 49_500, 'Long_1')], {
    feeds: [feedOf(hourly(closes), 400)],
  })
  t.same(
    decisions.map(({ kind }) => kind),
    ['entry', 'stop', 'exit'],
  )
})

t.test('fills can wait for the open of the next bar', async (t) => {
  const bars = hourly([50_000, 50_600, 51_200, 50_900], [49_990, 50_010, 50_610, 51_250])
  const gap = { ...bars, opensAt: bars.opensAt.map((open, index) => (index >= 2 ? open + 12 * HOUR : open)) }
  const late = run([entry(0, 50_000), exit(1, 50_600)], { feeds: [feedOf(gap, 400)], fillAt: 'next-open' })
  t.match(
    late.trades,
    [{ entryPrice: 50_010, entryTime: START, exitPrice: 50_610, exitTime: START + 13 * HOUR }],
    'the exit of the last bar of a day fills in the morning',
  )
  const never = run([entry(0, 50_000), exit(3, 50_900)], { feeds: [feedOf(bars, 400)], fillAt: 'next-open' })
  t.match(never.trades, [{ open: true, exitPrice: 50_900 }], 'after the last bar nothing opens')
  const overtaken = run([entry(1, 50_600), exit(2, 51_200)], {
    feeds: [feedOf(gap, 400)],
    fillAt: 'next-open',
  })
  t.equal(overtaken.trades.length, 0, 'an exit cancels the entry that has not filled')
})

t.test('money adds up over any course of alerts', async () => {
  const action = fc.record({
    hours: fc.integer({ min: 0, max: 30 }),
    instrument: fc.constantFrom('GOLD_MINI', 'BANK_NIFTY', 'SILVER_MINI', 'COPPER'),
    price: fc.integer({ min: 40_000, max: 60_000 }),
    what: fc.constantFrom('Long_1', 'Long_2', 'Long_3', 'exit Long_1', 'exit Long_2', 'exit ALL'),
  })
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 60 }), (actions) => {
      let hour = 0
      const signals = actions.map(({ hours, instrument, price, what }, index) => {
        hour += hours
        const made = what.startsWith('exit')
          ? exit(hour, price, what.slice(5), instrument)
          : entry(hour, price, { label: what, instrument })
        return { ...made, id: `A-${index}` }
      })
      const { summary, trades, decisions, blockedBy, boundBy } = run(signals, {
        costs: { slippageTicks: 2, commissionPct: 0.05 },
      })
      const net = trades.reduce((sum, trade) => sum.plus(trade.netPnl), ZERO)
      const executed = summary.entries.executed + summary.pyramids.executed
      const blocked = summary.entries.blocked + summary.pyramids.blocked
      const asked = decisions.filter(({ kind }) => kind === 'entry' || kind === 'pyramid').length
      const bound = Object.values(boundBy).reduce((sum, count) => sum + count, 0)
      return (
        summary.netPnl === net.toNumber() &&
        Math.abs(summary.grossPnl - summary.fees - summary.netPnl) < 1e-6 &&
        Math.abs(summary.finalEquity - (summary.initialCapital + summary.netPnl)) < 1e-6 &&
        executed + blocked === asked &&
        bound === executed &&
        trades.length === executed &&
        summary.exits === trades.filter((trade) => !trade.open).length &&
        (blocked === 0 || Object.keys(blockedBy).length > 0)
      )
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('the kernel decides as it does live', async (t) => {
  const signals = [
    entry(0, 50_000),
    entry(3, 51_000, { label: 'Long_2' }),
    entry(4, 51_050, { label: 'Long_3' }),
    entry(5, 45_000, { instrument: 'BANK_NIFTY', atr: 150 }),
    exit(6, 50_900, 'Long_2'),
    exit(8, 52_000),
    entry(9, 52_000),
  ]
  const { decisions } = run(signals)
  const desk = new Desk(settings(), 10_000_000, START)
  const live: Decision[] = []
  for (const signal of signals) {
    desk.now = signal.at
    const fresh = desk.alert(signal.alert)
    for (const event of fresh) {
      if (event.type === 'DecisionMade') live.push(event.decision)
      if (event.type !== 'OrderInitialized') continue
      desk.give({ type: 'OrdersDue', orderIds: [event.orderId] })
      const price = decimal(event.referencePrice)
      desk.report({
        kind: 'fill',
        orderId: event.orderId,
        tradeId: 'T1',
        lots: event.lots,
        price,
        fee: ZERO,
        at: desk.now,
      })
    }
  }
  const bare = ({
    id: _id,
    inputId: _input,
    positionIds,
    versions: _versions,
    gates,
    ...decision
  }: Decision) => ({
    ...decision,
    positions: positionIds.length,
    gates: gates.filter(({ gate }) => gate !== 'NO_BASE'),
  })
  t.same(decisions.map(bare), live.map(bare))
})

t.test('a long run keeps little in memory', async (t) => {
  const signals: Signal[] = []
  for (let index = 0; index < 20_000; index++) {
    signals.push(
      index % 2 === 0 ? entry(index, 50_000 + (index % 7) * 10) : exit(index, 50_000 + (index % 11) * 10),
    )
  }
  let seen = 0
  const { summary, curve } = run(signals, {
    onDecision: () => (seen += 1),
    onTrade: () => {},
    onProgress: () => {},
  })
  t.equal(seen, 20_000)
  t.equal(summary.trades, 10_000)
  t.ok(curve.length <= 2000)
})

t.test('the ATR of the bars is used by an alert that carries none', async (t) => {
  const bars = hourly([50_000, 50_400, 50_000, 50_400])
  const atr = atrColumn(bars, 2)
  const barClose = barCloseOf({ exchange: 'X', offsetMinutes: () => 0, barMinutes: 60, bars })
  const feed = newBarFeed('GOLD_MINI', { bars, atr, barClose }, 0)
  const bare = entry(3, 50_400)
  const { decisions } = run([{ ...bare, alert: { ...bare.alert, atr: null } as Alert }], { feeds: [feed] })
  t.match(decisions[0], { outcome: 'approved', sizing: { atr: atr[3], atrFrom: 'bar' } })
})
