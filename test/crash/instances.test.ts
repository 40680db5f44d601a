import { join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { AlertMix, mixedPortfolio } from '../helpers/alert-mix.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import { type RedisService, startRedisService } from '../helpers/redis-service.js'
import {
  type ServicePlace,
  type ServiceProcess,
  servicePlace,
  startProcess,
} from '../helpers/service-process.js'
import { type StrikeProxy, strikeProxy } from '../helpers/strike-proxy.js'
import { testDirectory } from '../helpers/temporary-directory.js'
import { AlertLoad } from './alert-load.js'
import { auditBooks } from './books.js'
import { middleAndMost, reportCrash } from './crash-report.js'

const PATIENCE = { timeoutMs: 60_000, intervalMs: 20 }
/** A send begins within 2 s, in milliseconds of a process that stood still, and a lease lasts five times as long. */
const SEND_BY = 2100
const PORTFOLIO = mixedPortfolio('shared', 12, {
  faults: { partialFillRate: 0.4, partialFillMs: 300, lateFillRate: 0.3, lateFillMs: 300 },
})

/** One of the instances, in whatever process it lives. */
interface Instance {
  readonly place: ServicePlace
  readonly proxy: StrikeProxy
  service: ServiceProcess
}

/** Two instances on one PostgreSQL and one Redis, and the load that both take. */
class Pair {
  readonly load: AlertLoad
  readonly #t: Test
  readonly #database: TestDatabase
  readonly #instances: readonly Instance[]

  constructor(t: Test, database: TestDatabase, instances: readonly Instance[]) {
    this.#t = t
    this.#database = database
    this.#instances = instances
    const mix = new AlertMix(PORTFOLIO.instruments, 7)
    const urls = instances.map(({ place }) => place.webhookUrl)
    this.load = new AlertLoad({ urls, mix, clients: 6, seed: 7 })
    t.teardown(() => this.load.close())
  }

  /** Waits until one instance holds the portfolio and runs it; returns it and the other one. */
  async roles(): Promise<{ readonly holder: Instance; readonly other: Instance }> {
    const holder = await eventually('an instance runs the portfolio', () => this.#active(), PATIENCE)
    return { holder, other: this.#instances.find((instance) => instance !== holder)! }
  }

  /** Waits until the instance runs the portfolio; returns the milliseconds since `since`. */
  async untilRunning(instance: Instance, since: number): Promise<number> {
    const isRunning = async () => (await this.#active()) === instance
    await eventually('the other instance has taken over', isRunning, PATIENCE)
    return performance.now() - since
  }

  /** Id that the holder's run is registered under. */
  async holderId(): Promise<string> {
    const { rows } = await this.#database.pool.query<{ holder: string }>('select holder from portfolios')
    return rows[0]!.holder
  }

  /** Makes it look as if the holder had shown no life for longer than a lease lasts. */
  async age(holder: string): Promise<void> {
    const older = `update instances set heartbeat_at = heartbeat_at - interval '11 s' where id = $1`
    await this.#database.pool.query(older, [holder])
  }

  /** Starts an instance that was killed again, and waits until it takes alerts. */
  async restart(instance: Instance): Promise<void> {
    instance.service = startProcess(this.#t, instance.place)
    await instance.service.ready()
  }

  async #active(): Promise<Instance | null> {
    const { rows } = await this.#database.pool.query<{ holder: string | null; phase: string }>(
      'select holder, phase from portfolios',
    )
    const { holder, phase } = rows[0]!
    if (holder === null || phase !== 'active') return null
    return this.#instances.find(({ service }) => holder.includes(`-${service.pid}-`)) ?? null
  }
}

/** Redis that forgets everything, or dies and comes back without anything. */
class FleetingRedis {
  #service: RedisService
  readonly #directory: string

  constructor(service: RedisService, directory: string) {
    this.#service = service
    this.#directory = directory
  }

  get url(): string {
    return this.#service.url
  }

  async flush(): Promise<void> {
    const client = new Redis(this.url)
    await client.flushall()
    client.disconnect()
  }

  async kill(): Promise<void> {
    const { port } = this.#service
    await this.#service.stop()
    this.#service = await startRedisService({ directory: this.#directory, port })
  }

  stop(): Promise<void> {
    return this.#service.stop()
  }
}

async function openRedis(t: Test): Promise<FleetingRedis> {
  const directory = join(await testDirectory(t), 'redis')
  const redis = new FleetingRedis(await startRedisService({ directory }), directory)
  t.teardown(() => redis.stop())
  return redis
}

async function openPair(t: Test, redisUrl: string): Promise<{ pair: Pair; database: TestDatabase }> {
  const database = await testDatabase(t)
  const instances: Instance[] = []
  for (let count = 0; count < 2; count++) {
    const proxy = await strikeProxy(t, database.connectionString)
    const env = { DATABASE_URL: proxy.url, REDIS_URL: redisUrl, LOG_LEVEL: 'error' }
    const place = await servicePlace(t, { portfolios: [PORTFOLIO.configuration] }, env)
    const service = startProcess(t, place)
    await service.ready()
    instances.push({ place, proxy, service })
  }
  return { pair: new Pair(t, database, instances), database }
}

/** Returns who runs the portfolio, as an instance sees it; null: it does itself, or nobody is known to. */
async function heldBy({ place }: Instance): Promise<string | null> {
  const answer = await fetch(`${place.adminUrl}/readyz`)
  const { portfolios } = (await answer.json()) as { portfolios: { heldBy: string | null }[] }
  return portfolios[0]!.heldBy
}

/**
 * Stops the holder in the turn in which it has asked for a send to be recorded and not heard that it is, for longer than
 * its lease lasts; lets it go on when the other has taken over. Returns the milliseconds until that.
 */
async function standStill(t: Test, pair: Pair): Promise<number> {
  const { holder, other } = await pair.roles()
  const id = await pair.holderId()
  const point = { statement: 'persist-batch', holds: '"OrdersDue"', moment: 'unheard' } as const
  let stoppedAt = 0
  void holder.proxy.arm(point, () => {
    holder.service.signal('SIGSTOP')
    stoppedAt = performance.now()
  })
  await eventually('the holder is about to send', () => stoppedAt > 0, PATIENCE)
  holder.proxy.release()
  // The quick share does not wait for the lease's 10 s
  if (counts.takeovers === 1) await pair.age(id)
  const took = await pair.untilRunning(other, stoppedAt)
  await eventually('a send would be late', () => performance.now() > stoppedAt + SEND_BY)
  const sends = holder.proxy.passed('paper-add')
  holder.service.signal('SIGCONT')
  await eventually(
    'it sees that it has lost the lease',
    async () => (await heldBy(holder)) !== null,
    PATIENCE,
  )
  t.equal(holder.proxy.passed('paper-add'), sends, 'what it was about to send is not sent')
  t.notOk(holder.service.hasExited, 'it goes on as a follower')
  return took
}

// Faults: K25 R02 R03 L04
t.test('of two instances the holder is killed, or stands still', async (t) => {
  const redis = await openRedis(t)
  const { pair, database } = await openPair(t, redis.url)
  const { load } = pair
  load.start()
  const afterKill: number[] = []
  const afterStop: number[] = []
  for (let round = 0; round < counts.takeovers; round++) {
    const { holder, other } = await pair.roles()
    const killedAt = performance.now()
    await holder.service.kill()
    await (round % 2 === 0 ? redis.flush() : redis.kill())
    afterKill.push(await pair.untilRunning(other, killedAt))
    await pair.restart(holder)
    afterStop.push(await standStill(t, pair))
    await (round % 2 === 0 ? redis.kill() : redis.flush())
  }
  await load.stop()
  t.comment(load.describe())
  const [killed, stopped] = [middleAndMost(afterKill), middleAndMost(afterStop)]
  t.comment(`taken over ${killed.middle} ms after a kill, at most ${killed.most} ms`)
  t.comment(`taken over ${stopped.middle} ms after a stop, at most ${stopped.most} ms`)
  const findings = await auditBooks(t, database.pool, load)
  const row = { suite: 'instances', kills: counts.takeovers, findings }
  reportCrash({
    ...row,
    what: 'the holder killed, Redis lost',
    restarts: counts.takeovers,
    readyAfter: afterKill,
  })
  reportCrash({
    ...row,
    what: 'the holder stopped for longer than its lease',
    restarts: 0,
    readyAfter: afterStop,
  })
  const { rows } = await database.pool.query(
    `select count(*)::int as lost from alarms where code = 'LEASE_LOST'`,
  )
  t.ok(rows[0].lost >= counts.takeovers, 'each loss is an alarm')
})
