import { readFileSync } from 'node:fs'
import t from 'tap'
import type { BacktestTrade } from '../../core/backtest/backtest-trade.js'
import { barCloseOf } from '../../core/backtest/bars/bar-close.js'
import { type ExportedHistory, runExported } from '../../core/backtest/exported.js'
import type { ExportedTrade } from '../../core/backtest/exported-trade.js'
import { HOUR } from '../../core/time.js'
import { chartZone } from '../../server/csv/time-field.js'
import { readTradesExport } from '../../server/csv/trades-export.js'

const data = new URL('../../../test/data/', import.meta.url)
const barClose = barCloseOf({ exchange: 'NSE', offsetMinutes: () => 330, barMinutes: 60, bars: null })

function load(name: string, instrument: string, pointValue: number): ExportedHistory {
  const bytes = readFileSync(new URL(name, data))
  const { trades } = readTradesExport({
    file: name,
    bytes,
    instrument,
    offset: chartZone('Asia/Kolkata')!.localOffset,
  })
  return { trades, barClose, pointValueAt: () => pointValue }
}

function run(histories: readonly ExportedHistory[], initialCapital = 5_000_000, commissionPct = 0.05) {
  const trades: BacktestTrade[] = []
  const result = runExported(
    histories,
    { initialCapital, commissionPct, onTrade: (trade) => trades.push(trade) },
    [],
  )
  return { trades, ...result }
}

const bankNifty = load('trades-bank-nifty.csv', 'BANK_NIFTY', 35)
const goldMini = load('trades-gold-mini.csv', 'GOLD_MINI', 10)

t.test('net profits are those that the strategy tester states', async (t) => {
  const { trades, summary, instruments } = run([bankNifty, goldMini])
  const exported = [...bankNifty.trades, ...goldMini.trades]
  t.equal(trades.length, exported.length)
  for (const [index, trade] of trades.entries()) {
    const { number, statedNet } = exported[index]!
    t.equal(trade.trade, number)
    const difference = Math.abs(trade.netPnl.toNumber() - statedNet!)
    if (difference > Math.max(0.01, 1e-7 * Math.abs(statedNet!)))
      t.fail(`${trade.instrument} ${number} differs by ${difference}`)
  }
  t.equal(trades[0]!.netPnl.toString(), '-75718.86', 'to the last digit')
  t.equal(summary.trades, 62)
  t.equal(summary.openTrades, 1)
  t.equal(summary.exits, 61)
  t.equal(summary.finalEquity, 5_000_000 + summary.netPnl)
  t.equal(instruments.GOLD_MINI?.trades, 24)
  t.equal(summary.maxHeatPct, null, 'no stop is known')
  t.same(summary.entries.executed + summary.pyramids.executed, 62)
})

t.test('an open trade is valued at its exit row with both commissions', async (t) => {
  const { trades } = run([bankNifty])
  const open = trades.at(-1)!
  t.match(open, { trade: 825, open: true, exitReason: 'OPEN', exitPrice: 58538.2 })
  t.equal(open.netPnl.toString(), '-699805.54875')
})

const X: ExportedTrade = {
  number: 7,
  instrument: 'X',
  file: 'x.csv',
  quantity: 2,
  entry: { line: 2, barOpen: 0, price: 100 },
  signal: { kind: 'base', label: 'Long_1', atr: null, er: null, stop: 90 },
  exit: { line: 3, barOpen: 3 * HOUR, price: 120, reason: 'EXIT', label: null, open: false },
  statedNet: null,
}

t.test('equity, drawdown and heat follow the rows', async (t) => {
  const pyramid: ExportedTrade = {
    ...X,
    number: 8,
    quantity: 1,
    entry: { line: 4, barOpen: HOUR, price: 130 },
    signal: { ...X.signal, kind: 'pyramid', label: 'Long_2', stop: 125 },
    exit: { line: 5, barOpen: 3 * HOUR, price: 120, reason: 'EXIT', label: null, open: false },
  }
  const always = barCloseOf({ exchange: 'X', offsetMinutes: () => 0, barMinutes: 60, bars: null })
  const { summary, curve } = run([{ trades: [X, pyramid], barClose: always, pointValueAt: () => 1 }], 1000, 0)
  t.same(
    curve.map((point) => [point.at / HOUR, point.equity]),
    [
      [1, 1000],
      [2, 1060],
      [4, 1030],
      [4, 1030],
    ],
  )
  t.match(summary, {
    netPnl: 30,
    grossPnl: 30,
    fees: 0,
    maxOpenPositions: 2,
    winRate: 0.5,
    profitFactor: 4,
    returnPct: 3,
  })
  t.equal(summary.maxDrawdownPct, (30 / 1060) * 100)
  t.equal(summary.maxHeatPct, (25 / 1060) * 100, 'risk of 2 × 10 and 1 × 5 at an equity of 1060')
})

t.test('a trade without an exit row is valued at the last price of its export', async (t) => {
  const last: ExportedTrade = {
    ...X,
    number: 9,
    entry: { line: 9, barOpen: 9 * HOUR, price: 150 },
    exit: null,
  }
  const { trades, summary } = run(
    [{ trades: [X, { ...X, number: 8, exit: null }, last], barClose, pointValueAt: () => 1 }],
    1000,
    0,
  )
  t.same(
    trades.map((trade) => trade.netPnl.toNumber()),
    [40, 100, 0],
  )
  t.equal(summary.openTrades, 2)
  t.equal(summary.winRate, 1)
  t.equal(summary.profitFactor, null, 'nothing was lost')
})
