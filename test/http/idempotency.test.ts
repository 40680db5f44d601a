import t from 'tap'
import { digest } from '../../core/ids.js'
import { eventually } from '../helpers/eventually.js'
import { goldEntry, type RunningService, runService } from '../main/running-service.js'

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
