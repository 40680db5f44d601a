import fc from 'fast-check'
import t from 'tap'
import { mcxClose } from '../../core/calendar/mcx.js'
import { isUsDaylightSaving, localOffsetMinutes, ZONES, zoneOffsetMinutes } from '../../core/calendar/zone.js'
import {
  alertId,
  clientOrderId,
  decisionId,
  digest,
  exitOrderId,
  orderId,
  positionId,
} from '../../core/ids.js'
import { civilDate, DAY, HOUR, isoInstant, localDate, MINUTE, parseInstant, SECOND } from '../../core/time.js'
import { counts } from '../helpers/counts.js'

const runs = { numRuns: counts.propertyRuns }
const instants = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2199, 11, 31) })
const YEARS = Array.from({ length: 21 }, (_, index) => 2015 + index)

t.test('an instant is printed as Date prints it, and reads back', async () => {
  fc.assert(
    fc.property(instants, (instant) => {
      const text = isoInstant(instant)
      return text === new Date(instant).toISOString() && parseInstant(text) === instant
    }),
    runs,
  )
})

t.test('a date is that of the place with the offset', async (t) => {
  fc.assert(
    fc.property(instants, fc.integer({ min: -720, max: 840 }), (instant, offset) => {
      const shifted = new Date(instant + offset * MINUTE)
      const [year, month, day] = civilDate(Math.floor((instant + offset * MINUTE) / DAY))
      return (
        localDate(instant, offset) === shifted.toISOString().slice(0, 10) &&
        year === shifted.getUTCFullYear() &&
        month === shifted.getUTCMonth() + 1 &&
        day === shifted.getUTCDate()
      )
    }),
    runs,
  )
  t.equal(localDate(Date.UTC(2026, 0, 5, 19), 330), '2026-01-06', 'Mumbai is ahead of UTC')
})

t.test('a time with an offset is the instant that Date reads', async () => {
  const pad = (value: number) => String(value).padStart(2, '0')
  const offsets = fc
    .record({ sign: fc.constantFrom('+', '-'), hour: fc.nat({ max: 23 }), minute: fc.nat({ max: 59 }) })
    .map(({ sign, hour, minute }) => `${sign}${pad(hour)}:${pad(minute)}`)
  const fractions = fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,9}$/))
  fc.assert(
    fc.property(instants, fractions, fc.oneof(offsets, fc.constant('Z')), (instant, fraction, zone) => {
      const text = `${new Date(instant).toISOString().slice(0, 19)}${fraction}${zone}`
      return parseInstant(text) === Date.parse(text)
    }),
    runs,
  )
})

t.test('a fraction of a second is cut after its milliseconds, also just before midnight', async (t) => {
  const end = Date.UTC(2026, 0, 5, 23, 59, 59, 999)
  t.equal(parseInstant('2026-01-05T23:59:59.999999999Z'), end)
  t.equal(parseInstant('2026-01-05T23:59:59,9999999Z'), end)
  t.equal(parseInstant('2026-01-05T23:59:59.9Z'), end - 99)
  t.equal(parseInstant('2026-01-05T23:59:59.0019Z'), end - 998)
})

t.test('the spellings that alerts and exports use are read', async (t) => {
  const expected = Date.UTC(2026, 0, 5, 9, 30)
  for (const text of [
    '2026-01-05T09:30:00.000Z',
    '2026-01-05 09:30:00Z',
    '2026-01-05 09:30',
    '2026-01-05T15:00:00+05:30',
    '2026-01-05T15:00+0530',
    '2026-01-05 15:00:00 +05:30',
    '  2026-01-05T09:30:00z ',
    '2026-01-05T04:30:00-05:00',
  ]) {
    t.equal(parseInstant(text), expected, text)
  }
  t.equal(parseInstant('2026-01-05'), Date.UTC(2026, 0, 5), 'a date is its first instant')
})

t.test('what names no instant is refused', async (t) => {
  for (const text of [
    '',
    'yesterday',
    '2026-04-31T10:00:00Z',
    '2025-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-05T24:00:00Z',
    '2026-01-05T23:60:00Z',
    '2026-01-05T23:59:60Z',
    '2026-01-05T10:00:00+24:00',
    '2026-01-05T10:00:00+05:60',
    '2026-01-05T10:00:00.1234567890Z',
    '2026-1-5',
    '05-01-2026 10:00',
    '2026-01-05T10:00:00Z; drop',
    '1767605400000',
  ]) {
    t.equal(parseInstant(text), null, JSON.stringify(text))
  }
  t.equal(parseInstant('2024-02-29'), Date.UTC(2024, 1, 29), 'a leap day is a day')
})

t.test('a time without an offset is read in the zone of its place', async (t) => {
  const inIndia = (text: string) => parseInstant(text, (local) => localOffsetMinutes('Asia/Kolkata', local))
  t.equal(inIndia('2026-01-05T15:00:00'), Date.UTC(2026, 0, 5, 9, 30))
  t.equal(inIndia('2026-01-05T15:00:00Z'), Date.UTC(2026, 0, 5, 15), 'an offset in the text wins')
  fc.assert(
    fc.property(instants, fc.constantFrom(...ZONES), (instant, zone) => {
      const wall = isoInstant(instant + zoneOffsetMinutes(zone, instant) * MINUTE).slice(0, 23)
      const read = parseInstant(wall, (local) => localOffsetMinutes(zone, local))
      // The hour that a clock shows twice names either of two instants.
      return read === instant || (zone === 'America/New_York' && read === instant - HOUR)
    }),
    runs,
  )
})

t.test('New York changes its clocks at the minute that the time zone database says', async (t) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/New_York',
    timeZoneName: 'longOffset',
  })
  const offsetOf = (instant: number): number => {
    const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    return Number(name.slice(3, 6)) * 60
  }
  let switches = 0
  for (const year of YEARS) {
    for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += DAY) {
      if (offsetOf(at) === offsetOf(at + DAY)) continue
      switches += 1
      for (let minute = at; minute < at + DAY; minute += 30 * MINUTE) {
        if (zoneOffsetMinutes('America/New_York', minute) !== offsetOf(minute)) t.fail(isoInstant(minute))
        if (isUsDaylightSaving(minute) !== (offsetOf(minute) === -240)) t.fail(isoInstant(minute))
        if (isUsDaylightSaving(minute - 1) !== (offsetOf(minute - 1) === -240)) t.fail(isoInstant(minute - 1))
      }
    }
  }
  t.equal(switches, 2 * YEARS.length, 'twice a year')
})

t.test('MCX closes with New York: on every day around every change of its clocks', async (t) => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', timeZoneName: 'short' })
  let changes = 0
  for (const year of YEARS) {
    let before = mcxClose(`${year - 1}-12-31`)
    for (let at = Date.UTC(year, 0, 1, 17); at < Date.UTC(year + 1, 0, 1); at += DAY) {
      const close = mcxClose(localDate(at))
      const isSummer = format.format(at).includes('EDT')
      if (close !== (isSummer ? '23:30' : '23:55')) t.fail(`${localDate(at)} closes ${close}`)
      if (close !== before) changes += 1
      before = close
    }
  }
  t.equal(changes, 2 * YEARS.length, 'twice a year')
  t.equal(mcxClose('2026-03-06'), '23:55', 'the Friday before')
  t.equal(mcxClose('2026-03-09'), '23:30', 'the Monday after')
  t.equal(mcxClose('2026-10-30'), '23:30')
  t.equal(mcxClose('2026-11-02'), '23:55')
})

t.test('a date that is none has no close', async (t) => {
  t.throws(() => mcxClose('2026-02-30'), { name: 'InvariantError', message: /2026-02-30 is no date/ })
})

t.test('the zones that keep one time keep it', async (t) => {
  for (const at of [Date.UTC(2015, 6, 1), Date.UTC(2026, 0, 5)]) {
    t.equal(zoneOffsetMinutes('Asia/Kolkata', at), 330)
    t.equal(zoneOffsetMinutes('Europe/Moscow', at), 180)
    t.equal(zoneOffsetMinutes('UTC', at), 0)
  }
  t.equal(SECOND * 60, MINUTE)
})

t.test('the same cause has the same id for ever', async (t) => {
  t.equal(digest('a', 'b'), digest('a', 'b'))
  const at = Date.UTC(2026, 0, 5, 9, 30)
  t.equal(
    alertId('scout', 'BASE_ENTRY|GOLD_MINI|2026-01-05T09:30:00.000Z|Long_1', at),
    'A-0w31ktjmhtrrsqppshck',
  )
  t.equal(clientOrderId('test', 'O-1'), '1eae36bb-6270-85f0-a736-b9d43843c543')
})

t.test('an id tells what it follows from', async (t) => {
  const decision = decisionId('A-7k', 1)
  t.equal(decision, 'D-7k')
  t.equal(decisionId('A-7k', 2), 'D-7k.2')
  t.equal(orderId(decision), 'O-7k')
  t.equal(positionId(orderId(decision)), 'P-7k')
  t.equal(exitOrderId('P-7k', 3), 'O-7k-x3')
})

t.test('different causes have different ids, wherever their parts are cut', async () => {
  const parts = fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const isSame = JSON.stringify(a) === JSON.stringify(b)
      return (digest(...a) === digest(...b)) === isSame && /^[0-9a-hjkmnp-tv-z]{20}$/.test(digest(...a))
    }),
    runs,
  )
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (source, key, other, otherKey) => {
      const isSame = source === other && key === otherKey
      return (alertId(source, key, 0) === alertId(other, otherKey, 0)) === isSame
    }),
    runs,
  )
})

t.test('a broker knows an order by a UUID of version 8, one for each portfolio and order', async () => {
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (portfolio, order, other, otherOrder) => {
      const id = clientOrderId(portfolio, order)
      const isSame = portfolio === other && order === otherOrder
      return shape.test(id) && (id === clientOrderId(other, otherOrder)) === isSame
    }),
    runs,
  )
})
