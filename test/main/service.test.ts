import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from 'pg'
import t from 'tap'
import { SimulatedClock } from '../../server/clock.js'
import { startService } from '../../server/main.js'
import { silentLog } from '../../server/observe/log.js'
import { eventually } from '../helpers/eventually.js'
import { runGeneralInTurn } from '../helpers/general.js'
import { testDatabase } from '../helpers/postgres.js'
import { tcpProxy } from '../helpers/tcp-proxy.js'
import { testDirectory } from '../helpers/temporary-directory.js'
import { clientOf, goldEntry, runService } from './running-service.js'

interface Listed<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

interface Position {
  readonly id: string
  readonly lots: string
  readonly averagePrice: string
  readonly state: string
  readonly stop: number
}

const positionsPath = '/v1/portfolios/paper/positions'

t.test('an entry becomes a filled position that is told at once, and a restart keeps it', async (t) => {
  const first = await runService(t)
  const { status, body } = await first.send(goldEntry())
  t.equal(status, 200)
  t.match(body, {
    status: 'accepted',
    decision: { outcome: 'executed', lots: '2', reasons: ['ALL_GATES_PASSED'] },
  })
  const held = await first.ask<Listed<Position>>(positionsPath)
  t.match(held.body, {
    items: [{ lots: '2', averagePrice: '78500', state: 'open', stop: 77_800 }],
    next: null,
  })
  await first.service.stop()
  const second = await runService(t, { beside: first })
  const kept = await second.ask<Listed<Position>>(positionsPath)
  t.same(kept.body, held.body)
})

t.test('four equal sends are one alert, one decision and one order', async (t) => {
  const { send, ask, pool } = await runService(t)
  const alert = goldEntry()
  const answers = await Promise.all([1, 2, 3, 4].map(() => send(alert)))
  t.same(answers.map(({ body }) => body.status).sort(), ['accepted', 'duplicate', 'duplicate', 'duplicate'])
  t.equal(new Set(answers.map(({ body }) => body.alertId)).size, 1)
  const later = await send(alert)
  t.match(later.body, { status: 'duplicate', decision: { outcome: 'executed', lots: '2' } })
  const orders = await ask<Listed<unknown>>('/v1/portfolios/paper/orders?status=all')
  t.equal(orders.body.items.length, 1)
  const { rows } = await pool.query('select count(*) as count from decisions where alert_id is not null')
  t.equal(rows[0].count, 1)
})

t.test('an exit closes what an entry opened, and the money is in the ledger', async (t) => {
  const { send, ask } = await runService(t)
  await send(goldEntry())
  const exit = { type: 'EXIT', instrument: 'GOLD_MINI', price: 79_000, timestamp: new Date().toISOString() }
  const { body } = await send(exit)
  t.match(body, { decision: { outcome: 'executed' } })
  const open = await ask<Listed<Position>>(positionsPath)
  t.same(open.body.items, [])
  const closed = await ask<Listed<Position>>(`${positionsPath}?status=closed`)
  t.match(closed.body.items, [{ state: 'closed', lots: '0', realizedPnl: '10000' }])
  const ledger = await ask<Listed<unknown>>('/v1/portfolios/paper/ledger')
  t.match(ledger.body.items[0], { kind: 'realizedPnl', amount: '10000' })
})

// Faults: L04
t.test('one of two instances decides, both take alerts, and the other takes over', async (t) => {
  const holder = await runService(t)
  const other = await runService(t, { beside: holder })
  const { body: waiting } = await other.ask<unknown>('/readyz')
  t.match(waiting, { ready: true, portfolios: [{ code: 'LEASE_HELD', phase: 'lease', heldBy: /./ }] })
  const alert = goldEntry()
  // A machine that is busy answers late; who sends hears 503, or no decision yet, and sends again
  const decided = await eventually('the alert is decided', async () => {
    const { body } = await other.send(alert)
    return body.decision === undefined ? undefined : body
  })
  t.match(decided, { status: /^(accepted|duplicate)$/, decision: { outcome: /^(approved|executed)$/ } })
  const refused = await other.command<{ code: string }>('/v1/portfolios/paper/exit', 'k1', {
    all: true,
    reason: 'x',
  })
  t.equal(refused.body.code, 'LEASE_HELD')
  t.equal(refused.status, 503)
  await holder.service.stop()
  await eventually('the other is active', async () => {
    const { body: now } = await other.ask<{ portfolios: { phase: string }[] }>('/readyz')
    return now.portfolios[0]!.phase === 'active'
  })
  const exit = { type: 'EXIT', instrument: 'GOLD_MINI', price: 79_000, timestamp: new Date().toISOString() }
  t.match((await other.send(exit)).body, { decision: { outcome: 'executed' } })
})

// Faults: P01
t.test('without a database alerts are refused in time, and everything goes on when it is back', async (t) => {
  const { pool, connectionString } = await testDatabase(t)
  const proxy = await tcpProxy(t, connectionString)
  const running = await runService(t, { beside: { pool, connectionString: proxy.url } })
  const { send, ask } = running
  for (const fail of [proxy.cut, proxy.swallow]) {
    await fail()
    const [away, portfolios, health, readiness] = await Promise.all([
      send(goldEntry()),
      ask<unknown>('/v1/portfolios'),
      ask<unknown>('/healthz'),
      ask<unknown>('/readyz'),
    ])
    t.equal(away.status, 503)
    t.equal(away.headers.get('retry-after'), '5')
    t.match(away.body, { code: 'STORAGE_NOT_PROVEN' })
    t.match(portfolios.body, { code: 'DB_UNAVAILABLE', status: 503 })
    t.equal(health.status, 200)
    t.match(readiness, { status: 503, body: { portfolios: [{ code: 'DB_UNAVAILABLE' }] } })
    await proxy.heal()
    const alert = goldEntry()
    const back = await eventually('an alert is decided again', async () => {
      const { status, body } = await send(alert)
      return status === 200 && body.decision !== undefined ? body : undefined
    })
    t.match(back, { decision: { outcome: /executed|blocked/ } })
  }
  const { rows } = await pool.query('select count(*) as count from positions')
  t.equal(rows[0].count, 1)
})

t.test('the trading state survives restarts: halted lets exits out, frozen lets nothing out', async (t) => {
  const portfolio = '/v1/portfolios/paper'
  const change = ({ command }: typeof first, state: string) =>
    command<{ outcome: string }>(`${portfolio}/trading-state`, state, { state, reason: 'drill' })
  const entryOf = (instrument: string) => goldEntry({ instrument, price: 800, atr: 8 })
  const exitOf = (instrument: string) => ({
    ...{ type: 'EXIT', instrument, price: 79_000, timestamp: new Date().toISOString() },
  })
  const first = await runService(t)
  await first.send(goldEntry())
  await first.send(entryOf('COPPER'))
  t.match((await change(first, 'halted')).body, { outcome: 'approved' })
  await first.service.stop()

  const second = await runService(t, { beside: first })
  const told = { tradingState: 'halted', tradingStateReason: 'drill' }
  t.match((await second.ask<unknown>(portfolio)).body, told, 'it is halted after the restart')
  const refused = await second.send(goldEntry({ instrument: 'SILVER_MINI', price: 90_000, atr: 900 }))
  t.match(refused.body, { decision: { outcome: 'blocked', reasons: ['TRADING_STATE'] } })
  t.match((await second.send(exitOf('GOLD_MINI'))).body, { decision: { outcome: 'executed' } })
  t.match((await change(second, 'frozen')).body, { outcome: 'approved' })
  const sent = async () => (await second.pool.query('select count(*)::int as n from paper.orders')).rows[0].n
  const before = await sent()
  t.match((await second.send(exitOf('COPPER'))).body, { decision: { outcome: 'blocked' } }, 'it waits')
  await second.service.stop()

  const third = await runService(t, { beside: first })
  t.match((await third.ask<unknown>(portfolio)).body, { tradingState: 'frozen' })
  t.equal(await sent(), before, 'nothing has left, nor does it after the restart')
  t.match((await change(third, 'active')).body, { outcome: 'approved' })
  await eventually('the exit that stood is done', async () => {
    const { body } = await third.ask<Listed<unknown>>(positionsPath)
    return body.items.length === 0
  })
})

// Faults: P10
t.test(
  'a disk that is full: nothing is acknowledged or sent, and all goes on when there is room',
  async (t) => {
    const { send, command, pool, ask } = await runService(t)
    await send(goldEntry())
    await pool.query(`create function refuse_as_full() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`)
    for (const table of ['inbox', 'inputs'])
      await pool.query(`create trigger full_disk before insert on ${table} execute function refuse_as_full()`)
    const exit = { type: 'EXIT', instrument: 'GOLD_MINI', price: 79_000, timestamp: new Date().toISOString() }
    t.match(await send(exit), { status: 503, body: { code: 'STORAGE_NOT_PROVEN' } })
    const ordered = await command<unknown>('/v1/portfolios/paper/exit', 'k1', { all: true, reason: 'x' })
    t.ok(ordered.status >= 500, `the command is not confirmed: ${ordered.status}`)
    const { rows } = await pool.query('select side from paper.orders')
    t.same(rows, [{ side: 'buy' }], 'nothing is sold')
    for (const table of ['inbox', 'inputs']) await pool.query(`drop trigger full_disk on ${table}`)
    await eventually('the same exit is taken', async () => (await send(exit)).status === 200)
    await eventually('nothing is held', async () => {
      const { body } = await ask<Listed<unknown>>(positionsPath)
      return body.items.length === 0
    })
  },
)

// Faults: P01
t.test('a service that waits for its database says so, and refuses alerts until then', async (t) => {
  const home = await testDirectory(t)
  const env = {
    DATABASE_URL: 'postgres://u:canary-password@127.0.0.1:1/x',
    GENERAL_HOME: home,
    PORT: '0',
    ADMIN_PORT: '0',
  }
  const lines: string[] = []
  const service = await startService({ env, log: silentLog, onPhase: (line) => lines.push(line) })
  t.teardown(service.stop)
  const { send, ask } = clientOf(service)
  t.match((await send(goldEntry())).body, { code: 'STARTING', status: 503 })
  const { body } = await eventually('readyz names the cause', async () => {
    const answer = await ask<{ portfolios: { code: string | null }[] }>('/readyz')
    return answer.body.portfolios[0]!.code === 'DB_UNAVAILABLE' ? answer : undefined
  })
  t.match(body, {
    ready: false,
    phase: 'starting',
    portfolios: [{ phase: 'database', detail: /ECONNREFUSED/ }],
  })
  t.match((await ask<unknown>('/v1/portfolios')).body, { code: 'DB_UNAVAILABLE', status: 503 })
  t.notOk(JSON.stringify([body, lines]).includes('canary-password'))
})

t.test('what is wrong with a start is told before anything listens', async (t) => {
  const home = await testDirectory(t)
  const start = (env: Record<string, string>) =>
    startService({ env: { GENERAL_HOME: home, PORT: '0', ADMIN_PORT: '0', ...env }, log: silentLog })
  await t.rejects(start({ PORT: 'x', LOG_LEVEL: 'loud' }), {
    code: 'CONFIGURATION_INVALID',
    message: /PORT(.|\n)*LOG_LEVEL/,
  })
  await t.rejects(start({ GENERAL_CONFIG: join(home, 'none.json') }), { code: 'CONFIGURATION_INVALID' })
  const { service } = await runService(t)
  const { port } = new URL(service.webhookUrl)
  await t.rejects(start({ PORT: port }), { code: 'PORT_TAKEN', message: new RegExp(`PORT: port ${port}`) })
})

t.test('a database that refuses the service for good ends the start with the reason', async (t) => {
  const { connectionString } = await testDatabase(t)
  const home = await testDirectory(t)
  const wrong = new URL(connectionString)
  wrong.pathname = '/no_such_database'
  const env = { GENERAL_HOME: home, PORT: '0', ADMIN_PORT: '0', DATABASE_URL: wrong.href }
  const service = await startService({ env, log: silentLog })
  t.teardown(service.stop)
  await t.rejects(service.ready, { code: 'DB_UNAVAILABLE', message: /no_such_database/ })
})

t.test('tokens are made once, for their owner only, and never logged', async (t) => {
  const { service, home, logged, send } = await runService(t)
  const { webhook, admin } = service.tokens
  for (const file of [webhook.file, admin.file]) t.equal((await stat(file!)).mode & 0o777, 0o600)
  t.not(webhook.token, admin.token)
  await send(goldEntry())
  await send('canary-body')
  const text = logged.join('\n')
  for (const secret of [webhook.token, admin.token, 'canary-body']) t.notOk(text.includes(secret))
  const again = await startService({
    env: { GENERAL_HOME: home, PORT: '0', ADMIN_PORT: '0', DATABASE_URL: 'postgres://127.0.0.1:1/x' },
    log: silentLog,
  })
  t.teardown(again.stop)
  t.same(again.tokens, service.tokens)
})

t.test('tokens may come from files that the environment names', async (t) => {
  const home = await testDirectory(t)
  const file = join(home, 'given')
  await writeFile(file, 'given-webhook-token\n')
  const { service, send } = await runService(t, {
    env: { WEBHOOK_TOKEN_FILE: file, ADMIN_TOKEN: 'given-admin-token' },
  })
  t.same(service.tokens, {
    webhook: { token: 'given-webhook-token', file: null },
    admin: { token: 'given-admin-token', file: null },
  })
  t.equal((await send(goldEntry())).status, 200)
  await t.rejects(runService(t, { env: { ADMIN_TOKEN_FILE: join(home, 'none') } }), {
    message: /ADMIN_TOKEN_FILE/,
  })
})

t.test('decisions take the time of a simulated clock', async (t) => {
  const start = Date.UTC(2026, 0, 5, 9)
  const { send, ask } = await runService(t, { clock: new SimulatedClock({ start }) })
  t.match((await send(goldEntry())).body, { decision: { outcome: 'blocked', reasons: ['FUTURE'] } })
  const entry = goldEntry({ timestamp: '2026-01-05T14:30:00+05:30' })
  const { body } = await send(entry)
  t.match(body, { decision: { outcome: 'executed' } })
  const decision = await ask<unknown>(`/v1/decisions/${body.decision!.id}`)
  t.match(decision.body, { at: '2026-01-05T09:00:00.000Z', sizing: { kind: 'entry', lots: 2 }, lots: '2' })
})

// Faults: K24
t.test('while it stops it refuses new alerts, and what was acknowledged is not lost', async (t) => {
  const running = await runService(t)
  const sent: Promise<{ status: number }>[] = []
  for (let index = 0; index < 50; index += 1) {
    const timestamp = new Date(Date.now() - index * 10).toISOString()
    sent.push(running.send({ type: 'MARKET_DATA', instrument: 'COPPER', price: 800, atr: 8, timestamp }, {}))
  }
  const [answers] = await Promise.all([Promise.allSettled(sent), running.service.stop()])
  const acknowledged = answers.filter(
    (answer) => answer.status === 'fulfilled' && answer.value.status === 200,
  )
  const { rows } = await running.pool.query('select count(*) as count from inbox')
  t.ok(rows[0].count >= acknowledged.length, `${acknowledged.length} of 50 were acknowledged`)
  const second = await runService(t, { beside: running })
  const waiting = await second.pool.query(`select count(*) as count from inbox where state = 'waiting'`)
  t.equal(waiting.rows[0].count, 0, 'and all of them are decided after the restart')
})

interface Break {
  readonly id: string
  readonly class: string
  readonly state: string
}

/** Somebody trades in the account of the paper venue, at a price that is told to nobody. */
async function tradeByHand(pool: Pool, side: 'buy' | 'sell', lots: number): Promise<void> {
  const trade = `insert into paper.fills (account, client_order_id, trade_id, instrument, side, lots, price, fee, at, shown_at)
    values ('paper', 'by hand', gen_random_uuid(), 'GOLD_MINI', $1, $2, 78600, 0, now(), now())`
  await pool.query(trade, [side, lots])
}

// Faults: B18
t.test('what changes at the broker behind our back is found, locked, and settled by a person', async (t) => {
  const { send, ask, command, pool, service, home, connectionString } = await runService(t, {
    looksEvery: 50,
  })
  const reconciliation = '/v1/reconciliation'
  const found = (state: string) =>
    eventually(`a break is ${state}`, async () =>
      (await ask<Listed<Break>>(reconciliation)).body.items.find((item) => item.state === state),
    )
  const readiness = async () =>
    (await ask<{ portfolios: { code: string | null; detail: string | null }[] }>('/readyz')).body
      .portfolios[0]
  const agreed = () =>
    eventually('the book and the broker agree', async () => (await readiness())?.code === null)
  await send(goldEntry())
  t.same((await ask<Listed<Break>>(reconciliation)).body.items, [])
  await tradeByHand(pool, 'buy', 3)
  const more = await found('confirmed')
  t.match(more, {
    portfolio: 'paper',
    instrument: 'GOLD_MINI',
    class: 'quantity',
    difference: 'the book holds 2 lots, the broker 5',
    ours: '2',
    theirs: '5',
    averagePrice: '78560',
    lock: { reason: /the broker 5/ },
  })
  const told = await eventually('readyz tells it', async () => (await readiness())?.detail)
  t.equal(told, 'GOLD_MINI: the book holds 2 lots, the broker 5')

  const path = `${reconciliation}/breaks/${more.id}`
  const reason = 'bought by hand'
  const missing = await command<{ code: string; detail: string }>(path, 'k1', { action: 'book', reason })
  t.equal(missing.status, 422)
  t.match(missing.body, { code: 'COMMAND_BLOCKED', detail: /PRICE_MISSING: state the price at which 3 lots/ })
  t.same((await command(path, 'k1', { action: 'book', reason })).body, missing.body, 'the first answer')
  const wrong = { action: 'ignore', price: '78600', reason }
  t.match(await command(path, 'k2', wrong), {
    status: 400,
    body: { errors: [{ field: 'price', message: 'goes with adopt and book, not with ignore' }] },
  })
  const elsewhere = await command(`${reconciliation}/breaks/B-none`, 'k3', { action: 'ignore', reason })
  t.match(elsewhere, { status: 404, body: { code: 'BREAK_UNKNOWN' } })
  t.equal((await command(path, null, { action: 'adopt', reason })).status, 400)

  const other = await runService(t, { beside: { pool, connectionString } })
  t.match((await other.ask<Listed<Break>>(reconciliation)).body.items, [{ id: more.id, state: 'confirmed' }])
  const refusedThere = await other.command(path, 'k4', { action: 'ignore', reason })
  t.match(
    refusedThere,
    { status: 503, body: { code: 'LEASE_HELD' } },
    'it is decided where the portfolio runs',
  )
  await other.service.stop()

  const adopt = { action: 'adopt', reason }
  const adopted = await command<{ commandId: string }>(path, 'k5', adopt)
  t.match(adopted, {
    status: 200,
    body: { outcome: 'approved', decision: { kind: 'settleBreak', reasons: ['ADOPTED', reason], lots: '3' } },
  })
  t.same((await command(path, 'k5', adopt)).body, adopted.body, 'although the break is gone')
  const held = await ask<Listed<Position>>(positionsPath)
  t.match(held.body.items, [
    { lots: '3', averagePrice: '78600', stop: 77_900, unit: 2 },
    { lots: '2', averagePrice: '78500' },
  ])
  await agreed()

  const order = `insert into paper.orders (account, client_order_id, venue_order_id, instrument, side, type, lots, limit_price,
      accepted_at, last_news_at)
    values ('paper', 'by hand', 'v-by-hand', 'COPPER', 'buy', 'limit', 1, 700, now(), 'infinity')`
  await pool.query(order)
  t.match(await found('confirmed'), {
    class: 'external',
    orderId: 'v-by-hand',
    lock: { reason: /v-by-hand/ },
  })
  await tradeByHand(pool, 'sell', 5)
  const gone = await eventually('a second one is confirmed', async () => {
    const { items } = (await ask<Listed<Break>>(reconciliation)).body
    return items.find((item) => item.class === 'ghost' && item.state === 'confirmed')
  })
  const external = (await ask<Listed<Break>>(reconciliation)).body.items.find(
    (item) => item.class === 'external',
  )
  const env = {
    ...{ DATABASE_URL: connectionString, GENERAL_HOME: home },
    ADMIN_PORT: new URL(service.adminUrl).port,
  }
  const said = ['--reason', 'sold by hand', '--yes']
  const runs = await runGeneralInTurn(
    [
      ['reconcile', '--json'],
      ['doctor', '--json'],
      ['reconcile', 'ignore', external!.id, ...said],
      ['reconcile', 'book', gone.id, '--price', '78700', ...said],
      ['reconcile', 'adopt', gone.id, '--price', '78700', ...said, '--json'],
      ['reconcile', 'adopt', gone.id, '--price', '78700', ...said],
      ['reconcile'],
      ['explain', adopted.body.commandId],
      ['explain', held.body.items[0]!.id],
      ['recover', '--check', '--full'],
      ['replay', '--assert-identical'],
    ],
    { env },
  )
  t.same(
    runs.map(({ code }) => code),
    [1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0],
    runs.map(({ stderr }) => stderr).join(''),
  )
  const [listed, examined, ignored, refused, , again, rest, story, ofPosition] = runs.map(
    ({ stdout, stderr }) => stdout + stderr,
  )
  t.match(listed, /"class": "ghost"/)
  t.match(examined, /"2 to decide; paper: /)
  t.match(ignored, /accepted until it changes/)
  t.match(refused, /NO_ORDER_FOR_FILL.*adopt takes the broker's count/)
  t.match(again, /There is no difference B-/)
  t.match(rest, /external +ignored/)
  t.match(story, /was taken over from the broker: 3 lots of GOLD_MINI at ₹?78,600/)
  t.match(ofPosition, /bought by hand/)
  await agreed()
  t.same((await ask<Listed<Position>>(positionsPath)).body.items, [])
  const { body } = await ask<Listed<unknown>>('/v1/portfolios/paper/ledger')
  t.match(body.items.slice(0, 2), [
    { kind: 'realizedPnl', amount: '4000', note: /^correction, B-\w+: sold by hand$/ },
    { kind: 'realizedPnl', amount: '3000' },
  ])
  const { rows } = await pool.query(`select count(*) from inputs where type = 'AccountObserved'`)
  t.equal(Number(rows[0].count), 5, 'one at the start, and two for each difference, of all the looks')
})
