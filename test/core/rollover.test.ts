import fc from 'fast-check'
import t from 'tap'
import type { Calendar } from '../../core/calendar/calendar.js'
import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import { equityOf } from '../../core/portfolio/equity.js'
import { exposureOf } from '../../core/portfolio/exposure.js'
import { entryPriceOf } from '../../core/portfolio/unit.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { rollsDue } from '../../core/strategies/trend/roll-due.js'
import { DAY, HOUR, MINUTE, SECOND } from '../../core/time.js'
import { BUILT_IN_EXCHANGES } from '../../server/market/calendar/built-in.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, decisionsIn, eventsOf, gateIn } from '../helpers/desk.js'
import { COPPER, GOLD, settings } from '../helpers/settings.js'

const calendar: Calendar = { version: 'test', exchanges: BUILT_IN_EXCHANGES }
const GOLD_MINI = 'GOLD_MINI'
/** Monday 12 January 2026 at 11:30 in India: Gold Mini is traded in the contract of February, which expires on the 5th. */
const BOUGHT = Date.UTC(2026, 0, 12, 6)
/** Thursday 29 January 2026 at 15:00 in India: its last day in that contract. */
const LEFT = Date.UTC(2026, 0, 29, 9, 30)

function deskAt(now: number, changes: Partial<PortfolioSettings> = {}): Desk {
  const using = { hours: 'exchange', rollover: { atMinutes: 900 }, instruments: [GOLD, COPPER] } as const
  const desk = new Desk(settings({ ...using, ...changes }), 10_000_000, now)
  desk.give({ type: 'CalendarImported', calendar })
  return desk
}

/** Gives what is due, as the schedule does. */
function look(desk: Desk): PortfolioEvent[] {
  return rollsDue(desk.portfolio, desk.now).flatMap((due) => [...desk.give({ type: 'RollDue', ...due })])
}

/** Two units of Gold Mini with a stop that has trailed, the second one bought higher. */
function held(desk: Desk): Desk {
  desk.entry(GOLD_MINI, 78_500, 700)
  desk.fillAll()
  desk.wait(2 * HOUR).bar(GOLD_MINI, 80_000, 700)
  desk.pyramid(GOLD_MINI, 80_000, 700, 'Long_2')
  desk.fillAll()
  desk.wait(2 * HOUR).bar(GOLD_MINI, 81_000, 700)
  return desk
}

const rollOf = (desk: Desk) => desk.book(GOLD_MINI).roll
const phases = (desk: Desk) => rollOf(desk)?.steps.map(({ phase }) => phase)
const unitsOf = (desk: Desk) => desk.book(GOLD_MINI).units

/** Sends what waits, and fills it: what is sold at one price, what is bought at another. */
function trade(desk: Desk, sold: number, bought: number): PortfolioEvent[] {
  return desk.send().flatMap((id) => {
    const { side } = desk.portfolio.orders.get(id)!
    return [...desk.fill(id, 1, side === 'sell' ? sold : bought)]
  })
}

t.test('on the day and from the hour on, each unit is sold and bought again in the next contract', (t) => {
  const desk = held(deskAt(BOUGHT))
  t.same(
    unitsOf(desk).map(({ contractMonth }) => contractMonth),
    ['2026-02', '2026-02'],
  )
  const before = unitsOf(desk).map((unit) => structuredClone({ ...unit, lots: unit.lots.toNumber() }))
  for (const at of [BOUGHT + DAY, LEFT - DAY, LEFT - MINUTE, LEFT + 12 * HOUR]) {
    t.same(rollsDue(desk.portfolio, at), [], new Date(at).toISOString())
  }
  desk.now = LEFT
  const risk = exposureOf(desk.portfolio).risk
  const begun = look(desk)
  t.match(decisionsIn(begun), [
    {
      kind: 'rollover',
      outcome: 'approved',
      reasons: ['ROLLOVER_DUE'],
      notes: ['from the contract of 2026-02 to that of 2026-03'],
    },
  ])
  t.same(phases(desk), ['out', 'waiting'], 'one after the other')
  t.match(eventsOf(begun, 'OrderInitialized'), [{ side: 'sell', purpose: 'exit', contractMonth: '2026-02' }])
  t.same(look(desk), [], 'it is begun once')
  const sold = trade(desk, 81_100, 0)
  const [order] = eventsOf(sold, 'OrderInitialized')
  t.match(order, {
    side: 'buy',
    purpose: 'entry',
    orderType: 'market',
    contractMonth: '2026-03',
    unit: { number: 1, label: 'Long_1' },
  })
  t.same(phases(desk), ['in', 'waiting'])
  trade(desk, 0, 81_900)
  t.same(phases(desk), ['done', 'out'], 'the next unit follows')
  trade(desk, 81_000, 0)
  const ended = trade(desk, 0, 81_750)
  t.same(alarmsIn(ended), [])
  t.match(rollOf(desk), { outcome: 'rolled', steps: [{ phase: 'done' }, { phase: 'done' }] })
  const spreads = [800, 750]
  for (const [index, unit] of unitsOf(desk).entries()) {
    const [old, spread] = [before[index]!, spreads[index]!]
    const { number, label, contractMonth } = unit
    t.match(
      { number, label, contractMonth },
      { number: old.number, label: old.label, contractMonth: '2026-03' },
    )
    t.equal(unit.lots.toNumber(), old.lots)
    t.equal(entryPriceOf(unit), old.averagePrice + spread, 'entry')
    t.equal(unit.stop, old.stop + spread, 'stop')
    t.equal(unit.initialStop, old.initialStop + spread, 'initial stop')
    t.equal(unit.highestClose, old.highestClose + spread, 'highest close')
    t.equal(unit.openedAt, LEFT)
  }
  t.equal(exposureOf(desk.portfolio).risk, risk, 'what is at stake is what it was')
  const pnl = before[0]!.lots * (81_100 - 78_500) * 10 + before[1]!.lots * (81_000 - 80_000) * 10
  t.equal(equityOf(desk.portfolio).closed, 10_000_000 + pnl, 'the profit of the old contract is booked')
  t.equal(desk.book(GOLD_MINI).baseUnitId, unitsOf(desk)[0]!.id)
  t.equal(desk.book(GOLD_MINI).pyramidsOpened, 1)
  t.same(desk.refold(), desk.portfolio, 'the fold of the events is the same')
  t.same(rollsDue(desk.portfolio, LEFT + HOUR), [], 'not again')
  desk.now = LEFT + 2 * HOUR
  const raised = desk.bar(GOLD_MINI, 83_000, 700)
  t.equal(unitsOf(desk)[0]!.stop, 83_000 - 2 * 700, 'the ratchet goes on in the new contract')
  t.equal(eventsOf(raised, 'StopRaised').length, 2)
  t.end()
})

t.test('an exit that comes meanwhile closes for good', (t) => {
  const phasesAfter = (act: (desk: Desk) => void) => {
    const desk = held(deskAt(BOUGHT))
    desk.now = LEFT
    look(desk)
    act(desk)
    for (let round = 0; round < 6; round++) trade(desk, 81_000, 81_800)
    t.same(desk.refold(), desk.portfolio)
    return { units: unitsOf(desk).map(({ label }) => label), roll: rollOf(desk) }
  }
  const whileOut = phasesAfter((desk) => desk.exit(GOLD_MINI, 'Long_1'))
  t.match(whileOut, {
    units: ['Long_2'],
    roll: { outcome: 'rolled', steps: [{ phase: 'dropped' }, { phase: 'done' }] },
  })
  const whileIn = phasesAfter((desk) => {
    trade(desk, 81_000, 0)
    const events = desk.exit(GOLD_MINI, 'Long_1')
    t.equal(decisionIn(events).outcome, 'approved')
  })
  t.match(whileIn, {
    units: ['Long_2'],
    roll: { outcome: 'rolled', steps: [{ phase: 'dropped' }, { phase: 'done' }] },
  })
  const all = phasesAfter((desk) => desk.exit(GOLD_MINI, 'ALL', { timestamp: LEFT - HOUR }))
  t.match(all, { units: [], roll: { outcome: 'rolled' } }, 'of before the roll, too')
  const stopped = phasesAfter((desk) => {
    desk.wait(MINUTE).bar(GOLD_MINI, 70_000, 700)
    desk.wait(MINUTE).bar(GOLD_MINI, 70_000, 700)
  })
  t.match(stopped.units, [])
  t.end()
})

t.test(
  'a stop at the broker is taken back before its unit is sold, and follows into the next contract',
  (t) => {
    const desk = deskAt(BOUGHT, { protectiveStop: { limitPct: 1 } })
    desk.entry(GOLD_MINI, 78_500, 700)
    desk.fillAll()
    const [stop] = desk.send()
    t.match(desk.portfolio.orders.get(stop!), { purpose: 'stop', contractMonth: '2026-02' })
    desk.now = LEFT
    t.match(eventsOf(look(desk), 'OrderCancelRequested'), [{ orderId: stop }])
    t.same(desk.send(), [], 'nothing is sold before it has ended')
    const ended = desk.report({ kind: 'canceled', orderId: stop!, reason: 'asked' })
    t.match(eventsOf(ended, 'OrderInitialized'), [{ purpose: 'exit' }])
    trade(desk, 79_000, 0)
    const bought = trade(desk, 0, 79_800)
    t.match(eventsOf(bought, 'OrderInitialized'), [
      { purpose: 'stop', contractMonth: '2026-03', triggerPrice: decimal(78_500 - 700 + 800) },
    ])
    t.match(rollOf(desk), { outcome: 'rolled' })

    const reached = deskAt(BOUGHT, { protectiveStop: { limitPct: 1 } })
    reached.entry(GOLD_MINI, 78_500, 700)
    reached.fillAll()
    const [trading] = reached.send()
    reached.now = LEFT
    look(reached)
    reached.fill(trading!, 1, 77_700)
    t.match(
      rollOf(reached),
      { outcome: 'rolled', steps: [{ phase: 'dropped' }] },
      'what the stop sold stays sold',
    )
    t.same(unitsOf(reached), [])
    t.same(reached.send(), [])
    t.end()
  },
)

t.test('nothing is opened while units are on their way', (t) => {
  const desk = held(deskAt(BOUGHT))
  desk.now = LEFT
  look(desk)
  const refused = decisionIn(desk.pyramid(GOLD_MINI, 82_000, 700, 'Long_3'))
  t.match(gateIn(refused, 'ORDER_AT_WORK'), { passed: false })
  trade(desk, 81_000, 0)
  t.match(gateIn(decisionIn(desk.entry(GOLD_MINI, 82_000, 700)), 'ORDER_AT_WORK'), { passed: false })
  t.end()
})

t.test('what cannot be bought leaves the unit closed, and a person is told', (t) => {
  const rejected = held(deskAt(BOUGHT))
  rejected.now = LEFT
  look(rejected)
  trade(rejected, 81_000, 0)
  const [id] = rejected.send()
  const events = rejected.report({ kind: 'rejected', orderId: id!, code: 'RMS', message: 'no margin' })
  t.same(alarmsIn(events), ['ORDER_REJECTED', 'ROLLOVER_INCOMPLETE'])
  t.same(phases(rejected), ['failed', 'out'], 'the others go on: their contract ends as well')
  for (let round = 0; round < 3; round++) trade(rejected, 81_000, 81_800)
  t.match(rollOf(rejected), { outcome: 'incomplete' })
  t.same(
    unitsOf(rejected).map(({ number }) => number),
    [2],
  )

  const partial = held(deskAt(BOUGHT))
  partial.now = LEFT
  look(partial)
  trade(partial, 81_000, 0)
  const [order] = partial.send()
  partial.fill(order!, 0.1, 81_800)
  t.same(rollsDue(partial.portfolio, LEFT + 30 * SECOND), [], 'it may take a while')
  partial.now = LEFT + 61 * SECOND
  t.match(eventsOf(look(partial), 'OrderCancelRequested'), [{ orderId: order }])
  t.same(look(partial), [])
  const ended = partial.report({ kind: 'canceled', orderId: order!, reason: 'asked' })
  t.same(alarmsIn(ended), ['ROLLOVER_INCOMPLETE'])
  t.match(
    eventsOf(ended, 'AlarmRaised')[0]!.message,
    /of 2 lots of GOLD_MINI .* not bought in that of 2026-03/,
  )
  t.equal(unitsOf(partial)[0]!.lots.toNumber(), 1, 'what was bought is held')
  t.end()
})

t.test('a portfolio that may not enter closes only, and a person is told', (t) => {
  for (const state of ['reducing', 'halted'] as const) {
    const desk = held(deskAt(BOUGHT))
    desk.trade(state)
    desk.now = LEFT
    t.same(alarmsIn(look(desk)), ['ROLLOVER_CLOSED_ONLY'])
    trade(desk, 81_000, 0)
    t.match(rollOf(desk), { outcome: 'closedOnly' })
    t.same(unitsOf(desk), [])
    t.same(desk.send(), [])
  }
  const between = held(deskAt(BOUGHT))
  between.now = LEFT
  look(between)
  between.trade('reducing')
  t.same(alarmsIn(trade(between, 81_000, 0)), ['ROLLOVER_INCOMPLETE'])
  const frozen = held(deskAt(BOUGHT))
  frozen.trade('frozen')
  t.same(rollsDue(frozen.portfolio, LEFT), [], 'a frozen one does nothing')
  t.end()
})

t.test(
  'contracts are named only where units are rolled, and new lots never go to one that is to be left',
  (t) => {
    const plain = held(deskAt(BOUGHT, { rollover: null }))
    t.same(
      unitsOf(plain).map(({ contractMonth }) => contractMonth),
      [null, null],
    )
    t.same(rollsDue(plain.portfolio, LEFT), [])
    const late = deskAt(LEFT)
    const [order] = eventsOf(late.entry(GOLD_MINI, 81_000, 700), 'OrderInitialized')
    t.match(order, { contractMonth: '2026-03' })
    const atRest = held(deskAt(BOUGHT))
    atRest.exit(GOLD_MINI, 'Long_2')
    t.same(rollsDue(atRest.portfolio, LEFT), [], 'what is at work has to end first')
    t.end()
  },
)

t.test('however a roll is interrupted, no lot is bought that was not sold', (t) => {
  const act = fc.constantFrom(
    'fill',
    'half',
    'reject',
    'cancel',
    'exit',
    'reduce',
    'bar',
    'look',
    'wait',
    'absent',
  )
  const property = fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
    const desk = held(deskAt(BOUGHT))
    desk.now = LEFT
    look(desk)
    const most = unitsOf(desk).reduce((lots, unit) => lots + unit.heldLots, 0)
    for (const one of acts) {
      desk.wait(SECOND)
      const [id] = [...desk.portfolio.orders.values()]
        .filter(({ state }) => state === 'accepted' || state === 'partiallyFilled')
        .map((order) => order.id)
        .concat(desk.send())
      const order = id === undefined ? undefined : desk.portfolio.orders.get(id)
      const price = order?.side === 'buy' ? 81_800 : 81_000
      if (one === 'look') look(desk)
      else if (one === 'wait') desk.wait(61 * SECOND)
      else if (one === 'exit') desk.exit(GOLD_MINI, 'Long_1')
      else if (one === 'reduce') desk.trade('reducing')
      else if (one === 'bar') desk.bar(GOLD_MINI, 81_000, 700)
      else if (order === undefined) continue
      else if (one === 'fill') desk.fill(order.id, 1, price)
      else if (one === 'half') desk.fill(order.id, 0.5, price)
      else if (one === 'reject' && order.filledLots.isZero())
        desk.report({ kind: 'rejected', orderId: order.id, code: 'X', message: 'x' })
      else if (one === 'cancel') desk.report({ kind: 'canceled', orderId: order.id, reason: 'x' })
      else if (one === 'absent') desk.report({ kind: 'absent', orderId: order.id })
      const heldNow = unitsOf(desk).reduce((lots, unit) => lots + unit.heldLots, 0)
      const buying = desk.book(GOLD_MINI).entryOrderId
      const open =
        buying === null
          ? decimal(0)
          : desk.portfolio.orders.get(buying)!.lots.minus(desk.portfolio.orders.get(buying)!.filledLots)
      if (heldNow + open.toNumber() > most)
        throw new Error(`${heldNow} are held and ${open} are bought of ${most}`)
      const labels = unitsOf(desk).map(({ number }) => number)
      if (new Set(labels).size !== labels.length) throw new Error(`two units share a number: ${labels}`)
    }
    t.same(desk.refold(), desk.portfolio)
  })
  fc.assert(property, { numRuns: Math.min(500, counts.propertyRuns) })
  t.end()
})
