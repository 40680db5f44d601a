import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../server/clock.js'
import { TOPICS } from '../../server/notify/notice.js'
import { Notifier } from '../../server/notify/notifier.js'
import { escapeHtml, splitHtml } from '../../server/notify/telegram/notice-message.js'
import type { ShellAlarm } from '../../server/observe/alarms.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { eventually } from '../helpers/eventually.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
import { goldEntry, keepingLog, type RunningService, runService } from '../main/running-service.js'
import { BOT_TOKEN, type SentMessage, type TelegramServer, telegramServer } from './telegram-server.js'

const CHAT = -500

function alarmSaying(message: string): ShellAlarm {
  return { code: 'LEASE_LOST', severity: 'warning', message, at: Date.UTC(2026, 0, 5), portfolio: 'paper' }
}

function notifierOf(t: Teardown, telegram: TelegramServer) {
  const receiver = {
    ...{ kind: 'telegram' as const, botToken: BOT_TOKEN, chatIds: [CHAT, 7], allowedUsers: [] },
    ...{ apiRoot: telegram.url, about: TOPICS },
  }
  const metrics = createMetrics()
  const raised: ShellAlarm[] = []
  const notifier = new Notifier({
    ...{ receivers: [receiver], clock: systemClock, log: keepingLog([]), metrics },
    ...{
      scrub: (text: string) => text.replaceAll(BOT_TOKEN, '[secret]'),
      raise: (alarm) => raised.push(alarm),
    },
    timings: { timeoutMs: 60_000, pausesMs: [1, 1], stopWithinMs: 100, alarmEveryMs: 3_600_000 },
  })
  t.teardown(() => notifier.stop())
  const count = async (outcome: string) => {
    const { values } = await metrics.notifications.get()
    return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0
  }
  return { notifier, raised, count }
}

t.test('each chat is told, no text is markup, and no secret is in it', async (t) => {
  const telegram = await telegramServer(t)
  const { notifier, count } = notifierOf(t, telegram)
  notifier.tellAlarm(alarmSaying(`a <b>stop</b> & "more" </code> ${BOT_TOKEN}`))
  await eventually('both chats are told', async () => (await count('sent')) === 2)
  t.same(telegram.sent.map(({ chat_id }) => chat_id).sort(), [CHAT, 7])
  t.match(telegram.sent[0], {
    parse_mode: 'HTML',
    text: '<b>paper</b> Warning LEASE_LOST: a &lt;b&gt;stop&lt;/b&gt; &amp; "more" &lt;/code&gt; [secret]',
  })
  t.same(telegram.malformed, [])
})

t.test('Telegram is waited for when it asks to be, and given up when it refuses or is away', async (t) => {
  const telegram = await telegramServer(t)
  const { notifier, raised, count } = notifierOf(t, telegram)
  telegram.fail('sendMessage', 2, 429, 1)
  notifier.tellAlarm(alarmSaying('patience'))
  await eventually('it is sent in the end', async () => (await count('sent')) === 2, { timeoutMs: 30_000 })
  t.same(raised, [])
  telegram.fail('sendMessage', 2, 403)
  notifier.tellAlarm(alarmSaying('refused'))
  await eventually('it is refused', async () => (await count('failed')) === 2)
  t.match(raised, [
    {
      code: 'NOTIFICATION_FAILED',
      subject: 'notifications[0]',
      message: /^The telegram .*: it answered 403$/,
    },
    { code: 'NOTIFICATION_FAILED' },
  ])
  t.notMatch(JSON.stringify(raised), BOT_TOKEN)
  const away = notifierOf(t, { url: 'http://127.0.0.1:1' } as TelegramServer)
  away.notifier.tellAlarm(alarmSaying('nobody hears this'))
  await eventually('it is given up', async () => (await away.count('failed')) === 2)
  t.match(away.raised[0], { message: /it could not be reached/ })
})

t.test('what is too long is cut, or sent in parts that hold whole lines', async (t) => {
  t.ok(escapeHtml('<'.repeat(5000)).length < 4 * 3500 + 2)
  const line = `<b>${'x'.repeat(1000)}</b>`
  const parts = splitHtml(Array.from({ length: 7 }, () => line).join('\n'))
  t.same(
    parts.map((part) => part.split('\n').length),
    [3, 3, 1],
  )
})

/** A service with a bot that user 7 may command, in private and in one group. */
async function runWithBot(t: Teardown, telegram: TelegramServer, strategy: object): Promise<RunningService> {
  const file = join(await testDirectory(t), 'general.json')
  const bot = {
    kind: 'telegram',
    botToken: `\${BOT}`,
    chatIds: [CHAT],
    allowedUsers: [7],
    apiRoot: telegram.url,
  }
  const portfolios = [{ id: 'paper', strategy: { kind: 'trend', ...strategy } }]
  await writeFile(file, JSON.stringify({ portfolios, notifications: [bot] }))
  return runService(t, { env: { GENERAL_CONFIG: file, BOT: BOT_TOKEN } })
}

/** Returns the first answer to what was written, which is the first message in that chat from then on. */
async function reply(telegram: TelegramServer, chat: number, write: () => void): Promise<string> {
  const before = telegram.sent.length
  write()
  const found = await eventually(
    'an answer',
    () => telegram.sent.slice(before).find(({ chat_id }) => chat_id === chat),
    { timeoutMs: 30_000 },
  )
  return found.text
}

t.test('a user who may command the service does so, through the endpoints of the owner', async (t) => {
  const telegram = await telegramServer(t)
  const running = await runWithBot(t, telegram, {})
  await running.send(goldEntry())
  const say = (words: string) => reply(telegram, 7, () => telegram.write(words))
  t.match(await say('/status'), /<b>paper<\/b> active, trading active\nequity 10000000 INR/)
  t.match(await say('/positions'), /GOLD_MINI 1 Long_1: 2 lots at 78500, stop /)
  t.match(await say('/help'), /\/pause \[portfolio\]/)
  t.match(await say('/dance <b>'), /There is no command \/dance/)
  t.match(await say('/pause paper lunch & <more>'), /<b>paper<\/b> Paused/)
  const { body } = await running.ask<Record<string, unknown>>('/v1/portfolios/paper')
  t.match(body, {
    tradingState: 'reducing',
    tradingStateReason: 'Telegram user 7 (@trader): lunch & <more>',
  })
  t.match(await say('/status'), /trading reducing \(Telegram user 7 \(@trader\): lunch &amp; &lt;more&gt;\)/)
  t.match(await say('/resume'), /Active: everything runs/)
  const group = await reply(telegram, CHAT, () =>
    telegram.write('/status@general_bot', { chat: CHAT, isGroup: true }),
  )
  t.match(group, /trading active/)
  t.same(telegram.malformed, [])

  await t.test('what comes again is carried out once', async (t) => {
    const decided = async () => {
      const { body: page } = await running.ask<{ items: { kind: string }[] }>(
        '/v1/portfolios/paper/decisions',
      )
      return page.items.filter(({ kind }) => kind === 'tradingState').length
    }
    t.equal(await decided(), 2)
    const before = telegram.sent.length
    telegram.repeat()
    await eventually('all of it is answered again', () => telegram.sent.length >= before + 8, {
      timeoutMs: 30_000,
    })
    t.equal(await decided(), 2)
    t.match((await running.ask<object>('/v1/portfolios/paper')).body, { tradingState: 'active' })
  })

  await t.test('strangers, other chats and old messages command nothing', async (t) => {
    const told = telegram.sent.length
    telegram.write('/pause', { user: 666 })
    telegram.write('/pause', { user: 666 })
    telegram.write('/pause', { chat: -999, isGroup: true })
    t.match(await say('/status'), /trading active/)
    const alarms = await running.ask<{ items: { code: string; message: string }[] }>('/v1/alarms')
    const strangers = alarms.body.items.filter(({ code }) => code === 'TELEGRAM_STRANGER')
    t.match(strangers, [{ message: /user 7 .* in chat -999/ }, { message: /user 666/ }], 'each once')
    t.same(
      telegram.sent.slice(told).filter(({ chat_id }) => chat_id === 666 || chat_id === -999),
      [],
      'and they are not answered',
    )
    t.match(await reply(telegram, 7, () => telegram.write('/pause', { age: 4000 })), /written 40\d\d s ago/)
    t.match(await say('/status'), /trading active/)
    const metrics = await (await fetch(`${running.service.adminUrl}/metrics`)).text()
    t.match(metrics, /^general_telegram_refused_total 3$/m)
  })

  await t.test('a Telegram that is away for a while is asked again', async (t) => {
    telegram.fail('getUpdates', 1, 502)
    t.match(await say('/status'), /trading active/)
    telegram.fail('getUpdates', 1, 409)
    telegram.fail('sendMessage', 1, 500)
    t.match(await say('/status'), /trading active/, 'another instance had asked, and an answer was lost')
    t.notMatch(running.logged.join('\n'), BOT_TOKEN)
  })
})

t.test('an entry that waits is approved by a button, or by its id', async (t) => {
  const telegram = await telegramServer(t)
  const running = await runWithBot(t, telegram, { approval: { mode: 'manual' } })
  const questionOf = async (instrument: string): Promise<SentMessage> =>
    eventually(`the question about ${instrument}`, () =>
      telegram.sent.find(({ text, reply_markup }) => reply_markup !== undefined && text.includes(instrument)),
    )
  await running.send(goldEntry())
  const question = await questionOf('GOLD_MINI')
  t.match(question.text, /Approve a base entry of GOLD_MINI\? 2 lots at 78500/)
  const stranger = telegram.press(question, 'Approve', 666)
  await eventually('the stranger is passed over', () => telegram.confirmed >= stranger)
  telegram.press(question, 'Approve')
  await eventually('it is approved', () => telegram.sent.some(({ text }) => /Approved/.test(text)))
  await eventually('it is bought', async () => {
    const { body } = await running.ask<{ items: unknown[] }>('/v1/portfolios/paper/positions')
    return body.items.length === 1
  })
  await eventually('its buttons are gone', () => telegram.methods.includes('editMessageReplyMarkup'))
  const answers = () => telegram.sent.filter(({ text }) => /NOT_WAITING/.test(text)).length
  telegram.press(question, 'Reject')
  await eventually('too late', () => answers() === 1)

  await running.send(goldEntry({ instrument: 'COPPER', price: 800, atr: 8 }))
  const second = await questionOf('COPPER')
  const id = /<code>(Q-[^<]+)<\/code>/.exec(second.text)?.[1] ?? ''
  const say = (words: string) => reply(telegram, 7, () => telegram.write(words))
  t.match(await say('/approve'), new RegExp(`<code>${id}</code> entry COPPER`))
  t.match(await say('/reject Q-none'), /There is no approval <code>Q-none<\/code>/)
  t.match(await say(`/reject ${id} not today`), /^Rejected$/)
  const closed = await running.ask<{ items: object[] }>('/v1/portfolios/paper/approvals?status=closed')
  t.match(closed.body.items[0], { state: 'rejected', reason: 'Telegram user 7 (@trader): not today' })
  t.same(telegram.malformed, [])
})
