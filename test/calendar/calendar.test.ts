import fc from 'fast-check'
import t from 'tap'
import {
  ALWAYS_OPEN,
  type Calendar,
  closeOf,
  hasRegularTrading,
  nextSession,
  sessionAt,
  sessionsOn,
  tradingDate,
} from '../../core/calendar/calendar.js'
import { regularCloseMinutes } from '../../core/calendar/regular-close.js'
import { DAY, isoInstant, localDate, MINUTE, parseInstant } from '../../core/time.js'
import { applyImport, findImportFlaws } from '../../server/market/calendar/calendar-import.js'
import { calendarOf, toCalendar } from '../../server/market/calendar/calendar-version.js'
import { builtInCalendar } from '../../server/market/calendar/effective-calendar.js'
import { counts } from '../helpers/counts.js'

const calendar = builtInCalendar()
const exchanges = Object.values(calendar.exchanges)

/** The sessions of a date, as local times: 09:00-17:00. */
function hoursOn(exchange: string, date: string, of: Calendar = calendar): string[] | null {
  const offset =
    exchange === 'MOEX'
      ? 180
      : exchange.startsWith('N') && exchange !== 'NSE' && exchange !== 'NFO'
        ? null
        : 330
  const local = (instant: number) =>
    offset === null ? isoInstant(instant).slice(11, 16) : isoInstant(instant + offset * MINUTE).slice(11, 16)
  const sessions = sessionsOn(of, exchange, date)
  return sessions === null
    ? null
    : sessions.map(({ opensAt, closesAt }) => `${local(opensAt)}-${local(closesAt)}`)
}

const at = (text: string) => parseInstant(text)!

// Faults: T03
t.test('MCX closes with the daylight saving time of New York, both ways in both years', async (t) => {
  const closes = [
    ['2025-03-07', '23:55'],
    ['2025-03-10', '23:30'],
    ['2025-10-31', '23:30'],
    ['2025-11-03', '23:55'],
    ['2026-03-06', '23:55'],
    ['2026-03-09', '23:30'],
    ['2026-10-30', '23:30'],
    ['2026-11-02', '23:55'],
  ] as const
  for (const [date, close] of closes) {
    t.same(hoursOn('MCX', date), [`09:00-${close}`], date)
    t.equal(closeOf(calendar, 'MCX', date), at(`${date}T${close}+05:30`))
  }
})

t.test('New York opens an hour earlier in UTC while it keeps daylight saving time', async (t) => {
  t.same(hoursOn('NYSE', '2025-03-07'), ['14:30-21:00'])
  t.same(hoursOn('NYSE', '2025-03-10'), ['13:30-20:00'])
  t.same(hoursOn('NASDAQ', '2025-10-31'), ['13:30-20:00'])
  t.same(hoursOn('NASDAQ', '2025-11-03'), ['14:30-21:00'])
  t.same(hoursOn('NYSE', '2026-03-06'), ['14:30-21:00'])
  t.same(hoursOn('NYSE', '2026-03-09'), ['13:30-20:00'])
  t.same(hoursOn('NYSE', '2026-10-30'), ['13:30-20:00'])
  t.same(hoursOn('NYSE', '2026-11-02'), ['14:30-21:00'])
})

t.test('derivatives of NSE close at 15:40 from 3 August 2026, shares leave for the auction', async (t) => {
  t.same(hoursOn('NFO', '2026-07-31'), ['09:15-15:30'])
  t.same(hoursOn('NFO', '2026-08-03'), ['09:15-15:40'])
  t.same(hoursOn('NSE', '2026-07-31'), ['09:15-15:30'])
  t.same(hoursOn('NSE', '2026-08-03'), ['09:15-15:15'])
})

// Faults: T05
t.test('holidays, half days, Muhurat and special weekends are what was announced', async (t) => {
  const days = [
    ['NFO', '2025-08-27', []],
    ['NFO', '2026-01-15', []],
    ['NFO', '2025-10-21', ['13:45-14:45']],
    ['NFO', '2025-02-01', ['09:15-15:30']],
    ['NSE', '2026-02-01', ['09:15-15:30']],
    ['NFO', '2026-11-21', []],
    ['MCX', '2026-01-01', ['09:00-17:00']],
    ['MCX', '2026-01-15', ['17:00-23:55']],
    ['MCX', '2026-05-28', ['17:00-23:30']],
    ['MCX', '2026-01-26', []],
    ['MCX', '2025-10-21', ['13:45-14:45']],
    ['MCX', '2025-10-22', ['17:00-23:30']],
    ['MCX', '2026-02-01', ['09:00-17:00']],
    ['MCX', '2026-08-15', []],
    ['NYSE', '2025-01-09', []],
    ['NYSE', '2025-07-03', ['13:30-17:00']],
    ['NASDAQ', '2026-11-27', ['14:30-18:00']],
    ['NYSE', '2026-07-03', []],
    ['MOEX', '2026-01-05', ['10:00-18:40']],
    ['MOEX', '2026-01-07', []],
    ['MOEX', '2025-11-01', ['10:00-18:40']],
  ] as const
  for (const [exchange, date, hours] of days) t.same(hoursOn(exchange, date), hours, `${exchange} ${date}`)
})

t.test('the close of a day is that of its last session', async (t) => {
  t.equal(closeOf(calendar, 'MCX', '2026-01-01'), at('2026-01-01T17:00+05:30'), 'the evening is closed')
  t.equal(closeOf(calendar, 'NFO', '2025-10-21'), at('2025-10-21T14:45+05:30'), 'Muhurat')
  t.equal(closeOf(calendar, 'NYSE', '2025-12-24'), at('2025-12-24T13:00-05:00'), 'half day')
  for (const date of ['2026-01-26', '2026-08-15', '2027-06-01', '2026-02-30']) {
    t.equal(closeOf(calendar, 'MCX', date), null, date)
  }
})

// Faults: T05
t.test('what the calendar does not know it does not guess', async (t) => {
  t.equal(sessionsOn(calendar, 'MCX', '2027-01-04'), null)
  t.equal(sessionsOn(calendar, 'MCX', '2024-12-31'), null)
  t.equal(sessionsOn(calendar, 'LSE', '2026-01-05'), null)
  t.equal(sessionsOn(calendar, 'constructor', '2026-01-05'), null)
  t.equal(sessionAt(calendar, 'MCX', at('2027-01-04T10:00+05:30')), 'unknown')
  t.equal(sessionAt(calendar, 'LSE', at('2026-01-05T10:00Z')), 'unknown')
  t.equal(nextSession(calendar, 'MCX', at('2026-12-31T12:00+05:30')), null)
  t.equal(nextSession(calendar, 'MCX', at('2024-12-31T12:00+05:30')), null)
  t.equal(hasRegularTrading(calendar, 'MCX', '2027-01-04'), null)
  t.equal(tradingDate(calendar, 'LSE', 0), null)
})

t.test('the next session comes after nights, weekends and holidays', async (t) => {
  const next = (exchange: string, text: string) => {
    const session = nextSession(calendar, exchange, at(text))
    return session === null ? null : isoInstant(session.opensAt)
  }
  t.equal(next('NFO', '2026-04-02T15:30+05:30'), '2026-04-06T03:45:00.000Z', 'over Good Friday')
  t.equal(next('MCX', '2026-05-28T10:00+05:30'), '2026-05-28T11:30:00.000Z', 'the evening')
  t.equal(next('MCX', '2026-05-28T17:00+05:30'), '2026-05-29T03:30:00.000Z', 'not the one that is open')
  t.equal(next('NYSE', '2025-03-07T16:00-05:00'), '2025-03-10T13:30:00.000Z', 'over the change of clocks')
})

// Faults: T07
t.test('what never closes has one session a UTC day, and no close', async (t) => {
  for (const exchange of [ALWAYS_OPEN, 'KRAKEN', 'BINANCE', 'CRYPTO']) {
    const noon = at('2031-12-25T12:00Z')
    t.same(sessionAt(calendar, exchange, noon), {
      name: 'day',
      opensAt: at('2031-12-25'),
      closesAt: at('2031-12-26'),
    })
    t.equal(closeOf(calendar, exchange, '2031-12-25'), null)
    t.equal(nextSession(calendar, exchange, noon)?.opensAt, at('2031-12-26'))
    t.equal(hasRegularTrading(calendar, exchange, '2031-12-25'), true)
  }
})

t.test(
  'at every instant the open session is one of its date, and the next one is the first after it',
  async () => {
    const names = exchanges.filter(({ isAlwaysOpen }) => !isAlwaysOpen).map(({ name }) => name)
    const instants = fc.integer({ min: at('2025-01-02'), max: at('2026-12-20') })
    fc.assert(
      fc.property(fc.constantFrom(...names), instants, (exchange, instant) => {
        const date = tradingDate(calendar, exchange, instant)!
        const sessions = sessionsOn(calendar, exchange, date)!
        const open = sessions.find(({ opensAt, closesAt }) => opensAt <= instant && instant < closesAt)
        const next = nextSession(calendar, exchange, instant)!
        const later = [0, 1, 2, 3, 4, 5, 6, 7]
          .flatMap(
            (days) => sessionsOn(calendar, exchange, localDate(parseInstant(date)! + days * DAY)) ?? [],
          )
          .find(({ opensAt }) => opensAt > instant)
        return sessionAt(calendar, exchange, instant) === (open ?? 'closed') && next === later
      }),
      { numRuns: counts.propertyRuns },
    )
  },
)

t.test('the data are in order and say where they come from', async (t) => {
  for (const { name, days, hours, knownFrom, knownUntil, sources, isAlwaysOpen } of exchanges) {
    const dates = days.map(({ date }) => date)
    t.same(dates, [...new Set(dates)].sort(), `${name} has each date once, ascending`)
    t.ok(
      dates.every((date) => knownFrom <= date && date <= knownUntil && parseInstant(date) !== null),
      name,
    )
    t.ok(sources.length > 0 && (isAlwaysOpen || hours.length > 0), name)
  }
  t.equal(builtInCalendar().version, calendar.version)
  t.same(JSON.parse(JSON.stringify(calendar)), calendar, 'plain JSON')
})

const nothing = { knownUntil: null, closures: [], specialSessions: [], hours: [] }
const from = (facts: object) => ({
  source: 'a circular',
  confidence: 'confirmed' as const,
  exchanges: [{ ...nothing, exchange: 'NSE', ...facts }],
})
const imported = (facts: object) => toCalendar(applyImport(calendar.exchanges, from(facts)))

t.test('an import replaces the dates that it names, for shares and derivatives', async (t) => {
  const closure = imported({ closures: [{ date: '2026-12-01', sessions: 'all', name: 'Elections' }] })
  t.same(hoursOn('NSE', '2026-12-01', closure), [])
  t.same(hoursOn('NFO', '2026-12-01', closure), [])
  t.same(hoursOn('NFO', '2026-12-25', closure), [], 'other days stay')
  t.not(closure.version, calendar.version)
  t.same(hoursOn('NFO', '2026-12-01'), ['09:15-15:40'], 'the old calendar stays as it was')

  const muhurat = imported({
    specialSessions: [{ date: '2026-11-08', name: 'muhurat', opens: '18:00', closes: '19:00' }],
  })
  t.same(hoursOn('NFO', '2026-11-08', muhurat), ['18:00-19:00'])
  const reopened = imported({ closures: [{ date: '2026-11-24', sessions: 'none', name: 'Moved' }] })
  t.same(hoursOn('NFO', '2026-11-24', reopened), ['09:15-15:40'])
  const longer = imported({
    hours: [{ from: '2026-12-07', sessions: [{ name: 'regular', opens: '09:00', closes: '16:00' }] }],
  })
  t.same(hoursOn('NSE', '2026-12-07', longer), ['09:00-16:00'])
  t.same(hoursOn('NFO', '2026-12-07', longer), ['09:15-15:40'], 'hours are those of the exchange named')
  const nextYear = imported({ knownUntil: '2027-12-31' })
  t.same(hoursOn('NFO', '2027-01-04', nextYear), ['09:15-15:40'])
})

t.test('an import that cannot hold is refused with what is wrong', async (t) => {
  const flaws = (facts: object) =>
    findImportFlaws(calendar.exchanges, from(facts)).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    )
  t.same(flaws({}), [])
  t.match(flaws({ exchange: 'LSE' }), [/^exchange: LSE is not known; known are NSE, NFO/])
  t.same(flaws({ exchange: 'KRAKEN' }), ['exchange: KRAKEN never closes'])
  t.same(
    flaws({
      closures: [
        { date: '2027-01-26', sessions: 'all', name: 'Republic Day' },
        { date: '2026-12-01', sessions: 'evening', name: 'x' },
        { date: '2026-12-01', sessions: 'all', name: 'x' },
      ],
    }),
    [
      'closures.0.date: 2027-01-26 is after 2026-12-31: give knownUntil',
      'closures.1.sessions: NSE has no evening session on 2026-12-01; close all',
      'closures.2.date: 2026-12-01 is named before',
    ],
  )
})

t.test('the part of a calendar that a portfolio needs is a calendar with a version of its own', async (t) => {
  const part = calendarOf(calendar, ['NFO', 'MCX', 'MCX', 'LSE'])
  t.same(Object.keys(part.exchanges), ['MCX', 'NFO'])
  t.equal(closeOf(part, 'NFO', '2026-08-03'), closeOf(calendar, 'NFO', '2026-08-03'))
  const other = imported({ exchange: 'MOEX', knownUntil: '2027-12-31' })
  t.equal(
    calendarOf(other, ['MCX', 'NFO']).version,
    part.version,
    'what is imported elsewhere does not change it',
  )
})

t.test('the regular close by which bars are cut is the close of ordinary days', async (t) => {
  for (const exchange of ['NFO', 'BFO', 'MCX']) {
    for (let day = at('2025-01-01'); day <= at('2026-12-31'); day += DAY) {
      const date = localDate(day)
      const isOrdinary = !calendar.exchanges[exchange]!.days.some((special) => special.date === date)
      const close = closeOf(calendar, exchange, date)
      if (!isOrdinary || close === null) continue
      const minutes = (close - day) / MINUTE + 330
      if (minutes !== regularCloseMinutes(exchange, date)) t.fail(`${exchange} ${date}: ${minutes}`)
    }
  }
})
