import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { SimulatedClock } from '../../server/clock.js'
import { ERRORS } from '../../server/errors.js'
import { eventually } from '../helpers/eventually.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
import { goldEntry, type RunningService, runService } from '../main/running-service.js'

interface Listed<Item = Record<string, unknown>> {
  readonly items: readonly Item[]
  readonly next: string | null
}

const portfolio = '/v1/portfolios/paper'

/** Asks the admin listener without its token, under any host name. */
function askRaw(
  { service }: RunningService,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> {
  return new Promise((resolve, reject) => {
    request(`${service.adminUrl}${path}`, { headers }, (response) => {
      let text = ''
      response.on('data', (data) => {
        text += data
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
      .on('error', reject)
      .end()
  })
}

t.test(
  '/v1 opens with the admin token only, and failures are limited without locking the owner out',
  async (t) => {
    const running = await runService(t)
    const wrong = [undefined, 'Bearer x', `Bearer ${running.service.tokens.webhook.token}`, 'Basic eDp4']
    for (const authorization of wrong) {
      const { status, text } = await askRaw(running, '/v1/portfolios', authorization ? { authorization } : {})
      t.equal(status, 401)
      t.equal(JSON.parse(text).code, 'ADMIN_TOKEN_INVALID')
    }
    const limited = await eventually('a 429', async () => {
      const answer = await askRaw(running, '/v1/portfolios', { authorization: 'Bearer guess' })
      return answer.status === 429 ? answer : undefined
    })
    t.match(limited.headers, { 'retry-after': /^\d+$/ })
    t.equal((await running.ask<unknown>('/v1/portfolios')).status, 200)
  },
)

t.test('health, metrics and documentation need no token, and foreign host names are refused', async (t) => {
  const running = await runService(t)
  const { port } = new URL(running.service.adminUrl)
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']) {
    t.equal((await askRaw(running, path)).status, 200, path)
    const foreign = await askRaw(running, path, { host: `attacker.example:${port}` })
    t.equal(foreign.status, 421, path)
  }
  for (const host of [`localhost:${port}`, `[::1]:${port}`, '127.0.0.1']) {
    t.equal((await askRaw(running, '/healthz', { host })).status, 200, host)
  }
  const { headers, text } = await askRaw(running, '/docs')
  t.notOk('access-control-allow-origin' in headers)
  t.match(String(headers['content-security-policy']), /default-src 'self'/)
  t.notMatch(text, /https?:\/\/(?!127)/, 'nothing is loaded from elsewhere')
  t.equal((await running.ask<{ code: string }>('/v1/nothing')).body.code, 'NOT_FOUND')
})

t.test('the OpenAPI document describes every route of /v1', async (t) => {
  const running = await runService(t)
  const { body } = await running.ask<{ openapi: string; paths: Record<string, Record<string, unknown>> }>(
    '/openapi.json',
  )
  t.equal(body.openapi, '3.1.0')
  const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  const expected = ['positions', 'orders', 'approvals', 'fills', 'decisions', 'alerts', 'ledger'].map(
    (list) => `get /v1/portfolios/{id}/${list}`,
  )
  const posts = ['what-if', 'trading-state', 'cash', 'exit', 'unlock'].map(
    (verb) => `post /v1/portfolios/{id}/${verb}`,
  )
  const others = [
    'portfolios',
    'portfolios/{id}',
    'decisions/{id}',
    'alerts/{id}',
    'alarms',
    'reconciliation',
    'calendar',
  ]
  others.push('portfolios/{id}/approvals/{approvalId}')
  posts.push('post /v1/imports/calendar', 'post /v1/reconciliation/breaks/{id}')
  posts.push(
    'post /v1/portfolios/{id}/approvals/{approvalId}',
    'post /v1/portfolios/{id}/orders/{orderId}/settle',
  )
  posts.push('post /v1/imports/metrics', 'post /v1/imports/prices', 'post /v1/portfolios/{id}/execute')
  const ofCells = ['evaluate', 'anchor', 'orders', 'funding', 'dividends']
  posts.push(...ofCells.map((verb) => `post /v1/portfolios/{id}/${verb}`))
  others.push('portfolios/{id}/cells', 'portfolios/{id}/dividends')
  others.push(...['plan', 'check', 'runs', 'metrics'].map((what) => `portfolios/{id}/${what}`))
  t.same(routes.sort(), [...expected, ...posts, ...others.map((path) => `get /v1/${path}`)].sort())
})

t.test('a portfolio tells its equity, its risk against its caps, and its instruments', async (t) => {
  const running = await runService(t)
  await running.send(goldEntry())
  const { body } = await running.ask<Record<string, unknown>>(portfolio)
  t.match(body, {
    id: 'paper',
    currency: 'INR',
    phase: 'active',
    tradingState: 'active',
    openPositions: 1,
    equity: { closed: '10000000', open: '10000000', blended: '10000000', high: '10000000' },
    heat: { used: '14000', capPercent: 15, pyramidCapPercent: 12 },
    volatility: { used: '14000', capPercent: 5, pyramidCapPercent: 4 },
    margin: { used: '210000', reserved: '0', percent: 2.1, capPercent: 60, available: '5790000' },
  })
  const [gold] = (body.instruments as { instrument: string }[]).filter(
    ({ instrument }) => instrument === 'GOLD_MINI',
  )
  t.match(gold, { state: 'open', units: 1, lots: '2', price: 78_500, locked: null })
  t.equal((await running.ask<{ code: string }>('/v1/portfolios/none')).body.code, 'PORTFOLIO_UNKNOWN')
})

t.test('lists are newest first, and pages join without gap or overlap', async (t) => {
  const running = await runService(t)
  for (let index = 0; index < 7; index += 1) {
    await running.command(`${portfolio}/cash`, `d${index}`, {
      kind: 'deposit',
      amount: index + 1,
      currency: 'INR',
    })
  }
  const whole = await running.ask<Listed<{ amount: string }>>(`${portfolio}/ledger`)
  t.same(
    whole.body.items.map(({ amount }) => amount),
    ['7', '6', '5', '4', '3', '2', '1', '10000000'],
  )
  t.equal(whole.body.next, null)
  const pages: unknown[] = []
  let next: string | null = ''
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`
    const { body }: { body: Listed } = await running.ask<Listed>(`${portfolio}/ledger?limit=3${cursor}`)
    t.ok(body.items.length <= 3)
    pages.push(...body.items)
    next = body.next
  }
  t.same(pages, whole.body.items)
  for (const list of ['positions', 'orders', 'fills', 'decisions', 'alerts', 'ledger']) {
    const bad = await running.ask<{ code: string }>(`${portfolio}/${list}?cursor=bm9uc2Vuc2U`)
    t.equal(bad.body.code, 'CURSOR_INVALID', list)
    t.equal((await running.ask<{ code: string }>(`/v1/portfolios/none/${list}`)).status, 404)
    t.equal(
      (await running.ask<{ code: string }>(`${portfolio}/${list}?limit=0`)).body.code,
      'REQUEST_INVALID',
    )
  }
})

t.test('what is open and what is closed are listed apart', async (t) => {
  const running = await runService(t)
  await running.send(goldEntry())
  await running.send({
    type: 'EXIT',
    instrument: 'GOLD_MINI',
    price: 79_000,
    timestamp: new Date().toISOString(),
  })
  await running.send({ ...goldEntry(), instrument: 'COPPER', price: 800, atr: 8 })
  const instruments = async (path: string) => {
    const { body } = await running.ask<Listed<{ instrument: string }>>(`${portfolio}/${path}`)
    return body.items.map(({ instrument }) => instrument)
  }
  t.same(await instruments('positions'), ['COPPER'])
  t.same(await instruments('positions?status=closed'), ['GOLD_MINI'])
  t.same(await instruments('positions?status=all'), ['COPPER', 'GOLD_MINI'])
  t.same(await instruments('orders'), [])
  t.same(await instruments('orders?status=closed'), ['COPPER', 'GOLD_MINI', 'GOLD_MINI'])
})

t.test('a decision and an alert tell everything that is known of them', async (t) => {
  const running = await runService(t)
  const sent = goldEntry()
  const { body } = await running.send(sent)
  const decision = await running.ask<Record<string, unknown>>(`/v1/decisions/${body.decision!.id}`)
  t.match(decision.body, {
    alertId: body.alertId,
    portfolio: 'paper',
    outcome: 'executed',
    boundBy: 'volatility',
    lots: '2',
    sizing: { kind: 'entry', atr: 700, boundBy: 'volatility', lots: 2 },
    versions: { configuration: /^[0-9a-f]{64}$/ },
  })
  const gates = decision.body.gates as { gate: string; passed: boolean }[]
  t.ok(gates.length > 5 && gates.every(({ passed }) => passed))
  const alert = await running.ask<{ body: string }>(`/v1/alerts/${body.alertId}`)
  t.same(JSON.parse(alert.body.body), sent)
  t.match(alert.body, { state: 'decided', decisionId: body.decision!.id, alert: { type: 'BASE_ENTRY' } })
  t.equal((await running.ask<{ code: string }>('/v1/decisions/D-none')).body.code, 'DECISION_UNKNOWN')
  t.equal((await running.ask<{ code: string }>('/v1/alerts/A-none')).body.code, 'ALERT_UNKNOWN')
})

t.test('what-if answers with the decision that would be made, and stores nothing', async (t) => {
  const running = await runService(t)
  const count = async () => {
    const { rows } = await running.pool.query(
      'select (select count(*) from inputs) + (select count(*) from inbox) + (select count(*) from events) as n',
    )
    return rows[0].n
  }
  const before = await count()
  const path = `${portfolio}/what-if`
  const good = await running.command<Record<string, unknown>>(path, null, goldEntry())
  t.equal(good.status, 200)
  t.match(good.body, {
    decision: { outcome: 'approved', lots: '2', events: ['DecisionMade', 'OrderInitialized'] },
  })
  const stale = await running.command<Record<string, unknown>>(
    path,
    null,
    goldEntry({ timestamp: '2026-01-05T10:00' }),
  )
  t.match(stale.body, { decision: { outcome: 'blocked', reasons: ['STALE'] } })
  const wrong = await running.command<Record<string, unknown>>(path, null, goldEntry({ price: -1 }))
  t.match(wrong.body, { code: 'ALERT_INVALID', status: 400, errors: [{ field: 'price' }] })
  t.equal(await count(), before)
})

t.test('the trading state stops entries and never exits', async (t) => {
  const running = await runService(t)
  await running.send(goldEntry())
  const set = (state: string, key: string) =>
    running.command<Record<string, unknown>>(`${portfolio}/trading-state`, key, { state, reason: 'drill' })
  t.match((await set('halted', 'k1')).body, { outcome: 'approved' })
  t.match((await set('halted', 'k2')).body, {
    outcome: 'ignored',
    decision: { reasons: ['ALREADY_SO', 'drill'] },
  })
  t.match((await running.ask<unknown>(portfolio)).body, {
    tradingState: 'halted',
    tradingStateReason: 'drill',
  })
  const entry = await running.send({ ...goldEntry(), instrument: 'COPPER', price: 800, atr: 8 })
  t.match(entry.body, { decision: { outcome: 'blocked', reasons: ['TRADING_STATE'] } })
  const exit = await running.command<Record<string, unknown>>(`${portfolio}/exit`, 'k3', {
    all: true,
    reason: 'out',
  })
  t.match(exit.body, { outcome: /approved|executed/, decisions: [{ kind: 'operatorExit' }] })
  await eventually('nothing is held', async () => {
    const { body } = await running.ask<Listed>(`${portfolio}/positions`)
    return body.items.length === 0
  })
})

// Faults: L03
t.test('the metrics count alerts, decisions and refusals', async (t) => {
  const running = await runService(t)
  await running.send(goldEntry())
  await running.send('nonsense')
  const { text } = await askRaw(running, '/metrics')
  for (const line of [
    /^general_alerts_total\{type="BASE_ENTRY",status="accepted"\} 1$/m,
    /^general_decisions_total\{kind="entry",outcome="approved"\} 1$/m,
    /^general_webhook_refused_total\{status="400"\} 1$/m,
    /^general_inbox_waiting 0$/m,
    /^general_positions_open 1$/m,
    /^general_portfolio_phase\{portfolio="paper",phase="active"\} 1$/m,
    /^general_broker_call_seconds_count\{broker="paper",call="submit",outcome="accepted"\} 1$/m,
    /^nodejs_eventloop_lag_p99_seconds /m,
  ]) {
    t.match(text, line)
  }
})

t.test('every code of an answer is one of the table', async (t) => {
  const running = await runService(t)
  const paths = [
    '/v1/portfolios/x',
    '/v1/alerts/x',
    '/v1/decisions/x',
    '/none',
    `${portfolio}/orders?status=odd`,
  ]
  for (const path of paths) {
    const { body, headers } = await running.ask<{ code: string; type: string; remedy: string }>(path)
    t.ok(body.code in ERRORS, body.code)
    t.equal(body.type, `urn:smart-general:problem:${body.code}`)
    t.ok(body.remedy.length > 10)
    t.match(headers.get('content-type'), /^application\/problem\+json/)
  }
})

t.test('an unlock names an instrument of the portfolio, and says when nothing was locked', async (t) => {
  const running = await runService(t)
  const unlock = (key: string, instrument: string) =>
    running.command<Record<string, unknown>>(`${portfolio}/unlock`, key, { instrument, reason: 'looked at' })
  const { status, body } = await unlock('u-1', 'gold_mini')
  t.equal(status, 200)
  t.match(body, { outcome: 'ignored', decision: { kind: 'unlock', reasons: ['ALREADY_SO', 'looked at'] } })
  t.match((await unlock('u-2', 'PLATINUM')).body, { code: 'INSTRUMENT_UNKNOWN' })
})

interface ApprovalAnswer {
  readonly id: string
  readonly lots: string
  readonly state: string
}

/** A configuration file of the paper portfolio with this strategy and broker. */
async function configured(t: Teardown, parts: Readonly<Record<string, unknown>>): Promise<string> {
  const file = join(await testDirectory(t), 'general.json')
  await writeFile(file, JSON.stringify({ portfolios: [{ id: 'paper', ...parts }] }))
  return file
}

t.test('an entry waits for an approval across a restart, and is answered once', async (t) => {
  const strategy = { kind: 'trend', approval: { mode: 'manual', expireSeconds: 3600 } }
  const env = { GENERAL_CONFIG: await configured(t, { strategy }) }
  const first = await runService(t, { env })
  const sent = await first.send(goldEntry())
  t.match(sent.body.decision, { outcome: 'blocked', reasons: ['AWAITING_APPROVAL'], lots: '0' })
  await first.send(goldEntry({ instrument: 'COPPER', price: 800, atr: 8 }))
  await first.service.stop()

  const running = await runService(t, { env, beside: first })
  const list = async (query = '') =>
    (await running.ask<Listed<ApprovalAnswer>>(`${portfolio}/approvals${query}`)).body
  const waiting = await list()
  t.match(waiting.items, [{ instrument: 'COPPER' }, { instrument: 'GOLD_MINI', lots: '2', state: 'open' }])
  const page = await list('?limit=1')
  t.match((await list(`?limit=1&cursor=${page.next}`)).items, [{ instrument: 'GOLD_MINI' }])
  const [copper, gold] = waiting.items
  const answer = (id: string, key: string, approve: boolean) =>
    running.command<Record<string, unknown>>(`${portfolio}/approvals/${id}`, key, { approve, reason: 'seen' })
  const approved = await answer(gold!.id, 'a-1', true)
  t.match(approved.body, { outcome: /approved|executed/, decision: { kind: 'entry', lots: '2' } })
  t.same((await answer(gold!.id, 'a-1', true)).body, approved.body, 'the first answer again')
  t.match((await answer(gold!.id, 'a-2', true)).body, { code: 'COMMAND_BLOCKED', detail: /was approved at/ })
  t.match((await answer(copper!.id, 'a-3', false)).body, { decision: { reasons: ['REJECTED', 'seen'] } })
  t.match((await answer('Q-none', 'a-4', true)).body, { code: 'APPROVAL_UNKNOWN', status: 404 })
  t.same((await list()).items, [])
  t.match((await list('?status=closed')).items, [
    { id: copper!.id, state: 'rejected', reason: 'seen' },
    { id: gold!.id, state: 'approved', answerId: (approved.body.decision as { id: string }).id },
  ])
  await eventually('it is bought', async () => {
    const { body } = await running.ask<Listed>(`${portfolio}/positions`)
    return body.items.length === 1
  })
})

t.test('a question that nobody answers expires by itself', async (t) => {
  const clock = new SimulatedClock({ start: Date.now(), speed: 1 })
  const strategy = { kind: 'trend', approval: { mode: 'manual' } }
  const running = await runService(t, { clock, env: { GENERAL_CONFIG: await configured(t, { strategy }) } })
  await running.send(goldEntry())
  clock.advanceBy(301_000)
  await eventually('it is expired', async () => {
    const { body } = await running.ask<Listed<ApprovalAnswer>>(`${portfolio}/approvals?status=closed`)
    return body.items[0]?.state === 'expired'
  })
})

t.test('a person says what became of an order that the broker does not tell about', async (t) => {
  const broker = { kind: 'paper', faults: { lateFillRate: 1, lateFillMs: 3_600_000 } }
  const env = { GENERAL_CONFIG: await configured(t, { broker }) }
  const running = await runService(t, { env, looksEvery: 50 })
  const { body } = await running.send(goldEntry())
  const orderId = `O${body.decision!.id.slice(1)}`
  const path = `${portfolio}/orders/${orderId}/settle`
  const settle = (key: string, said: Readonly<Record<string, unknown>>, at = path) =>
    running.command<Record<string, unknown>>(at, key, { reason: 'asked them', ...said })
  t.match((await settle('s-1', { outcome: 'filled' })).body, { errors: [{ field: 'price' }] })
  t.match((await settle('s-2', { outcome: 'absent', price: 5 })).body, { errors: [{ field: 'price' }] })
  const none = `${portfolio}/orders/O-none/settle`
  t.match((await settle('s-3', { outcome: 'absent' }, none)).body, { code: 'ORDER_UNKNOWN' })
  t.match((await settle('s-5', { outcome: 'absent' })).body, { code: 'ORDER_FATE_KNOWN' }, 'it is accepted')
  await running.pool.query('delete from paper.fills')
  await running.pool.query('delete from paper.orders')
  const filled = { outcome: 'filled', price: 78_550, lots: 1, fee: '20' }
  const settled = await eventually('it is missed at the broker, and settled', async () => {
    const answer = await settle(`s-${randomUUID()}`, filled)
    return answer.status === 200 ? answer : undefined
  })
  t.match(settled.body, {
    decision: { kind: 'settleBreak', reasons: ['BOOKED', 'it filled: asked them'], lots: '1' },
  })
  const positions = await running.ask<Listed>(`${portfolio}/positions`)
  t.match(positions.body.items, [{ lots: '1', averagePrice: '78550', fees: '20' }])
  const orders = await running.ask<Listed>(`${portfolio}/orders?status=closed`)
  t.match(orders.body.items, [{ id: orderId, state: 'canceled', filledLots: '1' }])
  t.match((await settle('s-4', { outcome: 'absent' })).body, { code: 'ORDER_FATE_KNOWN', status: 422 })
})
