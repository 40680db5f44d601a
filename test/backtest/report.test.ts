import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import type {
  BacktestRequest,
  BacktestUsageError,
  NamedFile,
} from '../../server/backtest/backtest-request.js'
import { runBacktestRequest } from '../../server/backtest/run-request.js'
import { loadConfiguration } from '../../server/config/configuration.js'
import { CsvWriter, numberField, textField } from '../../server/report/csv-writer.js'
import { localTimeSpeller } from '../../server/report/local-time.js'
import { moneySpeller } from '../../server/report/money.js'
import { counts } from '../helpers/counts.js'

const data = fileURLToPath(new URL('../../../test/data/', import.meta.url))
const configuration = await loadConfiguration(null, (name) => name)
const file = (name: string): NamedFile => ({ name, path: join(data, name) })
const bankNifty = new Map([['BANK_NIFTY', file('trades-bank-nifty.csv')]])

function request(out: string, changes: Partial<BacktestRequest> = {}): BacktestRequest {
  return {
    trades: bankNifty,
    dividends: new Map(),
    bars: new Map(),
    sizing: 'general',
    fillAt: 'close',
    exitMode: null,
    capital: null,
    from: null,
    to: null,
    timezone: null,
    timeframes: new Map(),
    assumedAtrPct: 0.8,
    commissionPct: 0.05,
    slippageTicks: null,
    pointValues: new Map(),
    out,
    ...changes,
  }
}

const run = (asked: BacktestRequest) => runBacktestRequest(configuration, asked, () => {})

function readRows(path: string): Record<string, string>[] {
  return parse(readFileSync(path), { columns: true, record_delimiter: '\r\n' })
}

t.test('a backtest writes its report, its trades and its decisions', async (t) => {
  const out = join(t.testdir(), 'deep', 'report')
  const { result, currency, notes } = await run(request(out))
  const { summary } = result
  t.equal(currency, 'INR')
  t.equal(summary.initialCapital, 10_000_000, 'the configured deposit')
  t.match(notes, [/^3 trades of the exports are parts of the entry of another/])
  t.notOk(existsSync(join(out, 'trades.csv.part')))

  const trades = readRows(join(out, 'trades.csv'))
  t.strictSame(
    Object.keys(trades[0]!).join(),
    'trade,instrument,unit,entryTime,entryPrice,exitTime,exitPrice,lots,grossPnl,fees,netPnl,exitReason,open',
  )
  t.equal(trades.length, summary.trades)
  t.match(trades[0], {
    trade: '1',
    instrument: 'BANK_NIFTY',
    entryTime: '2009-02-13T14:15:00+05:30',
    entryPrice: '4596.25',
    open: 'false',
  })
  t.match(trades.at(-1), { open: 'true', exitReason: 'OPEN', exitPrice: '58538.2', exitTime: '' })
  const net = trades.reduce((sum, trade) => sum + Number(trade.netPnl), 0)
  t.ok(Math.abs(net - summary.netPnl) < 1e-6 * Math.abs(summary.netPnl))

  const decisions = readRows(join(out, 'decisions.csv'))
  const of = (kind: string, outcome: string) =>
    decisions.filter((row) => row.kind === kind && row.outcome === outcome).length
  t.equal(of('entry', 'approved'), summary.entries.executed)
  t.equal(of('entry', 'blocked'), summary.entries.blocked)
  t.equal(of('pyramid', 'approved'), summary.pyramids.executed)
  t.equal(of('pyramid', 'blocked'), summary.pyramids.blocked)
  t.equal(of('exit', 'approved'), summary.exits)
  const refused = decisions.find((row) => row.reasons?.includes('ONE_R'))!
  t.match(refused.shutGates, /ONE_R [-\d.]+ \(limit [\d.]+\)/)

  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))
  t.strictSame(report.summary, summary)
  t.strictSame(report.blockedBy, result.blockedBy)
  t.match(report, {
    out,
    currency: 'INR',
    sizing: 'general',
    period: { from: '2009-02-13', to: '2025-11-13' },
  })
  t.match(report.files, [
    { instrument: 'BANK_NIFTY', file: 'trades-bank-nifty.csv', rows: 76, trades: 38, barMinutes: 60 },
  ])
  t.match(report.curve[0].at, /^2009-02-13T14:15:00\+05:30$/)
})

t.test('the page needs nothing but itself', async (t) => {
  const out = t.testdir()
  await run(request(out))
  const page = readFileSync(join(out, 'report.html'), 'utf8')
  t.match(page, /<svg /)
  t.match(page, /prefers-color-scheme: dark/)
  t.notMatch(page, /<script|https?:|src=|@import|url\((?!#)/)
  t.match(page, /BELOW_ONE_LOT/)
  t.notMatch(page, /NaN|Infinity|undefined|null/)
})

t.test('exported trades keep their numbers, lots and stated profits', async (t) => {
  const out = t.testdir()
  const pointValues = new Map([['BANK_NIFTY', 35]])
  const { result, notes } = await run(request(out, { sizing: 'exported', assumedAtrPct: null, pointValues }))
  t.strictSame(notes, [], 'every net profit is the one that the export states')
  const trades = readRows(join(out, 'trades.csv'))
  t.strictSame(trades.map(({ trade }) => Number(trade)).slice(-2), [824, 825])
  t.match(trades.at(-1), {
    open: 'true',
    exitTime: '2025-11-13T15:30:00+05:30',
    lots: '330',
    netPnl: '-699805.54875',
  })
  t.equal(result.summary.trades, 38)
  t.equal(readRows(join(out, 'decisions.csv')).length, 0)
  const other = await run(
    request(out, { sizing: 'exported', commissionPct: 0.1, pointValues, slippageTicks: 3 }),
  )
  t.match(other.notes, [/net profit of 38 trades is not the one that the export states/, /change nothing/])
  const stranger = new Map([['NIFTY', file('trades-bank-nifty.csv')]])
  const asked = request(out, { trades: stranger, sizing: 'exported', pointValues: new Map([['NIFTY', 35]]) })
  t.equal(
    (await run(asked)).result.summary.netPnl,
    result.summary.netPnl,
    'a point value is all that it takes',
  )
})

t.test('the period is that of entries', async (t) => {
  const { result, notes } = await run(request(t.testdir(), { from: '2009-05-15', to: '2009-06-22' }))
  t.equal(result.summary.entries.executed + result.summary.entries.blocked, 2)
  t.match(notes.join(), /33 trades of BANK_NIFTY begin outside the period/)
  await t.rejects(run(request(t.testdir(), { from: '2030-01-01' })), {
    name: 'CsvError',
    message: /none of its 38 trades begins from 2030-01-01 on/,
  })
})

t.test('what does not fit together is wrong usage', async (t) => {
  const out = join(t.testdir(), 'none')
  const cases: [Partial<BacktestRequest>, RegExp][] = [
    [{ trades: new Map([['NIFTY', file('x.csv')]]) }, /does not trade NIFTY, it trades BANK_NIFTY/],
    [{ bars: new Map([['GOLD_MINI', file('x.csv')]]) }, /--bars names GOLD_MINI, and no --trades does/],
    [{ fillAt: 'next-open' }, /next-open needs the bars of BANK_NIFTY/],
    [{ timezone: 'Asia/Atlantis' }, /no time zone Asia\/Atlantis/],
  ]
  for (const [changes, message] of cases) {
    await t.rejects(run(request(out, changes)), {
      name: 'BacktestUsageError',
      message,
    } as unknown as BacktestUsageError)
  }
  await t.rejects(run(request(out, { assumedAtrPct: null })), {
    message: /none of its 38 entries can be sized\n {2}line 3: .*\n[\s\S]*and 33 more$/,
  })
  t.notOk(existsSync(out), 'nothing is written')
})

t.test('bars move stops, give the ATR and tell the length of a bar', async (t) => {
  const out = t.testdir({ 'trades.csv': '', 'bars.csv': '' })
  const lines = ['time,open,high,low,close']
  const start = Date.UTC(2024, 0, 1, 3, 30) / 1000
  const closes = [...Array(20).fill(60_000), 60_900, 61_800, 61_000, 60_000, 60_000]
  for (const [index, close] of closes.entries()) {
    const open = index === 0 ? close : closes[index - 1]!
    lines.push(
      `${start + index * 3600},${open},${Math.max(open, close) + 200},${Math.min(open, close) - 200},${close}`,
    )
  }
  const time = (index: number) =>
    new Date((start + index * 3600 + 19_800) * 1000).toISOString().slice(0, 16).replace('T', ' ')
  writeFileSync(join(out, 'bars.csv'), lines.join('\n'))
  writeFileSync(
    join(out, 'trades.csv'),
    `Trade #,Type,Signal,Date/Time,Price,Contracts\n1,Entry long,ENTRY-1L,${time(19)},60000,1\n1,Exit long,EXIT,${time(24)},60000,1\n2,Entry long,ENTRY-1L,${time(3)},60000,1\n2,Exit long,EXIT,${time(5)},60000,1\n`,
  )
  const named = (name: string): NamedFile => ({ name, path: join(out, name) })
  const trades = new Map([['GOLD_MINI', named('trades.csv')]])
  const bars = new Map([['GOLD_MINI', named('bars.csv')]])
  const { result } = await run(request(join(out, 'close'), { trades, bars, assumedAtrPct: null }))
  t.match(result.rejectedRows, [{ file: 'trades.csv', line: 4, reason: /too few bars come before it/ }])
  const [row] = readRows(join(out, 'close', 'trades.csv'))
  t.match(row, { exitReason: 'STOP_HIT', exitTime: '2024-01-02T09:00:00+05:30' })
  const later = await run(
    request(join(out, 'open'), { trades, bars, assumedAtrPct: null, fillAt: 'next-open' }),
  )
  t.equal(later.result.summary.exits, 1)
  const timeframes = new Map([['GOLD_MINI', 240]])
  await run(request(join(out, 'longer'), { trades, bars, assumedAtrPct: null, timeframes }))
  t.match(
    readRows(join(out, 'longer', 'trades.csv'))[0],
    { entryTime: '2024-01-02T08:00:00+05:30' },
    'trades of a chart with longer bars happen when those close',
  )
})

t.test('the verb prints one document, and says what is wrong', async (t) => {
  const out = t.testdir()
  const verb = fileURLToPath(new URL('../../scripts/general.js', import.meta.url))
  const general = (...words: string[]) => {
    const env = { ...process.env, INIT_CWD: data }
    return spawnSync(process.execPath, [verb, 'backtest', ...words], { cwd: out, env, encoding: 'utf8' })
  }
  const trades = ['--trades', 'bank_nifty=trades-bank-nifty.csv'] as const
  const { stdout, stderr, status } = general(
    ...trades,
    '--assume-atr',
    '0.8',
    '--capital',
    '5000000',
    '--out',
    out,
    '--json',
  )
  t.equal(status, 0, stderr)
  const document = JSON.parse(stdout)
  t.strictSame(Object.keys(document), ['summary', 'blockedBy', 'boundBy', 'rejectedRows', 'out'])
  t.strictSame(
    Object.keys(document.summary).join(),
    'initialCapital,finalEquity,netPnl,grossPnl,fees,trades,openTrades,winRate,profitFactor,returnPct,maxDrawdownPct,maxHeatPct,maxOpenPositions,entries,pyramids,exits',
  )
  t.equal(document.summary.initialCapital, 5_000_000)
  t.equal(document.out, out)
  t.match(stderr, /^note: 3 trades/)

  const told = general(...trades, '--assume-atr', '0.8', '--out', out)
  t.match(told.stdout, /Net profit +-?₹[\d,]+\.\d\d\n/)
  t.match(told.stdout, /Written to /)
  const unsized = general(...trades, '--json', '--out', join(out, 'none'))
  t.equal(unsized.status, 1)
  t.equal(JSON.parse(unsized.stdout).error.details.rejectedRows.length, 38)
  t.match(unsized.stderr, /--assume-atr/)
  for (const wrong of [
    [...trades, ...trades],
    [...trades, '--assume-atr', '-1'],
    [...trades, '--fill', 'next-open', '--assume-atr', '1'],
    ['--trades', 'UNKNOWN=trades-bank-nifty.csv'],
  ]) {
    t.equal(general(...wrong).status, 2, wrong.join(' '))
  }
})

t.test('fields are safe in a spreadsheet and read back as they were', async (t) => {
  t.equal(textField('=1+1'), "'=1+1")
  t.equal(textField('@cmd'), "'@cmd")
  t.equal(textField('-5L exit'), "'-5L exit")
  t.equal(textField('a "b", c'), '"a ""b"", c"')
  t.equal(numberField(-5.5), '-5.5')
  t.equal(numberField(null), '')
  t.equal(numberField(Number.NaN), '')
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (texts) => {
      const [fields] = parse(texts.map(textField).join(','), {
        record_delimiter: '\r\n',
        skip_empty_lines: false,
      })
      return (fields ?? ['']).every(
        (field: string, index: number) => field.replace(/^'/, '') === texts[index]!.replace(/^'/, ''),
      )
    }),
    { numRuns: counts.propertyRuns },
  )
  const path = join(t.testdir(), 'x.csv')
  const writer = new CsvWriter(path, ['a', 'b'])
  for (let index = 0; index < 50_000; index++) writer.write(`${index},₹`)
  t.notOk(existsSync(path), 'the file has its name when it is complete')
  writer.close()
  t.equal(readFileSync(path, 'utf8').split('\r\n').length, 50_002)
})

t.test('amounts and times are spelled', async (t) => {
  t.equal(moneySpeller('INR').whole(149801440.5), '₹14,98,01,441')
  t.equal(moneySpeller('INR').exact(10_041_495.28), '₹1,00,41,495.28')
  t.equal(moneySpeller('INR').short(0), '₹0')
  t.equal(moneySpeller('USD').short(1_500_000), '$1.5M')
  t.equal(moneySpeller('USDT9').whole(5), 'USDT9 5')
  const spell = localTimeSpeller((instant) => (instant < 0 ? -210 : 330))
  t.equal(spell(0), '1970-01-01T05:30:00+05:30')
  t.equal(spell(-1000), '1969-12-31T20:29:59-03:30')
})
