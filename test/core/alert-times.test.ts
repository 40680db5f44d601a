import fc from 'fast-check'
import t from 'tap'
import type { Alert } from '../../core/alert/alert.js'
import { type Zone, zoneOffsetMinutes } from '../../core/calendar/zone.js'
import { HOUR, isoInstant, MINUTE, SECOND } from '../../core/time.js'
import { createAlertReader } from '../../server/inbox/alert-schema.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, eventsOf } from '../helpers/desk.js'
import { GOLD, instrument, settings } from '../helpers/settings.js'

const gold = 'GOLD_MINI'
const SPY = { ...instrument('SPY'), exchange: 'NYSE', zone: 'America/New_York', currency: 'INR' } as const
const using = settings({ instruments: [{ ...GOLD, name: gold }, SPY] })
const WINTER = Date.UTC(2026, 0, 5, 15)
const SUMMER = Date.UTC(2026, 6, 6, 15)
const names = [gold, 'SPY'] as const
const zoneOf = (name: string): Zone => (name === gold ? 'Asia/Kolkata' : 'America/New_York')
const read = createAlertReader({
  instruments: names.map((name) => ({ name, zone: zoneOf(name) })),
  allowedTypes: null,
  allowedInstruments: null,
})

/** Returns the alert that the inbox reads from a body. */
function alertOf(body: object): Alert {
  const reading = read(Buffer.from(JSON.stringify(body)))
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.problems))
  return reading.alert
}

const wall = (at: number, minutes: number): string => isoInstant(at + minutes * MINUTE).slice(0, 19)
const offset = (minutes: number): string => {
  const size = Math.abs(minutes)
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${pad(size / 60)}:${pad(size % 60)}`
}

/** How scripts write a time, right and wrong: each of a moment and the offset of the exchange's zone then. */
const WRITTEN: Readonly<Record<string, (at: number, minutes: number) => string>> = {
  'exchange time without offset': (at, minutes) => wall(at, minutes),
  'UTC with Z': (at) => `${wall(at, 0)}Z`,
  'exchange time with its offset': (at, minutes) => `${wall(at, minutes)}${offset(minutes)}`,
  'Indian time with its offset': (at) => `${wall(at, 330)}+05:30`,
  'UTC without offset': (at) => wall(at, 0),
  'UTC with the offset of the exchange': (at, minutes) => `${wall(at, 0)}${offset(minutes)}`,
  'exchange time with Z': (at, minutes) => `${wall(at, minutes)}Z`,
  'a clock 5:30 ahead': (at) => `${wall(at + 5.5 * HOUR, 0)}Z`,
}
const RIGHT = Object.keys(WRITTEN).slice(0, 4)

/** A desk that has held a unit of `name` for `heldFor`. */
function holding(name: string, now: number, heldFor: number): Desk {
  const desk = new Desk(using, 10_000_000, now - heldFor)
  desk.entry(name, 78_500, 700)
  desk.fillAll()
  return desk.wait(heldFor)
}

function exitWritten(desk: Desk, name: string, how: string, delay = SECOND, label = 'Long_1') {
  const minutes = zoneOffsetMinutes(zoneOf(name), desk.now - delay)
  const timestamp = WRITTEN[how]!(desk.now - delay, minutes)
  return desk.alert(alertOf({ type: 'EXIT', instrument: name, position: label, timestamp }))
}

// Faults: T04
t.test('however an exit writes its time, in either season, it closes what is held', async (t) => {
  for (const name of names) {
    for (const now of [WINTER, SUMMER]) {
      for (const how of Object.keys(WRITTEN)) {
        for (const heldFor of [2 * SECOND, 2 * MINUTE, 2 * HOUR, 5 * HOUR, 9 * HOUR]) {
          const events = exitWritten(holding(name, now, heldFor), name, how)
          const where = `${how}, ${name}, ${isoInstant(now)}, held for ${heldFor / MINUTE} min`
          t.equal(decisionIn(events).outcome, 'approved', where)
          t.equal(eventsOf(events, 'OrderInitialized').length, 1)
          t.equal(alarmsIn(events).includes('EXIT_FLAGGED'), isWrong(how, name, now), where)
        }
      }
    }
  }
})

function isWrong(how: string, name: string, now: number): boolean {
  if (RIGHT.includes(how)) return false
  const isSame =
    how.startsWith('UTC') || how.endsWith('Z') ? zoneOffsetMinutes(zoneOf(name), now) === 0 : false
  return !isSame
}

t.test('what is wrong with the time is told, with the time that it is read as', async (t) => {
  const events = exitWritten(holding(gold, WINTER, 2 * HOUR), gold, 'UTC without offset')
  t.match(decisionIn(events).notes, [
    'timestamp: is 5 h 30 min too early, as if UTC and Asia/Kolkata were taken for each other; ' +
      'it is read as 2026-01-05T14:59:59.000Z',
  ])
  t.match(eventsOf(events, 'AlarmRaised'), [{ code: 'EXIT_FLAGGED', message: /5 h 30 min too early/ }])
  const ahead = exitWritten(holding(gold, WINTER, 2 * HOUR), gold, 'a clock 5:30 ahead')
  t.same(decisionIn(ahead).notes, ['timestamp: is 5 h 30 min ahead of its arrival'])
})

t.test('the clock of this machine may be 5:30 off as well', async (t) => {
  for (const skew of [-5.5 * HOUR, 5.5 * HOUR]) {
    for (const heldFor of [2 * SECOND, HOUR, 4 * HOUR]) {
      const desk = holding(gold, WINTER + skew, heldFor)
      const timestamp = `${wall(WINTER - SECOND, 330)}`
      const events = desk.alert(alertOf({ type: 'EXIT', instrument: gold, timestamp }))
      t.equal(decisionIn(events).outcome, 'approved', `${skew / HOUR} h, held for ${heldFor / SECOND} s`)
    }
  }
})

t.test('a bar without a time of its own is read in the wrong zone as well', async (t) => {
  for (const barTime of [wall(WINTER - HOUR, 0), `${wall(WINTER - HOUR, 330)}`, (WINTER - HOUR) / 1000]) {
    const desk = holding(gold, WINTER + SECOND, 30 * MINUTE)
    const events = desk.alert(alertOf({ type: 'EXIT', instrument: gold, timestamp: null, barTime }))
    t.equal(decisionIn(events).outcome, 'approved', String(barTime))
  }
})

t.test('an exit that waited in the inbox is judged by when it came', async (t) => {
  const desk = holding(gold, WINTER, 2 * HOUR)
  const alert = alertOf({ type: 'EXIT', instrument: gold, timestamp: wall(desk.now, 0) })
  const receivedAt = desk.now + SECOND
  desk.wait(40 * MINUTE)
  const events = desk.give({ type: 'AlertAdmitted', alert, conflict: false, quote: null, receivedAt })
  t.equal(decisionIn(events).outcome, 'approved')
})

t.test('a wrong zone does not bring an exit back to life that is older than the unit', async (t) => {
  for (const how of [...RIGHT, 'UTC without offset']) {
    const desk = holding(gold, WINTER, 10 * SECOND)
    const events = exitWritten(desk, gold, how, 30 * SECOND)
    t.same(decisionIn(events).reasons, ['OLDER_THAN_POSITION'], how)
  }
})

t.test('an exit that is old by any other length means what was held then', async () => {
  const lengths = fc.integer({ min: 3, max: 24 * 60 }).filter((minutes) => Math.abs(minutes - 330) > 3)
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 24 * 60 }), (oldMinutes, heldMinutes) => {
      const desk = holding(gold, WINTER, heldMinutes * MINUTE)
      const events = desk.exit(gold, 'ALL', { timestamp: desk.now - oldMinutes * MINUTE })
      const isMeant = heldMinutes >= oldMinutes
      return decisionIn(events).reasons[0] === (isMeant ? 'EXIT' : 'OLDER_THAN_POSITION')
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('no time that a script can write makes an exit refused or ignored', async () => {
  const when = fc.constantFrom(WINTER, SUMMER, Date.UTC(2026, 2, 8, 7, 30), Date.UTC(2026, 10, 1, 6, 30))
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      when,
      fc.constantFrom(...Object.keys(WRITTEN)),
      fc.integer({ min: 61, max: 12 * 3600 }),
      fc.integer({ min: 0, max: 60 }),
      (name, now, how, heldSeconds, delaySeconds) => {
        const desk = holding(name, now, heldSeconds * SECOND)
        const decision = decisionIn(exitWritten(desk, name, how, delaySeconds * SECOND))
        return decision.outcome === 'approved' && desk.book(name).units[0]?.exit !== null
      },
    ),
    { numRuns: counts.propertyRuns },
  )
})

t.test('a bar whose time is read in the wrong zone still moves the stops and fires them', async (t) => {
  for (const name of names) {
    for (const now of [WINTER, SUMMER]) {
      for (const how of Object.keys(WRITTEN)) {
        const desk = holding(name, now, 2 * HOUR)
        const minutes = zoneOffsetMinutes(zoneOf(name), now)
        const timestamp = WRITTEN[how]!(now - SECOND, minutes)
        const bar = { type: 'MARKET_DATA', instrument: name, price: 77_000, atr: 700, timestamp }
        t.match(
          decisionIn(desk.alert(alertOf(bar))),
          { kind: 'stop', reasons: ['STOP_HIT'] },
          `${how} ${name}`,
        )
        const open = WRITTEN[how]!(now - SECOND - HOUR, minutes)
        const other = holding(name, now, 2 * HOUR)
        const named = decisionIn(other.alert(alertOf({ ...bar, timestamp: open })))
        t.equal(named.kind, 'stop', `${how} ${name}, named by its open`)
      }
    }
  }
})

t.test('an entry with a wrong time is refused, by its age or as ahead', async (t) => {
  for (const [how, gate] of [
    ['UTC without offset', 'STALE'],
    ['a clock 5:30 ahead', 'FUTURE'],
  ] as const) {
    const desk = new Desk(using, 10_000_000, WINTER)
    const timestamp = WRITTEN[how]!(desk.now, 330)
    const entry = { type: 'BASE_ENTRY', instrument: gold, price: 78_500, atr: 700, timestamp }
    t.match(decisionIn(desk.alert(alertOf(entry))), { outcome: 'blocked', reasons: [gate] })
  }
})
