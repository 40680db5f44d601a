import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readTimeline } from '../../server/report/timeline.js'
import { findUnsoundLogs } from '../helpers/audit.js'
import { eventually } from '../helpers/eventually.js'
import { runGeneralInTurn } from '../helpers/general.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
import { type RunningService, runService } from './running-service.js'

interface Cell {
  readonly instrument: string
  readonly state: string
  readonly shares: string
  readonly cash: string
  readonly anchor: string | null
  readonly orderId: string | null
}

interface Outcome {
  readonly outcome: string
  readonly code?: string
  readonly decisions: readonly { readonly id: string; readonly outcome: string; readonly reasons: string[] }[]
}

const V1 = '/v1/portfolios/cells'

/** Returns how many prices the schedule has looked at. */
async function scheduled({ pool }: RunningService): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from inputs where type = 'PricesObserved'`,
  )
  return rows[0]!.count
}

async function cellsEnvironment(t: Teardown, changes: Readonly<Record<string, unknown>> = {}) {
  const asset = { exchange: 'NYSE', quantityStep: 0.001 }
  const names = ['KO', 'PEP']
  const cells = names.map((name) => ({ asset: name, cash: '10000', initialStock: 0.5 }))
  const portfolio = {
    ...{ id: 'cells', currency: 'USD', initialDeposit: '30000' },
    ...{
      assets: names.map((name) => ({ name, ...asset })),
      strategy: { kind: 'volatility', cells, ...changes },
    },
  }
  const file = join(await testDirectory(t), 'general.json')
  await writeFile(file, JSON.stringify({ portfolios: [portfolio] }))
  return { GENERAL_CONFIG: file }
}

async function cellOf({ ask }: RunningService, name: string): Promise<Cell> {
  const { body } = await ask<{ items: readonly Cell[] }>(`${V1}/cells`)
  const found = body.items.find(({ instrument }) => instrument === name)
  if (found === undefined) throw new Error(`there is no cell ${name}`)
  return found
}

/** Returns the cell once its order has ended and left this anchor. */
function settled(service: RunningService, name: string, anchor: string): Promise<Cell> {
  return eventually(`an order of ${name} that ended at ${anchor}`, async () => {
    const cell = await cellOf(service, name)
    return cell.orderId === null && cell.anchor === anchor && Number(cell.shares) > 0 ? cell : null
  })
}

let keys = 0

function order(service: RunningService, path: string, body: unknown) {
  keys += 1
  return service.command<Outcome>(`${V1}/${path}`, `k-${keys}`, body)
}

function evaluate(service: RunningService, instrument: string, price: number) {
  return order(service, 'evaluate', { prices: [{ instrument, price }] })
}

t.test('prices come by HTTP and by alerts, and become orders, fills and anchors on paper', async (t) => {
  const env = await cellsEnvironment(t)
  const service = await runService(t, { env })
  // The answer may come before the fill, or after it
  const done = { status: 200, body: { outcome: /approved|executed/ } }
  t.match(await evaluate(service, 'KO', 100), done)
  t.match(await settled(service, 'KO', '100'), { shares: '49.997' })
  const held = await evaluate(service, 'KO', 101)
  t.match(held, { status: 200, body: { outcome: 'ignored', decisions: [{ reasons: ['WITHIN_TRIGGERS'] }] } })
  const sold = await evaluate(service, 'KO', 103)
  t.match(sold, done)
  await settled(service, 'KO', '103')
  const decision = await service.ask<{ sizing: object; outcome: string }>(
    `/v1/decisions/${sold.body.decisions[0]!.id}`,
  )
  t.match(decision.body, { outcome: 'executed', sizing: { kind: 'cell', side: 'sell', anchor: '100' } })
  const alert = {
    type: 'MARKET_DATA',
    instrument: 'KO',
    price: 97,
    atr: 1,
    timestamp: new Date().toISOString(),
  }
  t.match(await service.send(alert), { status: 200, body: { decision: { outcome: 'executed' } } })
  t.match(await cellOf(service, 'KO'), { anchor: '97' })
  const entry = {
    type: 'BASE_ENTRY',
    instrument: 'KO',
    price: 97,
    atr: 1,
    timestamp: new Date().toISOString(),
  }
  t.match(await service.send(entry), { status: 403, body: { code: 'ALERT_NOT_ALLOWED' } })

  t.match(await order(service, 'orders', { instrument: 'KO', side: 'sell', quantity: 1000, reason: 'all' }), {
    ...{ status: 422, body: { code: 'COMMAND_BLOCKED' } },
  })
  const bad = [
    { prices: [{ instrument: 'KO', price: 0 }] },
    { prices: [{ instrument: 'KO', price: -1 }] },
    { prices: [{ instrument: 'KO', price: 'NaN' }] },
    { prices: [{ instrument: 'KO', price: 97, at: 'yesterday' }] },
  ]
  for (const body of bad)
    t.match(await order(service, 'evaluate', body), { status: 400, body: { code: 'REQUEST_INVALID' } })
  t.match(await order(service, 'evaluate', { prices: [{ instrument: 'XYZ', price: 1 }] }), { status: 422 })
  t.match(await service.command(`${V1}/evaluate`, null, { prices: [] }), { status: 400 })
  const stale = { prices: [{ instrument: 'KO', price: 97, at: '2026-01-01T00:00:00Z' }] }
  t.match(await order(service, 'evaluate', stale), { status: 422, body: { detail: /PRICE_OLDER_THAN_LAST/ } })

  const moments = await readTimeline(service.pool, { portfolio: 'cells', instrument: 'KO', limit: 100 })
  const names = moments.map(({ event }) => event.type)
  t.same(names.slice(0, 4), ['CellOpened', 'DecisionMade', 'CellAnchored', 'OrderInitialized'])
  t.equal(names.filter((name) => name === 'OrderFilled').length, 3)
  t.ok(moments.every(({ event }) => !('instrument' in event) || event.instrument === 'KO'))

  const { adminUrl, tokens } = service.service
  const variables = {
    ...{ ...env, ADMIN_TOKEN: tokens.admin.token, ADMIN_PORT: new URL(adminUrl).port, TZ: 'UTC' },
    ...{ DATABASE_URL: service.connectionString, GENERAL_HOME: service.home },
  }
  const decisionId = sold.body.decisions[0]!.id
  const [cells, again, timeline, story, status] = await runGeneralInTurn(
    [
      ['cells'],
      ['evaluate', 'KO', '--price', 'KO=97.5'],
      ['timeline', 'KO'],
      ['explain', decisionId],
      ['status'],
    ],
    { env: variables },
  )
  t.match(cells, { code: 0, stdout: /KO .*open.*97/ })
  t.match(again, { code: 0, stdout: /WITHIN_TRIGGERS/ })
  t.match(timeline, { code: 0, stdout: /evaluation approved \(TRIGGER\)/ })
  t.match(timeline?.stdout, /the anchor of KO is 97: the average of its order/)
  t.match(story, { code: 0, stdout: /sell [\d.]+: the move from the anchor reached the trigger/ })
  t.match(status, { code: 0, stdout: /cash +\$[\d,.]+ to spend\n\nasset +held/ })
  t.match(status?.stdout, /KO +[\d.]+ +[\d.]+ +97\.5 .* open/)
  t.match(await order(service, 'trading-state', { state: 'halted', reason: 'a test' }), { status: 200 })
  const [sale] = await runGeneralInTurn([['exit', '--instrument', 'ko', '--reason', 'enough', '--yes']], {
    env: variables,
  })
  t.match(sale, { code: 0, stdout: /The exits stand until they are done\n.*of KO/ })
  await eventually('an exit that sold all of KO', async () =>
    (await cellOf(service, 'KO')).shares === '0' ? true : null,
  )
  t.match(await order(service, 'exit', { all: true, reason: 'more' }), {
    ...{ status: 200, body: { outcome: 'ignored', decisions: [{ reasons: ['NOTHING_HELD'] }] } },
  })
  t.match(await order(service, 'trading-state', { state: 'active', reason: 'a test' }), { status: 200 })
  const locked = await evaluate(service, 'KO', 94)
  t.match(locked, { status: 200, body: { decisions: [{ reasons: ['INSTRUMENT_LOCKED'] }] } })
  const split = { kind: 'split', instrument: 'KO', exDate: '2020-01-06', ratio: '4' }
  t.match(await order(service, 'dividends', split), { status: 200, body: { outcome: 'approved' } })
  t.match(await cellOf(service, 'KO'), { anchor: '24.25' })
  t.same(
    await findUnsoundLogs(service.pool),
    [],
    'the tables are the fold of the logs, and a replay is the log',
  )
})

t.test(
  'dividends are announced, go ex and are paid over HTTP, each once, and a restart keeps them',
  async (t) => {
    const env = await cellsEnvironment(t, { evaluateEverySeconds: 1 })
    const service = await runService(t, { env })
    await order(service, 'evaluate', { instruments: ['PEP'] })
    t.equal(await scheduled(service), 0, 'no price, no evaluation')
    await evaluate(service, 'PEP', 100)
    t.match(await settled(service, 'PEP', '100'), { shares: '49.997' })
    const [instrument, exDate] = ['PEP', '2020-01-06']
    const announce = { kind: 'announce', instrument, perShare: '0.82', exDate, payDate: exDate }
    const key = 'announce-once'
    const first = await service.command<Outcome>(`${V1}/dividends`, key, announce)
    t.match(first, { status: 200, body: { outcome: 'approved' } })
    t.same(
      (await service.command(`${V1}/dividends`, key, announce)).body,
      first.body,
      'the same answer again',
    )
    t.match(await service.command(`${V1}/dividends`, key, { ...announce, perShare: '1' }), { status: 422 })
    t.match(await order(service, 'dividends', announce), { body: { outcome: 'ignored' } })
    t.match(await order(service, 'dividends', { kind: 'pay', instrument, exDate }), {
      body: { outcome: 'approved' },
    })
    t.match(await order(service, 'dividends', { kind: 'pay', instrument, exDate }), {
      body: { outcome: 'ignored' },
    })
    const { body } = await service.ask<{ items: readonly object[] }>(`${V1}/dividends`)
    t.match(body.items, [{ state: 'paid', shares: '0', net: '0' }], 'nothing was held before that ex-date')
    t.match(await order(service, 'dividends', { ...announce, perShare: '-1' }), { status: 400 })
    t.match(await order(service, 'dividends', { ...announce, exDate: '2026-02-30' }), { status: 400 })
    t.match(await order(service, 'dividends', { ...announce, currency: 'EUR' }), {
      body: { code: 'CURRENCY_MISMATCH' },
    })
    await service.command(`${V1}/trading-state`, 'reduce', { state: 'reducing', reason: 'a test' })
    const refused = await evaluate(service, 'PEP', 96)
    t.match(refused.body, { outcome: 'blocked', decisions: [{ reasons: ['TRADING_STATE'] }] })
    await service.command(`${V1}/trading-state`, 'resume', { state: 'active', reason: 'a test' })
    await settled(service, 'PEP', '96')
    t.not(await scheduled(service), 0, 'the schedule looked again at what an obstacle had stopped')
    const before = await cellOf(service, 'PEP')
    await service.service.stop()
    const beside = { pool: service.pool, connectionString: service.connectionString }
    const again = await runService(t, { beside, env })
    t.same(await cellOf(again, 'PEP'), before)
  },
)
