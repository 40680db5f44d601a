import fc from 'fast-check'
import t from 'tap'
import type { PortfolioEvent } from '../../core/event.js'
import { step } from '../../core/kernel.js'
import { decodeEvent, EVENT_TYPES, encodeEvent } from '../../server/journal/codec/event-codec.js'
import { decodeInput, encodeInput, INPUT_TYPES } from '../../server/journal/codec/input-codec.js'
import { copyState, decodeState, encodeState } from '../../server/journal/codec/state-codec.js'
import { DataCorruptError } from '../../server/journal/data-corrupt-error.js'
import { factDifference } from '../../server/journal/fact-difference.js'
import { counts } from '../helpers/counts.js'
import { Desk } from '../helpers/desk.js'
import { anyEvent, anyInput, covered } from './facts.js'

const place = { portfolio: 'test', seq: 7 }
const runs = { numRuns: 5 * counts.propertyRuns }

function reread(event: PortfolioEvent): PortfolioEvent {
  return decodeEvent(place, { type: event.type, version: 1, data: JSON.parse(encodeEvent(event)) })
}

t.test('every event is read as it was written', async (t) => {
  t.strictSame(covered.events.toSorted(), EVENT_TYPES.toSorted(), 'all types are tried')
  fc.assert(
    fc.property(anyEvent, (event) => factDifference(event, reread(event)) === null),
    runs,
  )
})

t.test('every input is read as it was written', async (t) => {
  t.strictSame(covered.inputs.toSorted(), INPUT_TYPES.toSorted(), 'all types are tried')
  fc.assert(
    fc.property(anyInput, (input) => {
      const data = JSON.parse(encodeInput(input))
      const read = decodeInput(place, { id: input.id, type: input.type, version: 1, data })
      return factDifference(input, read) === null
    }),
    runs,
  )
})

t.test('a number that JSON cannot carry is never written', async (t) => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined]) {
    const event = { type: 'StopRaised', positionId: 'P-1', stop: value as number, highestClose: 1 } as const
    t.throws(() => encodeEvent(event), { name: 'UnrecordableError', message: /^stop is / })
  }
})

t.test('what is not known or malformed is corrupt, and the error says where', async (t) => {
  const data = { orderId: 'O-1', venueOrderId: 'v-1' }
  const rows: [object, RegExp][] = [
    [
      { type: 'OrderVanished', version: 1, data },
      /Portfolio test at input 7: the event type OrderVanished is not/,
    ],
    [{ type: 'toString', version: 1, data }, /the event type toString is not known/],
    [{ type: 'OrderAccepted', version: 2, data }, /version 2 of the event OrderAccepted is not known/],
    [
      { type: 'OrderAccepted', version: 1, data: { orderId: 'O-1' } },
      /OrderAccepted is malformed: .*venueOrderId/s,
    ],
    [{ type: 'OrderAccepted', version: 1, data: { ...data, more: 1 } }, /malformed: .*more/s],
    [{ type: 'OrderFilled', version: 1, data: { ...data, lots: '1,5' } }, /malformed/],
  ]
  for (const [row, message] of rows) {
    t.throws(() => decodeEvent(place, row as never), { code: 'DATA_CORRUPT', message })
  }
  const input = { id: 'T-1', type: 'ClockStruck', version: 1, data: {} }
  t.throws(() => decodeInput(place, input), { code: 'DATA_CORRUPT', message: /the input type ClockStruck/ })
  t.throws(() => decodeInput(place, { ...input, type: 'TimerFired', version: 9 }), DataCorruptError)
  t.throws(() => decodeState('{"id":"test"}'), { message: /malformed/ })
})

const instruments = ['GOLD_MINI', 'BANK_NIFTY', 'SILVER_MINI', 'COPPER']
const prices: Record<string, [number, number]> = {
  GOLD_MINI: [78_500, 700],
  BANK_NIFTY: [52_000, 350],
  SILVER_MINI: [95_000, 950],
  COPPER: [820, 8],
}

/** Does one thing at a desk that a day may bring. */
function act(desk: Desk, [what, which, move]: readonly [number, number, number]): void {
  const name = instruments[which]!
  const [base, atr] = prices[name]!
  const price = base * (1 + move / 1000)
  desk.wait(3_600_000)
  if (what === 0) desk.entry(name, price, atr)
  if (what === 1) desk.pyramid(name, price, atr, 'Long_2')
  if (what === 2) desk.fillAll()
  if (what === 3) desk.bar(name, price, atr)
  if (what === 4) desk.exit(name)
  if (what === 5) for (const id of desk.send()) desk.fill(id, 0.5)
  if (what === 6) desk.give({ type: 'AccountObserved', positions: {} })
  if (what === 7)
    desk.command({ kind: 'tradingState', state: move > 0 ? 'active' : 'halted', reason: 'test' })
}

const day = fc.array(fc.tuple(fc.nat(7), fc.nat(3), fc.integer({ min: -30, max: 60 })), { maxLength: 25 })

t.test('a state is read as it was written, and decides on as before', async () => {
  fc.assert(
    fc.property(day, fc.tuple(fc.nat(5), fc.nat(3), fc.integer({ min: -30, max: 60 })), (acts, next) => {
      const desk = new Desk()
      for (const each of acts) act(desk, each)
      const copy = copyState(desk.portfolio)
      if (factDifference(JSON.parse(encodeState(copy)), JSON.parse(encodeState(desk.portfolio))) !== null)
        return false
      const before = desk.log.length
      act(desk, next)
      const decided = desk.log
        .slice(before)
        .map(({ input, events }) => factDifference(step(copy, input), events))
      return decided.every((difference) => difference === null)
    }),
    { numRuns: counts.propertyRuns },
  )
})
