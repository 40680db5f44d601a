import t from 'tap'
import { digest } from '../../core/ids.js'
import { SimulatedClock } from '../../server/clock.js'
import { alarmIfStale } from '../../server/market/calendar/calendar-watch.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { eventually } from '../helpers/eventually.js'
import { testDatabase } from '../helpers/postgres.js'
import { goldEntry, keepingLog, type RunningService, runService } from '../main/running-service.js'

const cash = '/v1/portfolios/paper/cash'
const exit = '/v1/portfolios/paper/exit'
const state = '/v1/portfolios/paper/trading-state'
const deposit = { kind: 'deposit', amount: '1000', currency: 'INR', note: 'first' }

interface CommandAnswer {
  readonly commandId: string
  readonly outcome: string
  readonly code?: string
  readonly decisions: readonly { readonly id: string; readonly outcome: string; readonly reasons: string[] }[]
}

async function countDeposits({ pool }: RunningService): Promise<number> {
  const { rows } = await pool.query(
    `select count(*) as count from ledger where kind = 'deposit' and amount = 1000`,
  )
  return rows[0].count
}

t.test('the same key and body get the first answer, and the command runs once', async (t) => {
  const running = await runService(t)
  const first = await running.command<CommandAnswer>(cash, 'k1', deposit)
  t.equal(first.status, 200)
  t.match(first.body, { outcome: 'approved', decisions: [{ reasons: ['DEPOSIT'] }] })
  const { note, ...rest } = deposit
  for (const body of [deposit, { note, ...rest }]) {
    const again = await running.command<CommandAnswer>(cash, 'k1', body)
    t.equal(again.status, 200)
    t.same(again.body, first.body)
  }
  t.equal(await countDeposits(running), 1)
  t.equal((await running.command<CommandAnswer>(cash, 'k2', deposit)).status, 200)
  t.equal(await countDeposits(running), 2, 'another key is another command')
})

t.test('a missing or malformed key is refused, and another body under a key too', async (t) => {
  const running = await runService(t)
  for (const key of [null, '', 'with space', 'x'.repeat(256)]) {
    const { status, body } = await running.command<CommandAnswer>(cash, key, deposit)
    t.equal(status, 400, String(key))
    t.equal(body.code, 'IDEMPOTENCY_KEY_MISSING')
  }
  await running.command(cash, 'k1', deposit)
  const other = await running.command<CommandAnswer>(cash, 'k1', { ...deposit, amount: '2000' })
  t.equal(other.status, 422)
  t.equal(other.body.code, 'IDEMPOTENCY_KEY_REUSED')
  const elsewhere = await running.command<CommandAnswer>(state, 'k1', {
    state: 'halted',
    reason: 'other path',
  })
  t.equal(elsewhere.status, 200, 'a key belongs to its path')
})

t.test('refusals are answers: they are repeated, whatever has changed since', async (t) => {
  const running = await runService(t)
  const refusals: [path: string, body: unknown, status: number, code: string][] = [
    [cash, { kind: 'deposit', amount: 'much', currency: 'INR' }, 400, 'REQUEST_INVALID'],
    [cash, { kind: 'deposit', amount: '0', currency: 'INR' }, 400, 'REQUEST_INVALID'],
    [cash, { ...deposit, surprise: 1 }, 400, 'REQUEST_INVALID'],
    [cash, { ...deposit, currency: 'USD' }, 422, 'CURRENCY_MISMATCH'],
    [cash, { ...deposit, kind: 'withdrawal', amount: '10000000.01' }, 422, 'COMMAND_BLOCKED'],
    [exit, { instrument: 'SILVER', reason: 'x' }, 422, 'INSTRUMENT_UNKNOWN'],
    [exit, { positionId: 'P-none', reason: 'x' }, 422, 'POSITION_UNKNOWN'],
    [exit, { all: true, instrument: 'GOLD_MINI', reason: 'x' }, 400, 'REQUEST_INVALID'],
    [exit, { reason: 'x' }, 400, 'REQUEST_INVALID'],
    [exit, { all: true }, 400, 'REQUEST_INVALID'],
    [state, { state: 'paused', reason: 'x' }, 400, 'REQUEST_INVALID'],
    ['/v1/portfolios/none/cash', deposit, 404, 'PORTFOLIO_UNKNOWN'],
  ]
  const first = await Promise.all(
    refusals.map(([path, body], index) => running.command(path, `r${index}`, body)),
  )
  await running.command(cash, 'more', { ...deposit, amount: '5000' })
  for (const [index, [path, body, status, code]] of refusals.entries()) {
    t.equal(first[index]!.status, status, `${path} ${JSON.stringify(body)}`)
    t.match(first[index]!.body, { code, status })
    const again = await running.command(path, `r${index}`, body)
    t.same([again.status, again.body], [status, first[index]!.body])
  }
})

t.test('many at once with one key are one command', async (t) => {
  const running = await runService(t)
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => running.command<CommandAnswer>(cash, 'k1', deposit)),
  )
  for (const { status } of answers) t.ok(status === 200 || status === 409, String(status))
  t.ok(answers.some(({ status }) => status === 200))
  t.equal(await countDeposits(running), 1)
})

t.test('a command that still runs answers 409, and 422 to another body', async (t) => {
  const running = await runService(t)
  const runner = await running.pool.connect()
  await runner.query('begin')
  const hash = await hashOf(running, deposit)
  await runner.query('insert into idempotency (scope, key, body_hash) values ($1, $2, $3)', [
    `POST ${cash}`,
    'k1',
    hash,
  ])
  await runner.query('commit; begin')
  await runner.query('select from idempotency where key = $1 for update', ['k1'])
  const busy = await running.command<CommandAnswer>(cash, 'k1', deposit)
  t.equal(busy.status, 409)
  t.equal(busy.body.code, 'IDEMPOTENCY_KEY_RUNNING')
  const other = await running.command<CommandAnswer>(cash, 'k1', { ...deposit, amount: '2' })
  t.equal(other.status, 422)
  await runner.query('rollback')
  runner.release()
  t.equal((await running.command(cash, 'k1', deposit)).status, 200, 'its runner is gone: it is run now')
  t.equal(await countDeposits(running), 1)
})

/** Returns the hash under which the service stores a body, from a command that changes nothing. */
async function hashOf({ command, pool }: RunningService, body: unknown): Promise<string> {
  await command('/v1/portfolios/none/cash', 'probe', body)
  const { rows } = await pool.query<{ body_hash: string }>(
    `select body_hash from idempotency where key = 'probe'`,
  )
  return rows[0]!.body_hash
}

t.test('after a crash the key tells what became of the command, decided or not', async (t) => {
  const running = await runService(t)
  const { pool, command } = running
  const hash = await hashOf(running, deposit)
  const begin = (key: string) =>
    pool.query('insert into idempotency (scope, key, body_hash) values ($1, $2, $3)', [
      `POST ${cash}`,
      key,
      hash,
    ])
  await begin('undecided')
  t.equal((await command(cash, 'undecided', deposit)).status, 200)
  t.equal(await countDeposits(running), 1)
  const decided = await command<CommandAnswer>(cash, 'decided', deposit)
  t.equal(decided.body.commandId, `C-${digest('command', `POST ${cash}`, 'decided')}`)
  await pool.query(
    `update idempotency set state = 'running', status = null, response = null where key = 'decided'`,
  )
  const resolved = await command<CommandAnswer>(cash, 'decided', deposit)
  t.same([resolved.status, resolved.body], [200, decided.body])
  t.equal(await countDeposits(running), 2, 'the decided one was not decided again')
})

t.test('an exit that was decided before a crash is answered although its position is closed', async (t) => {
  const running = await runService(t)
  const { pool, command, send, ask } = running
  await send(goldEntry())
  const { body } = await ask<{ items: { id: string }[] }>('/v1/portfolios/paper/positions')
  const order = { positionId: body.items[0]!.id, reason: 'enough' }
  const first = await command<CommandAnswer>(exit, 'k1', order)
  t.equal(first.status, 200)
  await eventually('the position is closed', async () => {
    const open = await ask<{ items: unknown[] }>('/v1/portfolios/paper/positions')
    return open.body.items.length === 0
  })
  await pool.query(
    `update idempotency set state = 'running', status = null, response = null where key = 'k1'`,
  )
  const again = await command<CommandAnswer>(exit, 'k1', order)
  t.equal(again.status, 200)
  t.match(again.body, { commandId: first.body.commandId, outcome: 'executed' })
  const orders = await ask<{ items: unknown[] }>('/v1/portfolios/paper/orders?status=all')
  t.equal(orders.body.items.length, 2)
})

t.test('an import of the calendar holds at once and for ever, and names what is wrong with it', async (t) => {
  interface Shown {
    version: string
    exchanges: { name: string; knownUntil: string; sessions: unknown[] | null; special: unknown }[]
  }
  interface Imported extends Shown {
    code?: string
    errors?: { field: string; message: string }[]
  }
  const running = await runService(t)
  const path = '/v1/imports/calendar'
  const on = async (exchange: string, date: string) =>
    (await running.ask<Shown>(`/v1/calendar?exchange=${exchange}&date=${date}`)).body
  const before = await on('NFO', '2027-01-04')
  t.match(before.exchanges, [{ name: 'NFO', knownUntil: '2026-12-31', sessions: null }])

  const circular = {
    exchange: 'nse',
    source: 'circular of December',
    knownUntil: '2027-12-31',
    closures: [{ date: '2027-01-26', name: 'Republic Day' }],
    specialSessions: [{ date: '2027-10-29', name: 'muhurat', opens: '18:00', closes: '19:00' }],
  }
  const first = await running.command<Imported>(path, 'k1', circular)
  t.match(first, { status: 200, body: { exchanges: [{ name: 'NSE', knownUntil: '2027-12-31' }] } })
  t.same((await running.command<Imported>(path, 'k1', circular)).body, first.body)
  const after = await on('NFO', '2027-01-04')
  t.equal(after.version, first.body.version)
  t.not(after.version, before.version)
  t.match(after.exchanges, [
    {
      knownUntil: '2027-12-31',
      sessions: [{ opensAt: '2027-01-04T03:45:00.000Z', closesAt: '2027-01-04T10:10:00.000Z' }],
    },
  ])
  t.match((await on('NFO', '2027-01-26')).exchanges, [{ sessions: [], special: { name: 'Republic Day' } }])

  const csv = 'date,exchange,description\n2027-03-22,NSE,Holi\n2027-03-22,MCX,Holi\n'
  const unknownYet = await running.command<Imported>(path, 'k2', { csv, source: 'file' })
  t.equal(unknownYet.status, 400)
  t.match(unknownYet.body.errors, [
    { field: 'line 3', message: '2027-03-22 is after 2026-12-31: give knownUntil' },
  ])
  const complete = { csv, source: 'file', knownUntil: '2027-12-31' }
  t.equal((await running.command<Imported>(path, 'k3', complete)).status, 200)
  t.match((await on('mcx', '2027-03-22')).exchanges, [{ name: 'MCX', sessions: [] }])

  const wrong = 'date,exchange,description\n22/03/2027,NSE,Holi\n2027-02-30,NSE,x\n2027-03-22,NSE\n'
  const lines = await running.command<Imported>(path, 'k4', { csv: wrong, source: 'file' })
  t.same(
    lines.body.errors?.map(({ field, message }) => `${field} ${message}`),
    [
      'line 2 22/03/2027 is no date as YYYY-MM-DD',
      'line 3 2027-02-30 is no date as YYYY-MM-DD',
      'line 4 has 2 fields, not date, exchange and description',
    ],
  )
  const fields = await running.command<Imported>(path, 'k5', {
    ...circular,
    exchange: 'LSE',
    specialSessions: [],
  })
  t.match(fields.body, { code: 'REQUEST_INVALID', errors: [{ field: 'exchange' }] })
  const late = [{ date: '2027-10-29', name: 'muhurat', opens: '19:00', closes: '18:00' }]
  const upside = await running.command<Imported>(path, 'k6', { ...circular, specialSessions: late })
  t.match(upside.body.errors, [{ field: 'specialSessions.0.closes', message: /later than opens/ }])

  const { rows } = await running.pool.query('select count(*)::int as count from calendar_imports')
  t.same(rows, [{ count: 2 }], 'what was refused is not stored')
  await t.rejects(running.pool.query('delete from calendar_imports'), { code: '23001' })
})

t.test('an instrument whose calendar ends soon is alarmed about once a day', async (t) => {
  const { pool } = await testDatabase(t)
  const metrics = createMetrics()
  const look = async (at: string) => {
    const clock = new SimulatedClock({ start: Date.parse(at) })
    await alarmIfStale({
      desk: { pool, log: keepingLog([]), metrics },
      clock,
      exchanges: ['MCX', 'MCX', 'KRAKEN'],
    })
    const { rows } = await pool.query(`select message from alarms where code = 'CALENDAR_STALE'`)
    return rows.map(({ message }) => String(message))
  }
  t.same(await look('2026-11-15T12:00:00Z'), [], '46 days before')
  t.match(await look('2026-11-16T12:00:00Z'), [/MCX ends on 2026-12-31, in 45 days/])
  t.equal((await look('2026-11-17T11:00:00Z')).length, 1, 'within a day')
  t.equal((await look('2026-11-17T13:00:00Z')).length, 2)
  t.match((await look('2027-01-02T13:00:00Z')).at(-1), /MCX ended on 2026-12-31/)
})
