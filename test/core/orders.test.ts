import fc from 'fast-check'
import t from 'tap'
import { decimal, ZERO } from '../../core/decimal.js'
import type { EventType } from '../../core/event.js'
import { isAtWork, mayBeAtVenue, type OrderState, remainingLots } from '../../core/order/order.js'
import type { OrderReport } from '../../core/order/report.js'
import { EXIT_RETRY_DELAY } from '../../core/order/reports.js'
import { isLegalTransition } from '../../core/order/transitions.js'
import { bookState } from '../../core/portfolio/book.js'
import { ENDED_KEPT_FOR } from '../../core/portfolio/observe.js'
import { DAY, HOUR, MINUTE, SECOND } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, eventsOf } from '../helpers/desk.js'
import { settings } from '../helpers/settings.js'

const gold = 'GOLD_MINI'
const nifty = 'BANK_NIFTY'

type Fill = Extract<OrderReport, { kind: 'fill' }>

/** A desk with an entry of 4 lots of Bank Nifty at 52,000 that the venue has. */
function entering(): { desk: Desk; id: string; fill: (tradeId: string, lots: number) => Fill } {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  const [id] = desk.send()
  const fill = (tradeId: string, lots: number): Fill => ({
    kind: 'fill',
    orderId: id!,
    tradeId,
    lots: decimal(lots),
    price: decimal(52_000),
    fee: ZERO,
    at: desk.now,
  })
  return { desk, id: id!, fill }
}

/** The same, all bought, with an exit of all of it that the venue has. */
function exiting(): { desk: Desk; exitId: string; sale: (tradeId: string, lots: number) => Fill } {
  const { desk, fill } = entering()
  desk.report(fill('bought', 4))
  desk.exit(nifty)
  const [exitId] = desk.send()
  const sale = (tradeId: string, lots: number): Fill => ({ ...fill(tradeId, lots), orderId: exitId! })
  return { desk, exitId: exitId!, sale }
}

// Faults: K17 B09
t.test('a trade is booked once, however often it is told', async (t) => {
  const { desk, id, fill } = entering()
  t.equal(eventsOf(desk.report(fill('a', 1), fill('a', 1)), 'OrderFilled').length, 1)
  t.same(desk.report(fill('a', 1)), [])
  desk.report(fill('b', 1))
  t.match(desk.portfolio.orders.get(id), { state: 'partiallyFilled', tradeIds: ['a', 'b'] })
  t.equal(desk.unit(nifty).heldLots, 2)
  t.same(eventsOf(desk.log.at(-1)!.events, 'LedgerPosted'), [], 'no fee, no posting')
  desk.report(fill('c', 2))
  t.same(desk.report(fill('c', 2), fill('b', 1)), [], 'also when the order has ended')
  t.match(desk.portfolio.orders.get(id), { state: 'filled', closedAt: desk.now })
})

// Faults: B10
t.test('reports in any order and number lead to the same order', async () => {
  const { fill } = entering()
  const reports: OrderReport[] = [
    { kind: 'accepted', orderId: 'O-3', venueOrderId: 'v-O-3' },
    { kind: 'unresolved', orderId: 'O-3', cause: 'timeout' },
    { ...fill('a', 1), fee: decimal('1.5') },
    { ...fill('b', 2), price: decimal(52_010) },
    { ...fill('c', 1), price: decimal(51_990) },
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...reports), { maxLength: 12 }), (some) => {
      const desk = new Desk()
      desk.entry(nifty, 52_000, 350)
      desk.give({ type: 'OrdersDue', orderIds: ['O-3'] })
      for (const report of [...some, ...reports]) desk.report(report)
      const order = desk.portfolio.orders.get('O-3')!
      const unit = desk.unit(nifty)
      return (
        order.state === 'filled' &&
        order.venueOrderId === (order.venueOrderId === null ? null : 'v-O-3') &&
        order.filledLots.equals(decimal(4)) &&
        order.filledValue.equals(decimal(52_000 + 2 * 52_010 + 51_990)) &&
        unit.lots.equals(decimal(4)) &&
        unit.cost.equals(order.filledValue) &&
        unit.fees.equals(decimal('1.5')) &&
        desk.portfolio.ledger.balance.equals(decimal('9999998.5')) &&
        desk.book(nifty).entryOrderId === null &&
        desk.book(nifty).lock === null
      )
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('a fill before the acceptance is booked, and the acceptance still names the order', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  const { id } = desk.orderIn('initialized')
  desk.give({ type: 'OrdersDue', orderIds: [id] })
  desk.fill(id, 0.5)
  t.match(desk.portfolio.orders.get(id), { state: 'partiallyFilled', venueOrderId: null })
  t.same(desk.report({ kind: 'unresolved', orderId: id, cause: 'timeout' }), [], 'a fill is evidence')
  t.same(desk.report({ kind: 'absent', orderId: id }), [], 'so is it against absence')
  desk.report({ kind: 'accepted', orderId: id, venueOrderId: 'v' })
  t.match(desk.portfolio.orders.get(id), { state: 'partiallyFilled', venueOrderId: 'v' })
  t.same(desk.report({ kind: 'accepted', orderId: id, venueOrderId: 'v' }), [])
})

t.test('what is unknown stays so until there is evidence', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  const { id } = desk.orderIn('initialized')
  desk.give({ type: 'OrdersDue', orderIds: [id] })
  const unknown = desk.report({ kind: 'unresolved', orderId: id, cause: 'timeout' })
  t.match(eventsOf(unknown, 'OrderUnresolved'), [{ orderId: id, cause: 'timeout' }])
  t.same(alarmsIn(unknown), ['ORDER_UNRESOLVED'])
  t.match(desk.orderIn('unresolved'), { reason: 'timeout', attempt: 1 })
  t.same(desk.report({ kind: 'unresolved', orderId: id, cause: 'again' }), [], 'told once')
  t.same(desk.give({ type: 'OrdersDue', orderIds: [id] }), [], 'and never sent again on a guess')
  desk.report({ kind: 'accepted', orderId: id, venueOrderId: 'v' })
  t.match(desk.portfolio.orders.get(id), { state: 'accepted', reason: null })
})

t.test('what is unknown leaves again only where that is harmless, and while it is wanted', async (t) => {
  const unresolved = (): { desk: Desk; due: { orderIds: string[]; resendIds: string[] }; id: string } => {
    const desk = new Desk()
    desk.entry(nifty, 52_000, 350)
    const { id } = desk.orderIn('initialized')
    desk.give({ type: 'OrdersDue', orderIds: [id] })
    desk.report({ kind: 'unresolved', orderId: id, cause: 'timeout' })
    return { desk, due: { orderIds: [id], resendIds: [id] }, id }
  }
  const { desk, due, id } = unresolved()
  t.match(desk.give({ type: 'OrdersDue', ...due }), [{ type: 'OrderSubmitted', orderId: id, attempt: 2 }])
  t.same(desk.give({ type: 'OrdersDue', ...due }), [], 'once')
  desk.report({ kind: 'unresolved', orderId: id, cause: 'timeout' })
  t.same(alarmsIn(desk.exit(nifty)), ['LATCH_WAITS_FOR_UNKNOWN_ENTRY'])
  t.same(desk.give({ type: 'OrdersDue', ...due }), [], 'an exit has come')
  t.match(desk.portfolio.orders.get(id), { state: 'unresolved', cancelRequested: true })

  const late = unresolved()
  t.same(late.desk.wait(61 * SECOND).give({ type: 'OrdersDue', ...late.due }), [], 'it is too old')
  t.match(late.desk.report({ kind: 'absent', orderId: late.id }), [{ type: 'OrderProvenAbsent' }])
  t.match(late.desk.give({ type: 'OrdersDue', ...late.due }), [{ type: 'OrderDenied' }], 'evidence ends it')
})

t.test('what is proven absent is sent again under the same id, while it may be', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  const { id } = desk.orderIn('initialized')
  desk.give({ type: 'OrdersDue', orderIds: [id] })
  t.match(desk.report({ kind: 'absent', orderId: id }), [{ type: 'OrderProvenAbsent', orderId: id }])
  t.match(desk.wait(60 * SECOND).give({ type: 'OrdersDue', orderIds: [id] }), [
    { type: 'OrderSubmitted', orderId: id, attempt: 2 },
  ])
  desk.report({ kind: 'absent', orderId: id })
  const late = desk.wait(SECOND).give({ type: 'OrdersDue', orderIds: [id] })
  t.match(late, [{ type: 'OrderDenied', reason: 'it is 61 s old, the limit is 60 s' }])
  t.equal(bookState(desk.book(nifty)), 'flat')
})

// Faults: B15
t.test('an absence that evidence contradicts is not believed', async (t) => {
  const { desk, id } = entering()
  t.same(desk.report({ kind: 'absent', orderId: id }), [], 'the venue had accepted it')
  const waiting = new Desk()
  waiting.entry(nifty, 52_000, 350)
  t.same(waiting.report({ kind: 'absent', orderId: 'O-3' }), [], 'what has not left is absent anyway')
})

// Faults: T06
t.test('what may not be sent any more is denied at the last moment', async (t) => {
  const denied = (prepare: (desk: Desk) => void): unknown => {
    const desk = new Desk()
    desk.entry(nifty, 52_000, 350)
    prepare(desk)
    const events = desk.give({ type: 'OrdersDue', orderIds: [desk.orderIn('initialized').id] })
    return events.map((event) => (event.type === 'OrderDenied' ? event.reason : event.type))
  }
  const lock = { type: 'InputFailed', failedInputId: 'A-1', instrument: nifty, error: 'e' } as const
  t.same(
    denied((desk) => desk.trade('reducing')),
    ['the portfolio is reducing'],
  )
  t.same(
    denied((desk) => desk.trade('halted')),
    ['the portfolio is halted'],
  )
  t.match(
    denied((desk) => desk.give(lock)),
    [/BANK_NIFTY is locked: input A-1/],
  )
  t.same(
    denied((desk) => desk.wait(61_500)),
    ['it is 61.5 s old, the limit is 60 s'],
  )
  t.same(
    denied((desk) => desk.wait(60_000)),
    ['OrderSubmitted'],
  )
})

t.test('an order is recorded as sent once an attempt, and only if it is known', async (t) => {
  const { desk, id } = entering()
  t.same(desk.give({ type: 'OrdersDue', orderIds: [id, 'O-unknown'] }), [])
  desk.report({ kind: 'canceled', orderId: id, reason: 'by hand' })
  t.same(desk.give({ type: 'OrdersDue', orderIds: [id] }), [])
})

t.test('a report on an order that is not ours is alarmed and changes nothing', async (t) => {
  const { desk, fill } = entering()
  const events = desk.report({ ...fill('a', 1), orderId: 'O-foreign' })
  t.same(alarmsIn(events), ['UNKNOWN_ORDER'])
  t.equal(events.length, 1)
})

t.test('each end that the venue tells ends the order once', async (t) => {
  const ends: [state: OrderState, event: EventType, report: (orderId: string) => OrderReport][] = [
    ['canceled', 'OrderCanceled', (orderId) => ({ kind: 'canceled', orderId, reason: 'by hand' })],
    ['expired', 'OrderExpired', (orderId) => ({ kind: 'expired', orderId })],
    [
      'rejected',
      'OrderRejected',
      (orderId) => ({ kind: 'rejected', orderId, code: 'RMS', message: 'no funds' }),
    ],
  ]
  for (const [state, type, report] of ends) {
    const { desk, id } = entering()
    const events = desk.report(report(id))
    t.equal(eventsOf(events, type).length, 1)
    t.equal(desk.portfolio.orders.get(id)?.state, state)
    t.same(alarmsIn(events), state === 'rejected' ? ['ORDER_REJECTED'] : [])
    t.same(desk.report(report(id), { kind: 'accepted', orderId: id, venueOrderId: 'w' }), [])
    t.equal(bookState(desk.book(nifty)), 'flat')
  }
})

t.test('the states of an order are at work, may be at the venue, or are over', async (t) => {
  const states: OrderState[] = ['initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled']
  const over: OrderState[] = ['filled', 'canceled', 'rejected', 'expired', 'denied']
  for (const state of states) t.ok(isAtWork(state))
  for (const state of over) t.notOk(isAtWork(state))
  t.same([...states, ...over].filter(mayBeAtVenue), states.slice(1))
})

// Faults: B13
t.test('an entry that fills beyond its lots is booked as it is, locked and alarmed', async (t) => {
  const { desk, id, fill } = entering()
  const events = desk.report(fill('a', 3), fill('b', 3))
  t.same(alarmsIn(events), ['OVERFILL'])
  t.equal(desk.unit(nifty).heldLots, 6)
  t.match(desk.portfolio.orders.get(id), { state: 'filled' })
  t.ok(remainingLots(desk.portfolio.orders.get(id)!).isNegative())
  t.match(desk.book(nifty).lock, { reason: /filled beyond its lots/ })
  t.match(eventsOf(desk.exit(nifty), 'OrderInitialized'), [{ lots: decimal(6) }], 'an exit sells all of it')
})

// Faults: B11
t.test('an entry that fills after its end opens a unit, locked and alarmed', async (t) => {
  const { desk, id, fill } = entering()
  desk.report({ kind: 'canceled', orderId: id, reason: 'by hand' })
  const events = desk.report(fill('late', 2))
  t.same(alarmsIn(events), ['ORDER_RESURRECTED'])
  t.match(desk.unit(nifty), { heldLots: 2, exit: null, stop: 51_475 })
  t.match(desk.book(nifty).lock, { reason: /filled after it was canceled/ })
  t.equal(desk.portfolio.orders.get(id)?.state, 'canceled')
  desk.report(fill('the rest', 2))
  t.equal(desk.portfolio.orders.get(id)?.state, 'filled')
  t.same(decisionIn(desk.entry(nifty, 52_000, 350)).reasons, ['INSTRUMENT_LOCKED', 'NOT_FLAT'])
})

t.test('what a latched entry fills after its cancel is closed, too', async (t) => {
  const { desk, id, fill } = entering()
  desk.exit(nifty)
  desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
  const events = desk.report(fill('late', 2))
  t.same(alarmsIn(events), ['ORDER_RESURRECTED'])
  t.match(eventsOf(events, 'OrderInitialized'), [{ purpose: 'exit', lots: decimal(2) }])
  desk.fillAll()
  t.equal(bookState(desk.book(nifty)), 'flat')
})

t.test(
  'an entry that fills on after its unit was closed opens the unit again, with those lots only',
  async (t) => {
    const { desk, id, fill } = entering()
    desk.report(fill('a', 1))
    desk.exit(nifty)
    desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
    desk.fillAll()
    t.equal(bookState(desk.book(nifty)), 'flat')
    const events = desk.report(fill('late', 2))
    t.same(alarmsIn(events), ['ORDER_RESURRECTED'])
    t.same(eventsOf(events, 'UnitOpened'), [], 'it is the same unit')
    const [exit] = eventsOf(events, 'OrderInitialized')
    t.match(exit, { purpose: 'exit', lots: decimal(2) }, 'and it is closed, too')
    t.match(desk.unit(nifty), { heldLots: 2, closedAt: null })
    t.equal(desk.book(nifty).baseUnitId, desk.unit(nifty).id, 'the base again')
    t.notOk(
      desk.portfolio.ended.some((ended) => ended.id === desk.unit(nifty).id),
      'not to be forgotten',
    )
    const closed = eventsOf(desk.fillAll(), 'UnitClosed')
    t.equal(closed.length, 1)
    t.equal(bookState(desk.book(nifty)), 'flat')
    const unit = desk.portfolio.closedUnits.get(closed[0]!.positionId)
    t.match(unit, { boughtLots: decimal(3), soldLots: decimal(3), cost: ZERO })
  },
)

t.test('a pyramid that fills on after everything was closed keeps its number', async (t) => {
  const { desk, fill } = entering()
  desk.report(fill('a', 4))
  desk.wait(HOUR).entry(nifty, 54_000, 350, { type: 'PYRAMID', label: 'Long_2' })
  const [pyramid] = desk.send()
  desk.fill(pyramid!, 0.5)
  desk.report({ kind: 'canceled', orderId: pyramid!, reason: 'by hand' })
  desk.exit(nifty)
  desk.fillAll()
  t.match(desk.book(nifty), { units: [], pyramidsOpened: 0, baseUnitId: null, lastUnitFillPrice: null })
  desk.report({ ...fill('late', 1), orderId: pyramid! })
  t.match(desk.unit(nifty, 2), { heldLots: 1, label: 'Long_2' })
  t.match(desk.book(nifty), { pyramidsOpened: 1, baseUnitId: null })
})

t.test('a unit that opens late takes a number that no other has', async (t) => {
  const { desk, id, fill } = entering()
  desk.report({ kind: 'canceled', orderId: id, reason: 'by hand' })
  desk.entry(nifty, 52_000, 350, { label: 'Long_2' })
  desk.fillAll()
  const base = desk.unit(nifty, 1)
  desk.report(fill('late', 2))
  t.same(
    desk.book(nifty).units.map(({ number, label }) => [number, label]),
    [
      [1, 'Long_2'],
      [2, 'Long_1'],
    ],
  )
  t.equal(desk.book(nifty).baseUnitId, base.id, 'the base stays the base')
})

t.test(
  'an exit that fills beyond what is held is booked as far as it goes, locked and alarmed',
  async (t) => {
    const { desk, exitId, sale } = exiting()
    const events = desk.report(sale('a', 3), { ...sale('b', 3), fee: decimal(7) })
    t.same(alarmsIn(events), ['OVERFILL'])
    t.equal(bookState(desk.book(nifty)), 'flat')
    t.equal(desk.portfolio.orders.get(exitId)?.filledLots.toString(), '6', 'the order as the venue tells it')
    t.equal(desk.portfolio.ledger.fees.toString(), '-7', 'the fee is paid in full')
    t.match(desk.book(nifty).lock, { reason: /filled beyond its lots/ })
    const again = desk.report(sale('c', 1))
    t.same(alarmsIn(again), ['OVERFILL'], 'a sale of nothing is booked on its order')
    t.equal(eventsOf(again, 'OrderFilled').length, 1)
  },
)

t.test('an exit that fills after its cancel takes the order that followed it back', async (t) => {
  const { desk, exitId, sale } = exiting()
  desk.report(sale('a', 1), { kind: 'canceled', orderId: exitId, reason: 'by hand' })
  desk.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
  const second = desk.orderIn('initialized')
  t.equal(second.lots.toString(), '3')
  const events = desk.report(sale('late', 3))
  t.same(alarmsIn(events), ['ORDER_RESURRECTED'])
  t.match(eventsOf(events, 'OrderCanceled'), [{ orderId: second.id }], 'it has not left')
  t.same(desk.give({ type: 'OrdersDue', orderIds: [second.id] }), [])
  t.equal(bookState(desk.book(nifty)), 'flat')
})

t.test(
  'an exit that fills after its cancel has the one at the venue cancelled, and the rest sold',
  async (t) => {
    const { desk, exitId, sale } = exiting()
    desk.report({ kind: 'canceled', orderId: exitId, reason: 'by hand' })
    desk.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
    const [second] = desk.send()
    const events = desk.report(sale('late', 2))
    t.match(eventsOf(events, 'OrderCancelRequested'), [{ orderId: second }])
    t.same(eventsOf(events, 'OrderInitialized'), [], 'nothing more while it may fill')
    t.same(eventsOf(desk.report(sale('later', 1)), 'OrderCancelRequested'), [], 'asked once')
    t.equal(desk.unit(nifty).heldLots, 1)
    const rest = desk.report({ kind: 'canceled', orderId: second!, reason: 'asked' })
    t.match(eventsOf(rest, 'OrderInitialized'), [{ lots: decimal(1) }], 'a cancel of ours delays nothing')
    const { desk: both, exitId: first, sale: sell } = exiting()
    both.report({ kind: 'canceled', orderId: first, reason: 'by hand' })
    both.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
    const [other] = both.send()
    both.report(sell('late', 4))
    const oversold = both.fill(other!, 1)
    t.same(alarmsIn(oversold), ['OVERSOLD'], 'the cancel came too late')
    t.equal(bookState(both.book(nifty)), 'flat')
  },
)

t.test('what ended is remembered for late reports, and then forgotten', async (t) => {
  const desk = new Desk(settings({ controls: { ...settings().controls, maxOrdersPerDay: 10_000 } }))
  for (let round = 0; round < 200; round++) {
    desk.wait(MINUTE).entry(nifty, 52_000, 350)
    desk.fillAll()
    desk.exit(nifty)
    desk.fillAll()
  }
  t.equal(desk.portfolio.orders.size, 400)
  t.equal(desk.portfolio.closedUnits.size, 200)
  desk.wait(ENDED_KEPT_FOR - 4 * HOUR).give({ type: 'TimerFired' })
  t.equal(desk.portfolio.orders.size, 400)
  desk.wait(2 * DAY).give({ type: 'TimerFired' })
  t.ok(desk.portfolio.orders.size < 200)
  desk.wait(8 * DAY)
  for (let round = 0; round < 20; round++) {
    desk.wait(MINUTE).entry(nifty, 52_000, 350)
    desk.fillAll()
    desk.exit(nifty)
    desk.fillAll()
  }
  const { orders, unitPlans, closedUnits } = desk.portfolio
  t.ok(orders.size >= 40 && closedUnits.size >= 20 && unitPlans.size >= 20, 'the young are kept')
})

t.test('of what ended, only what is old enough is forgotten', async (t) => {
  const desk = new Desk(settings({ controls: { ...settings().controls, maxOrdersPerDay: 10_000 } }))
  const trade = (rounds: number): void => {
    for (let round = 0; round < rounds; round++) {
      desk.wait(MINUTE).entry(nifty, 52_000, 350)
      desk.fillAll()
      desk.exit(nifty)
      desk.fillAll()
    }
  }
  trade(200)
  desk.wait(ENDED_KEPT_FOR - DAY)
  trade(50)
  const young = [...desk.portfolio.closedUnits.keys()].slice(-50)
  desk.wait(2 * DAY).entry(gold, 78_500, 700)
  t.same([...desk.portfolio.closedUnits.keys()], young)
  t.equal(desk.portfolio.orders.size, 2 * 50 + 1)
  t.equal(desk.portfolio.unitPlans.size, 50 + 1)
  t.equal(desk.portfolio.ended.length, 3 * 50)
})

t.test('a trade that tells a time of its own does not keep anything from being forgotten', async (t) => {
  const desk = new Desk(settings({ controls: { ...settings().controls, maxOrdersPerDay: 10_000 } }))
  for (let round = 0; round < 200; round++) {
    desk.wait(MINUTE).entry(nifty, 52_000, 350)
    const [orderId] = desk.send()
    const { lots } = desk.portfolio.orders.get(orderId!)!
    const at = round === 0 ? desk.now + 1000 * DAY : desk.now
    const price = decimal(52_000)
    desk.report({ kind: 'fill', orderId: orderId!, tradeId: 't', lots, price, fee: ZERO, at })
    desk.exit(nifty)
    desk.fillAll()
  }
  desk.wait(30 * DAY).give({ type: 'TimerFired' })
  t.ok(desk.portfolio.orders.size < 200)
})

t.test('what is held or at work is never forgotten', async (t) => {
  const desk = new Desk(settings({ controls: { ...settings().controls, maxOrdersPerDay: 10_000 } }))
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.entry('SILVER_MINI', 95_000, 950)
  const [silver] = desk.send()
  for (let round = 0; round < 200; round++) {
    desk.wait(HOUR).entry(nifty, 52_000, 350)
    const { id } = desk.orderIn('initialized')
    desk.give({ type: 'OrdersDue', orderIds: [id] })
    desk.report({ kind: 'rejected', orderId: id, code: 'X', message: '' })
  }
  desk.wait(30 * DAY)
  for (let round = 0; round < 300; round++) desk.give({ type: 'TimerFired' })
  t.ok(desk.portfolio.orders.has(silver!))
  desk.fill(silver!, 1)
  t.equal(desk.unit('SILVER_MINI').number, 1)
  t.equal(decisionIn(desk.exit(gold)).outcome, 'approved')
  desk.fillAll()
  t.equal(bookState(desk.book(gold)), 'flat')
})

t.test('an order goes where evidence leads, and nothing brings an ended one back to work', async (t) => {
  const ended: OrderState[] = ['filled', 'canceled', 'rejected', 'expired', 'denied']
  const atWork: OrderState[] = ['initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled']
  for (const from of ended) {
    for (const to of atWork) t.notOk(isLegalTransition(from, to), `${from} to ${to}`)
    for (const to of ended) t.equal(isLegalTransition(from, to), to === 'filled', `${from} to ${to}`)
  }
  for (const from of atWork) t.ok(isLegalTransition(from, 'filled'), `a fill is booked from ${from}`)
  t.notOk(isLegalTransition('submitted', 'denied'), 'what may have left is not ours to deny')
  t.notOk(isLegalTransition('accepted', 'initialized'), 'what the venue has is not absent')
  t.notOk(isLegalTransition('partiallyFilled', 'unresolved'), 'what trades is known')
})
