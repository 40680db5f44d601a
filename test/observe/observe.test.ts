import t from 'tap'
import { SimulatedClock, systemClock } from '../../server/clock.js'
import { raiseAlarm } from '../../server/observe/alarms.js'
import { createLog } from '../../server/observe/create-log.js'
import { silentLog } from '../../server/observe/log.js'
import { createMetrics, showBreaks, showWork } from '../../server/observe/metrics.js'
import { createSecrets } from '../../server/observe/secrets.js'
import { formatForTerminal } from '../../server/observe/terminal-line.js'
import { throttled } from '../../server/observe/throttled.js'
import { testDatabase } from '../helpers/postgres.js'

t.test('a secret is hidden by its key and by its value, however it is spelled', async (t) => {
  const lines: string[] = []
  const secrets = createSecrets()
  const log = createLog({ level: 'info', secrets, readable: false, write: (line) => lines.push(line) })
  const secret = 'can"ary/se+cret value'
  secrets.add(secret)
  secrets.add('')
  secrets.add('short')
  log.info(
    { authorization: 'Bearer canary-1', nested: { token: 'canary-2', deep: { apiKey: 'canary-3' } } },
    'keys',
  )
  log.info({ url: `http://x/${encodeURIComponent(secret)}` }, `the value is ${secret}`)
  log.warn({ err: new Error(`it failed with ${secret}`) }, 'errors')
  log.debug({ left: 'out' }, 'below the level')
  t.equal(lines.length, 3)
  const text = lines.join('')
  for (const hidden of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), 'canary']) {
    t.notOk(text.includes(hidden), hidden)
  }
  t.match(JSON.parse(lines[1]!), { level: 'info', time: /^\d{4}-/, msg: 'the value is [secret]' })
})

t.test('a line for people has the time, the level, the sentence and the fields', async (t) => {
  const line =
    '{"level":"warn","time":"2026-01-05T09:30:01.000Z","portfolio":"paper","detail":"a b","n":1,"msg":"It waits"}'
  t.equal(formatForTerminal(line), '09:30:01 warn  It waits portfolio=paper detail="a b" n=1\n')
  t.equal(formatForTerminal('no JSON'), 'no JSON')
})

t.test('an alarm is recorded, counted and logged, and never throws', async (t) => {
  const { pool } = await testDatabase(t)
  const metrics = createMetrics()
  const told: string[] = []
  const tell = (_fields: object, message: string) => void told.push(message)
  const desk = { pool, metrics, log: { ...silentLog, warn: tell, error: tell } }
  const alarm = {
    code: 'LEASE_LOST',
    severity: 'warning',
    message: 'it went',
    at: Date.UTC(2026, 0, 5),
  } as const
  await raiseAlarm(desk, { ...alarm, portfolio: 'paper', subject: 'x' })
  const { rows } = await pool.query('select portfolio, code, subject, seq from alarms')
  t.same(rows, [{ portfolio: 'paper', code: 'LEASE_LOST', subject: 'x', seq: null }])
  const broken = { ...desk, pool: { query: async () => Promise.reject(new Error('away')) } as never }
  await raiseAlarm(broken, alarm)
  t.same(told, ['it went', 'it went', 'An alarm could not be recorded in the database'])
  t.match((await metrics.alarms.get()).values, [{ value: 2, labels: { code: 'LEASE_LOST' } }])
})

t.test('the gauges show the work that was read last', async (t) => {
  const metrics = createMetrics()
  const work = { inboxWaiting: 3, oldestWaitingSeconds: 1.5, openPositions: 2 }
  showWork(metrics, { ...work, ordersByState: { submitted: 1, unresolved: 2 } })
  showWork(metrics, { ...work, ordersByState: { accepted: 4 } })
  const text = await metrics.registry.metrics()
  t.match(text, /^general_orders\{state="accepted"\} 4$/m)
  t.notMatch(text, /state="submitted"/)
  t.match(text, /^general_orders_unresolved 0$/m)
  t.match(text, /^general_inbox_oldest_waiting_seconds 1.5$/m)
})

t.test('the gauge of breaks counts them by class and state, and forgets what is settled', async (t) => {
  const metrics = createMetrics()
  const ghost = { portfolio: 'p', class: 'ghost', state: 'confirmed' }
  showBreaks(metrics, [ghost, ghost, { ...ghost, class: 'orphan' }])
  t.match(
    await metrics.registry.metrics(),
    /^general_breaks\{portfolio="p",class="ghost",state="confirmed"\} 2$/m,
  )
  showBreaks(metrics, [])
  t.notMatch(await metrics.registry.metrics(), /^general_breaks\{/m)
})

t.test('a throttled line tells how many were left out before it', async (t) => {
  let time = 0
  const lines: [object, string][] = []
  const write = throttled((fields, message) => lines.push([fields, message]), {
    everyMs: 100,
    monotonic: () => time,
  })
  for (time = 0; time <= 200; time += 40) write({ time }, 'again')
  t.same(lines, [
    [{ time: 0, leftOut: 0 }, 'again'],
    [{ time: 120, leftOut: 2 }, 'again'],
  ])
})

t.test('a simulated clock stands, runs at its speed, and never goes back', async (t) => {
  let elapsed = 0
  const standing = new SimulatedClock({ start: 1000 })
  t.equal(standing.now(), 1000)
  standing.advanceBy(500)
  standing.advanceTo(1200)
  t.equal(standing.now(), 1500)
  const running = new SimulatedClock({ start: 1000, speed: 60, elapsed: () => elapsed })
  elapsed = 10
  t.equal(running.now(), 1600)
  running.advanceTo(5000)
  elapsed = 20
  t.equal(running.now(), 5600)
  t.ok(Math.abs(systemClock.now() - Date.now()) < 1000)
})
