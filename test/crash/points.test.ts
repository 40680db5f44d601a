import t, { type Test } from 'tap'
import { CRASHED_STARTS } from '../../server/recovery/crash-loop.js'
import { sendAdminCommand } from '../helpers/admin-command.js'
import { AlertMix, mixedPortfolio } from '../helpers/alert-mix.js'
import { findWrongBooks, isAtRest } from '../helpers/audit.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import {
  type ServicePlace,
  type ServiceProcess,
  servicePlace,
  startProcess,
} from '../helpers/service-process.js'
import { type StrikeProxy, strikeProxy } from '../helpers/strike-proxy.js'
import { AlertLoad } from './alert-load.js'
import { auditBooks } from './books.js'
import { type CrashRow, describeRow, reportCrash } from './crash-report.js'
import { KILL_POINTS, type KillPoint, RECOVERY_POINTS } from './points.js'

const PATIENCE = { timeoutMs: 60_000, intervalMs: 20 }
/** Orders that take their time, and fill in parts and late, so that every point is passed again and again. */
const FAULTS = {
  ...{ lostAnswerRate: 0.05, partialFillRate: 0.5, partialFillMs: 400, lateFillRate: 0.3, lateFillMs: 300 },
}
const KILLS_OF_ONE_DATABASE = 50
/** Starts in a row that are killed while they recover. */
const KILLED_STARTS = Math.min(10, counts.pointRounds)

/** Points that are asked for by their id; without any: all, or a quick share of them. */
function chosen(points: readonly KillPoint[]): readonly KillPoint[] {
  const wanted = process.env.CRASH_POINTS ?? ''
  if (wanted !== '') return points.filter(({ id }) => wanted.split(',').includes(id))
  return counts.pointRounds > 1 ? points : points.filter(({ isQuick }) => isQuick)
}

/** A service behind a proxy on which it is killed. */
class Bench {
  readonly #t: Test
  readonly #database: TestDatabase
  readonly #proxy: StrikeProxy
  readonly #place: ServicePlace
  readonly #load: AlertLoad
  readonly #instruments: readonly { readonly name: string }[]
  readonly #known = new Set<string>()
  #service: ServiceProcess
  #readyAfter: number[] = []

  constructor(t: Test, parts: { database: TestDatabase; proxy: StrikeProxy; place: ServicePlace }) {
    const { instruments } = PORTFOLIO
    this.#t = t
    this.#database = parts.database
    this.#proxy = parts.proxy
    this.#place = parts.place
    this.#instruments = instruments
    const urls = [parts.place.webhookUrl]
    this.#load = new AlertLoad({ urls, mix: new AlertMix(instruments, 5), clients: 6, seed: 5 })
    t.teardown(() => this.#load.close())
    this.#service = startProcess(t, parts.place)
  }

  ready(): Promise<number> {
    return this.#service.ready()
  }

  /** Kills the service at the point, as often as asked, and returns what came of it. */
  async killAt(point: KillPoint): Promise<CrashRow> {
    return this.#measure(point, counts.pointRounds, async () => {
      await this.#strike(point)
      await this.#restart()
    })
  }

  /** Kills the service, and then each of some starts at the point of its recovery. */
  async killRecoveryAt(point: KillPoint): Promise<CrashRow> {
    const rounds = Math.max(1, Math.round(counts.pointRounds / KILLED_STARTS))
    return this.#measure(point, rounds * KILLED_STARTS, async (kill) => {
      const isFirst = kill % KILLED_STARTS === 0
      if (isFirst) await this.#service.kill()
      const struck = this.#strike(point)
      if (isFirst) this.#service = startProcess(this.#t, this.#place)
      await struck
      const isLast = kill % KILLED_STARTS === KILLED_STARTS - 1
      if (isLast) await this.#restartFromLoop(point)
      else this.#service = startProcess(this.#t, this.#place)
    })
  }

  /** Compares venue, journal and projections after everything. */
  async audit(): Promise<void> {
    this.#t.comment(this.#load.describe())
    await auditBooks(this.#t, this.#database.pool, this.#load)
  }

  /** Tells the service to stop while the venue owes it an answer, and lets that come. */
  async stopWithSendUnderWay(): Promise<void> {
    this.#load.start()
    const point = { statement: 'paper-add', moment: 'unheard' } as const
    let isTold = false
    void this.#proxy.arm(point, () => {
      this.#service.signal('SIGTERM')
      isTold = true
    })
    await eventually('a send is under way', () => isTold, PATIENCE)
    const refused = () => (this.#load.statuses.get(503) ?? 0) > 0
    await eventually('it refuses new alerts', refused, PATIENCE)
    this.#load.close()
    this.#proxy.release()
    this.#t.equal(await this.#service.gone(), 0, 'K24: it stops in order')
    const { rows } = await this.#database.pool.query(`select id from orders where state = 'submitted'`)
    this.#t.strictSame(rows, [], 'K24: the answer was waited for and recorded')
  }

  async #measure(point: KillPoint, kills: number, once: (kill: number) => Promise<void>): Promise<CrashRow> {
    this.#readyAfter = []
    this.#load.start()
    for (let kill = 0; kill < kills; kill++) await once(kill)
    await this.#load.stop()
    const what = `${point.id} ${point.what}`
    const restarts = this.#readyAfter.length
    const findings = await this.#findNew()
    const row = { suite: 'points', what, kills, restarts, readyAfter: this.#readyAfter, findings }
    reportCrash(row)
    return row
  }

  /** Kills the service in the turn in which the point is reached, before anything else goes by. */
  async #strike(point: KillPoint): Promise<void> {
    let isStruck = false
    void this.#proxy
      .arm(point, () => this.#service.signal('SIGKILL'))
      .then(() => {
        isStruck = true
      })
    await eventually(`the service passes ${point.id}, ${point.what}`, () => isStruck, PATIENCE)
    await this.#service.gone()
  }

  async #restart(): Promise<void> {
    this.#service = startProcess(this.#t, this.#place)
    this.#readyAfter.push(await this.#service.ready())
    await this.#unlockAll()
  }

  /** Starts that die again and again halt the portfolio, and a person lets it go on. */
  async #restartFromLoop({ what }: KillPoint): Promise<void> {
    await this.#restart()
    const { rows } = await this.#database.pool.query<{ state: string }>(
      'select trading_state as state from portfolios',
    )
    // A start begins with its lease
    const isLoop = KILLED_STARTS > CRASHED_STARTS && !what.includes('lease')
    this.#t.equal(rows[0]!.state, isLoop ? 'halted' : 'active', `after ${KILLED_STARTS} starts that died`)
    if (!isLoop) return
    const desk = { ...this.#place, portfolio: 'points' }
    const resume = () => sendAdminCommand(desk, 'trading-state', { state: 'active', reason: 'looked at' })
    await eventually('it is resumed', resume, PATIENCE)
  }

  /** A trade that the venue shows after it ended the order locks the instrument until someone has looked. */
  async #unlockAll(): Promise<void> {
    const desk = { ...this.#place, portfolio: 'points' }
    const reason = 'looked at'
    const unlock = (instrument: string) => sendAdminCommand(desk, 'unlock', { instrument, reason })
    // Commands are refused, as alerts are, while a busy machine keeps the database waiting
    const patiently = (name: string) => eventually(`${name} is unlocked`, () => unlock(name), PATIENCE)
    await Promise.all(this.#instruments.map(({ name }) => patiently(name)))
  }

  async #findNew(): Promise<string[]> {
    const { pool } = this.#database
    await eventually('everything is at rest', () => isAtRest(pool), PATIENCE)
    const findings = [...this.#load.wrong, ...(await findWrongBooks(pool, this.#load.acknowledged))]
    const fresh = findings.filter((finding) => !this.#known.has(finding))
    for (const finding of fresh) this.#known.add(finding)
    return fresh
  }
}

const PORTFOLIO = mixedPortfolio('points', 10, { faults: FAULTS })

/** Kills a service of its own, on a database of its own, at each of the points, and then lets it stop. */
async function besiege(t: Test, points: readonly KillPoint[]): Promise<void> {
  const database = await testDatabase(t)
  const proxy = await strikeProxy(t, database.connectionString)
  const configuration = { portfolios: [PORTFOLIO.configuration] }
  const place = await servicePlace(t, configuration, { DATABASE_URL: proxy.url, LOG_LEVEL: 'error' })
  const bench = new Bench(t, { database, proxy, place })
  await bench.ready()
  for (const point of points) {
    const isOfRecovery = RECOVERY_POINTS.includes(point)
    const row = await (isOfRecovery ? bench.killRecoveryAt(point) : bench.killAt(point))
    t.comment(describeRow(row))
    t.strictSame(row.findings, [], row.what)
  }
  await bench.audit()
  await bench.stopWithSendUnderWay()
}

// Faults: K01 K02 K03 K04 K05 K06 K07 K08 K09 K10 K11 K12 K13 K14 K15 K16 K17 K18 K19 K21 K22 K24
t.test('kills at named points lose and double nothing', async (t) => {
  const points = [...chosen(KILL_POINTS), ...chosen(RECOVERY_POINTS)]
  // A history that grows for hours would slow every start
  const together = Math.max(1, Math.floor(KILLS_OF_ONE_DATABASE / counts.pointRounds))
  for (let first = 0; first < points.length; first += together) {
    const some = points.slice(first, first + together)
    await t.test(some.map(({ id }) => id).join(', '), (t) => besiege(t, some))
  }
})
