import t from 'tap'
import { testDatabase } from '../helpers/postgres.js'

const entry = {
  columns: `id, portfolio, seq, idx, client_order_id, instrument, side, type, purpose, lots, reference_price,
    filled_lots, filled_value, state, attempt, cancel_requested, decision_id, position_id, created_at`,
  values: (id: string, seq: number, state: string) =>
    `('${id}', 'p', ${seq}, 0, 'c-${id}', 'GOLD', 'buy', 'market', 'entry', 1, 100, 0, 0, '${state}', 0, false,
      'D', 'P', now())`,
}

const unit = `insert into positions (id, portfolio, seq, idx, instrument, unit, state, lots, cost, bought_lots,
    bought_value, sold_lots, sold_value, realized_pnl, fees, initial_stop, stop, highest_close, stop_distance,
    entry_atr, point_value, entry_order_id, exit_orders, exit_not_before, opened_at)
  values ('P-1', 'p', 1, 0, 'GOLD', 1, 'open', 2, 200, 2, 200, 0, 0, 0, 0, 90, 90, 100, 10, 5, 1, 'O-1', 0,
    to_timestamp(0), now())`

t.test('the logs, the fills and the ledger refuse to be changed', async (t) => {
  const { pool } = await testDatabase(t)
  await pool.query(`insert into inputs values ('p', 1, 'T-1', 'TimerFired', 1, '{}', 0)`)
  await pool.query(`insert into events values ('p', 1, 0, 'OrderAccepted', 1, '{}')`)
  await pool.query(`insert into fills values ('p', 'O-1', 't1', 1, 0, 1, 100, 0, now())`)
  await pool.query(`insert into ledger values ('p', 1, 0, 'deposit', 100, now())`)
  for (const table of ['inputs', 'events', 'fills', 'ledger']) {
    const changes = [`update ${table} set portfolio = 'q'`, `delete from ${table}`, `truncate ${table}`]
    for (const change of changes) {
      await t.rejects(pool.query(change), { code: '23001', message: /append-only/ }, change)
    }
  }
})

t.test('the same input is recorded once in a portfolio', async (t) => {
  const { pool } = await testDatabase(t)
  const insert = `insert into inputs values ($1, $2, 'T-1', 'TimerFired', 1, '{}', 0)`
  await pool.query(insert, ['p', 1])
  await t.rejects(pool.query(insert, ['p', 2]), { code: '23505', constraint: 'inputs_once' })
  await pool.query(insert, ['q', 1])
})

t.test('a stop or a highest close that would fall is refused, and so is a short unit', async (t) => {
  const { pool } = await testDatabase(t)
  await pool.query(unit)
  await pool.query('update positions set stop = 95, highest_close = 110')
  await t.rejects(pool.query('update positions set stop = 94.9'), { code: '23514' })
  await t.rejects(pool.query('update positions set highest_close = 109'), { code: '23514' })
  await t.rejects(pool.query('update positions set lots = -1'), { code: '23514' })
})

t.test(
  'an instrument has one entry at work, also when one statement ends it and begins the next',
  async (t) => {
    const { pool } = await testDatabase(t)
    const insert = `insert into orders (${entry.columns}) values `
    await pool.query(insert + entry.values('O-1', 1, 'accepted'))
    await t.rejects(pool.query(insert + entry.values('O-2', 2, 'initialized')), { code: '23P01' })
    await pool.query(`with next as (${insert + entry.values('O-3', 3, 'initialized')} returning id)
    update orders set state = 'filled' where id = 'O-1'`)
    const { rows } = await pool.query('select id, state from orders order by id')
    t.strictSame(rows, [
      { id: 'O-1', state: 'filled' },
      { id: 'O-3', state: 'initialized' },
    ])
  },
)

t.test('an order that has ended only fills, and forgets neither sends nor fills', async (t) => {
  const { pool } = await testDatabase(t)
  await pool.query(`insert into orders (${entry.columns}) values ${entry.values('O-1', 1, 'initialized')}`)
  const change = (what: string) => pool.query(`update orders set ${what}`)
  await change(`state = 'submitted', attempt = 1`)
  await change(`state = 'unresolved'`)
  await change(`state = 'initialized'`)
  await t.rejects(change('attempt = 0'), { code: '23514', constraint: 'orders_transition' })
  await change(`state = 'partiallyFilled', filled_lots = 0.5`)
  await t.rejects(change('filled_lots = 0.4'), { code: '23514' })
  for (const what of ['lots = 2', `side = 'sell'`, `instrument = 'SILVER'`, `client_order_id = 'x'`])
    await t.rejects(change(what), { code: '23514', message: /never changes/ }, what)
  await change(`state = 'canceled'`)
  for (const state of ['initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled', 'rejected'])
    await t.rejects(change(`state = '${state}'`), { code: '23514' }, state)
  await change(`state = 'filled', filled_lots = 1`)
  await t.rejects(change(`state = 'canceled'`), { code: '23514' })
})

t.test('of the alerts with one key the first stays the first, and each content is kept once', async (t) => {
  const { pool } = await testDatabase(t)
  const insert = `insert into inbox (alert_id, portfolio, source, dedupe_key, content_hash, conflict, raw, alert)
    values ('A-1', 'p', 's', 'k', $1, $2, '', '{}')`
  await pool.query(insert, ['h1', false])
  await t.rejects(pool.query(insert, ['h2', false]), { code: '23505', constraint: 'inbox_first' })
  await pool.query(insert, ['h2', true])
  await t.rejects(pool.query(insert, ['h2', true]), { code: '23505' })
})
