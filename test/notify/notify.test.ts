import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { PreCloseAdvanced } from '../../core/event.js'
import { emptyPortfolio } from '../../core/portfolio/portfolio.js'
import { systemClock } from '../../server/clock.js'
import type { NotificationConfiguration } from '../../server/config/configuration.js'
import { TOPICS } from '../../server/notify/notice.js'
import { MAX_WAITING } from '../../server/notify/notice-sender.js'
import { noticesOf } from '../../server/notify/notices-of.js'
import { Notifier } from '../../server/notify/notifier.js'
import type { ShellAlarm } from '../../server/observe/alarms.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { createSecrets } from '../../server/observe/secrets.js'
import { eventually } from '../helpers/eventually.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
import { goldEntry, keepingLog, runService } from '../main/running-service.js'
import { notifyReceiver } from './notify-receiver.js'

const token = 'token-of-the-receiver'
const patience = { pausesMs: [1, 1], stopWithinMs: 100, alarmEveryMs: 3_600_000 }

/** What a test may want differently of a notifier. */
interface NotifierChanges {
  readonly about?: NotificationConfiguration['about']
  readonly timeoutMs?: number
}

/** A notifier of its own; what it raises comes back to it, as in the service. */
function notifierOf(t: Teardown, urls: readonly string[], changes: NotifierChanges = {}) {
  const { about = TOPICS, timeoutMs = 60_000 } = changes
  const receivers = urls.map((url) => ({ kind: 'webhook' as const, url, token, about }))
  const metrics = createMetrics()
  const lines: string[] = []
  const raised: ShellAlarm[] = []
  const secrets = createSecrets()
  secrets.add(token)
  const raise = (alarm: ShellAlarm) => {
    raised.push(alarm)
    notifier.tellAlarm(alarm)
  }
  const notifier = new Notifier({
    ...{ receivers, clock: systemClock, log: keepingLog(lines), metrics, scrub: secrets.scrub, raise },
    timings: { ...patience, timeoutMs },
  })
  t.teardown(() => notifier.stop())
  const count = async (webhook: number, outcome: string) => {
    const { values } = await metrics.notifications.get()
    const name = `notifications[${webhook}]`
    return values.find(({ labels }) => labels.receiver === name && labels.outcome === outcome)?.value ?? 0
  }
  return { notifier, lines, raised, count }
}

function alarmSaying(message: string): ShellAlarm {
  return { code: 'LEASE_LOST', severity: 'warning', message, at: Date.UTC(2026, 0, 5), portfolio: 'paper' }
}

t.test(
  'a receiver with trouble of its own is asked again, in order, and no secret is in the body',
  async (t) => {
    const receiver = await notifyReceiver(t, (nth) => (nth === 1 ? 500 : nth === 2 ? 429 : 200))
    const { notifier, raised, count } = notifierOf(t, [receiver.url])
    notifier.tellAlarm(alarmSaying(`the first, ${token}`))
    notifier.tellAlarm(alarmSaying('the second'))
    await eventually('both are sent', async () => (await count(0, 'sent')) === 2)
    const texts = receiver.notices.map(({ text }) => text)
    const first = 'Warning LEASE_LOST: the first, [secret]'
    t.same(texts, [first, first, first, 'Warning LEASE_LOST: the second'])
    t.same(receiver.notices[0], {
      ...{ at: '2026-01-05T00:00:00.000Z', portfolio: 'paper', kind: 'alarm', text: first },
      data: { code: 'LEASE_LOST', severity: 'warning', instrument: null, subject: null },
    })
    t.same(new Set(receiver.authorizations), new Set([`Bearer ${token}`]))
    t.same(raised, [])
  },
)

t.test('a receiver that refuses is alarmed once, and others are told of it', async (t) => {
  const refusing = await notifyReceiver(t, () => 403)
  const redirecting = await notifyReceiver(t, () => 307)
  const sound = await notifyReceiver(t)
  const { notifier, lines, raised, count } = notifierOf(t, [refusing.url, redirecting.url, sound.url])
  for (const message of ['one', 'two', 'three']) notifier.tellAlarm(alarmSaying(message))
  await eventually('all are told', async () => (await count(2, 'sent')) === 5)
  await eventually('the other alarm is refused', async () => (await count(0, 'failed')) === 4)
  await eventually('it is refused elsewhere', async () => (await count(1, 'failed')) === 4)
  t.same(raised.map(({ code, subject }) => [code, subject]).sort(), [
    ['NOTIFICATION_FAILED', 'notifications[0]'],
    ['NOTIFICATION_FAILED', 'notifications[1]'],
  ])
  const told = (notices: typeof sound.notices) => notices.flatMap(({ data }) => data.subject ?? []).sort()
  t.same(told(refusing.notices), ['notifications[1]'], 'no receiver is told about itself')
  t.same(told(redirecting.notices), ['notifications[0]'])
  t.same(told(sound.notices), ['notifications[0]', 'notifications[1]'])
  t.equal(lines.length, 2, 'failures are logged once in a while')
  t.match(
    raised[0]?.message,
    /^The webhook notifications\[\d\] does not take notifications: it answered \d+$/,
  )
  const written = `${lines}${JSON.stringify(raised)}`
  for (const secret of [token, 'notify-path']) t.notOk(written.includes(secret))
})

t.test('a receiver that is not there fails after a few attempts', async (t) => {
  const { notifier, raised, count } = notifierOf(t, ['http://127.0.0.1:1/'])
  notifier.tellAlarm(alarmSaying('nobody hears this'))
  await eventually('it is given up', async () => (await count(0, 'failed')) === 1)
  t.match(raised, [{ code: 'NOTIFICATION_FAILED', message: /it could not be reached/ }])
})

t.test('a receiver that does not answer in time fails after a few attempts', async (t) => {
  const receiver = await notifyReceiver(t, () => 'never')
  const { notifier, raised, count } = notifierOf(t, [receiver.url], { timeoutMs: 50 })
  notifier.tellAlarm(alarmSaying('not answered'))
  await eventually('it is given up', async () => (await count(0, 'failed')) === 1)
  t.match(raised, [{ code: 'NOTIFICATION_FAILED', message: /it did not answer in time$/ }])
})

t.test('what waits for a receiver that hangs is bounded, and stopping does not wait for it', async (t) => {
  const receiver = await notifyReceiver(t, () => 'never')
  const { notifier, count } = notifierOf(t, [receiver.url])
  for (let n = 1; n <= MAX_WAITING + 50; n += 1) notifier.tellAlarm(alarmSaying(`number ${n}`))
  t.equal(await count(0, 'dropped'), 50)
  await eventually('one is on its way', () => receiver.notices.length === 1)
  t.equal(receiver.notices[0]?.text, 'Warning LEASE_LOST: number 51', 'the oldest gave way')
  await notifier.stop()
  t.equal(await count(0, 'dropped'), MAX_WAITING + 50)
  notifier.tellAlarm(alarmSaying('too late'))
  t.equal(receiver.notices.length, 1)
})

t.test(
  'of a run before the close its end is told, and of an event that nobody asked for nothing',
  async (t) => {
    const at = Date.UTC(2026, 0, 5, 18)
    const run: PreCloseAdvanced['run'] = {
      ...{ closesAt: at, phase: 'place', plan: null, entryDecisionId: 'd-1', entryUnit: 1, entryLots: 2 },
      ...{ exits: [], isRefused: false, outcome: null, detail: null },
    }
    const advanced: PreCloseAdvanced = { type: 'PreCloseAdvanced', instrument: 'GOLD_MINI', at, run }
    const ended: PreCloseAdvanced = {
      ...advanced,
      run: { ...run, phase: 'end', outcome: 'partial', detail: '1 of 2 lots' },
    }
    const portfolio = emptyPortfolio('paper')
    const [notice, ...more] = noticesOf(portfolio, [advanced, ended])
    t.same(more, [])
    t.match(notice, {
      ...{ topic: 'preClose', portfolio: 'paper', kind: 'preClose' },
      text: 'The run before the close of GOLD_MINI ended: partial (1 of 2 lots)',
      data: { instrument: 'GOLD_MINI', outcome: 'partial', entryDecisionId: 'd-1' },
    })
    const receiver = await notifyReceiver(t)
    const { notifier, count } = notifierOf(t, [receiver.url], { about: ['preClose'] })
    notifier.tellAlarm(alarmSaying('not asked for'))
    notifier.tellEvents(portfolio, [advanced, ended])
    await eventually('the end is told', async () => (await count(0, 'sent')) === 1)
    t.same(
      receiver.notices.map(({ kind }) => kind),
      ['preClose'],
    )
  },
)

t.test(
  'the service tells what is recorded while another receiver hangs, and nothing waits for that',
  async (t) => {
    const hanging = await notifyReceiver(t, () => 'never')
    const sound = await notifyReceiver(t)
    const file = join(await testDirectory(t), 'configuration.json')
    const notifications = [
      { kind: 'webhook', url: hanging.url },
      { kind: 'webhook', url: sound.url, token: `\${RECEIVER_TOKEN}` },
    ]
    await writeFile(file, JSON.stringify({ notifications }))
    const { service, send, ask, logged } = await runService(t, {
      env: { GENERAL_CONFIG: file, RECEIVER_TOKEN: token },
    })
    const kindsTold = () => sound.notices.map(({ kind }) => kind)
    const entered = await send(goldEntry())
    t.match(entered.body.decision, { outcome: 'executed', lots: '2' }, 'done while the receiver hangs')
    await eventually('the hanging receiver was called', () => hanging.notices.length === 1)
    await eventually('the unit is told', () => kindsTold().includes('unitOpened'))
    const late = new Date(Date.now() - 600_000).toISOString()
    const blocked = await send(goldEntry({ position: 'Long_2', timestamp: late }))
    t.match(blocked.body.decision, { outcome: 'blocked' })
    const exit = { type: 'EXIT', instrument: 'GOLD_MINI', position: 'Long_1', price: 79_000, reason: 'TEST' }
    const exited = await send({ ...exit, timestamp: new Date().toISOString() })
    t.match(exited.body.decision, { outcome: 'executed' })
    await eventually('the end of the unit is told', () => kindsTold().includes('unitClosed'))
    await eventually('the late alert is told', () => kindsTold().includes('alarm'))
    const texts = sound.notices.map(({ text }) => text)
    t.match(texts.slice(0, 4), [
      /^Approved a posting of cash/,
      'Approved base entry of GOLD_MINI, 2 lots; nothing is filled yet',
      'Bought 2 lots of GOLD_MINI at 78500',
      /^Unit 1 of GOLD_MINI \(Long_1\) is open, stop /,
    ])
    for (const text of [/^Blocked base entry of GOLD_MINI: /, /^Warning ALERT_LATE: /]) {
      t.ok(
        texts.some((told) => text.test(told)),
        `${text}`,
      )
    }
    const order = ['Approved exit of GOLD_MINI', 'Sold 2 lots', 'Unit 1 of GOLD_MINI is closed'].map(
      (start) => texts.findIndex((text) => text.startsWith(start)),
    )
    t.same(
      [...order].sort((a, b) => a - b),
      order,
      'sold is said after the fill, closed after that',
    )
    t.ok((order[0] ?? -1) >= 0, texts.join('\n'))
    t.equal(hanging.notices.length, 1, 'one at a time')
    const metrics = await fetch(`${service.adminUrl}/metrics`, {
      headers: { authorization: `Bearer ${service.tokens.admin.token}` },
    })
    t.match(
      await metrics.text(),
      /general_notifications_total\{receiver="notifications\[1\]",outcome="sent"\} \d/,
    )
    t.match(await ask('/v1/portfolios/paper/positions'), { status: 200 })
    await service.stop()
    await eventually('the hanging request was given up', () => hanging.abandoned() === 1)
    t.notOk(logged.some((line) => line.includes(token) || line.includes('notify-path')))
  },
)
