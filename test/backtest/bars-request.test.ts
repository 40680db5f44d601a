import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { barCloses } from '../../core/backtest/bars/bar-close.js'
import { runBars } from '../../core/backtest/bars/bar-engine.js'
import type { Bars } from '../../core/backtest/bars/bars.js'
import { newStrategyFeed } from '../../core/backtest/bars/strategy-feed.js'
import type { Decision } from '../../core/decision.js'
import { signalColumns } from '../../core/strategies/trend/signal-columns.js'
import { warmUpOf } from '../../core/strategies/trend/warm-up.js'
import type { BacktestRequest, NamedFile } from '../../server/backtest/backtest-request.js'
import { runBacktestRequest } from '../../server/backtest/run-request.js'
import { loadConfiguration } from '../../server/config/configuration.js'
import { settingsOf } from '../../server/config/settings.js'
import { pricePath } from '../helpers/price-path.js'

const configuration = await loadConfiguration(null, (name) => name)
const configured = settingsOf(configuration.portfolios[0]!)
const instrumentOf = (name: string) => configured.instruments.find((instrument) => instrument.name === name)!

/** Hourly bars of each instrument, as a chart of it would have them. */
const paths: ReadonlyMap<string, Bars> = new Map([
  ['GOLD_MINI', pricePath({ seed: 11, bars: 8000, start: 72_000, tick: 1, barMinutes: 60 })],
  ['COPPER', pricePath({ seed: 12, bars: 8000, start: 820, tick: 0.05, barMinutes: 60 })],
])
const directory = t.testdir({ 'short.csv': '' })
for (const [name, bars] of paths)
  writeFileSync(join(directory, `${name}.csv`), csvOf(bars, bars.close.length))
writeFileSync(join(directory, 'short.csv'), csvOf(paths.get('GOLD_MINI')!, 199))

function csvOf({ opensAt, open, high, low, close }: Bars, count: number): string {
  const lines = ['time,open,high,low,close,Volume']
  for (let at = 0; at < count; at++)
    lines.push(`${opensAt[at]! / 1000},${open[at]},${high[at]},${low[at]},${close[at]},5`)
  return `${lines.join('\n')}\n`
}

const file = (name: string): NamedFile => ({ name, path: join(directory, name) })
const both = new Map([...paths.keys()].map((name) => [name, file(`${name}.csv`)]))
const gold = new Map([['GOLD_MINI', file('GOLD_MINI.csv')]])

function request(out: string, changes: Partial<BacktestRequest> = {}): BacktestRequest {
  return {
    trades: new Map(),
    dividends: new Map(),
    bars: both,
    sizing: 'general',
    fillAt: 'close',
    exitMode: null,
    capital: 20_000_000,
    from: null,
    to: null,
    timezone: null,
    timeframes: new Map(),
    assumedAtrPct: null,
    commissionPct: 0.05,
    slippageTicks: 1,
    pointValues: new Map(),
    out,
    ...changes,
  }
}

async function run(asked: BacktestRequest) {
  const finished = await runBacktestRequest(configuration, asked, () => {})
  const rows = (name: string): Record<string, string>[] =>
    parse(readFileSync(join(asked.out, name)), { columns: true, record_delimiter: '\r\n' })
  return { ...finished, trades: rows('trades.csv'), decisions: rows('decisions.csv') }
}

/** What the engine itself comes to on the same bars. */
function runEngine(asked: BacktestRequest) {
  const decisions: Decision[] = []
  const result = runBars({
    configuration: { hash: 'h', settings: configured },
    initialCapital: asked.capital!,
    feeds: configured.instruments.flatMap((instrument) => {
      const bars = asked.bars.has(instrument.name) ? paths.get(instrument.name) : undefined
      if (bars === undefined) return []
      const { exchange, barMinutes } = instrument
      const closesAt = barCloses({ exchange, offsetMinutes: () => 330, barMinutes, bars })
      return [newStrategyFeed(instrument, { bars, closesAt })]
    }),
    exitMode: asked.exitMode ?? 'atr',
    costs: { commissionPct: asked.commissionPct!, slippageTicks: asked.slippageTicks! },
    fillAt: asked.fillAt,
    onDecision: (decision) => decisions.push(decision),
    onTrade: () => {},
  })
  return { result, decisions }
}

t.test('bars alone run the whole strategy, several instruments on one capital', async (t) => {
  const asked = request(join(t.testdir(), 'report'))
  const { result, trades, decisions, notes } = await run(asked)
  const { summary } = result
  const of = (kind: string) =>
    decisions.filter((row) => row.kind === kind && row.outcome === 'approved').length
  t.ok(summary.entries.executed > 10 && summary.pyramids.executed > 5, 'it enters and pyramids')
  t.equal(of('entry'), summary.entries.executed)
  t.equal(of('pyramid'), summary.pyramids.executed)
  t.ok(of('stop') > 10, 'stops are hit')
  t.equal(trades.length, summary.trades)
  t.same([...new Set(trades.map((row) => row.instrument))].sort(), ['COPPER', 'GOLD_MINI'])
  t.ok(summary.maxOpenPositions > 1)
  t.ok(summary.fees > 0 && result.metrics.slippage! > 0)
  const net = trades.reduce((sum, trade) => sum + Number(trade.netPnl), 0)
  t.ok(Math.abs(net - summary.netPnl) < 1e-6 * Math.abs(summary.netPnl) + 1e-6)
  t.match(notes, [
    /^the first 199 bars of GOLD_MINI only warm the indicators up \(EMA 200\)/,
    /59 bars of COPPER/,
  ])

  const engine = runEngine(asked)
  t.same(engine.result.summary, summary, 'what is written is what the engine comes to')
  t.same(
    decisions.map((row) => row.id),
    engine.decisions.map(({ id }) => id),
  )

  const report = JSON.parse(readFileSync(join(asked.out, 'report.json'), 'utf8'))
  t.same(report.summary, summary)
  t.match(report, { sizing: 'general', fill: 'close', exitMode: 'atr', period: { from: '2020-01-01' } })
  t.match(report.files, [
    { instrument: 'GOLD_MINI', bars: 'GOLD_MINI.csv', rows: 8000, trades: null, barMinutes: 60 },
    { instrument: 'COPPER' },
  ])
  const page = readFileSync(join(asked.out, 'report.html'), 'utf8')
  for (const word of [
    'price-1',
    'price-2',
    'Pyramid',
    'Exit with loss',
    'Stop',
    'a close below the trailing stop',
  ])
    t.ok(page.includes(word), `the page has ${word}`)
  t.notMatch(page, /NaN|Infinity|undefined/)
})

t.test('at the next open nothing has the price of the bar that asked for it', async (t) => {
  const asked = request(t.testdir(), { bars: gold, fillAt: 'next-open', slippageTicks: 0 })
  const { result, trades } = await run(asked)
  t.same(runEngine(asked).result.summary, result.summary)
  const { opensAt, open } = paths.get('GOLD_MINI')!
  t.ok(trades.length > 10)
  for (const { entryTime, entryPrice } of trades) {
    const index = opensAt.indexOf(Date.parse(entryTime!))
    t.equal(Number(entryPrice), open[index], `the entry of ${entryTime}`)
  }
})

t.test('the SuperTrend sells where it is asked for', async (t) => {
  const asked = request(t.testdir(), { bars: gold, exitMode: 'supertrend' })
  const { trades, result } = await run(asked)
  t.ok(trades.some((row) => row.exitReason === 'BELOW_SUPER_TREND'))
  t.same(runEngine(asked).result.summary, result.summary)
})

t.test('the period is that of entries, with indicators that are warm', async (t) => {
  const [from, to] = ['2020-04-01', '2020-11-30']
  const { trades } = await run(request(t.testdir(), { bars: gold, from, to }))
  const all = await run(request(t.testdir(), { bars: gold }))
  t.ok(trades.length > 3, `${trades.length} trades`)
  t.ok(trades.every((row) => from <= row.entryTime! && row.entryTime! < '2020-12-02'))
  t.ok(
    trades.every((row) => row.open === 'false'),
    'what is held at the end is followed',
  )
  const times = new Set(all.trades.map((row) => row.entryTime))
  t.ok(
    trades.some((row) => times.has(row.entryTime)),
    'the same conditions hold as in the whole run',
  )
  t.ok(all.trades.length > trades.length)
  await t.rejects(run(request(t.testdir(), { bars: gold, from: '2030-01-01' })), {
    name: 'CsvError',
    message: /none of its 8000 bars opened from 2030-01-01 on/,
  })
})

t.test('a lot is what it was on its day', async (t) => {
  const changed = structuredClone(configuration)
  const instrument = changed.portfolios[0]!.instruments.find(({ name }) => name === 'GOLD_MINI')!
  const [facts] = instrument.facts
  const at = Date.parse('2020-05-01T00:00:00+05:30')
  const doubled = { ...facts!, from: '2020-05-01', fromInstant: at, pointValue: facts!.pointValue * 2 }
  Object.assign(instrument, { facts: [facts, doubled] })
  const out = t.testdir()
  await runBacktestRequest(
    changed,
    request(out, { bars: gold, commissionPct: 0, slippageTicks: 0 }),
    () => {},
  )
  const rows: Record<string, string>[] = parse(readFileSync(join(out, 'trades.csv')), {
    columns: true,
    record_delimiter: '\r\n',
  })
  const values = rows
    .filter((row) => row.entryPrice !== row.exitPrice)
    .map((row) => {
      const points = (Number(row.exitPrice) - Number(row.entryPrice)) * Number(row.lots)
      return [row.entryTime! < '2020-05-01', Math.round(Number(row.grossPnl) / points)]
    })
  t.same(
    new Set(values.filter(([isBefore]) => isBefore).map(([, value]) => value)),
    new Set([facts!.pointValue]),
  )
  t.same(
    new Set(values.filter(([isBefore]) => !isBefore).map(([, value]) => value)),
    new Set([facts!.pointValue * 2]),
  )
})

t.test('what does not fit together is wrong usage', async (t) => {
  const out = join(t.testdir(), 'none')
  const short = new Map([['GOLD_MINI', file('short.csv')]])
  const cases: [Partial<BacktestRequest>, RegExp][] = [
    [{ bars: short }, /short.csv has 199 bars, and the EMA 200 of GOLD_MINI needs 200 before anything/],
    [{ sizing: 'exported' }, /--sizing exported takes the lots of an export: give its --trades/],
    [{ assumedAtrPct: 1 }, /--assume-atr is for the entries of --trades/],
    [{ bars: new Map() }, /give --trades .* or --bars/],
    [{ bars: new Map([['NIFTY', file('short.csv')]]) }, /does not trade NIFTY/],
    [{ timeframes: new Map([['SILVER_MINI', 5]]) }, /--timeframe names SILVER_MINI, and no --bars does/],
    [{ from: '2021-01-01', to: '2020-01-01' }, /--to 2020-01-01 is before --from/],
    [{ trades: gold, bars: new Map(), exitMode: 'atr' }, /--exit-mode is for bars alone/],
  ]
  for (const [changes, message] of cases)
    await t.rejects(run(request(out, changes)), { name: 'BacktestUsageError', message })
  t.notOk(existsSync(out), 'nothing is written')
})

t.test('the indicators are known when the warm-up says so', async (t) => {
  const bars = paths.get('GOLD_MINI')!
  const { signals } = instrumentOf('GOLD_MINI')
  const cases = [{}, { emaPeriod: 5 }, { emaPeriod: 5, adxPeriod: 3, donchianPeriod: 30 }, { rsiPeriod: 400 }]
  for (const change of cases) {
    const parameters = { ...signals, ...change }
    const columns = signalColumns(bars, parameters)
    const { rsi, ema, donchian, adx, efficiency, superTrend, atr } = columns
    const known = [rsi, ema, donchian, adx, efficiency, superTrend, atr].map((column) =>
      column.findIndex((value) => !Number.isNaN(value)),
    )
    t.equal(warmUpOf(parameters).bars, Math.max(...known) + 1, warmUpOf(parameters).indicator)
  }
})

t.test('the verb takes bars alone', async (t) => {
  const out = t.testdir()
  const verb = fileURLToPath(new URL('../../scripts/general.js', import.meta.url))
  const general = (...words: string[]) => {
    const env = { ...process.env, INIT_CWD: directory }
    return spawnSync(process.execPath, [verb, 'backtest', ...words], { cwd: out, env, encoding: 'utf8' })
  }
  const { stdout, stderr, status } = general('--bars', 'gold_mini=GOLD_MINI.csv', '--out', out, '--json')
  t.equal(status, 0, stderr)
  const { summary } = JSON.parse(stdout)
  t.ok(summary.trades > 0)
  const wrong = general('--bars', 'gold_mini=short.csv', '--out', join(out, 'none'))
  t.equal(wrong.status, 2)
  t.match(wrong.stderr, /short.csv has 199 bars/)
  t.equal(general().status, 2)
})
