import { execFile } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import t from 'tap'
import { findFreePort } from '../../server/db/postgres-port.js'
import { silentLog } from '../../server/observe/log.js'
import { type Doorbell, LocalDoorbell } from '../../server/queue/doorbell.js'
import { openDoorbell } from '../../server/queue/open-doorbell.js'
import { eventually } from '../helpers/eventually.js'
import { testDatabase } from '../helpers/postgres.js'
import { testRedis } from '../helpers/redis.js'
import { startRedisService } from '../helpers/redis-service.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
import { withClient } from '../helpers/with-client.js'

/** A queue of one test. */
interface Backend {
  /** A doorbell of another instance. */
  readonly open: () => Doorbell
  /** Forgets everything that the queue holds. */
  readonly flush: () => Promise<void>
  /** Ends every connection of the queue, as a restart of its server does. */
  readonly restart: () => Promise<void>
}

const backends: Record<string, (t: Teardown) => Promise<Backend>> = {
  PostgreSQL: async (t) => {
    const { connectionString, pool } = await testDatabase(t)
    const end = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like '%queue%' or query ilike '%listen%'
        and datname = current_database() and pid <> pg_backend_pid()`
    return {
      open: () => openIn(t, { redisUrl: null, databaseUrl: connectionString }),
      flush: async () => {
        const { rows } = await pool.query("select tablename from pg_tables where schemaname = 'bullmq'")
        const tables = rows.map((row) => `bullmq.${row.tablename}`).filter((name) => !/migration/.test(name))
        // A listener at work may hold what this takes; the database ends such a deadlock
        if (tables.length > 0)
          await eventually('the queue is flushed', () => pool.query(`truncate ${tables.join(', ')} cascade`))
      },
      restart: async () => {
        await pool.query(end)
      },
    }
  },
  Redis: async (t) => {
    const { url } = await testRedis(t)
    const ask = async (...command: [string, ...string[]]) => {
      const client = new Redis(url)
      await client.call(...command)
      client.disconnect()
    }
    return {
      open: () => openIn(t, { redisUrl: url, databaseUrl: 'postgres://nowhere' }),
      flush: () => ask('FLUSHDB'),
      restart: () => ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
    }
  },
}

function openIn(t: Teardown, to: { redisUrl: string | null; databaseUrl: string }): Doorbell {
  const doorbell = openDoorbell({ ...to, log: silentLog })
  t.teardown(() => doorbell.close())
  return doorbell
}

/** A counter of rings. */
function listenAt(doorbell: Doorbell, portfolio: string) {
  const counter = { heard: 0, stop: () => Promise.resolve() }
  counter.stop = doorbell.onRing(portfolio, () => {
    counter.heard += 1
  })
  return counter
}

/** Rings until it is heard: a ring may be lost, the next one need not be. */
async function ringUntilHeard(doorbell: Doorbell, portfolio: string, counter: { heard: number }) {
  const before = counter.heard
  await eventually(
    'a ring is heard',
    () => {
      doorbell.ring(portfolio)
      return counter.heard > before
    },
    { timeoutMs: 20_000, intervalMs: 50 },
  )
}

for (const [name, openBackend] of Object.entries(backends)) {
  t.test(`${name}: a ring of one instance is heard by the other, which alone listens`, async (t) => {
    const backend = await openBackend(t)
    const [here, there] = [backend.open(), backend.open()]
    const [first, second] = [listenAt(there, 'first'), listenAt(there, 'se:cond')]
    await ringUntilHeard(here, 'first', first)
    t.equal(second.heard, 0, 'another portfolio has another queue')
    await ringUntilHeard(here, 'se:cond', second)
  })

  // Faults: R07
  t.test(`${name}: rings close to one another become few, and the last one is heard`, async (t) => {
    const backend = await openBackend(t)
    const [here, there] = [backend.open(), backend.open()]
    let rung = 0
    let seen = 0
    let heard = 0
    there.onRing('p', () => {
      heard += 1
      seen = rung
    })
    for (let burst = 0; burst < 20; burst++) {
      for (let ring = 0; ring < 50; ring++) {
        rung += 1
        here.ring('p')
      }
      await eventually('the last ring was heard', () => seen === rung, { timeoutMs: 20_000 })
    }
    t.ok(heard <= 200, `1000 rings were heard as ${heard}`)
  })

  t.test(`${name}: a ring that nobody hears waits for the next listener, once`, async (t) => {
    const backend = await openBackend(t)
    const [here, there] = [backend.open(), backend.open()]
    const early = listenAt(there, 'p')
    await ringUntilHeard(here, 'p', early)
    await early.stop()
    for (let ring = 0; ring < 10; ring++) here.ring('p')
    await here.close()
    const late = listenAt(there, 'p')
    // The early listener may have taken it while it closed: it is given back when its lock is over
    await eventually('it was heard', () => late.heard > 0, { timeoutMs: 40_000 })
    t.ok(late.heard <= 2)
    t.ok(early.heard >= 1)
  })

  // Faults: R02 R03 R06
  t.test(`${name}: a flushed queue and lost connections cost rings, not the listener`, async (t) => {
    const backend = await openBackend(t)
    const [here, there] = [backend.open(), backend.open()]
    const counter = listenAt(there, 'p')
    await ringUntilHeard(here, 'p', counter)
    await backend.flush()
    await ringUntilHeard(here, 'p', counter)
    await backend.restart()
    await ringUntilHeard(here, 'p', counter)
    await backend.flush()
    await backend.restart()
    await ringUntilHeard(here, 'p', counter)
  })

  t.test(`${name}: a listener of this process hears without the queue`, async (t) => {
    const backend = await openBackend(t)
    const doorbell = backend.open()
    const counter = listenAt(doorbell, 'p')
    doorbell.ring('p')
    t.equal(counter.heard, 1, 'before anything is connected')
    await counter.stop()
    doorbell.ring('p')
    t.equal(counter.heard, 1)
  })
}

// Faults: R01
t.test('a queue that is away at the start is used once it is there', async (t) => {
  const directory = await testDirectory(t)
  const port = await findFreePort()
  const redisUrl = `redis://127.0.0.1:${port}`
  const [here, there] = [0, 1].map(() => openIn(t, { redisUrl, databaseUrl: '' })) as [Doorbell, Doorbell]
  const counter = listenAt(there, 'p')
  for (let ring = 0; ring < 100; ring++) here.ring('p')
  t.equal(counter.heard, 0, 'nothing was thrown, and nothing was heard')
  const redis = await startRedisService({ directory, port })
  await ringUntilHeard(here, 'p', counter)
  await redis.stop()
  here.ring('p')
  const again = await startRedisService({ directory, port })
  await ringUntilHeard(here, 'p', counter)
  await Promise.all([here.close(), there.close()])
  await again.stop()
})

t.test('a database that is away at the start is used once it is there', async (t) => {
  const { connectionString, pool } = await testDatabase(t)
  const later = `${(await pool.query('select current_database() as name')).rows[0].name}_later`
  const databaseUrl = connectionString.replace(/\/[^/]*$/, `/${later}`)
  const [here, there] = [0, 1].map(() => openIn(t, { redisUrl: null, databaseUrl })) as [Doorbell, Doorbell]
  const counter = listenAt(there, 'p')
  here.ring('p')
  await pool.query(`create database ${later}`)
  await ringUntilHeard(here, 'p', counter)
  await Promise.all([here.close(), there.close()])
  await withClient(connectionString, (client) => client.query(`drop database ${later} with (force)`))
})

t.test('a connection that is lost while an end opens costs a try, not the process', async (t) => {
  const { connectionString, pool } = await testDatabase(t)
  const holder = await pool.connect()
  t.teardown(() => holder.release(true))
  await holder.query('begin')
  // BullMQ opens under this lock
  await holder.query(`select pg_advisory_xact_lock(1112886348, hashtext('bullmq'))`)
  const [here, there] = [0, 1].map(() => openIn(t, { redisUrl: null, databaseUrl: connectionString }))
  const counter = listenAt(there!, 'p')
  const end = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event = 'advisory'`
  for (let loss = 0; loss < 3; loss++) {
    await eventually('an end opens, and is cut off', async () => (await pool.query(end)).rows.length > 0)
  }
  await holder.query('commit')
  await ringUntilHeard(here!, 'p', counter)
})

// Faults: R04
t.test('a queue that swallows everything holds nothing up, not even the end', async (t) => {
  const sockets = new Set<Socket>()
  const swallower = createServer((socket) => sockets.add(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => swallower.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    swallower.close()
  })
  const { port } = swallower.address() as { port: number }
  for (const to of [
    { redisUrl: `redis://127.0.0.1:${port}`, databaseUrl: '' },
    { redisUrl: null, databaseUrl: `postgres://u:p@127.0.0.1:${port}/d` },
  ]) {
    const before = sockets.size
    const [here, there] = [openIn(t, to), openIn(t, to)]
    const counter = listenAt(there, 'p')
    for (let ring = 0; ring < 100; ring++) here.ring('p')
    await eventually('somebody tried to connect', () => sockets.size > before)
    await Promise.all([here.close(), there.close()])
    t.equal(counter.heard, 0)
  }
})

/** Listens, and has no time to look at what the queue answers while it closes: more than closing is waited for. */
const busyAtTheEnd = (module: string) => `
  const queues = await import('${import.meta.resolve(`../../server/queue/${module}.js`)}')
  const open = queues.postgresQueues ?? queues.redisQueues
  const owner = { portfolio: 'p', onError: () => undefined, signal: new AbortController().signal }
  const end = await open(process.argv[1]).openListener(owner, () => undefined)
  const closing = end.close()
  for (const began = performance.now(); performance.now() < began + 1100; );
  await closing`

t.test('a listener that could not be closed in time keeps no process alive', async (t) => {
  const { connectionString } = await testDatabase(t)
  const { url } = await testRedis(t)
  const run = async (module: string, address: string) => {
    const args = ['--input-type=module', '--eval', busyAtTheEnd(module), address]
    const { stderr } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
    return stderr
  }
  t.same(await Promise.all([run('postgres-queues', connectionString), run('redis-queues', url)]), ['', ''])
})

t.test('a doorbell without a queue rings within its process', async (t) => {
  const doorbell = new LocalDoorbell()
  doorbell.ring('p')
  const counter = listenAt(doorbell, 'p')
  doorbell.ring('p')
  doorbell.ring('q')
  t.equal(counter.heard, 1)
  await counter.stop()
  doorbell.ring('p')
  await doorbell.close()
  t.equal(counter.heard, 1)
})
