import fc from 'fast-check'
import t from 'tap'
import { decimal, ZERO } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import { optionName, readOptionName } from '../../core/instrument/synthetic.js'
import { isAtWork, type Order, remainingLots } from '../../core/order/order.js'
import { EXIT_RETRY_DELAY } from '../../core/order/reports.js'
import { hasLegsDue, LEG_PATIENCE } from '../../core/order/settle-legs.js'
import { exposureOf } from '../../core/portfolio/exposure.js'
import { listBreaks } from '../../core/reconcile/list-breaks.js'
import { rollsDue } from '../../core/strategies/trend/roll-due.js'
import { MINUTE } from '../../core/time.js'
import { encodeState } from '../../server/journal/codec/state-codec.js'
import { BUILT_IN_EXCHANGES } from '../../server/market/calendar/built-in.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, eventsOf } from '../helpers/desk.js'
import { BANK_NIFTY, GOLD, settings } from '../helpers/settings.js'
import { act, calm, fill, flawAtRest, flawOf, nifty, perform, pointValue } from './legs-model.js'

function synthetic(changes: { legPolicy?: 'complete' | 'unwind'; legAttempts?: number } = {}) {
  const how = { strikeStep: 500, legPolicy: 'complete' as const, legAttempts: 3, ...changes }
  return settings({ instruments: [GOLD, { ...BANK_NIFTY, synthetic: how }] })
}

/** A desk with an entry of 4 lots of Bank Nifty at 52,030, of which the call leg waits to be sent. */
function entering(changes = {}): Desk {
  const desk = new Desk(synthetic(changes))
  desk.entry(nifty, 52_030, 350)
  return desk
}

/** Returns the one leg order at work. */
function legAtWork(desk: Desk): Order {
  const atWork = [...desk.portfolio.orders.values()].filter(
    (order) => order.leg !== null && isAtWork(order.state),
  )
  if (atWork.length !== 1) throw new Error(`expected one leg at work, found ${atWork.length}`)
  return atWork[0]!
}

function whole(desk: Desk): Order {
  return [...desk.portfolio.orders.values()].findLast((order) => order.leg === null)!
}

/** Sends the leg at work and fills `lots` of it. */
function trade(desk: Desk, lots: number, price: number, fee = 0): readonly PortfolioEvent[] {
  const order = legAtWork(desk)
  if (order.state === 'initialized') desk.send()
  return fill(desk, order.id, { lots, price, fee })
}

/** A desk that holds 4 lots, bought at 52000 + 400 - 370 = 52,030. */
function holding(): Desk {
  const desk = entering()
  trade(desk, 4, 400, 20)
  trade(desk, 4, 370, 22)
  return desk
}

function balanceOf(desk: Desk): string {
  return `${desk.portfolio.ledger.balance}`
}

t.test('an entry buys the call, then sells the put, and fills at strike + call - put', async (t) => {
  const desk = entering()
  const id = whole(desk).id
  t.match(whole(desk), { state: 'accepted', hasLegs: true, venueOrderId: null })
  t.match(legAtWork(desk), {
    id: `${id}-c1`,
    side: 'buy',
    type: 'market',
    purpose: 'entry',
    referencePrice: 52_030,
    leg: { of: id, kind: 'call', strike: 52_000, expiry: '2026-01-27', isRollback: false },
  })
  t.equal(desk.book(nifty).entryOrderId, id, 'the whole order is the entry at work')
  t.same(eventsOf(trade(desk, 3, 400, 20), 'LedgerPosted'), [], 'one leg is no fill')
  t.equal(desk.book(nifty).units.length, 0)
  trade(desk, 1, 401, 5)
  t.match(legAtWork(desk), { id: `${id}-p1`, side: 'sell', leg: { kind: 'put' } })
  const first = trade(desk, 2, 370, 10)
  t.match(eventsOf(first, 'OrderFilled'), [
    { orderId: `${id}-p1` },
    { orderId: id, tradeId: 'legs 1', lots: decimal(2), price: decimal(52_030), fee: decimal(30) },
  ])
  const unit = desk.unit(nifty)
  t.match(unit, { lots: decimal(2), contract: { strike: 52_000, expiry: '2026-01-27' } })
  t.equal(unit.stop, 52_030 - 1.5 * 350)
  const last = eventsOf(trade(desk, 2, 371, 11), 'OrderFilled')
  t.match(
    last.slice(1).map(({ tradeId, lots, price, fee }) => [tradeId, `${lots}`, `${price}`, `${fee}`]),
    [
      ['legs 2', '1', '52029', '11'],
      ['legs 3', '1', '52030', '5'],
    ],
    'the oldest trades are matched first, and each fee is counted once',
  )
  t.match(whole(desk), { state: 'filled', filledLots: decimal(4) })
  t.same(desk.book(nifty).openLegs, [])
  t.same(desk.book(nifty).legOrderIds, [])
  t.equal(balanceOf(desk), '9999954')
  t.same(alarmsIn(desk.log.flatMap(({ events }) => events)), [])
})

t.test('an exit buys the put back, then sells the call, of what is held and of nothing else', async (t) => {
  const desk = holding()
  desk.bar(nifty, 53_000, 350)
  desk.exit(nifty)
  const id = whole(desk).id
  t.match(legAtWork(desk), {
    id: `${id}-p1`,
    side: 'buy',
    leg: { kind: 'put', strike: 52_000, expiry: '2026-01-27' },
  })
  trade(desk, 4, 90)
  t.match(legAtWork(desk), { id: `${id}-c1`, side: 'sell' })
  t.equal(desk.unit(nifty).heldLots, 4, 'held until both legs are closed')
  trade(desk, 4, 1_100)
  t.equal(desk.book(nifty).units.length, 0)
  const cash = -4 * 400 + 4 * 370 - 4 * 90 + 4 * 1_100
  t.equal(balanceOf(desk), `${10_000_000 + cash * pointValue - 42}`, 'the strike cancels')
})

t.test('a peel-off and an exit close parts of one unit side by side', async (t) => {
  const desk = holding()
  desk.bar(nifty, 52_100, 4_000)
  const peel = whole(desk)
  t.match(peel, { purpose: 'peelOff', hasLegs: true })
  desk.exit(nifty)
  const lots = desk.unit(nifty).heldLots
  for (let guard = 0; desk.book(nifty).units.length > 0 && guard < 8; guard++) {
    const atWork = [...desk.portfolio.orders.values()].filter(
      ({ leg, state }) => leg !== null && isAtWork(state),
    )
    desk.send()
    for (const order of atWork) fill(desk, order.id, { lots: remainingLots(order).toNumber(), price: 100 })
  }
  t.equal(desk.book(nifty).units.length, 0)
  t.equal(lots, 4)
})

t.test('an entry whose call is not bought ends with nothing', async (t) => {
  const refused = entering()
  const { id } = legAtWork(refused)
  refused.send()
  const events = refused.report({ kind: 'rejected', orderId: id, code: 'MARGIN', message: 'too little' })
  t.match(whole(refused), { state: 'rejected', reason: /LEG_REJECTED: its calls: MARGIN: too little/ })
  t.same(alarmsIn(events), ['ORDER_REJECTED'])
  t.equal(refused.book(nifty).entryOrderId, null)
  const old = entering()
  old.wait(2 * MINUTE).send()
  t.match(whole(old), { state: 'denied', reason: /120 s old/ })
  t.same(old.book(nifty).openLegs, [])
})

t.test('a part of the calls is completed, and the rest of the entry ends', async (t) => {
  const desk = entering()
  const call = legAtWork(desk)
  trade(desk, 3, 400)
  desk.report({ kind: 'canceled', orderId: call.id, reason: 'no more there' })
  t.match(legAtWork(desk), { leg: { kind: 'put' }, lots: decimal(3) })
  trade(desk, 3, 370)
  t.match(whole(desk), { state: 'canceled', filledLots: decimal(3) })
  t.match(desk.unit(nifty), { lots: decimal(3) })
})

t.test(
  'puts that are refused are tried again, then the calls are sold, and the loss is posted',
  async (t) => {
    const desk = entering()
    trade(desk, 4, 400, 20)
    for (const attempt of [1, 2, 3]) {
      const put = legAtWork(desk)
      t.match(put, { id: `${whole(desk).id}-p${attempt}`, side: 'sell' })
      desk.send()
      const events = desk.report({ kind: 'rejected', orderId: put.id, code: 'BAND', message: 'too far' })
      t.same(alarmsIn(events), ['ORDER_REJECTED', 'LEG_IMBALANCE'])
      t.equal(desk.book(nifty).legOrderIds.length, 0, 'the next one waits')
      t.notOk(hasLegsDue(desk.portfolio, desk.now))
      desk.wait(EXIT_RETRY_DELAY)
      t.ok(hasLegsDue(desk.portfolio, desk.now))
      desk.give({ type: 'TimerFired' })
    }
    const rollback = legAtWork(desk)
    t.match(rollback, { id: `${whole(desk).id}-rc1`, side: 'sell', leg: { kind: 'call', isRollback: true } })
    const events = trade(desk, 4, 390, 21)
    t.match(eventsOf(events, 'LedgerPosted'), [
      { kind: 'realizedPnl', amount: decimal(-10 * 4 * pointValue), orderId: rollback.id, positionId: null },
      { kind: 'fee', amount: decimal(-41) },
    ])
    t.match(whole(desk), { state: 'canceled', filledLots: ZERO })
    t.same(desk.book(nifty).openLegs, [])
    t.equal(balanceOf(desk), `${10_000_000 - 1_200 - 41}`)
  },
)

t.test('the policy to unwind tries the puts once', async (t) => {
  const desk = entering({ legPolicy: 'unwind' })
  trade(desk, 4, 400)
  const put = legAtWork(desk)
  trade(desk, 1, 370)
  desk.report({ kind: 'canceled', orderId: put.id, reason: 'gone' })
  desk.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
  t.match(legAtWork(desk), { leg: { kind: 'call', isRollback: true }, lots: decimal(3) })
  trade(desk, 3, 395)
  t.match(whole(desk), { state: 'canceled', filledLots: decimal(1) })
  t.equal(desk.unit(nifty).heldLots, 1)
})

t.test('an exit completes for as long as it takes', async (t) => {
  const desk = holding()
  desk.exit(nifty)
  trade(desk, 4, 380)
  for (let attempt = 1; attempt <= 5; attempt++) {
    const call = legAtWork(desk)
    t.match(call, { leg: { kind: 'call', isRollback: false }, side: 'sell' })
    desk.send()
    const events = desk.report({ kind: 'rejected', orderId: call.id, code: 'X', message: 'no' })
    t.ok(alarmsIn(events).includes('LEG_IMBALANCE'))
    desk.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
  }
  desk.trade('halted')
  trade(desk, 4, 410)
  t.equal(desk.book(nifty).units.length, 0)
})

t.test('an exit whose puts are refused is made again', async (t) => {
  const desk = holding()
  desk.exit(nifty)
  const put = legAtWork(desk)
  desk.send()
  desk.report({ kind: 'rejected', orderId: put.id, code: 'X', message: 'no' })
  t.match(whole(desk), { purpose: 'exit', state: 'rejected' })
  t.equal(desk.unit(nifty).exitNotBefore, desk.now + EXIT_RETRY_DELAY)
  desk.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
  t.match(legAtWork(desk), { id: /-x2-p1$/, side: 'buy' })
})

t.test('an exit that comes while the calls are bought leaves nothing', async (t) => {
  const desk = entering()
  const call = legAtWork(desk)
  desk.send()
  fill(desk, call.id, { lots: 1, price: 400 })
  const latched = desk.exit(nifty)
  t.match(eventsOf(latched, 'OrderCancelRequested'), [{ orderId: whole(desk).id }, { orderId: call.id }])
  desk.report({ kind: 'canceled', orderId: call.id, reason: 'asked' })
  t.match(legAtWork(desk), { leg: { kind: 'call', isRollback: true }, lots: decimal(1) })
  trade(desk, 1, 399)
  t.match(whole(desk), { state: 'canceled' })
  t.equal(desk.book(nifty).units.length, 0)
  t.match(
    eventsOf(
      desk.log.flatMap(({ events }) => events),
      'AlarmRaised',
    ).map(({ code, severity }) => [code, severity]),
    [['LEG_IMBALANCE', 'warning']],
  )
})

t.test(
  'an exit that comes while the puts are sold closes what both legs made, and unwinds the rest',
  async (t) => {
    const desk = entering()
    trade(desk, 4, 400)
    const put = legAtWork(desk)
    trade(desk, 1, 370)
    desk.exit(nifty)
    t.equal(desk.portfolio.orders.get(put.id)?.cancelRequested, true)
    fill(desk, put.id, { lots: 1, price: 371 })
    desk.report({ kind: 'canceled', orderId: put.id, reason: 'asked' })
    t.match(legAtWork(desk), { leg: { kind: 'call', isRollback: true }, lots: decimal(2) })
    trade(desk, 2, 401)
    t.match(
      legAtWork(desk),
      { purpose: 'exit', lots: decimal(2), leg: { kind: 'put' } },
      'then the exit begins',
    )
    trade(desk, 2, 360)
    trade(desk, 2, 410)
    t.equal(desk.book(nifty).units.length, 0)
  },
)

t.test('puts are sold only while the portfolio may enter', async (t) => {
  for (const state of ['reducing', 'halted'] as const) {
    const desk = entering()
    const call = legAtWork(desk)
    desk.send()
    desk.trade(state)
    fill(desk, call.id, { lots: 4, price: 400 })
    t.match(legAtWork(desk), { leg: { kind: 'call', isRollback: true } }, state)
    trade(desk, 4, 400)
    t.match(whole(desk), { state: 'canceled' })
  }
  const waiting = entering()
  trade(waiting, 4, 400)
  waiting.trade('halted')
  const denied = legAtWork(waiting)
  waiting.give({ type: 'OrdersDue', orderIds: [denied.id] })
  t.match(waiting.portfolio.orders.get(denied.id), { state: 'denied' })
  t.match(legAtWork(waiting), { leg: { isRollback: true } }, 'a put that was not sent yet')
  const frozen = entering()
  trade(frozen, 4, 400)
  frozen.trade('frozen')
  frozen.send()
  t.equal(frozen.book(nifty).legOrderIds.length, 0, 'a frozen portfolio does nothing at all')
  t.equal(alarmsIn(frozen.log.flatMap(({ events }) => events)).includes('LEG_IMBALANCE'), true)
  frozen.trade('active')
  t.match(legAtWork(frozen), { leg: { kind: 'put' } })
})

// Faults: K20
t.test('an unknown leg is told, and nothing is guessed', async (t) => {
  const desk = entering()
  trade(desk, 4, 400)
  const put = legAtWork(desk)
  desk.give({ type: 'OrdersDue', orderIds: [put.id] })
  desk.report({ kind: 'unresolved', orderId: put.id, cause: 'timeout' })
  t.notOk(hasLegsDue(desk.portfolio, desk.now))
  desk.wait(LEG_PATIENCE)
  t.ok(hasLegsDue(desk.portfolio, desk.now))
  t.same(alarmsIn(desk.give({ type: 'TimerFired' })), ['LEG_IMBALANCE'])
  t.notOk(hasLegsDue(desk.portfolio, desk.now), 'told once')
  t.equal(legAtWork(desk).id, put.id)
  t.same(alarmsIn(desk.exit(nifty)), ['LATCH_WAITS_FOR_UNKNOWN_ENTRY'])
  desk.report({ kind: 'absent', orderId: put.id })
  t.match(legAtWork(desk), { leg: { isRollback: true } })
})

t.test('a leg that rests is ordered anew, and a first leg ends its order', async (t) => {
  const desk = entering()
  trade(desk, 4, 400)
  const put = legAtWork(desk)
  desk.wait(LEG_PATIENCE).send()
  desk.give({ type: 'TimerFired' })
  t.equal(desk.portfolio.orders.get(put.id)?.cancelRequested, false, 'it was not sent until now')
  desk.wait(LEG_PATIENCE).give({ type: 'TimerFired' })
  t.equal(desk.portfolio.orders.get(put.id)?.cancelRequested, true)
  fill(desk, put.id, { lots: 1, price: 370 })
  desk.report({ kind: 'canceled', orderId: put.id, reason: 'asked' })
  t.match(legAtWork(desk), { leg: { kind: 'put' }, lots: decimal(3) }, 'at once')
  trade(desk, 3, 365)
  desk.exit(nifty)
  const [first] = desk.send()
  desk.wait(LEG_PATIENCE).give({ type: 'TimerFired' })
  desk.report({ kind: 'canceled', orderId: first!, reason: 'asked' })
  t.match(legAtWork(desk), { id: /-x2-p1$/ }, 'an exit goes on')
})

t.test('a person settles an unknown leg, and the other follows', async (t) => {
  const desk = entering()
  const call = legAtWork(desk)
  desk.give({ type: 'OrdersDue', orderIds: [call.id] })
  desk.report({ kind: 'unresolved', orderId: call.id, cause: 'timeout' })
  desk.wait(2 * MINUTE).give({ type: 'TimerFired' })
  const [found] = listBreaks(desk.portfolio)
  t.match(found, { state: 'confirmed', found: { class: 'unknownOrder', orderId: call.id } })
  const settling = { stop: null, fee: decimal(20), lots: decimal(3), reason: 'a test' }
  desk.command({
    kind: 'settleBreak',
    breakId: found!.found.id,
    action: 'book',
    price: decimal(400),
    ...settling,
  })
  t.match(legAtWork(desk), { leg: { kind: 'put' }, lots: decimal(3) })
  trade(desk, 3, 370)
  t.match(desk.unit(nifty), { lots: decimal(3), fees: decimal(20) })
  t.match(whole(desk), { state: 'canceled' })
})

// Faults: K20
t.test('lots without their counterpart count at full risk', async (t) => {
  const desk = entering()
  const plan = 1.5 * 350
  t.equal(exposureOf(desk.portfolio).risk, 4 * plan * pointValue, 'an entry at work counts once')
  trade(desk, 4, 900)
  t.equal(exposureOf(desk.portfolio).risk, 4 * 900 * pointValue, 'calls can lose all that was paid')
  t.equal(exposureOf(desk.portfolio).marginReserved, 4 * 270_000)
  trade(desk, 4, 870)
  t.equal(exposureOf(desk.portfolio).risk, 4 * plan * pointValue)
  desk.bar(nifty, 52_500, 350)
  desk.exit(nifty)
  trade(desk, 4, 600)
  t.equal(
    exposureOf(desk.portfolio).risk,
    4 * (52_500 - 52_000 + 600) * pointValue,
    'calls without their puts',
  )
  t.equal(exposureOf(desk.portfolio).marginUsed, 4 * 270_000)
})

t.test('a late trade of an ended leg is taken back, told, and locks', async (t) => {
  const desk = entering()
  const call = legAtWork(desk)
  desk.send()
  desk.report({ kind: 'canceled', orderId: call.id, reason: 'the venue' })
  t.match(whole(desk), { state: 'canceled' })
  const events = fill(desk, call.id, { lots: 2, price: 400 })
  t.same(alarmsIn(events), ['ORDER_RESURRECTED', 'LEG_IMBALANCE'])
  t.ok(desk.book(nifty).lock !== null)
  t.match(legAtWork(desk), { leg: { kind: 'call', isRollback: true }, lots: decimal(2) })
  t.ok(exposureOf(desk.portfolio).risk === 2 * 400 * pointValue)
  trade(desk, 2, 405)
  t.same(desk.book(nifty).openLegs, [])
  t.equal(balanceOf(desk), `${10_000_000 + 2 * 5 * pointValue}`)
})

t.test('puts that were sold twice are bought back', async (t) => {
  const desk = entering()
  trade(desk, 4, 400)
  const first = legAtWork(desk)
  desk.send()
  desk.report({ kind: 'canceled', orderId: first.id, reason: 'the venue' })
  desk.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
  const second = legAtWork(desk)
  desk.send()
  fill(desk, first.id, { lots: 4, price: 370 })
  t.match(whole(desk), { state: 'filled' })
  t.equal(desk.portfolio.orders.get(second.id)?.cancelRequested, true, 'the other one is not needed')
  fill(desk, second.id, { lots: 4, price: 371 })
  t.match(legAtWork(desk), { side: 'buy', leg: { kind: 'put', isRollback: true }, lots: decimal(4) })
  t.ok(
    exposureOf(desk.portfolio).risk >= 4 * 52_000 * pointValue,
    'short puts count with all of their strike',
  )
  trade(desk, 4, 372)
  t.equal(desk.unit(nifty).heldLots, 4)
  t.equal(balanceOf(desk), `${10_000_000 - 4 * pointValue}`)
})

t.test('what may still be taken back is matched only once it is not', async (t) => {
  for (const isTakenBack of [false, true]) {
    const desk = entering({ legPolicy: 'unwind' })
    trade(desk, 4, 400)
    const put = legAtWork(desk)
    desk.send()
    desk.report({ kind: 'canceled', orderId: put.id, reason: 'gone' })
    desk.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
    const rollback = legAtWork(desk)
    desk.send()
    fill(desk, put.id, { lots: 4, price: 370 })
    t.equal(desk.portfolio.orders.get(rollback.id)?.cancelRequested, true)
    t.equal(desk.book(nifty).units.length, 0, 'not yet')
    if (!isTakenBack) {
      desk.report({ kind: 'canceled', orderId: rollback.id, reason: 'asked' })
      t.match(desk.unit(nifty), { lots: decimal(4) })
      t.match(whole(desk), { state: 'filled' })
    } else {
      fill(desk, rollback.id, { lots: 4, price: 395 })
      t.match(legAtWork(desk), { side: 'buy', leg: { kind: 'put', isRollback: true }, lots: decimal(4) })
      trade(desk, 4, 372)
      t.match(whole(desk), { state: 'canceled', filledLots: ZERO })
      t.equal(balanceOf(desk), `${10_000_000 - 4 * (5 + 2) * pointValue}`)
    }
  }
})

t.test('a synthetic future leaves its options for those of the next month', async (t) => {
  const using = synthetic()
  const changes = { hours: 'exchange', rollover: { atMinutes: 900 } } as const
  const instruments = using.instruments.map((one) => ({ ...one, exchange: 'NFO' }))
  const desk = new Desk({ ...using, ...changes, instruments }, 10_000_000, Date.UTC(2026, 0, 12, 6))
  desk.give({ type: 'CalendarImported', calendar: { version: 'test', exchanges: BUILT_IN_EXCHANGES } })
  desk.entry(nifty, 52_030, 350)
  trade(desk, 4, 400)
  trade(desk, 4, 370)
  t.match(desk.unit(nifty), { contract: { strike: 52_000, expiry: '2026-01-27' } })
  desk.now = Date.UTC(2026, 0, 22, 9, 30)
  for (const due of rollsDue(desk.portfolio, desk.now)) desk.give({ type: 'RollDue', ...due })
  t.match(legAtWork(desk), { purpose: 'exit', leg: { kind: 'put', expiry: '2026-01-27' } })
  trade(desk, 4, 100)
  const sold = trade(desk, 4, 1_350)
  t.same(desk.book(nifty).units, [], 'sold at 53,250')
  t.match(eventsOf(sold, 'OrderInitialized'), [
    { purpose: 'entry', contractMonth: '2026-02' },
    { leg: { kind: 'call', strike: 53_000, expiry: '2026-02-24' } },
  ])
  trade(desk, 4, 900)
  trade(desk, 4, 500)
  t.match(desk.unit(nifty), { contract: { strike: 53_000, expiry: '2026-02-24' }, averagePrice: 53_400 })
  t.equal(desk.unit(nifty).stop, 52_030 - 1.5 * 350 + 150, 'the stop shifts by the spread')
  t.equal(desk.book(nifty).roll?.outcome, 'rolled')
  t.equal(encodeState(desk.refold()), encodeState(desk.portfolio))
})

t.test('what is held as one contract is sold as one, and what is held as two legs as two', async (t) => {
  const desk = new Desk(settings({ instruments: [BANK_NIFTY] }))
  desk.entry(nifty, 52_030, 350)
  desk.fillAll()
  desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: synthetic() })
  desk.exit(nifty)
  t.match(whole(desk), { purpose: 'exit', hasLegs: false, state: 'initialized' })
  const other = holding()
  other.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings() })
  other.exit(nifty)
  t.match(whole(other), { purpose: 'exit', hasLegs: true })
})

t.test("an account's calls and puts are a synthetic future as far as they match", async (t) => {
  const desk = holding()
  const name = (kind: 'call' | 'put', strike = 52_000): string =>
    optionName({ underlying: nifty, kind, strike, expiry: '2026-01-27' })
  t.same(desk.account({ [name('call')]: 4, [name('put')]: -4 }), [])
  t.same([...desk.portfolio.breaks.keys()], [])
  desk.account({ [name('call')]: 4, [name('put')]: -3 })
  const seen = desk.account({ [name('call')]: 4, [name('put')]: -3 })
  t.same(alarmsIn(seen), ['POSITION_BREAK', 'POSITION_BREAK'])
  t.match(
    [...desk.portfolio.breaks.values()].map(({ class: found, orderId, ours, theirs }) => [
      found,
      orderId,
      `${ours}`,
      `${theirs}`,
    ]),
    [
      ['quantity', null, '4', '3'],
      ['surplus', name('call'), '0', '1'],
    ],
  )
  t.equal(`${desk.book(nifty).missingLots}`, '1')
  const surplus = [...desk.portfolio.breaks.values()].find((found) => found.class === 'surplus')!
  const settling = { price: null, stop: null, lots: null, fee: null, reason: 'a test' }
  const refused = desk.command({ kind: 'settleBreak', breakId: surplus.id, action: 'adopt', ...settling })
  t.match(eventsOf(refused, 'DecisionMade'), [{ decision: { reasons: ['NOT_A_WHOLE'] } }])
  desk.account({ [name('call')]: 4, [name('put')]: -4 })
  t.same([...desk.portfolio.breaks.keys()], [], 'it went away at the broker')
  desk.account({ [name('call', 53_000)]: 4, [name('put', 53_000)]: -4 })
  t.match(
    [...desk.portfolio.breaks.values()].map(({ class: found, orderId }) => [found, orderId]),
    [
      ['ghost', null],
      ['surplus', name('call', 53_000)],
      ['surplus', name('put', 53_000)],
    ],
  )
  t.same(readOptionName('BANK_NIFTY'), null)
  t.same(readOptionName('A:b:c'), null)
})

for (const isLate of [false, true]) {
  const title = isLate
    ? 'whatever a venue reports, and even of orders that have ended: books, account and ledger agree in the end'
    : 'whatever a venue reports: never a put without its call, and books, account and ledger agree in the end'
  t.test(title, async () => {
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 60 }),
        fc.constantFrom('complete', 'unwind'),
        (acts, legPolicy) => {
          const desk = entering({ legPolicy: legPolicy as 'complete' })
          for (const one of acts) {
            perform(desk, one, isLate)
            const flaw = flawOf(desk, isLate)
            if (flaw !== null) throw new Error(flaw)
          }
          calm(desk)
          const flaw = flawOf(desk, isLate) ?? flawAtRest(desk)
          if (flaw !== null) throw new Error(flaw)
        },
      ),
      { numRuns: counts.propertyRuns },
    )
  })
}
