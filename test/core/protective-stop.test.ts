import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import { isAtWork, type Order } from '../../core/order/order.js'
import { compareAccount } from '../../core/reconcile/compare.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { hasStopDue } from '../../core/strategies/trend/protective-stop.js'
import { HOUR, SECOND } from '../../core/time.js'
import { alarmsIn, Desk, eventsOf } from '../helpers/desk.js'
import { EXECUTION, settings } from '../helpers/settings.js'

const nifty = 'BANK_NIFTY'

/** A desk that holds 4 lots of Bank Nifty bought at 52,000, with a stop of 51,475 and its order made. */
function holding(changes: Partial<PortfolioSettings> = {}): Desk {
  const desk = new Desk(settings({ protectiveStop: { limitPct: 1 }, ...changes }))
  desk.entry(nifty, 52_000, 350)
  const [id] = desk.send()
  desk.fill(id!, 1)
  return desk
}

function atWork({ portfolio }: Desk, purpose: Order['purpose']): Order[] {
  return [...portfolio.orders.values()].filter((order) => order.purpose === purpose && isAtWork(order.state))
}

/** The one stop at work, once the venue has it. */
function resting(desk: Desk): Order {
  desk.send()
  const found = atWork(desk, 'stop')
  if (found.length !== 1) throw new Error(`${found.length} stops are at work`)
  return found[0]!
}

function canceled(desk: Desk, id: string): readonly PortfolioEvent[] {
  return desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
}

t.test('a unit gets a stop at the venue when its entry has ended, for all of its lots', async (t) => {
  const desk = new Desk(settings({ protectiveStop: { limitPct: 1 } }))
  desk.entry(nifty, 52_000, 350)
  const [id] = desk.send()
  desk.fill(id!, 0.5)
  t.same(atWork(desk, 'stop'), [], 'the entry may still fill')
  desk.fill(id!, 1)
  const { lots, limitPrice, triggerPrice, ...stop } = resting(desk)
  t.match(stop, { type: 'stop', side: 'sell', decisionId: desk.portfolio.orders.get(id!)!.decisionId })
  t.same([`${lots}`, `${triggerPrice}`, `${limitPrice}`], ['4', '51475', '50960.25'])
  t.same(desk.book(nifty).exitOrderIds, [], 'it rests: it is no order at work for gates')
  t.same(desk.refold(), desk.portfolio)
})

t.test('it moves with the ratchet: cancelled, and made anew when that is certain', async (t) => {
  const desk = holding()
  const first = resting(desk)
  t.same(
    eventsOf(desk.wait(HOUR).bar(nifty, 52_010, 350), 'OrderCancelRequested'),
    [],
    'the stop did not move',
  )
  const moved = desk.wait(HOUR).bar(nifty, 52_900, 350)
  t.match(eventsOf(moved, 'OrderCancelRequested'), [{ orderId: first.id, reason: 'it moves' }])
  t.equal(atWork(desk, 'stop').length, 1)
  canceled(desk, first.id)
  t.equal(`${resting(desk).triggerPrice}`, '52025')
  t.match(resting(desk).id, /-t2$/)
})

t.test('an exit waits until the stop has ended, and sells what that left', async (t) => {
  const desk = holding({ execution: EXECUTION })
  const stop = resting(desk)
  const asked = desk.exit(nifty)
  t.match(eventsOf(asked, 'OrderCancelRequested'), [{ orderId: stop.id, reason: 'it is in the way' }])
  t.same(atWork(desk, 'exit'), [])
  desk.fill(stop.id, 0.5)
  t.same(atWork(desk, 'exit'), [], 'two orders never sell the same lots')
  canceled(desk, stop.id)
  t.match(atWork(desk, 'exit'), [{ lots: decimal(2), type: 'limit' }])
})

t.test('a stop that traded while nobody was here closes the unit', async (t) => {
  const desk = holding()
  const stop = resting(desk)
  const closed = desk.fill(stop.id, 1, 51_470)
  t.match(eventsOf(closed, 'ExitRequested'), [{ reason: 'STOP_HIT', decisionId: stop.decisionId }])
  t.match(eventsOf(closed, 'UnitClosed'), [{ positionId: stop.positionId }])
  t.same([desk.book(nifty).units, desk.book(nifty).stopOrderIds, alarmsIn(closed)], [[], [], []])
  t.same(alarmsIn(desk.exit(nifty, 'Long_1')), [], 'the strategy says what was done')
})

t.test(
  'a stop that was sent and not answered may have traded: positions are not compared until it is',
  async (t) => {
    const desk = holding()
    const [stop] = atWork(desk, 'stop')
    desk.give({ type: 'OrdersDue', orderIds: [stop!.id] })
    const flat = { positions: {}, averagePrices: {} }
    const look = () => compareAccount(desk.portfolio, flat, desk.portfolio.now)
    t.same(look().set, [], 'it is on its way')
    desk.report({ kind: 'accepted', orderId: stop!.id, venueOrderId: 'v-1' })
    t.match(look().set, [{ instrument: nifty, class: 'ghost' }], 'it rests, and the lots are gone')
  },
)

t.test('what a stop left open is an exit like any other', async (t) => {
  const desk = holding()
  const stop = resting(desk)
  const reached = desk.fill(stop.id, 0.5)
  t.match(eventsOf(reached, 'OrderCancelRequested'), [{ orderId: stop.id }])
  canceled(desk, stop.id)
  t.match(atWork(desk, 'exit'), [{ lots: decimal(2) }])
  t.same(atWork(desk, 'stop'), [])
})

t.test('a peel-off takes the stop back first, and the rest gets a new one', async (t) => {
  const desk = holding()
  const stop = resting(desk)
  const grown = desk.wait(HOUR).bar(nifty, 54_500, 700)
  const [delayed] = eventsOf(grown, 'PeelOffDelayed')
  t.match(delayed, { positionId: stop.positionId })
  t.same(atWork(desk, 'peelOff'), [])
  canceled(desk, stop.id)
  t.match(atWork(desk, 'peelOff'), [{ lots: delayed!.lots, decisionId: delayed!.decisionId }])
  t.same(atWork(desk, 'stop'), [], 'not before it is done')
  desk.send()
  desk.fill(atWork(desk, 'peelOff')[0]!.id, 1)
  t.same(resting(desk).lots, desk.unit(nifty).lots)

  const closing = holding()
  resting(closing)
  closing.wait(HOUR).bar(nifty, 54_500, 700)
  closing.exit(nifty)
  t.equal(closing.unit(nifty).peel, null, 'what is to be closed is not reduced before')
})

t.test('a stop that the venue refuses or ends is placed again after a wait', async (t) => {
  const desk = holding()
  const { id } = resting(desk)
  t.same(alarmsIn(desk.report({ kind: 'rejected', orderId: id, code: 'NO', message: 'no' })), [
    'ORDER_REJECTED',
  ])
  t.same(atWork(desk, 'stop'), [])
  t.equal(hasStopDue(desk.portfolio, desk.now + 29 * SECOND), false)
  t.equal(hasStopDue(desk.portfolio, desk.now + 30 * SECOND), true)
  desk.wait(30 * SECOND).give({ type: 'TimerFired' })
  t.match(resting(desk).id, /-t2$/)
  desk.exit(nifty)
  canceled(desk, resting(desk).id)
  t.equal(atWork(desk, 'exit').length, 1, 'an exit never waits for that')
})

t.test('a frozen portfolio moves no stop, and a setting that is taken away takes it back', async (t) => {
  const desk = holding()
  const { id } = resting(desk)
  desk.trade('frozen')
  t.same(eventsOf(desk.wait(HOUR).bar(nifty, 52_900, 350), 'OrderCancelRequested'), [])
  t.match(eventsOf(desk.trade('active'), 'OrderCancelRequested'), [{ orderId: id, reason: 'it moves' }])
  canceled(desk, id)
  const next = resting(desk)
  const taken = desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings() })
  t.match(eventsOf(taken, 'OrderCancelRequested'), [{ orderId: next.id }])
  canceled(desk, next.id)
  t.same(atWork(desk, 'stop'), [])
})

t.test('a stop does not stand in the way of a pyramid, whose unit gets its own', async (t) => {
  const desk = holding()
  resting(desk)
  desk.wait(HOUR).pyramid(nifty, 53_000, 350, 'Long_2')
  t.equal(atWork(desk, 'pyramid').length, 1)
  desk.send()
  desk.fill(atWork(desk, 'pyramid')[0]!.id, 1)
  desk.send()
  t.equal(atWork(desk, 'stop').length, 2)
})
