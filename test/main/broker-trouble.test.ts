import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../server/clock.js'
import { startService } from '../../server/main.js'
import { mixedPortfolio } from '../helpers/alert-mix.js'
import { AlertSender } from '../helpers/alert-sender.js'
import { eventually } from '../helpers/eventually.js'
import {
  type DoubleAnswer,
  type Interception,
  OPENALGO_KEY,
  type OpenAlgoDouble,
  startOpenAlgo,
} from '../helpers/openalgo-server.js'
import { testDatabase } from '../helpers/postgres.js'
import { type TcpProxy, tcpProxy } from '../helpers/tcp-proxy.js'
import { testDirectory } from '../helpers/temporary-directory.js'
import { clientOf, keepingLog, type RunningService } from './running-service.js'

const PATIENCE = { timeoutMs: 30_000, intervalMs: 20 }
/** What a service waits two minutes for, a test does not. */
const BROKER_TIMINGS = { answerWithin: 400, readBeforeSendWithin: 200, readWithin: 200, checkEvery: 50 }
const READS = ['analyzer', 'orderbook', 'tradebook', 'positionbook', 'funds', 'ping']

/** A way in which the broker of one portfolio fails. */
interface Trouble {
  readonly name: string
  /** What it answers to every question, and what becomes of connections. */
  readonly answer: Answered
  readonly way: 'heal' | 'cut' | 'swallow'
  /** What is told of it. */
  readonly told: RegExp
}

type Answered = DoubleAnswer | 'cut' | 'hang'

/** OpenAlgo, and the way to it. */
class Account {
  readonly #way: TcpProxy
  readonly #double: OpenAlgoDouble
  #answer: Answered | null = 'hang'

  constructor(double: OpenAlgoDouble, way: TcpProxy) {
    this.#double = double
    this.#way = way
    const again = (endpoint: string): Interception => {
      return (act) => {
        double.intercept(endpoint, again(endpoint))
        return this.#answer ?? act()
      }
    }
    for (const endpoint of READS) double.intercept(endpoint, again(endpoint))
  }

  /** Begins to fail in one way, without being well for a moment. */
  async fail({ answer, way }: Trouble): Promise<void> {
    this.#answer = answer
    await this.#way.heal()
    if (way !== 'heal') await this.#way[way]()
  }

  /** Answers as it should again, and waits until somebody has asked. */
  async heal(): Promise<void> {
    this.#answer = null
    await this.#way.heal()
    const asked = this.#double.count('positionbook')
    const isAsked = () => this.#double.count('positionbook') > asked + 2
    await eventually('the account is read again', isAsked, PATIENCE)
  }
}

const FAILED: DoubleAnswer = { status: 500, body: { status: 'error', message: 'internal error' } }
const AT_START: readonly Trouble[] = [
  { name: 'is down', answer: 'hang', way: 'cut', told: /does not listen/ },
  {
    name: 'takes connections and lets nothing through',
    answer: 'hang',
    way: 'swallow',
    told: /did not answer/,
  },
  { name: 'answers garbage', answer: { status: 200, body: '<html>busy</html>' }, way: 'heal', told: /busy/ },
  { name: 'fails with 500', answer: FAILED, way: 'heal', told: /internal error/ },
]
const NO_SENSE: DoubleAnswer = { status: 200, body: { status: 'success', data: 7 } }
const LATER: readonly Trouble[] = [
  { name: 'never answers', answer: 'hang', way: 'heal', told: /did not answer/ },
  { name: 'breaks every connection', answer: 'cut', way: 'heal', told: /did not answer/ },
  { name: 'answers without sense', answer: NO_SENSE, way: 'heal', told: /3 times in a row: \S/ },
]

interface Troubled extends Pick<RunningService, 'ask' | 'logged'> {
  readonly account: Account
  /** Sends an alert to a portfolio. */
  readonly senderOf: (portfolio: 'sound' | 'live') => AlertSender
  readonly alarms: () => Promise<{ code: string; severity: string; message: string; portfolio: string }[]>
  readonly states: () => Promise<string[]>
}

const SOUND = mixedPortfolio('sound', 2)

/** A service with a portfolio on the paper venue and one behind OpenAlgo, which is in trouble from the start. */
async function troubledService(t: Test, first: Trouble): Promise<Troubled> {
  const { connectionString, pool } = await testDatabase(t)
  const home = await testDirectory(t)
  const soon = new Date(Date.now() + 60 * 86_400_000)
  const [day, month, year] = soon.toUTCString().split(' ').slice(1, 4) as [string, string, string]
  const expiry = `${day}-${month}-${year.slice(2)}`.toUpperCase()
  const symbol = `GOLDM${expiry.replaceAll('-', '')}FUT`
  const contracts = [{ name: 'GOLDM', symbol, expiry, lotsize: 1, price: 125_000 }]
  const double = await startOpenAlgo(t, { clock: systemClock, contracts })
  double.mode = 'analyze'
  const way = await tcpProxy(t, double.url)
  const account = new Account(double, way)
  await account.fail(first)
  const live = {
    ...{ id: 'live', sessions: 'exchange', instruments: [{ name: 'GOLD_MINI' }] },
    broker: { kind: 'openalgo', url: way.url.replace(/\/$/, ''), apiKey: `\${OPENALGO_KEY}` },
  }
  const sources = ['sound', 'live'].map((id) => ({
    id,
    portfolio: id,
    tokens: [`\${TOKEN_${id.toUpperCase()}}`],
  }))
  const file = join(home, 'configuration.json')
  await writeFile(file, JSON.stringify({ portfolios: [SOUND.configuration, live], sources }))
  const logged: string[] = []
  const service = await startService({
    env: {
      ...{ PORT: '0', ADMIN_PORT: '0', DATABASE_URL: connectionString, GENERAL_HOME: home },
      ...{ GENERAL_CONFIG: file, TOKEN_SOUND: 'token-of-sound', TOKEN_LIVE: 'token-of-live', OPENALGO_KEY },
    },
    log: keepingLog(logged),
    accountTimings: { lookEvery: 50, secondLookAfter: 50 },
    brokerTimings: BROKER_TIMINGS,
  })
  t.teardown(service.stop)
  const senders = {
    sound: new AlertSender(`${service.webhookUrl}token-of-sound`),
    live: new AlertSender(`${service.webhookUrl}token-of-live`),
  }
  t.teardown(() => {
    for (const sender of Object.values(senders)) sender.close()
  })
  return {
    ...clientOf(service),
    ...{ account, logged, senderOf: (portfolio) => senders[portfolio] },
    alarms: async () =>
      (await pool.query('select code, severity, message, portfolio from alarms order by id')).rows,
    states: async () =>
      (await pool.query(`select state from inbox where portfolio = 'live' order by id`)).rows.map(
        (row) => row.state,
      ),
  }
}

interface Readiness {
  readonly portfolios: readonly { id: string; phase: string; code: string | null; detail: string | null }[]
}

async function phaseOf({ ask }: Troubled, portfolio: string) {
  const { body } = await ask<Readiness>('/readyz')
  return body.portfolios.find(({ id }) => id === portfolio)!
}

/** Asserts that the sound portfolio buys and sells, and that the other one's alerts are taken at once. */
async function assertServed(t: Test, troubled: Troubled, place: number): Promise<void> {
  const barTime = (minute: number) => new Date(Date.UTC(2020, 0, 1 + place, 0, minute)).toISOString()
  const timestamp = new Date().toISOString()
  const { name: instrument, price, atr } = SOUND.instruments[0]!
  const sound = troubled.senderOf('sound')
  const entry = { type: 'BASE_ENTRY', instrument, position: 'Long_1', price, atr, er: 0.8 }
  const entered = await sound.send({ ...entry, timestamp, barTime: barTime(1) }, { wait: 1.8 })
  t.match(
    entered,
    { status: 200, body: { decision: { outcome: /^(approved|executed)$/ } } },
    'the sound one buys',
  )
  const bar = { type: 'MARKET_DATA', instrument: 'GOLD_MINI', price: 125_000, atr: 900 }
  const { status } = await troubled.senderOf('live').send({ ...bar, timestamp, barTime: barTime(2) })
  t.equal(status, 200, 'an alert for the troubled one is acknowledged')
  const holds = async (count: number) => {
    const { body } = await troubled.ask<{ items: unknown[] }>('/v1/portfolios/sound/positions')
    return body.items.length === count
  }
  await eventually('the sound one has bought', () => holds(1), PATIENCE)
  const exit = { type: 'EXIT', instrument, position: 'ALL', price: price + atr }
  const times = { timestamp: new Date().toISOString(), barTime: barTime(3) }
  const exited = await sound.send({ ...exit, ...times }, { wait: 1.8 })
  t.match(exited, { status: 200, body: { decision: { outcome: /^(approved|executed)$/ } } }, 'and sells')
  await eventually('the sound one has sold', () => holds(0), PATIENCE)
}

t.test('B25: a broker in trouble from the start holds up its own portfolio only, and says why', async (t) => {
  const troubled = await troubledService(t, AT_START[0]!)
  const { account } = troubled
  await eventually('the sound one runs', async () => (await phaseOf(troubled, 'sound')).phase === 'active')
  for (const [place, trouble] of AT_START.entries()) {
    if (place > 0) await account.fail(trouble)
    const unreachable = async () => {
      const phase = await phaseOf(troubled, 'live')
      return phase.code === 'VENUE_UNREACHABLE' && trouble.told.test(phase.detail ?? '') ? phase : null
    }
    const { detail } = await eventually(`it is told that it ${trouble.name}`, unreachable, PATIENCE)
    t.comment(`${trouble.name}: ${detail}`)
    await assertServed(t, troubled, place)
    t.match(await phaseOf(troubled, 'live'), { phase: 'brokerSnapshot' }, 'nothing of it runs')
  }
  const alarms = (await troubled.alarms()).filter(({ portfolio }) => portfolio === 'live')
  t.match(alarms, [{ code: 'BROKER_UNREACHABLE', severity: 'critical', message: /exits included/ }])
  t.equal(alarms.length, 1, 'one alarm for one outage')
  t.ok(
    (await troubled.states()).every((state) => state === 'waiting'),
    'its alerts wait',
  )
  await account.heal()
  const isActive = async () => (await phaseOf(troubled, 'live')).phase === 'active'
  await eventually('it runs once the broker answers', isActive, PATIENCE)
  t.ok(
    (await troubled.states()).every((state) => state === 'decided'),
    'and what waited is decided',
  )

  await t.test('B16: while it runs, trouble is an alarm and never an empty account', async (t) => {
    for (const [place, trouble] of LATER.entries()) {
      const before = (await troubled.alarms()).length
      await account.fail(trouble)
      const raised = async () => (await troubled.alarms())[before]
      const alarm = await eventually(`it is an alarm that it ${trouble.name}`, raised, PATIENCE)
      t.match(alarm, { code: 'BROKER_UNREACHABLE', portfolio: 'live', message: trouble.told }, trouble.name)
      await assertServed(t, troubled, AT_START.length + place)
      await account.heal()
    }
    const isClear = async () => (await phaseOf(troubled, 'live')).code === null
    t.ok(await eventually('no difference was made up', isClear), 'no difference was made up')
  })
})
