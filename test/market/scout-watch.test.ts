import fc from 'fast-check'
import t from 'tap'
import type { Alert } from '../../core/alert/alert.js'
import { findLateness } from '../../core/alert/lateness.js'
import { countRecent, RATE_LIMIT, RATE_WINDOW, withTime } from '../../core/alert/rate.js'
import { barCloseAfter, lastBarClose } from '../../core/calendar/bar-closes.js'
import { type Calendar, sessionAt } from '../../core/calendar/calendar.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { HOUR, type Instant, isoInstant, MINUTE, SECOND } from '../../core/time.js'
import { checkAlerts } from '../../scripts/doctor/alert-checks.js'
import { SimulatedClock } from '../../server/clock.js'
import { BUILT_IN_EXCHANGES } from '../../server/market/calendar/built-in.js'
import { ScoutWatch } from '../../server/market/scout-watch.js'
import { readDatabaseHealth } from '../../server/report/health.js'
import { baseEntry, exitAll, marketData, scout } from '../helpers/alerts.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { liveService } from '../helpers/live-service.js'
import { testDatabase } from '../helpers/postgres.js'
import { insertAlerts, type SequencedPortfolio, sequencedPortfolio } from '../helpers/sequenced.js'
import { BANK_NIFTY, GOLD, PRE_CLOSE, settings } from '../helpers/settings.js'
import type { Teardown } from '../helpers/temporary-directory.js'

const calendar: Calendar = { version: 'test', exchanges: BUILT_IN_EXCHANGES }
const database = await testDatabase(t)
let count = 0
const nifty = { ...BANK_NIFTY, exchange: 'NFO', barMinutes: 75 }
const NIFTY = 'BANK_NIFTY'

/** An instant of Monday 5 January 2026 in India; NFO trades from 09:15 to 15:30, in bars of 75 minutes. */
function at(time: string, day = 5): Instant {
  const [hours, minutes, seconds = 0] = time.split(':').map(Number) as [number, number, number?]
  return Date.UTC(2026, 0, day) + (hours * 60 + minutes - 330) * MINUTE + seconds * SECOND
}

/** A portfolio whose charts are watched, with a clock that the test moves. */
class Watched {
  readonly #portfolio: SequencedPortfolio
  readonly clock: SimulatedClock
  readonly settings: PortfolioSettings
  watch: ScoutWatch
  #alerts = 1_000

  constructor(portfolio: SequencedPortfolio, using: PortfolioSettings) {
    this.#portfolio = portfolio
    this.settings = using
    this.clock = portfolio.clock
    this.watch = this.#newWatch()
  }

  /** Lets alerts come at an instant; those without a time of their own tell that one. */
  async tell(when: Instant, ...alerts: ((now: Instant) => Alert)[]): Promise<void> {
    this.clock.advanceTo(when)
    const { pool, id: portfolio, sequencer } = this.#portfolio
    const told = alerts.map((alert) => alert(when))
    await insertAlerts(pool, { portfolio, first: this.#alerts, alerts: told, receivedAt: when })
    this.#alerts += alerts.length
    sequencer.ring()
    await this.#portfolio.drained()
  }

  /** Looks at an instant, and returns the alarms that were raised since the last look, as code and severity. */
  async look(when: Instant): Promise<string[]> {
    this.clock.advanceTo(when)
    const before = (await this.alarms()).length
    await this.watch.look()
    return (await this.alarms()).slice(before).map(({ code, severity }) => `${code} ${severity}`)
  }

  async alarms() {
    const { rows } = await this.#portfolio.pool.query(
      'select code, severity, instrument, subject, message from alarms where portfolio = $1 order by id',
      [this.#portfolio.id],
    )
    return rows as { code: string; severity: string; instrument: string; subject: string; message: string }[]
  }

  async lastMessage(): Promise<string> {
    return (await this.alarms()).at(-1)?.message ?? ''
  }

  /** A new watch knows nothing but what is recorded. */
  restart(): void {
    this.watch = this.#newWatch()
  }

  /** Sends every order and fills it, at the clock's present. */
  async fill(): Promise<void> {
    const { sequencer } = this.#portfolio
    await eventually('an order is made', () =>
      [...sequencer.state().orders.values()].some(({ state }) => state === 'initialized'),
    )
    await this.#portfolio.fillAll()
  }

  held(): number {
    return this.#portfolio.sequencer.state().books.get(NIFTY)?.units.length ?? 0
  }

  #newWatch(): ScoutWatch {
    const { sequencer, desk } = this.#portfolio
    return new ScoutWatch({ sequencer, desk, clock: this.clock })
  }
}

async function watched(
  t: Teardown,
  start: Instant,
  changes: Partial<PortfolioSettings> = {},
): Promise<Watched> {
  const clock = new SimulatedClock({ start })
  count += 1
  const using = settings({
    ...{ portfolio: `watched-${count}`, hours: 'exchange', preClose: PRE_CLOSE, instruments: [GOLD, nifty] },
    ...changes,
  })
  const portfolio = await sequencedPortfolio(t, { settings: using, clock, database })
  const id = portfolio.nextId('C')
  await portfolio.sequencer.submit({ type: 'CalendarImported', id, calendar })
  return new Watched(portfolio, using)
}

const scouted = (now: Instant): Alert => ({ ...scout(NIFTY, 52_000), timestamp: now })
const bar = (now: Instant): Alert => marketData(NIFTY, 52_000, 350, now)
const entry = (now: Instant): Alert => baseEntry(NIFTY, 52_000, 350, { timestamp: now })

// Faults: N15
t.test('a scout that stops before the close is told once for each silence', async (t) => {
  const room = await watched(t, at('15:00'))
  await room.tell(at('15:14:50'), scouted)
  t.same(await room.look(at('15:15:59')), [])
  t.same(await room.look(at('15:16:01')), ['SCOUT_SILENT warning'], 'of Gold Mini nothing ever came')
  t.match(
    await room.lastMessage(),
    /no scout of BANK_NIFTY for 61 s, and it closes at 15:30: look on Trading/,
  )
  t.same(await room.look(at('15:17')), [])
  room.restart()
  t.same(await room.look(at('15:18:30')), [], 'it was told before the restart')
  for (let second = 0; second < 300; second += 15) await room.tell(at('15:19') + second * SECOND, scouted)
  t.same(await room.look(at('15:24:30')), [])
  t.same(await room.look(at('15:25')), ['SCOUT_SILENT warning'])
  t.same(await room.look(at('15:29:59')), [])
  t.same(await room.look(at('15:31')), [], 'too few in all, which the silences have told')
  t.same(await room.look(at('15:41')), [])
})

t.test('a window that ends with too few scouts is told, whoever listened', async (t) => {
  const room = await watched(t, at('15:00'))
  for (let minute = 15; minute < 25; minute++) await room.tell(at(`15:${minute}`), scouted)
  room.clock.advanceTo(at('15:29:50'))
  room.restart()
  t.same(await room.look(at('15:29:55')), [])
  t.same(await room.look(at('15:30')), ['SCOUT_SILENT warning'])
  t.match(
    await room.lastMessage(),
    /10 scouts of BANK_NIFTY came before the close, and at least 14 are usual/,
  )
})

// Faults: N15
t.test('bars that stop are told once, and are critical while a unit is held', async (t) => {
  const room = await watched(t, at('10:00'), { preClose: null })
  await room.tell(at('10:30:01'), bar)
  t.same(await room.look(at('11:47:59')), [])
  t.same(await room.look(at('11:48:01')), ['BAR_MISSING warning'])
  t.match(await room.lastMessage(), /for the bar that closed at 11:45, the last was at 2026-01-05 10:30/)
  await room.tell(at('11:50'), entry)
  await room.fill()
  t.same(await room.look(at('11:51')), ['BAR_MISSING critical'], 'now there are stops')
  t.match(await room.lastMessage(), /the stops of what is held do not trail and do not fire/)
  t.same(await room.look(at('13:04')), [])
  room.restart()
  t.same(await room.look(at('13:05')), [])
  await room.tell(at('14:15'), bar)
  t.same(await room.look(at('15:29')), [])
  t.same(await room.look(at('18:00')), [], 'the exchange is closed')
  t.same(await room.look(at('9:17', 6)), [], 'the closing bar may come with the first trade')
  t.same(await room.look(at('9:18:01', 6)), ['BAR_MISSING critical'])
  await room.tell(at('10:30', 6), bar)
  t.same(await room.look(at('11:44', 6)), [])
})

t.test('a portfolio that trades at any hour is told of missing bars of what it holds', async (t) => {
  const room = await watched(t, at('10:00'), { hours: 'always', preClose: null })
  await room.tell(at('10:30:01'), bar)
  t.same(await room.look(at('12:00')), [])
  await room.tell(at('12:01'), entry)
  await room.fill()
  t.same(await room.look(at('12:02')), ['BAR_MISSING critical'])
  t.same(await room.look(at('15:20')), [], 'nor are scouts expected')
})

t.test('a script that is about to be stopped by TradingView is told', async (t) => {
  const room = await watched(t, at('11:00'))
  for (let told = 0; told < 13; told++) await room.tell(at('11:00') + told * 13 * SECOND, scouted)
  t.same(await room.look(at('11:02:50')), [], '13 in 3 minutes are 12 reports and a bar')
  room.restart()
  t.same(await room.look(at('11:02:51')), [])
  await room.tell(at('11:02:59'), scouted)
  t.same(await room.look(at('11:02:59')), ['ALERT_RATE warning'], 'those before the restart count')
  t.match(await room.lastMessage(), /^14 alerts of BANK_NIFTY came from test-watched-\d within 3 minutes/)
  for (let told = 0; told < 5; told++) await room.tell(at('11:03') + told * SECOND, scouted)
  t.same(await room.look(at('11:03:10')), [], 'once in 3 minutes')
  await room.tell(at('11:03:11'), bar, entry)
  t.same(await room.look(at('11:03:12')), [])
})

t.test('an exit that the strategy does not tell, after our stop, is told', async (t) => {
  const room = await watched(t, at('9:20'))
  const fallen = (now: Instant): Alert => marketData(NIFTY, 51_000, 350, now)
  await room.tell(at('9:30'), entry)
  await room.fill()
  await room.tell(at('10:30'), fallen)
  await room.fill()
  t.equal(room.held(), 0, 'the stop was hit')
  await room.tell(at('11:45'), bar)
  await room.tell(at('13:00'), bar)
  t.same(await room.look(at('13:02')), [])
  t.same(await room.look(at('13:04')), ['STRATEGY_EXIT_MISSING warning'])
  t.match(await room.lastMessage(), /^Long_1 of BANK_NIFTY \(.*\) was sold by STOP_HIT, and within 2 bars/)
  room.restart()
  t.same(await room.look(at('13:05')), [])

  await room.tell(at('13:06'), entry)
  await room.fill()
  await room.tell(at('14:15'), fallen)
  await room.fill()
  const exit = (now: Instant): Alert => exitAll(NIFTY, { label: 'Long_1', timestamp: now })
  await room.tell(at('14:15:05'), exit)
  await room.tell(at('15:30'), bar)
  await room.tell(at('10:30', 6), bar)
  const isMissing = (code: string) => code.startsWith('STRATEGY') || code.startsWith('EXIT')
  t.same((await room.look(at('11:00', 6))).filter(isMissing), [])
  const codes = (await room.alarms()).map(({ code }) => code)
  t.notOk(codes.includes('EXIT_UNMATCHED'), 'the strategy says what was done already')

  const other = (now: Instant): Alert => exitAll(NIFTY, { label: 'Long_2', timestamp: now })
  await room.tell(at('11:01', 6), other)
  t.match(await room.lastMessage(), /wants to exit Long_2 of BANK_NIFTY, .* called so; nothing is held$/)
  await room.tell(at('15:00', 6), exit)
  t.match(await room.lastMessage(), /held; Long_1 was sold at 2026-01-05T08:45:00.000Z \(STOP_HIT\)$/)
})

t.test('a time that is wrong is told with what it looks like', async (t) => {
  const room = await watched(t, at('10:00'))
  await room.tell(at('10:31'), () => marketData(NIFTY, 52_000, 350, at('10:30')))
  t.same(await room.look(at('10:31')), [])
  await room.tell(at('11:45'), (now) => marketData(NIFTY, 52_000, 350, now - 330 * MINUTE))
  t.same(await room.look(at('11:45:01')), ['ALERT_LATE warning'])
  t.match(await room.lastMessage(), /19800 s before it came, which is the offset of Asia\/Kolkata/)
  await room.tell(at('11:46'), (now) => marketData(NIFTY, 52_000, 350, now + 5 * MINUTE))
  t.same(await room.look(at('11:46:01')), [], 'once an hour')
  await room.tell(at('13:00'), (now) => marketData(NIFTY, 52_000, 350, now + 5 * MINUTE))
  t.same(await room.look(at('13:00:01')), ['ALERT_LATE warning'])
  t.match(await room.lastMessage(), /tells a time 300 s after it came: a clock is wrong/)
})

t.test('doctor tells when charts were last heard of, and what is silent', async (t) => {
  const room = await watched(t, at('10:00'))
  const told = async (now: Instant) => {
    const { charts } = await readDatabaseHealth(database.pool, () => now)
    const own = charts.filter(({ portfolio }) => portfolio === room.settings.portfolio)
    return checkAlerts({ charts: own, calendar, portfolios: [room.settings] }, now)
  }
  t.same(await told(at('10:00')), [], 'that none has come is told elsewhere')
  await room.tell(at('10:30:01'), bar)
  const idle = `GOLD_MINI (${room.settings.portfolio}): none yet`
  t.match(await told(at('10:40')), [{ severity: 'ok' }, { severity: 'note', found: idle }])
  await room.tell(at('10:41'), entry)
  await room.fill()
  const [silent] = await told(at('12:00'))
  t.match(silent, { severity: 'failure', found: /last bar 90 min ago, the last was BASE_ENTRY, 79 min ago/ })
  t.match(silent?.found, /a bar closed 15 min ago and was not told, and units are held/)
  for (let told = 0; told < 14; told++) await room.tell(at('15:15') + told * SECOND, scouted)
  await room.tell(at('15:15:30'), bar)
  t.match(await told(at('15:16')), [
    { severity: 'warning', found: /last scout 47 s ago, .* 15 within 3 min/ },
    {},
  ])
  t.match(await told(at('15:19')), [{ severity: 'failure', found: /no scout, and the close is near$/ }, {}])
})

t.test('what is watched stands among the alarms and in the metrics of a running service', async (t) => {
  const clock = new SimulatedClock({ start: at('11:00') })
  const { service, senderOf, pool } = await liveService(t, { portfolios: [{ id: 'live' }], clock })
  const report = { type: 'MARKET_DATA', instrument: 'GOLD_MINI', price: 78_500, atr: 700 }
  for (let told = 0; told < 14; told++) {
    const timestamp = isoInstant(clock.now() - told * SECOND)
    await senderOf('live').send({ ...report, timestamp })
  }
  await eventually('the alarm is raised', async () => {
    const { rows } = await pool.query('select code from alarms')
    return rows.length > 0 && rows.every(({ code }) => code === 'ALERT_RATE')
  })
  const metrics = await (await fetch(new URL('/metrics', service.adminUrl))).text()
  t.match(metrics, /general_alarms_total\{code="ALERT_RATE",severity="warning"\} 1/)
  const labels = 'portfolio="live",source="live",instrument="GOLD_MINI",script="scout"'
  t.match(metrics, `general_alerts_in_three_minutes{${labels}} 14`)
  t.match(metrics, /general_last_bar_timestamp_seconds\{portfolio="live",instrument="GOLD_MINI"\} 1767\d+/)
})

t.test('the time of an alert is judged by what explains it', async (t) => {
  const kindOf = (behind: number, alertOf = entry): string | undefined => {
    const alert = alertOf(at('12:00') - behind)
    const arrival = { receivedAt: at('12:00'), zone: nifty.zone, barMinutes: 75 }
    return findLateness(alert, arrival)?.kind
  }
  t.equal(kindOf(330 * MINUTE), 'zone')
  t.equal(kindOf(-330 * MINUTE + 50 * SECOND), 'zone')
  t.equal(kindOf(75 * MINUTE + 2 * SECOND), 'barOpen')
  t.equal(kindOf(75 * MINUTE + 2 * SECOND, bar), undefined, 'bars have their names from their opens')
  t.equal(kindOf(60 * MINUTE, bar), 'late')
  t.equal(kindOf(-75 * MINUTE), 'ahead')
  t.equal(kindOf(61 * SECOND), 'late')
  t.equal(kindOf(60 * SECOND), undefined)
  t.equal(
    findLateness(exitAll(NIFTY, { timestamp: null }), { receivedAt: 0, zone: 'UTC', barMinutes: 1 }),
    null,
  )
})

t.test('alerts are counted in constant memory as if every time were kept', async () => {
  const times = fc.array(fc.integer({ min: 0, max: 4 * RATE_WINDOW }), { maxLength: 60 })
  fc.assert(
    fc.property(times, (all) => {
      let recent: readonly Instant[] = []
      for (const time of all) recent = withTime(recent, time)
      const now = Math.max(0, ...all)
      const exact = all.filter((time) => now - RATE_WINDOW < time).length
      return recent.length <= RATE_LIMIT && countRecent(recent, now) === Math.min(RATE_LIMIT, exact)
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('bars close in sessions only, one after the other, and last as long as they say', async (t) => {
  const cases = fc.record({
    exchange: fc.constantFrom('MCX', 'NFO', 'NYSE', 'CRYPTO'),
    barMinutes: fc.constantFrom(1, 5, 15, 60, 75, 240),
    time: fc.integer({ min: Date.UTC(2025, 1, 1), max: Date.UTC(2026, 10, 30) }),
  })
  fc.assert(
    fc.property(cases, ({ exchange, barMinutes, time }) => {
      const schedule = { calendar, exchange, barMinutes }
      const last = lastBarClose(schedule, time)!
      const next = barCloseAfter(schedule, time, 1)!
      const inSession = typeof sessionAt(calendar, exchange, next - 1) === 'object'
      const isShort = next - last <= barMinutes * MINUTE || sessionAt(calendar, exchange, last) === 'closed'
      return (
        last <= time &&
        time < next &&
        inSession &&
        isShort &&
        lastBarClose(schedule, next) === next &&
        lastBarClose(schedule, next - 1) === last &&
        barCloseAfter(schedule, last, 1) === next &&
        barCloseAfter(schedule, last, 2) === barCloseAfter(schedule, next, 1)
      )
    }),
    { numRuns: counts.propertyRuns },
  )
  const gold = { calendar, exchange: 'MCX', barMinutes: 60 }
  t.equal(isoInstant(barCloseAfter(gold, at('23:10'), 1)!), isoInstant(at('23:55')), 'cut at the close')
  t.equal(barCloseAfter(gold, at('23:10'), 2), at('10:00', 6))
  t.equal(lastBarClose(gold, at('9:59', 6)), at('23:55'))
  t.equal(lastBarClose(gold, at('10:00') + HOUR * 24 * 400), null, 'where the calendar does not reach')
  t.equal(barCloseAfter({ ...gold, exchange: 'LSE' }, at('10:00'), 1), null)
})
