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
