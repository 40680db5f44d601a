import fc from 'fast-check'
import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import { instrumentsOver } from '../../core/order/chase-steps.js'
import { isAtWork, type Order } from '../../core/order/order.js'
import { exposureOf } from '../../core/portfolio/exposure.js'
import type { ExecutionSettings } from '../../core/settings.js'
import { MINUTE, SECOND } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, eventsOf } from '../helpers/desk.js'
import { type Action, KernelModel } from '../helpers/kernel-model.js'
import { EXECUTION, settings } from '../helpers/settings.js'

const nifty = 'BANK_NIFTY'

function chasing(changes: Partial<ExecutionSettings> = {}): Desk {
  const desk = new Desk(settings({ execution: { ...EXECUTION, ...changes } }))
  desk.entry(nifty, 52_000, 350)
  return desk
}

/** The one order at work, once the venue has it. */
function resting(desk: Desk): Order {
  desk.send()
  return atWork(desk)
}

function atWork({ portfolio }: Desk): Order {
  const found = [...portfolio.orders.values()].filter(({ state }) => isAtWork(state))
  if (found.length !== 1) throw new Error(`${found.length} orders are at work`)
  return found[0]!
}

/** Lets the time of the step at work be over, and returns what followed from the venue's ending it. */
function stepOver(desk: Desk): readonly PortfolioEvent[] {
  const { id } = resting(desk)
  const asked = desk.wait(MINUTE).give({ type: 'TimerFired' })
  t.match(eventsOf(asked, 'OrderCancelRequested'), [{ orderId: id, reason: /chase is over/ }])
  return desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
}

/** As `stepOver`, when the time is just over. */
function stepInTime(desk: Desk): readonly PortfolioEvent[] {
  const { id } = resting(desk)
  desk.wait(5 * SECOND).give({ type: 'TimerFired' })
  return desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
}

function limits(desk: Desk): string[] {
  return [...desk.portfolio.orders.values()].map(({ limitPrice }) => `${limitPrice}`)
}

t.test('an entry is chased by steps to the hard limit, and then ends', async (t) => {
  const desk = chasing()
  const first = resting(desk)
  t.match(first, { type: 'limit', chase: { parentId: first.id, step: 0, referencePrice: 52_000 } })
  t.same(instrumentsOver(desk.portfolio, desk.now + 4_999), [])
  t.same(desk.wait(4_999).give({ type: 'TimerFired' }), [], 'its time is not over')
  t.same(instrumentsOver(desk.portfolio, desk.now + 1), [nifty])
  desk.wait(-4_999)
  for (let step = 0; step < 4; step++) {
    const { lots } = atWork(desk)
    t.equal(eventsOf(stepInTime(desk), 'OrderInitialized').length, 1)
    t.ok(lots.equals(atWork(desk).lots))
  }
  t.equal(atWork(desk).id, `${first.id}-s4`)
  t.same(
    limits(desk),
    ['52000', '52026', '52052', '52078', '52104'],
    'the last is marketable within the limit',
  )
  t.same(
    stepInTime(desk).map(({ type }) => type),
    ['OrderCanceled'],
  )
  t.equal(desk.book(nifty).entryOrderId, null)
  t.equal(desk.portfolio.entriesOn.count, 1, 'its steps are one entry')
  t.same(eventsOf(desk.entry(nifty, 52_000, 350), 'OrderInitialized').length, 1, 'and another may come')
})

t.test('limits are rounded towards being filled, and never beyond the hard limit', async (t) => {
  const odd = { stepPct: 0.03, maxSlippagePct: 0.1 }
  const desk = new Desk(settings({ execution: { ...EXECUTION, ...odd } }))
  desk.entry('GOLD_MINI', 78_511, 600)
  for (let step = 0; step < 4; step++) stepInTime(desk)
  t.same(limits(desk), ['78511', '78535', '78559', '78582', '78589'], '78511 × 1.001 is 78589.5')
  const exiting = new Desk(settings({ execution: { ...EXECUTION, ...odd } }))
  exiting.entry('GOLD_MINI', 78_511, 600)
  exiting.fillAll()
  exiting.exit('GOLD_MINI')
  for (let step = 0; step < 3; step++) stepInTime(exiting)
  t.same(limits(exiting).slice(1), ['78511', '78487', '78463', '78440'])
})

t.test('what a step leaves open is chased on, and counts once', async (t) => {
  const desk = chasing()
  const { id, lots, positionId } = resting(desk)
  const reserved = exposureOf(desk.portfolio).marginReserved
  desk.fill(id, 0.25)
  desk.wait(5 * SECOND).give({ type: 'TimerFired' })
  desk.fill(id, 0.34)
  t.equal(atWork(desk).id, id, 'nothing follows until its end is known')
  desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
  const { filledLots } = desk.portfolio.orders.get(id)!
  t.match(atWork(desk), { id: `${id}-s1`, positionId })
  t.ok(atWork(desk).lots.equals(lots.minus(filledLots)), 'also of a fill after the cancel')
  const { marginReserved, marginUsed } = exposureOf(desk.portfolio)
  t.equal(marginReserved + marginUsed, reserved)
  resting(desk)
  desk.fill(`${id}-s1`, 1, 52_010)
  t.equal(desk.unit(nifty).boughtLots.toString(), lots.toString())
  t.equal(desk.unit(nifty).entryOrderId, id)
})

t.test('by the policy cancel what has filled is enough', async (t) => {
  const desk = chasing({ partialFill: 'cancel' })
  stepInTime(desk)
  const { id } = resting(desk)
  t.match(id, /-s1$/, 'nothing had filled')
  desk.fill(id, 0.25)
  stepInTime(desk)
  t.equal(desk.book(nifty).entryOrderId, null)
  t.ok(desk.unit(nifty).lots.isPositive())
})

t.test('a step whose fate is unknown is followed by none', async (t) => {
  const desk = chasing()
  const { id } = atWork(desk)
  desk.give({ type: 'OrdersDue', orderIds: [id] })
  desk.report({ kind: 'unresolved', orderId: id, cause: 'timeout' })
  t.same(desk.wait(MINUTE).give({ type: 'TimerFired' }), [])
  t.same(instrumentsOver(desk.portfolio, desk.now), [])
  desk.report({ kind: 'accepted', orderId: id, venueOrderId: 'v' })
  t.match(desk.give({ type: 'TimerFired' }), [{ type: 'OrderCancelRequested', orderId: id }])
})

t.test(
  'an end that nobody asked for, an exit, a lock and the trading state end the chase of an entry',
  async (t) => {
    const ended = (prepare: (desk: Desk, id: string) => void): void => {
      const desk = chasing()
      const { id } = resting(desk)
      desk.fill(id, 0.25)
      prepare(desk, id)
      desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
      t.equal(desk.book(nifty).entryOrderId, null)
    }
    const isOver = (desk: Desk) => desk.wait(5 * SECOND).give({ type: 'TimerFired' })
    ended(() => undefined)
    ended((desk) => [isOver(desk), desk.trade('reducing')])
    ended((desk) => [
      isOver(desk),
      desk.give({ type: 'InputFailed', failedInputId: 'A-1', instrument: nifty, error: 'x' }),
    ])
    ended((desk) => [isOver(desk), desk.wait(2 * MINUTE)])
    ended((desk) => {
      isOver(desk)
      desk.exit(nifty)
    })
  },
)

t.test('an exit older than a step, and not than the chase, ends it and closes what it bought', async (t) => {
  const desk = chasing()
  const { id } = resting(desk)
  desk.fill(id, 0.25)
  const timestamp = desk.now
  stepInTime(desk)
  const next = resting(desk)
  t.equal(next.id, `${id}-s1`)
  const events = desk.exit(nifty, 'Long_1', { timestamp })
  t.match(eventsOf(events, 'ExitLatched'), [{ orderId: next.id }])
  desk.report({ kind: 'canceled', orderId: next.id, reason: 'asked' })
  t.match(atWork(desk), { purpose: 'exit', lots: desk.unit(nifty).lots })
})

t.test('a trade that shows after a step has ended takes the next one back', async (t) => {
  const desk = chasing()
  const { id, lots } = resting(desk)
  stepInTime(desk)
  const next = resting(desk)
  const late = desk.fill(id, 0.5)
  t.same(alarmsIn(late), ['ORDER_RESURRECTED'])
  t.match(eventsOf(late, 'OrderCancelRequested'), [{ orderId: next.id, reason: /earlier step/ }])
  desk.report({ kind: 'canceled', orderId: next.id, reason: 'asked' })
  t.equal(desk.book(nifty).entryOrderId, null)
  t.ok(desk.unit(nifty).lots.isLessThan(lots))
})

t.test(
  'an exit is chased to the hard limit, then goes on at marketable prices until it is done',
  async (t) => {
    const desk = chasing()
    desk.fillAll()
    const entry = limits(desk).length
    desk.exit(nifty)
    const codes: string[] = []
    for (let step = 0; step < 4; step++) codes.push(...alarmsIn(stepInTime(desk)))
    t.same(limits(desk).slice(entry), ['52000', '51974', '51948', '51922', '51870'])
    t.same(codes, [])
    desk.bar(nifty, 51_000, 350)
    const { id, chase } = atWork(desk)
    const escalated = stepOver(desk)
    t.same(alarmsIn(escalated), ['EXIT_ESCALATED'])
    t.match(atWork(desk).chase, { parentId: chase!.parentId, step: 5 })
    t.equal(`${atWork(desk).limitPrice}`, '50745', 'twice the buffer below the latest price')
    t.not(atWork(desk).id, id)
    for (let round = 0; round < 30; round++) codes.push(...alarmsIn(stepOver(desk)))
    t.same(codes, [], 'a person is called once')
    t.equal(`${atWork(desk).limitPrice}`, '49725', 'the buffer grows to ten times')
    const last = resting(desk)
    t.same(instrumentsOver(desk.portfolio, desk.now + 59_999), [], 'and the rounds to a minute')
    desk.fill(last.id, 1)
    t.same(desk.book(nifty).units, [])
  },
)

t.test('an exit that the price has left behind is marketable at the next step', async (t) => {
  const desk = chasing()
  desk.fillAll()
  desk.exit(nifty)
  const { id } = resting(desk)
  const told = { price: 51_500, observedAt: desk.wait(5 * SECOND).now }
  desk.give({ type: 'TimerFired', quotes: { [nifty]: told, NICKEL: told } })
  desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
  t.match(atWork(desk), { chase: { parentId: id, step: 4 }, referencePrice: 51_500 })
  t.equal(`${atWork(desk).limitPrice}`, '51371.25', "from the broker's price")
  t.same(desk.refold(), desk.portfolio)
})

t.test('an exit that the venue ends or refuses goes on further down', async (t) => {
  const desk = chasing()
  desk.fillAll()
  desk.exit(nifty)
  const first = resting(desk)
  desk.report({ kind: 'rejected', orderId: first.id, code: 'BAND', message: 'outside the band' })
  desk.wait(31 * SECOND).give({ type: 'TimerFired' })
  t.match(atWork(desk), { chase: { parentId: first.id, step: 1 } })
  desk.trade('frozen')
  t.same(desk.send(), [])
  t.same(desk.trade('active').filter(({ type }) => type === 'OrderInitialized').length, 1)
  t.match(atWork(desk), { chase: { parentId: first.id, step: 1 } }, 'what never left was no step')
})

t.test('a peel-off is chased for what may still be sold, and ends', async (t) => {
  const desk = chasing()
  desk.fillAll()
  desk.bar(nifty, 54_500, 700)
  const peel = resting(desk)
  t.match(peel, { purpose: 'peelOff', type: 'limit' })
  for (let step = 0; step < 5; step++) stepInTime(desk)
  t.same(desk.book(nifty).exitOrderIds, [])
  t.equal(`${desk.portfolio.orders.get(`${peel.id}-s4`)?.limitPrice}`, '54391', 'the hard limit')
  t.equal(desk.unit(nifty).exit, null)
})

t.test('a policy that is taken away ends the chase of entries, and exits go to market', async (t) => {
  const desk = chasing()
  desk.fillAll()
  desk.exit(nifty)
  const { id } = resting(desk)
  desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings() })
  t.match(desk.give({ type: 'TimerFired' }), [{ type: 'OrderCancelRequested', orderId: id }])
  desk.report({ kind: 'canceled', orderId: id, reason: 'asked' })
  t.match(atWork(desk), { type: 'market', limitPrice: null, chase: null })
})

t.test('without a policy orders are market orders that wait for their fill', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  t.match(resting(desk), { type: 'market', limitPrice: null, chase: null, lots: decimal(4) })
  t.same(desk.wait(10 * MINUTE).give({ type: 'TimerFired' }), [])
})

/** What happens to one chase after another; an even pick ends an order as cancelled. */
const chased = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constant<Action>({ do: 'entry', name: nifty, drift: 0, label: 'Long_1', age: 0 }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Action>(
      { do: 'exit', name: nifty, label: 'ALL', age: null },
      { do: 'bar', name: nifty, drift: -0.03, atr: null, age: 0 },
      { do: 'trade', state: 'halted' },
      { do: 'trade', state: 'active' },
      { do: 'unlock', pick: 1 },
    ),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      reception: fc.constantFrom('accepted', 'accepted', 'accepted', 'silent', 'lost'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ do: fc.constant('fill' as const), pick: fc.nat(3), drift: fc.constant(0) },
      share: fc.constantFrom(0.2, 0.4, 0.7, 1),
    }),
  },
  { weight: 8, arbitrary: fc.constantFrom<Action>({ do: 'step' }, { do: 'step' }, { do: 'resolve' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ do: fc.constant('end' as const), byItself: fc.constantFrom(false, false, false, true) },
      pick: fc.constantFrom(0, 2, 4),
    }),
  },
  { weight: 8, arbitrary: fc.constant<Action>({ do: 'flush' }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), pick: fc.nat(3), again: fc.boolean() }),
  },
) as fc.Arbitrary<Action>

/** The life of a step: sent, perhaps filled in part before or after its time is over, and ended. */
const stepped = fc
  .tuple(
    fc.constantFrom('accepted', 'accepted', 'accepted', 'silent', 'lost'),
    fc.constantFrom(0, 0, 0.2, 0.5),
    fc.constantFrom(0, 0, 0.3, 1),
    fc.boolean(),
  )
  .map(([reception, early, late, isTold]): Action[] => {
    const fill = (share: number): Action[] => (share === 0 ? [] : [{ do: 'fill', pick: 0, share, drift: 0 }])
    const told: Action[] = isTold ? [{ do: 'flush' }] : []
    return [
      ...[{ do: 'send', reception } as const, ...told, { do: 'resolve' } as const],
      ...[...fill(early), ...told, { do: 'step' } as const],
      ...[...fill(late), { do: 'end', pick: 0, byItself: false } as const, { do: 'flush' } as const],
    ]
  })

/** A chase that nobody fills: few random stories go as far. */
const toTheMarket: Action[][] = [
  [{ do: 'entry', name: nifty, drift: 0, label: 'Long_1', age: 0 }],
  ...Array.from({ length: 6 }, (): Action[] => [
    ...[{ do: 'send', reception: 'accepted' } as const, { do: 'flush' } as const, { do: 'step' } as const],
    ...[{ do: 'end', pick: 0, byItself: false } as const, { do: 'flush' } as const],
  ]),
]

t.test('a chase never trades more than was decided, nor with two steps at once', async (t) => {
  let longest = 0
  const single = chased.map((action): Action[] => [action])
  const parts = fc.oneof({ weight: 2, arbitrary: single }, { weight: 3, arbitrary: stepped })
  const story = fc.array(parts, { minLength: 10, maxLength: 30, size: 'max' })
  const policy = fc.constantFrom(EXECUTION, { ...EXECUTION, partialFill: 'cancel' } as const)
  const property = fc.property(story, policy, (actions, execution) => {
    const model = new KernelModel(true, { execution })
    for (const action of actions.flat()) model.run(action)
    model.finish()
    model.replay()
    for (const { chase } of model.portfolio.orders.values()) longest = Math.max(longest, chase?.step ?? 0)
  })
  fc.assert(property, { numRuns: counts.propertyRuns, examples: [[toTheMarket, EXECUTION]] })
  t.ok(longest >= 4, 'the marketable step was reached')
})
