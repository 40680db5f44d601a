import t from 'tap'
import { systemClock } from '../../server/clock.js'
import { openDatabase } from '../../server/db/database.js'
import { isFromPooler } from '../../server/db/require-own-session.js'
import { createPortfolio } from '../../server/journal/load.js'
import { Leases, type LeasesOptions } from '../../server/lease/lease.js'
import { silentLog } from '../../server/observe/log.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import type { Teardown } from '../helpers/temporary-directory.js'
import { type PoolMode, startPooler } from '../helpers/transaction-pooler.js'

/** Returns an instance that shows life once, and then only when the test wants it to. */
async function instance(
  t: Teardown,
  { pool }: TestDatabase,
  name: string,
  options: Partial<LeasesOptions> = {},
): Promise<Leases> {
  const desk = { pool, log: silentLog, metrics: createMetrics() }
  const leases = new Leases({ instance: name, desk, clock: systemClock, heartbeatEvery: 1e8, ...options })
  await leases.start()
  t.teardown(() => leases.stop())
  return leases
}

async function portfolioOnDisk(t: Teardown): Promise<TestDatabase> {
  const database = await testDatabase(t)
  await createPortfolio(database.pool, 'p', 'INR')
  return database
}

t.test('one instance holds a portfolio, and each taking has a higher epoch', async (t) => {
  const database = await portfolioOnDisk(t)
  const [one, two] = [await instance(t, database, 'one'), await instance(t, database, 'two')]
  t.strictSame(await one.take('p'), { kind: 'taken', epoch: 1 })
  t.strictSame(await two.take('p'), { kind: 'held', holder: 'one' })
  t.strictSame(await one.take('p'), { kind: 'taken', epoch: 2 }, 'its own lease it may take anew')
  await one.release('p')
  t.strictSame(await two.take('p'), { kind: 'taken', epoch: 3 })
  await one.release('p')
  t.strictSame(await one.take('p'), { kind: 'held', holder: 'two' }, 'what it does not hold it cannot give')
  await two.stop()
  t.strictSame(await one.take('p'), { kind: 'taken', epoch: 4 }, 'a stop gives everything back')
  const alarms = async () => (await database.pool.query('select code from alarms')).rows
  t.strictSame(await alarms(), [], 'what was given nobody has lost')
  await database.pool.query('update portfolios set epoch = epoch + 1')
  await one.release('p')
  t.match(await alarms(), [{ code: 'LEASE_LOST' }], 'who lets go of what another has taken says so')
})

t.test('a lease is taken at once when its holder is gone, and when it shows no life for 10 s', async (t) => {
  const database = await portfolioOnDisk(t)
  const [one, two] = [await instance(t, database, 'one'), await instance(t, database, 'two')]
  await one.take('p')
  const age = (seconds: number) =>
    database.pool.query(
      `update instances set heartbeat_at = clock_timestamp() - make_interval(secs => $1) where id = 'one'`,
      [seconds],
    )
  await age(8)
  t.match(await two.take('p'), { kind: 'held' })
  await age(10.5)
  t.match(await two.take('p'), { kind: 'taken', epoch: 2 })
  await database.pool.query(`select pg_terminate_backend(backend_pid) from instances where id = 'two'`)
  await eventually('the lease of an instance that is gone is taken', async () => {
    await age(0)
    return (await one.take('p')).kind === 'taken'
  })
})

t.test('who lost a lease is told with its next sign of life', async (t) => {
  const database = await portfolioOnDisk(t)
  const lost: string[] = []
  const one = await instance(t, database, 'one', {
    heartbeatEvery: 10,
    onLost: (portfolio) => lost.push(portfolio),
  })
  await one.take('p')
  await database.pool.query('update portfolios set epoch = epoch + 1')
  await eventually('the loss is noticed', () => lost.length > 0)
  t.strictSame(lost, ['p'])
  await eventually('the loss is an alarm', async () => {
    const { rows } = await database.pool.query('select code from alarms')
    return rows[0]?.code === 'LEASE_LOST'
  })
})

t.test('an instance whose connection was cut shows life on a new one, and keeps its leases', async (t) => {
  const database = await portfolioOnDisk(t)
  const lost: string[] = []
  const options = { heartbeatEvery: 10, onLost: (portfolio: string) => void lost.push(portfolio) }
  const one = await instance(t, database, 'one', options)
  await one.take('p')
  const pid = async () => (await database.pool.query('select backend_pid as pid from instances')).rows[0].pid
  const before = await pid()
  await database.pool.query('select pg_terminate_backend($1)', [before])
  await eventually('it has another connection', async () => (await pid()) !== before)
  t.strictSame(lost, [])
})

t.test('of many that take at once exactly one gets each epoch', async (t) => {
  const database = await portfolioOnDisk(t)
  const all = await Promise.all(['a', 'b', 'c'].map((name) => instance(t, database, name)))
  for (let round = 1; round <= counts.raceRounds; round++) {
    const attempts = await Promise.all(all.map((leases) => leases.take('p')))
    const taken = attempts.flatMap((attempt, index) => (attempt.kind === 'taken' ? [index] : []))
    if (taken.length !== 1) t.fail(`${taken.length} instances took epoch ${round}`)
    await all[taken[0]!]!.release('p')
  }
  const { rows } = await database.pool.query('select epoch, holder from portfolios')
  t.strictSame(rows, [{ epoch: counts.raceRounds, holder: null }])
})

// Faults: P12
t.test('behind a pooler that lends connections for one transaction each no lease is taken', async (t) => {
  const { connectionString, pool } = await portfolioOnDisk(t)
  const behind = async (mode: PoolMode) => {
    const url = await startPooler(t, connectionString, mode)
    const database = openDatabase({ connectionString: url, log: silentLog, poolSize: 2 })
    t.teardown(() => database.close())
    const desk = { pool: database.pool, log: silentLog, metrics: createMetrics() }
    const leases = new Leases({ instance: mode, desk, clock: systemClock })
    t.teardown(() => leases.stop())
    return leases
  }
  await t.rejects((await behind('transaction')).start(), {
    code: 'DATABASE_POOLED',
    message: /give DATABASE_URL a direct connection/,
  })
  t.strictSame((await pool.query('select id from instances')).rows, [], 'nor is the instance there')
  const leases = await behind('session')
  await leases.start()
  t.match(await leases.take('p'), { kind: 'taken' }, 'a connection that stays its own proves life')
  t.ok(isFromPooler('unsupported startup parameter: statement_timeout'), 'most refuse the service before')
})
