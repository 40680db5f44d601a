import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { DAY } from '../../core/time.js'
import { runAllocationRequest } from '../../server/backtest/allocation/run-allocation-request.js'
import type { BacktestRequest, NamedFile } from '../../server/backtest/backtest-request.js'
import { readConfiguration } from '../../server/config/configuration.js'
import { secretsOf } from '../../server/config/secrets.js'

const directory = t.testdir()

/** Daily bars; a bar is its open, high, low and close. */
type Row = readonly [open: number, high: number, low: number, close: number]

const flat = (price: number): Row => [price, price, price, price]

function barsOf(name: string, rows: readonly Row[]): [string, NamedFile] {
  const start = Date.UTC(2026, 0, 5)
  const lines = rows.map((row, index) => `${(start + index * DAY) / 1000},${row.join(',')}`)
  const path = join(directory, `${name}.csv`)
  writeFileSync(path, `time,open,high,low,close\n${lines.join('\n')}\n`)
  return [name, { name: `${name}.csv`, path }]
}

function portfolioOf(strategy: Readonly<Record<string, unknown>>) {
  const configured = {
    portfolios: [
      {
        ...{ id: 'etf', currency: 'USD', initialDeposit: '10000' },
        broker: { kind: 'paper', commissionPct: 0.1, slippageTicks: 0 },
        assets: ['KO', 'PEP'].map((name) => ({ name, exchange: 'NYSE', quantityStep: 0.5 })),
        strategy: {
          ...{ kind: 'allocation', cash: 'included', rest: 'sell' },
          weights: { mode: 'manual', targets: { KO: 50, PEP: 50 } },
          rule: { kind: 'schedule', schedule: { kind: 'calendar', period: 'daily', zone: 'UTC' } },
          prices: { outlierPct: 100 },
          funding: { feePct: 0.1 },
          ...strategy,
        },
      },
    ],
  }
  const bytes = Buffer.from(JSON.stringify(configured))
  const reading = readConfiguration(bytes, secretsOf({ WEBHOOK_TOKEN: 'hook' }))
  if (reading.kind !== 'valid') throw new Error(JSON.stringify(reading.problems))
  return reading.configuration.portfolios[0]!
}

interface Asked {
  readonly bars: ReadonlyMap<string, NamedFile>
  readonly strategy?: Readonly<Record<string, unknown>>
  readonly more?: Partial<BacktestRequest>
}

async function run(name: string, { bars, strategy = {}, more = {} }: Asked) {
  const out = join(directory, name)
  const none = { capital: null, from: null, to: null, timezone: null, assumedAtrPct: null, exitMode: null }
  const finished = await runAllocationRequest(portfolioOf(strategy), {
    ...{ ...none, bars, trades: new Map(), dividends: new Map(), timeframes: new Map() },
    ...{ pointValues: new Map(), sizing: 'general', fillAt: 'close' },
    ...{ commissionPct: null, slippageTicks: null, out },
    ...more,
  })
  const rows = (file: string): Record<string, string>[] =>
    parse(readFileSync(join(out, file)), { columns: true, record_delimiter: '\r\n' })
  const page = readFileSync(join(out, 'report.html'), 'utf8')
  return { ...finished, out, page, trades: rows('trades.csv'), decisions: rows('decisions.csv') }
}

t.test('each run is a line with what its orders came to, and the page shows them', async (t) => {
  const rise = [100, 200, 100, 100].map(flat)
  const still = [100, 100, 100, 100].map(flat)
  const bars = new Map([barsOf('KO', rise), barsOf('PEP', still)])
  const { result, decisions, trades, page, out } = await run('page', { bars })
  t.same(
    decisions.map(({ outcome, reasons, orders }) => `${outcome} ${reasons}: ${orders}`),
    [
      'executed PLANNED: buy 49.5 of 49.5 KO; buy 49.5 of 49.5 PEP',
      'executed PLANNED: sell 12.5 of 12.5 KO; buy 25 of 25 PEP',
      'executed PLANNED: sell 18.5 of 18.5 PEP; buy 19 of 19 KO',
      'nothing NOTHING_TO_ORDER: ',
    ],
  )
  const sum = (column: string) => decisions.reduce((total, row) => total + Number(row[column]), 0)
  t.equal(sum('valueTraded'), result.summary.valueTraded)
  t.ok(Math.abs(sum('fees') - result.summary.fees) < 1e-9)
  t.ok(Math.abs(result.summary.grossPnl - result.summary.netPnl - result.summary.fees) < 1e-9)
  const ids = new Set(decisions.map(({ id }) => id))
  t.ok(
    trades.every(({ decisionId }) => ids.has(decisionId!)),
    'a trade names the line of its run',
  )
  for (const id of ['value', 'weights', 'turnover']) t.match(page, new RegExp(`<figure id="${id}">`))
  t.match(page, 'Allocation backtest: KO, PEP')
  t.match(page, 'sell 12.5 of 12.5 KO')
  t.notMatch(page, /<script|https?:\/\/(?!www\.w3\.org)|NaN|undefined/)
  for (const file of ['report.json', 'weights.csv']) t.ok(existsSync(join(out, file)))
  const again = await run('page-again', { bars })
  t.equal(again.page, page, 'the same backtest makes the same page')
})

t.test('orders for the next open are in progress when the prices end', async (t) => {
  const bars = new Map([barsOf('KO', [100, 110].map(flat)), barsOf('PEP', [50, 50].map(flat))])
  const { decisions, result } = await run('next', { bars, more: { fillAt: 'next-open' } })
  t.equal(decisions.at(-1)!.outcome, 'inProgress')
  t.ok(result.summary.runs < decisions.length)
})

const limits = {
  style: { kind: 'limit', stepPct: 1, clipPct: 50, clip: 'capped', repriceBufferPct: null },
  funding: { feePct: 0 },
}

t.test('limit orders rest until a later bar reaches them', async (t) => {
  const reached: Row[] = [flat(100), [100, 100, 98, 100], flat(100)]
  const opensThrough: Row[] = [flat(50), flat(50), [49, 49.2, 48.5, 49]]
  const bars = new Map([barsOf('KO', reached), barsOf('PEP', opensThrough)])
  const { decisions, trades, page } = await run('limit', {
    ...{ bars, strategy: limits, more: { slippageTicks: 3, commissionPct: 0 } },
  })
  t.same(
    trades.map(({ at, side, quantity, instrument, price }) => [at, side, quantity, instrument, price]),
    [
      ['2026-01-06T19:00:00-05:00', 'buy', '50.5', 'KO', '99'],
      ['2026-01-06T19:00:00-05:00', 'buy', '101', 'PEP', '49'],
    ],
    'at the limit when its bar has closed, and at an open that is better',
  )
  t.match(decisions[0], {
    outcome: 'executed',
    orders: 'buy 50.5 of 50.5 KO at 99; buy 101 of 101 PEP at 49.5',
  })
  t.match(page, 'limits 1 % from the market')
})

t.test(
  'an order that rests too long, or too far away, is taken back by the rules that decide live',
  async (t) => {
    const still = [100, 100, 100].map(flat)
    const late: Row[] = [flat(50), flat(50), [50, 50, 49, 50]]
    const inLate = new Map([barsOf('KO', still), barsOf('PEP', late)])
    const more = { commissionPct: 0 }
    const old = { ...limits, style: { ...limits.style, maxAgeSeconds: 129_600 } }
    const aged = await run('aged', { bars: inLate, strategy: old, more })
    t.equal(
      aged.decisions[0]!.orders,
      'buy 0 of 50.5 KO at 99 (aged_out); buy 0 of 101 PEP at 49.5 (aged_out)',
      'its bar reached it after it had become too old, for all that is known',
    )
    t.equal(aged.trades.length, 0)
    t.match(aged.decisions.at(-1), { outcome: 'inProgress', orders: /buy 0 of 50.5 KO at 99; buy 0/ })
    t.same(aged.result.blockedBy, { aged_out: 2 })
    const rise = new Map([barsOf('KO', still), barsOf('PEP', [50, 60, 60].map(flat))])
    const near = { ...limits, style: { ...limits.style, repriceBufferPct: 1 } }
    const again = await run('reprice', { bars: rise, strategy: near, more })
    t.match(again.decisions[0]!.orders, 'buy 0 of 101 PEP at 49.5 (reprice)')
    t.match(again.decisions.at(-1)!.orders, / PEP at 59.4/)
  },
)

t.test('weights follow fund metrics from their times on, and only while they are fresh', async (t) => {
  const still = [100, 100, 100, 100].map(flat)
  const bars = new Map([barsOf('KO', still), barsOf('PEP', still)])
  const targets = { KO: 50, PEP: 50 }
  const strategy = { weights: { mode: 'marketcap', targets, metricsMaxAgeHours: 24 }, funding: { feePct: 0 } }
  const metrics = { name: 'funds.csv', path: join(directory, 'funds.csv') }
  const told = [
    'symbol,marketCap,aum,observedAt',
    ...['KO,1000,,2026-01-07T12:00:00Z', 'PEP,1000,,2026-01-07T12:00:00Z', 'XOM,5,,2026-01-07T12:00:00Z'],
    ...['KO,3000,,2026-01-06T12:00:00Z', 'PEP,1000,,2026-01-06T12:00:00Z'],
  ]
  writeFileSync(metrics.path, told.join('\n'))
  const more = { commissionPct: 0, metrics }
  const { decisions, result, page } = await run('metrics', { bars, strategy, more })
  t.same(
    decisions.map(({ outcome, orders }) => `${outcome}: ${orders}`),
    [
      'halted: ',
      'executed: buy 75 of 75 KO; buy 25 of 25 PEP',
      'executed: sell 25 of 25 KO; buy 25 of 25 PEP',
      'halted: ',
    ],
  )
  t.match(decisions[3]!.notes, /fresh market cap or AUM/)
  t.same(result.blockedBy, { METRICS_UNUSABLE: 2 })
  t.match(page, 'marketcap, from funds.csv')
  await t.rejects(run('none', { bars, strategy }), { message: /^give --metrics file.csv/ })
  await t.rejects(run('manual', { bars, more }), { message: /^--metrics is for weights that follow/ })
  writeFileSync(metrics.path, 'symbol,marketCap\nKO,1000\n')
  await t.rejects(run('undated', { bars, strategy, more }), {
    message: /does not tell when the metrics of KO/,
  })
})
