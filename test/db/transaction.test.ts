import { createServer, type Socket } from 'node:net'
import { sql } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { openDatabase } from '../../server/db/database.js'
import { checkDurability, DurabilityError } from '../../server/db/durability.js'
import { isDatabaseAway } from '../../server/db/is-database-away.js'
import { listMissingMigrations, migrateDatabase } from '../../server/db/migrate.js'
import { OwnConnection } from '../../server/db/own-connection.js'
import { bindKysely, inTransaction } from '../../server/db/transaction.js'
import { CommitUnknownError, TransactionAbortedError } from '../../server/db/transaction-error.js'
import { silentLog } from '../../server/observe/log.js'
import { eventually } from '../helpers/eventually.js'
import { testDatabase } from '../helpers/postgres.js'

async function databaseWithMarks(t: Test) {
  const database = await testDatabase(t)
  await database.pool.query('create table marks (id int primary key)')
  const countMarks = async () => {
    const { rows } = await database.pool.query<{ marks: number }>('select count(*)::int as marks from marks')
    return rows[0]?.marks
  }
  return { ...database, countMarks }
}

async function killBackend(pool: pg.Pool, client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query('select pg_backend_pid() as pid')
  await pool.query('select pg_terminate_backend($1)', [rows[0].pid])
}

t.test('what was done is stored once the transaction returns, and its result is returned', async (t) => {
  const { pool, countMarks } = await databaseWithMarks(t)
  const result = await inTransaction(pool, async (client) => {
    await client.query('insert into marks values (1)')
    await sql`insert into marks values (2)`.execute(bindKysely(client))
    return 'done'
  })
  t.equal(result, 'done')
  t.equal(await countMarks(), 2)
})

t.test('an error of the work rolls everything back and gives the connection back', async (t) => {
  const { pool, countMarks } = await databaseWithMarks(t)
  for (let round = 0; round < 20; round += 1) {
    const work = inTransaction(pool, async (client) => {
      await client.query('insert into marks values (1)')
      throw new Error('changed my mind')
    })
    await t.rejects(work, { message: 'changed my mind' })
  }
  t.equal(await countMarks(), 0)
  t.equal(pool.idleCount, pool.totalCount, 'no connection is kept')
})

// Faults: P09
t.test('a COMMIT that the server answers with ROLLBACK is an error, never done', async (t) => {
  const { pool, countMarks } = await databaseWithMarks(t)
  const work = inTransaction(pool, async (client) => {
    await client.query('insert into marks values (1)')
    await client.query('select 1 / 0').catch(() => undefined)
  })
  await t.rejects(work, TransactionAbortedError)
  t.equal(await countMarks(), 0)
})

// Faults: P08
t.test('a serialization failure is retried until the work succeeds', async (t) => {
  const { pool, countMarks } = await databaseWithMarks(t)
  let attempts = 0
  await inTransaction(pool, async (client) => {
    attempts += 1
    await client.query('insert into marks values (1)')
    if (attempts < 4) await client.query(`do $$ begin raise exception sqlstate '40001'; end $$`)
  })
  t.equal(attempts, 4)
  t.equal(await countMarks(), 1)
})

t.test('a failure that repeating cannot mend is not retried, and retries end', async (t) => {
  const { pool } = await databaseWithMarks(t)
  let attempts = 0
  const raise = (code: string, retries: number) => {
    return inTransaction(
      pool,
      async (client) => {
        attempts += 1
        await client.query(`do $$ begin raise exception sqlstate '${code}'; end $$`)
      },
      { retries },
    )
  }
  await t.rejects(raise('23505', 5), { code: '23505' })
  t.equal(attempts, 1)
  attempts = 0
  await t.rejects(raise('40P01', 2), { code: '40P01' })
  t.equal(attempts, 3)
})

// Faults: P08
t.test('a deadlock costs one of two transactions a retry, and both are stored', async (t) => {
  const { pool, countMarks } = await databaseWithMarks(t)
  await pool.query('insert into marks values (1), (2)')
  let attempts = 0
  let holding = 0
  const move = (first: number, second: number) => {
    return inTransaction(pool, async (client) => {
      attempts += 1
      await client.query('update marks set id = -id where abs(id) = $1', [first])
      holding += 1
      await eventually('both hold their first row', () => holding >= 2)
      await client.query('update marks set id = -id where abs(id) = $1', [second])
    })
  }
  await Promise.all([move(1, 2), move(2, 1)])
  // On a busy machine the retry may meet the other once more
  t.ok(attempts >= 3, `${attempts} attempts`)
  t.equal(await countMarks(), 2)
})

// Faults: P02
t.test('a connection that is lost in the middle is replaced, and the work is done again', async (t) => {
  const { pool, countMarks } = await databaseWithMarks(t)
  let attempts = 0
  await inTransaction(pool, async (client) => {
    attempts += 1
    await client.query('insert into marks values (1)')
    if (attempts === 1) await killBackend(pool, client)
    await client.query('insert into marks values (2)')
  })
  t.equal(attempts, 2)
  t.equal(await countMarks(), 2)
})

t.test(
  'a connection that is lost during COMMIT leaves the outcome unknown, and nothing is repeated',
  async (t) => {
    const { pool, countMarks } = await databaseWithMarks(t)
    // The deferred trigger runs inside COMMIT, and there ends its own connection
    await pool.query(`
    create function end_this() returns trigger language plpgsql as $$
      begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end $$;
    create constraint trigger at_commit after insert on marks deferrable initially deferred
      for each row execute function end_this()`)
    let attempts = 0
    const work = inTransaction(pool, async (client) => {
      attempts += 1
      await client.query('insert into marks values (1)')
    })
    await t.rejects(work, CommitUnknownError)
    t.equal(attempts, 1)
    t.equal(await countMarks(), 0, 'the pool goes on')
  },
)

t.test('a constraint that fails at COMMIT is an ordinary error', async (t) => {
  const { pool } = await databaseWithMarks(t)
  await pool.query('create table notes (mark int references marks deferrable initially deferred)')
  const work = inTransaction(pool, (client) => client.query('insert into notes values (7)'))
  await t.rejects(work, { code: '23503' })
})

t.test('columns become the values that the service expects', async (t) => {
  const { pool } = await testDatabase(t)
  const { rows } =
    await pool.query(`select 9007199254740991::int8 as whole, 0.10::numeric as exact, date '2026-03-01' as day,
    timestamptz '2026-03-01T00:00:00+05:30' as instant, array[1, null]::int8[] as wholes, array[0.10]::numeric[] as exacts,
    array[date '2026-03-01'] as days, '{}'::int8[] as none, true as yes, array['a,b'] as texts`)
  t.strictSame(rows[0], {
    whole: 9007199254740991,
    exact: '0.10',
    day: '2026-03-01',
    instant: new Date('2026-02-28T18:30:00Z'),
    wholes: [1, null],
    exacts: ['0.10'],
    days: ['2026-03-01'],
    none: [],
    yes: true,
    texts: ['a,b'],
  })
  await t.rejects(pool.query('select 9007199254740992::int8'), RangeError)
})

// Faults: P06 P07
t.test('a database that may lose what it confirms is refused', async (t) => {
  const { connectionString, pool } = await testDatabase(t)
  await t.resolves(checkDurability(pool))
  const name = new URL(connectionString).pathname.slice(1)
  await pool.query(`alter database ${name} set synchronous_commit = off`)
  const careless = openDatabase({ connectionString, log: silentLog })
  t.teardown(() => careless.close())
  await t.rejects(checkDurability(careless.pool), DurabilityError)
  await t.rejects(checkDurability(careless.pool), { message: /synchronous_commit is off/ })
})

// Faults: P04 P11
t.test('a statement, a lock and a pause inside a transaction end in time', async (t) => {
  const timeouts = { statement: 200, lock: 100, idleInTransaction: 200 }
  const { pool } = await testDatabase(t, { timeouts })
  await t.rejects(pool.query('select pg_sleep(10)'), { code: '57014' })
  await pool.query('create table marks (id int)')
  await inTransaction(pool, async (holder) => {
    await holder.query('lock table marks')
    await t.rejects(pool.query('select * from marks'), { code: '55P03' })
  })
  const idler = await pool.connect()
  const lost = new Promise((resolve) => idler.once('error', resolve))
  await idler.query('begin')
  t.match(await lost, { code: '25P03' })
  idler.release(true)
})

t.test('a server that does not answer is away, whichever way it is asked', async (t) => {
  const sockets: Socket[] = []
  const swallower = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => swallower.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    swallower.close()
  })
  const { port } = swallower.address() as { port: number }
  const connectionString = `postgres://u:p@127.0.0.1:${port}/d`
  const { pool, close } = openDatabase({ connectionString, log: silentLog, timeouts: { connect: 50 } })
  t.teardown(close)
  const own = new OwnConnection({ pool, log: silentLog, owner: 'test' })
  for (const ask of [() => pool.query('select 1'), () => own.query({ text: 'select 1' })]) {
    const error = await ask().then(
      () => null,
      (reason: unknown) => reason,
    )
    t.ok(isDatabaseAway(error), String(error))
  }
  await own.close()
})

// Faults: P02
t.test('losing an idle connection is logged and does no harm', async (t) => {
  const { connectionString } = await testDatabase(t)
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_fields: object, message: string) => warnings.push(message) }
  const { pool, close } = openDatabase({ connectionString, log, poolSize: 1 })
  t.teardown(close)
  const { rows } = await pool.query('select pg_backend_pid() as pid')
  const killer = new pg.Client({ connectionString })
  await killer.connect()
  await killer.query('select pg_terminate_backend($1)', [rows[0].pid])
  await killer.end()
  await eventually('the loss is logged', () => warnings.includes('A database connection was lost'))
  t.same((await pool.query('select 1 as answer')).rows, [{ answer: 1 }])
})

// Faults: K23
t.test('migrations are applied once, all or none, and a newer database is refused', async (t) => {
  const { connectionString, pool } = await testDatabase(t)
  await pool.query('drop schema public cascade; create schema public')
  const first = {
    up: (db: typeof database.db) => sql`create table firsts (id int)`.execute(db).then(() => undefined),
  }
  const database = openDatabase({ connectionString, log: silentLog })
  t.teardown(() => database.close())
  const broken = { up: (db: typeof database.db) => sql`create table`.execute(db).then(() => undefined) }
  const options = { connectionString, log: silentLog }

  const failing = migrateDatabase({ ...options, migrations: { '001_first': first, '002_broken': broken } })
  await t.rejects(failing, { name: 'MigrationError', message: /002_broken: syntax error/ })
  t.same(await listMissingMigrations({ ...options, migrations: { '001_first': first } }), ['001_first'])

  const racing = [1, 2, 3].map(() => migrateDatabase({ ...options, migrations: { '001_first': first } }))
  const applied = (await Promise.all(racing)).flatMap((report) => report.applied)
  t.same(applied, ['001_first'], 'of three at once one applies it')
  await t.rejects(
    migrateDatabase({ ...options, migrations: {} }),
    /written by a newer version of the service \(001_first\)/,
  )
})
