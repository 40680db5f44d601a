import fc from 'fast-check'
import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { OrderReport } from '../../core/order/report.js'
import { EXIT_RETRY_DELAY } from '../../core/order/reports.js'
import { bookState } from '../../core/portfolio/book.js'
import { hasExitDue } from '../../core/portfolio/standing-exits.js'
import { TRADING_STATES } from '../../core/risk/trading-state.js'
import { HOUR, MINUTE, SECOND } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, decisionsIn, eventsOf } from '../helpers/desk.js'
import { BANK_NIFTY, instrument, settings } from '../helpers/settings.js'

const gold = 'GOLD_MINI'
const nifty = 'BANK_NIFTY'

/** A desk that holds 4 lots of Bank Nifty as Long_1, bought at 52,000. */
function holding(): Desk {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  desk.fillAll()
  return desk
}

/** The same with 2 lots more as Long_2, bought at 53,000. */
function holdingTwo(): Desk {
  const desk = new Desk(settings({ instruments: [{ ...BANK_NIFTY, trend: { ...BANK_NIFTY.trend } }] }))
  desk.entry(nifty, 52_000, 350)
  desk.fillAll()
  desk.wait(HOUR).pyramid(nifty, 54_000, 350, 'Long_2')
  desk.fillAll()
  if (desk.book(nifty).units.length !== 2) throw new Error('the pyramid was refused')
  return desk
}

const lotsOf = (desk: Desk, name: string): number[] => desk.book(name).units.map(({ heldLots }) => heldLots)

t.test('an exit closes the unit with its label and leaves the others', async (t) => {
  const desk = holdingTwo()
  const second = desk.unit(nifty, 2)
  const events = desk.wait(HOUR).exit(nifty, 'Long_2', { reason: 'EMA' })
  t.match(decisionIn(events), {
    kind: 'exit',
    outcome: 'approved',
    reasons: ['EMA'],
    lots: second.heldLots,
    positionIds: [second.id],
  })
  t.match(eventsOf(events, 'OrderInitialized'), [{ positionId: second.id, side: 'sell', purpose: 'exit' }])
  desk.fillAll()
  t.same(
    desk.book(nifty).units.map(({ label }) => label),
    ['Long_1'],
  )
  t.equal(bookState(desk.book(nifty)), 'open')
})

t.test('ALL closes every unit, each with an order of its own', async (t) => {
  const desk = holdingTwo()
  const events = desk.wait(HOUR).exit(nifty)
  t.equal(decisionIn(events).positionIds.length, 2)
  t.equal(eventsOf(events, 'OrderInitialized').length, 2)
  t.equal(bookState(desk.book(nifty)), 'closing')
  const closed = eventsOf(desk.fillAll(), 'UnitClosed')
  t.equal(closed.length, 2)
  t.equal(bookState(desk.book(nifty)), 'flat')
})

t.test('two units with one label are both meant', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  desk.fillAll()
  desk.wait(HOUR).pyramid(nifty, 54_000, 350, 'Long_1')
  desk.fillAll()
  t.equal(decisionIn(desk.wait(HOUR).exit(nifty, 'Long_1')).positionIds.length, 2)
})

t.test('an exit that no unit answers to is ignored and alarmed', async (t) => {
  const desk = holding()
  const events = desk.exit(nifty, 'Long_7')
  t.match(decisionIn(events), { outcome: 'ignored', reasons: ['NOTHING_HELD'], lots: 0, positionIds: [] })
  t.same(alarmsIn(events), ['EXIT_UNMATCHED'])
  const flat = new Desk().exit(gold)
  t.match(decisionIn(flat), { outcome: 'ignored', reasons: ['NOTHING_HELD'] })
  t.same(alarmsIn(flat), [], 'ALL of nothing is nothing unusual')
})

t.test('an exit asked for twice is one exit', async (t) => {
  const desk = holding()
  desk.exit(nifty)
  const again = desk.exit(nifty)
  t.match(decisionIn(again), { outcome: 'ignored', reasons: ['ALREADY_CLOSING'] })
  t.equal(again.length, 1)
})

// Faults: N14
t.test('an exit does not mean what was bought after it', async (t) => {
  const desk = holding()
  const { openedAt } = desk.unit(nifty)
  const second = Math.floor(openedAt / SECOND) * SECOND
  const old = desk.wait(MINUTE).exit(nifty, 'Long_1', { timestamp: second - 1 })
  t.match(decisionIn(old), { outcome: 'ignored', reasons: ['OLDER_THAN_POSITION'] })
  t.same(alarmsIn(old), ['EXIT_OLDER_THAN_POSITION'])
  t.equal(decisionIn(desk.exit(nifty, 'Long_1', { timestamp: second })).outcome, 'approved')
})

t.test('alerts tell time to the second: an exit of the very second of the fill means the unit', async (t) => {
  const desk = new Desk()
  desk.now += 400
  desk.entry(nifty, 52_000, 350)
  desk.fillAll()
  t.equal(decisionIn(desk.exit(nifty, 'ALL', { timestamp: desk.now - 400 })).outcome, 'approved')
})

t.test('of several units an older exit closes those that it can mean', async (t) => {
  const desk = holdingTwo()
  const between = desk.unit(nifty, 2).openedAt - MINUTE
  const events = desk.exit(nifty, 'ALL', { timestamp: between })
  t.same(decisionIn(events).positionIds, [desk.unit(nifty, 1).id])
  t.same(alarmsIn(events), [])
})

t.test('an exit that names its bar by the open means what was bought in that bar', async (t) => {
  const barTime = Date.UTC(2026, 0, 5, 6)
  const bought = (): Desk => {
    const desk = new Desk(settings(), 10_000_000, barTime + 2 * SECOND)
    desk.entry(nifty, 52_000, 350)
    desk.fillAll()
    return desk.wait(HOUR)
  }
  const timed = bought()
  t.equal(decisionIn(timed.exit(nifty, 'ALL', { barTime })).outcome, 'approved')
  const untimed = bought().exit(nifty, 'ALL', { barTime, timestamp: null, flags: ['timestamp: is required'] })
  t.equal(decisionIn(untimed).outcome, 'approved', 'without a time of its own it speaks for all of the bar')
  const other = bought().exit(nifty, 'ALL', { barTime: barTime - 2 * HOUR, timestamp: null })
  t.same(decisionIn(other).reasons, ['OLDER_THAN_POSITION'])
})

t.test('an exit that is wrong in every other way is obeyed and says what was wrong', async (t) => {
  const desk = holding()
  const flags = ['timestamp: must be a time', 'price: must be a finite number above 0']
  const events = desk.exit(nifty, 'ALL', { timestamp: null, price: null, flags })
  t.match(decisionIn(events), { outcome: 'approved', notes: flags })
  t.same(alarmsIn(events), ['EXIT_FLAGGED'])
  t.match(eventsOf(events, 'AlarmRaised'), [{ message: /timestamp: must be a time; price/ }])
  t.equal(eventsOf(events, 'OrderInitialized').length, 1)
})

t.test('an exit that contradicts an earlier alert is obeyed and alarmed', async (t) => {
  const desk = holding()
  const exit = {
    type: 'EXIT',
    instrument: nifty,
    label: 'Long_1',
    price: 52_100,
    reason: null,
    timestamp: desk.now,
    barTime: null,
    flags: [],
  } as const
  const events = desk.alert(exit, true)
  t.equal(decisionIn(events).outcome, 'approved')
  t.same(alarmsIn(events), ['EXIT_CONFLICT'])
})

t.test('exits pass in every trading state but frozen, also of a locked instrument', async (t) => {
  for (const state of TRADING_STATES) {
    const desk = holding()
    desk.give({ type: 'InputFailed', failedInputId: 'A', instrument: nifty, error: 'a mistake' })
    desk.trade(state)
    const events = desk.exit(nifty)
    const isFrozen = state === 'frozen'
    t.equal(decisionIn(events).outcome, isFrozen ? 'blocked' : 'approved', state)
    t.equal(eventsOf(events, 'OrderInitialized').length, isFrozen ? 0 : 1, state)
    desk.fillAll()
    t.equal(desk.book(nifty).units.length, isFrozen ? 1 : 0, state)
  }
})

t.test('an exit that came while frozen stands until the portfolio is no longer frozen', async (t) => {
  for (const next of ['active', 'reducing', 'halted'] as const) {
    const desk = holding()
    const frozen = desk.trade('frozen')
    t.same(alarmsIn(frozen), ['TRADING_FROZEN'])
    const events = desk.exit(nifty)
    t.match(decisionIn(events), { outcome: 'blocked', reasons: ['TRADING_STATE'], lots: 0 })
    t.match(decisionIn(events).notes, [/the exit stands/])
    t.equal(hasExitDue(desk.portfolio, desk.now + HOUR), false)
    const timed = desk.wait(HOUR).give({ type: 'TimerFired' })
    t.same(alarmsIn(timed), ['TRADING_FROZEN'], 'the alarm repeats')
    t.equal(timed.length, 1, 'and nothing else happens')
    const freed = desk.trade(next)
    t.equal(eventsOf(freed, 'OrderInitialized').length, 1, next)
    desk.fillAll()
    t.equal(desk.book(nifty).units.length, 0)
  }
})

t.test('a stop that is hit while frozen stands as well', async (t) => {
  const desk = holding()
  desk.trade('frozen')
  const hit = desk.wait(HOUR).bar(nifty, 50_000, 350)
  t.equal(eventsOf(hit, 'ExitRequested').length, 1)
  t.same(eventsOf(hit, 'OrderInitialized'), [])
  t.equal(eventsOf(desk.trade('halted'), 'OrderInitialized').length, 1)
})

t.test(
  'an exit that was about to leave when the portfolio was frozen is denied, and ordered anew later',
  async (t) => {
    const desk = holding()
    desk.exit(nifty)
    const first = desk.orderIn('initialized').id
    desk.trade('frozen')
    const denied = desk.give({ type: 'OrdersDue', orderIds: [first] })
    t.match(denied, [{ type: 'OrderDenied', orderId: first, reason: 'the portfolio is frozen' }])
    t.match(eventsOf(desk.trade('active'), 'OrderInitialized'), [{ lots: decimal(4) }])
    t.not(desk.orderIn('initialized').id, first)
  },
)

t.test('a refused exit is alarmed, waits, and is ordered again', async (t) => {
  const desk = holding()
  desk.exit(nifty)
  const [id] = desk.send()
  const refused = desk.report({ kind: 'rejected', orderId: id!, code: 'RMS', message: 'margin' })
  t.same(alarmsIn(refused), ['EXIT_REFUSED'])
  t.match(eventsOf(refused, 'ExitDelayed'), [{ notBefore: desk.now + EXIT_RETRY_DELAY }])
  t.same(eventsOf(refused, 'OrderInitialized'), [])
  t.equal(hasExitDue(desk.portfolio, desk.now + EXIT_RETRY_DELAY - 1), false)
  t.same(desk.wait(EXIT_RETRY_DELAY - 1).give({ type: 'TimerFired' }), [])
  t.equal(hasExitDue(desk.portfolio, desk.now + 1), true)
  const again = desk.wait(1).give({ type: 'TimerFired' })
  t.match(eventsOf(again, 'OrderInitialized'), [{ orderId: id!.replace('-x1', '-x2'), lots: decimal(4) }])
  t.equal(hasExitDue(desk.portfolio, desk.now), false, 'it is at work')
  desk.fillAll()
  t.equal(desk.book(nifty).units.length, 0)
})

t.test('an exit that the venue cancels or lets expire is ordered again for what is left', async (t) => {
  const ends: ((orderId: string) => OrderReport)[] = [
    (orderId) => ({ kind: 'canceled', orderId, reason: 'session over' }),
    (orderId) => ({ kind: 'expired', orderId }),
  ]
  for (const end of ends) {
    const desk = holding()
    desk.exit(nifty)
    const [id] = desk.send()
    desk.fill(id!, 0.25)
    desk.report(end(id!))
    const again = desk.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
    t.match(eventsOf(again, 'OrderInitialized'), [{ lots: decimal(3) }])
    desk.fillAll()
    t.equal(desk.book(nifty).units.length, 0)
  }
})

t.test('an exit that never reached the broker is sent again under its own id', async (t) => {
  const desk = holding()
  desk.exit(nifty)
  const { id: orderId } = desk.orderIn('initialized')
  desk.give({ type: 'OrdersDue', orderIds: [orderId] })
  desk.report({ kind: 'unresolved', orderId, cause: 'timeout' })
  t.same(desk.give({ type: 'TimerFired' }), [], 'what is unknown counts as at work')
  t.match(desk.report({ kind: 'absent', orderId }), [{ type: 'OrderProvenAbsent', orderId }])
  t.match(desk.give({ type: 'OrdersDue', orderIds: [orderId] }), [{ type: 'OrderSubmitted', attempt: 2 }])
})

t.test('part of an exit leaves the unit with the rest, and its order at work', async (t) => {
  const desk = holding()
  desk.exit(nifty)
  const [id] = desk.send()
  desk.fill(id!, 0.25)
  t.same(lotsOf(desk, nifty), [3])
  t.same(desk.give({ type: 'TimerFired' }), [])
  desk.fill(id!, 1)
  t.same(lotsOf(desk, nifty), [])
  t.equal(desk.portfolio.orders.get(id!)?.state, 'filled')
})

t.test('a peel-off at work and an exit together sell no more than is held', async (t) => {
  const desk = new Desk(settings(), 50_000_000)
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.wait(HOUR).bar(gold, 78_600, 1200)
  const peel = desk.orderIn('initialized')
  t.equal(peel.purpose, 'peelOff')
  t.match(eventsOf(desk.exit(gold), 'OrderInitialized'), [{ lots: decimal(14).minus(peel.lots) }])
  desk.trade('halted')
  const denied = desk.give({ type: 'OrdersDue', orderIds: [peel.id] })
  t.match(eventsOf(denied, 'OrderDenied'), [{ reason: 'the portfolio is halted' }])
  t.match(
    eventsOf(denied, 'OrderInitialized'),
    [{ purpose: 'exit', lots: peel.lots }],
    'the exit takes its lots',
  )
  desk.fillAll()
  t.equal(desk.book(gold).units.length, 0)
})

t.test('an exit ends an entry that has not left, and nothing is bought', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  const { id, positionId } = desk.orderIn('initialized')
  const events = desk.exit(nifty, 'Long_1')
  t.match(decisionIn(events), { outcome: 'approved', lots: 0, positionIds: [positionId] })
  t.same(
    events.map(({ type }) => type),
    ['DecisionMade', 'ExitLatched', 'OrderCanceled'],
  )
  t.same(desk.give({ type: 'OrdersDue', orderIds: [id] }), [])
  t.equal(decisionIn(desk.entry(nifty, 52_000, 350)).outcome, 'approved', 'the next one may come')
})

t.test('an entry with another label, or younger than the exit, is left alone', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  t.match(decisionIn(desk.exit(nifty, 'Long_2')), { outcome: 'ignored' })
  const older = desk.wait(MINUTE).exit(nifty, 'ALL', { timestamp: desk.now - 2 * MINUTE })
  t.same(decisionIn(older).reasons, ['OLDER_THAN_POSITION'])
  t.equal(desk.orderIn('initialized').latch, null)
})

t.test('an exit of a base whose pyramid is at work leaves the pyramid, ALL takes both', async (t) => {
  const at = (): Desk => {
    const desk = holding()
    desk.wait(HOUR).pyramid(nifty, 54_000, 350, 'Long_2')
    desk.send()
    return desk
  }
  const one = at()
  const base = one.exit(nifty, 'Long_1')
  t.equal(eventsOf(base, 'OrderInitialized').length, 1, 'the base does not wait for the pyramid')
  t.same(eventsOf(base, 'ExitLatched'), [])
  const all = at()
  const both = all.exit(nifty)
  t.equal(eventsOf(both, 'OrderInitialized').length, 1)
  t.equal(eventsOf(both, 'ExitLatched').length, 1)
  t.equal(decisionIn(both).positionIds.length, 2)
})

t.test('an entry whose fate is unknown keeps the exit latched, and a person is called', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  const { id } = desk.orderIn('initialized')
  desk.give({ type: 'OrdersDue', orderIds: [id] })
  desk.report({ kind: 'unresolved', orderId: id, cause: 'timeout' })
  const events = desk.exit(nifty)
  t.same(alarmsIn(events), ['LATCH_WAITS_FOR_UNKNOWN_ENTRY'])
  t.equal(desk.orderIn('unresolved').cancelRequested, true)
  t.match(decisionIn(desk.exit(nifty)), { outcome: 'ignored', reasons: ['ALREADY_CLOSING'] }, 'once')
  const absent = desk.report({ kind: 'absent', orderId: id })
  t.same(
    absent.map(({ type }) => type),
    ['OrderProvenAbsent', 'OrderCanceled'],
    'it is not sent again',
  )
  t.same(desk.give({ type: 'OrdersDue', orderIds: [id] }), [])
})

type Stage = 'initialized' | 'submitted' | 'unresolved' | 'accepted' | 'partiallyFilled'

/** Brings a new entry of 4 lots to `stage`. */
function entryAt(stage: Stage): { desk: Desk; id: string } {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  const { id } = desk.orderIn('initialized')
  if (stage === 'initialized') return { desk, id }
  desk.give({ type: 'OrdersDue', orderIds: [id] })
  if (stage === 'unresolved') desk.report({ kind: 'unresolved', orderId: id, cause: 'timeout' })
  if (stage === 'accepted') desk.report({ kind: 'accepted', orderId: id, venueOrderId: 'v' })
  if (stage === 'partiallyFilled') desk.fill(id, 0.25)
  return { desk, id }
}

t.test('whatever an entry was doing when the exit came, in the end nothing is held', async (t) => {
  const stages: Stage[] = ['initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled']
  const reports = ['accepted', 'fill', 'fill', 'canceled', 'absent', 'unresolved', 'expired'] as const
  const ways = ['exit', 'label', 'operator', 'position', 'stop'] as const
  fc.assert(
    fc.property(
      fc.constantFrom(...stages),
      fc.shuffledSubarray([...reports]),
      fc.constantFrom(...ways),
      (stage, order, way) => {
        const { desk, id } = entryAt(stage)
        const [unit] = desk.book(nifty).units
        desk.wait(HOUR)
        const isByUnit = way === 'stop' || way === 'position'
        if (way === 'exit' || (isByUnit && unit === undefined)) desk.exit(nifty)
        else if (way === 'label') desk.exit(nifty, 'Long_1')
        else if (way === 'stop') desk.bar(nifty, 50_000, 350)
        else if (way === 'operator')
          desk.command({ kind: 'exit', target: { instrument: nifty }, reason: 'mine' })
        else desk.command({ kind: 'exit', target: { positionId: unit!.id }, reason: 'mine' })
        for (const kind of order) {
          if (kind === 'fill' && !isOpen(desk, id)) continue
          if (kind === 'fill') desk.fill(id, 0.5)
          else if (kind === 'accepted') desk.report({ kind, orderId: id, venueOrderId: 'v' })
          else if (kind === 'unresolved') desk.report({ kind, orderId: id, cause: 'timeout' })
          else if (kind === 'canceled') desk.report({ kind, orderId: id, reason: 'asked' })
          else desk.report({ kind, orderId: id })
        }
        if (isOpen(desk, id)) desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
        desk.wait(MINUTE).give({ type: 'TimerFired' })
        desk.fillAll()
        return desk.book(nifty).units.length === 0 && bookState(desk.book(nifty)) === 'flat'
      },
    ),
    { numRuns: counts.propertyRuns * 3 },
  )
  t.pass('all of them')
})

function isOpen(desk: Desk, id: string): boolean {
  return ['submitted', 'unresolved', 'accepted', 'partiallyFilled'].includes(
    desk.portfolio.orders.get(id)?.state ?? '',
  )
}

t.test('an operator closes an instrument, a position or everything', async (t) => {
  const byInstrument = holdingTwo()
  const all = byInstrument.command({ kind: 'exit', target: { instrument: nifty }, reason: 'holiday' })
  t.match(decisionIn(all), { kind: 'operatorExit', outcome: 'approved', reasons: ['holiday'] })
  t.equal(eventsOf(all, 'OrderInitialized').length, 2)
  const byPosition = holdingTwo()
  const second = byPosition.unit(nifty, 2).id
  const one = byPosition.command({ kind: 'exit', target: { positionId: second }, reason: 'too much' })
  t.same(decisionIn(one).positionIds, [second])
  const everything = holding()
  everything.entry(gold, 78_500, 700)
  everything.fillAll()
  const both = everything.command({ kind: 'exit', target: { all: true }, reason: 'panic' })
  t.same(
    decisionsIn(both)
      .map(({ instrument }) => instrument)
      .sort(),
    [nifty, gold],
  )
  t.equal(new Set(decisionsIn(both).map(({ id }) => id)).size, 2)
  everything.fillAll()
  t.same(
    [...everything.portfolio.books.values()].flatMap(({ units }) => units),
    [],
  )
})

t.test('an operator who closes a unit that is still being bought cancels the rest of it', async (t) => {
  const { desk, id } = entryAt('partiallyFilled')
  const events = desk.command({ kind: 'exit', target: { positionId: desk.unit(nifty).id }, reason: 'mine' })
  t.same(decisionIn(events).positionIds, [desk.unit(nifty).id], 'one position')
  t.same(eventsOf(events, 'OrderCancelRequested'), [{ type: 'OrderCancelRequested', orderId: id }])
})

t.test('an operator who closes what is not held is told so', async (t) => {
  const desk = holding()
  for (const target of [{ instrument: gold }, { instrument: 'NICKEL' }, { positionId: 'P-gone' }]) {
    const events = desk.command({ kind: 'exit', target, reason: 'mine' })
    t.match(decisionIn(events), { kind: 'operatorExit', outcome: 'ignored', reasons: ['NOTHING_HELD'] })
    t.equal(events.length, 1)
  }
  const flat = new Desk().command({ kind: 'exit', target: { all: true }, reason: 'mine' })
  t.match(decisionIn(flat), { outcome: 'ignored', reasons: ['NOTHING_HELD'], instrument: null })
  t.notOk(desk.portfolio.books.has('NICKEL'), 'asking makes no book')
})

t.test('an exit of an instrument that the portfolio does not trade is ignored', async (t) => {
  const events = new Desk().exit('NICKEL', 'Long_1')
  t.match(decisionIn(events), { outcome: 'ignored', reasons: ['NOTHING_HELD'] })
  t.same(alarmsIn(events), ['EXIT_UNMATCHED'])
})

t.test('a unit closes with the profit of its lots, its fees and its reason', async (t) => {
  const desk = new Desk(settings({ instruments: [instrument(gold, { pointValue: 0.25 })] }))
  desk.entry(gold, 1000, 100)
  const { id, lots } = desk.orderIn('initialized')
  desk.send()
  const fill = { kind: 'fill', orderId: id, at: desk.now } as const
  desk.report({ ...fill, tradeId: 'a', lots, price: decimal('1000.10'), fee: decimal('1.23') })
  desk.exit(gold)
  const [exit] = desk.send()
  const sold = { ...fill, orderId: exit!, lots, price: decimal('1010.15'), fee: decimal('0.77') }
  const events = desk.report({ ...sold, tradeId: 'b' })
  const profit = decimal('10.05').times(lots).times(decimal('0.25'))
  t.same(
    eventsOf(events, 'LedgerPosted').map(({ kind, amount }) => [kind, amount.toString()]),
    [
      ['realizedPnl', profit.toString()],
      ['fee', '-0.77'],
    ],
  )
  const [closed] = eventsOf(events, 'UnitClosed')
  t.ok(closed?.realizedPnl.equals(profit))
  const unit = desk.portfolio.closedUnits.get(closed?.positionId ?? '')
  t.equal(unit?.fees.toString(), '2')
  t.equal(desk.portfolio.ledger.balance.toString(), profit.plus(decimal(9_999_998)).toString())
})
