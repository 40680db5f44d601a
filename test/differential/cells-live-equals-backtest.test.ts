import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runCells } from '../../core/backtest/cells/run-cells.js'
import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import { DAY, HOUR, isoInstant } from '../../core/time.js'
import { runCellsRequest } from '../../server/backtest/cells/run-cells-request.js'
import { canonicalJson } from '../../server/canonical-json.js'
import { SimulatedClock } from '../../server/clock.js'
import { readConfiguration } from '../../server/config/configuration.js'
import { secretsOf } from '../../server/config/secrets.js'
import { settingsOf } from '../../server/config/settings.js'
import { decodeEvent } from '../../server/journal/codec/event-codec.js'
import { eventually } from '../helpers/eventually.js'
import { randomFrom } from '../helpers/random.js'
import { testDirectory } from '../helpers/temporary-directory.js'
import { type RunningService, runService } from '../main/running-service.js'

const START = Date.UTC(2026, 0, 5, 21)
const DAYS = 90
const exDate = '2026-02-02'
const payDate = '2026-02-16'

const configuration = {
  portfolios: [
    {
      ...{ id: 'cells', currency: 'USD', initialDeposit: '10000' },
      broker: { kind: 'paper', commissionPct: 0.02, slippageTicks: 1 },
      assets: [{ name: 'KO', exchange: 'NYSE', quantityStep: 0.01 }],
      strategy: {
        kind: 'volatility',
        commission: { global: 0.0002 },
        cells: [{ asset: 'KO', cash: '10000', initialStock: 0.5, guardrails: { maxTrade: 0.2 } }],
      },
    },
  ],
}

/** Daily closes that wander by a few percent. */
function closes(): number[] {
  const chance = randomFrom(4)
  let price = 60
  return Array.from({ length: DAYS }, () => {
    price = Math.round(price * (100 + (chance() - 0.5) * 9)) / 100
    return price
  })
}

const prices = closes()

/** What happened, without what only says when and under which name. */
function shapeOf(events: readonly PortfolioEvent[]): string[] {
  const nameless = new Set([
    'id',
    'inputId',
    'at',
    'orderId',
    'decisionId',
    'venueOrderId',
    'tradeId',
    'versions',
    'priceAt',
    'note',
  ])
  const kept = events.filter(({ type }) => !['ConfigurationApplied', 'CalendarApplied'].includes(type))
  return kept.map((event) => {
    const text = JSON.stringify(event, (key, value: unknown) => (nameless.has(key) ? undefined : value))
    return canonicalJson(JSON.parse(text))
  })
}

async function eventsOf({ pool }: RunningService): Promise<PortfolioEvent[]> {
  const { rows } = await pool.query<{ seq: number; type: string; version: number; data: unknown }>(
    `select seq, type, schema_version as version, data from events where portfolio = 'cells' order by seq, idx`,
  )
  return rows.map((row) => decodeEvent({ portfolio: 'cells', seq: row.seq }, row))
}

t.test('a price path leads to the same events live and in a backtest', { timeout: 120_000 }, async (t) => {
  const directory = await testDirectory(t)
  const file = join(directory, 'general.json')
  await writeFile(file, JSON.stringify(configuration))
  const clock = new SimulatedClock({ start: START })
  const live = await runService(t, { env: { GENERAL_CONFIG: file }, clock })
  const order = (key: string, body: object) => live.command('/v1/portfolios/cells/dividends', key, body)
  const dividend = { instrument: 'KO', exDate, perShare: '0.5', withholdingRate: '0.25' }
  t.match(await order('announce', { kind: 'announce', ...dividend, payDate }), { status: 200 })
  const dayOf = (index: number): string => isoInstant(START + index * DAY).slice(0, 10)
  let isPaid = false
  for (const [index, price] of prices.entries()) {
    if (index > 0) clock.advanceBy(DAY)
    if (!isPaid && dayOf(index) >= payDate) {
      isPaid = true
      t.match(await order('pay', { kind: 'pay', instrument: 'KO', exDate }), { status: 200 })
    }
    const alert = { type: 'MARKET_DATA', instrument: 'KO', price, atr: 1, timestamp: isoInstant(clock.now()) }
    const { status } = await live.send(alert)
    if (status !== 200) throw new Error(`the alert was answered with ${status}`)
    await eventually('the order of the price has ended', async () => {
      const { body } = await live.ask<{ items: readonly { orderId: string | null }[] }>(
        '/v1/portfolios/cells/cells',
      )
      return body.items[0]?.orderId === null
    })
  }

  const reading = readConfiguration(
    Buffer.from(JSON.stringify(configuration)),
    secretsOf({ WEBHOOK_TOKEN: 'hook' }),
  )
  if (reading.kind !== 'valid') throw new Error(JSON.stringify(reading.problems))
  const [portfolio] = reading.configuration.portfolios
  const times = Float64Array.from(prices, (_, index) => START + index * DAY)
  const column = Float64Array.from(prices)
  const opensAt = times.map((at) => at - HOUR)
  const bars = { opensAt, open: column, high: column, low: column, close: column }
  const happened: PortfolioEvent[] = []
  runCells({
    ...{
      settings: settingsOf(portfolio!),
      configurationHash: 'h',
      capital: decimal(10_000),
      fillAt: 'close',
    },
    costs: { commissionPct: 0.02, slippageTicks: 1 },
    feeds: [{ instrument: 'KO', bars, closesAt: times, first: 0, end: DAYS }],
    actions: [
      {
        ...{ kind: 'dividend', instrument: 'KO', exDate, payDate },
        ...{ perShare: decimal('0.5'), withholdingRate: decimal('0.25') },
      },
    ],
    onStep: (_input, events) => happened.push(...events),
    onMoment: () => undefined,
  })
  const expected = shapeOf(happened)
  t.same(shapeOf(await eventsOf(live)), expected)
  t.ok(expected.filter((event) => event.includes('"OrderFilled"')).length > 10, 'it traded')
  t.ok(expected.some((event) => event.includes('"DividendWentEx"')))
})

t.test('a simulation writes what it did, beside buying and holding', async (t) => {
  const out = await testDirectory(t)
  const csv = prices.map(
    (close, index) => `${isoInstant(START - HOUR + index * DAY)},${close},${close},${close},${close}`,
  )
  await writeFile(join(out, 'ko.csv'), `time,open,high,low,close\n${csv.join('\n')}\n`)
  const dividends = `exDate,payDate,perShare,withholdingRate\n${exDate},${payDate},0.5,0.25\n2026-13-01,,,\n`
  await writeFile(join(out, 'dividends.csv'), dividends)
  const reading = readConfiguration(
    Buffer.from(JSON.stringify(configuration)),
    secretsOf({ WEBHOOK_TOKEN: 'hook' }),
  )
  if (reading.kind !== 'valid') throw new Error(JSON.stringify(reading.problems))
  const named = (name: string) => new Map([['KO', { name, path: join(out, name) }]])
  const finished = await runCellsRequest(reading.configuration.portfolios[0]!, {
    ...{ trades: new Map(), bars: named('ko.csv'), dividends: named('dividends.csv'), sizing: 'general' },
    ...{
      fillAt: 'close',
      exitMode: null,
      capital: null,
      from: null,
      to: null,
      timezone: null,
      assumedAtrPct: null,
    },
    ...{ timeframes: new Map(), commissionPct: null, slippageTicks: null, pointValues: new Map(), out },
  })
  const { summary, cells } = finished.result
  t.match(finished.rejectedRows, [{ file: 'dividends.csv', line: 3 }])
  t.equal(summary.finalEquity, cells[0]!.finalValue)
  t.equal(summary.trades, cells[0]!.trades)
  t.ok(summary.dividends > 0 && summary.withheld === summary.dividends / 4)
  t.ok(Math.abs(summary.grossPnl - summary.fees - summary.withheld - summary.netPnl) < 1e-9)
  const rows = (await readFile(join(out, 'trades.csv'), 'utf8')).trim().split('\r\n')
  t.equal(rows.length - 1, summary.trades)
  const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as { curve: readonly unknown[] }
  t.equal(report.curve.length, DAYS)
  t.match(await readFile(join(out, 'report.html'), 'utf8'), /Bought and held/)
  t.match(await readFile(join(out, 'decisions.csv'), 'utf8'), /WITHIN_TRIGGERS/)
})
