import fc from 'fast-check'
import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { Quote } from '../../core/input.js'
import { step } from '../../core/kernel.js'
import type { Approval } from '../../core/portfolio/approval.js'
import { bookState, pendingApproval } from '../../core/portfolio/book.js'
import { exposureOf } from '../../core/portfolio/exposure.js'
import { emptyPortfolio } from '../../core/portfolio/portfolio.js'
import { hasApprovalDue } from '../../core/risk/approvals.js'
import { DAY, HOUR, SECOND } from '../../core/time.js'
import { plainStyle } from '../../scripts/cli/style.js'
import { describeDecision } from '../../scripts/explain/describe-decision.js'
import { decodeState, encodeState } from '../../server/journal/codec/state-codec.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, decisionsIn, eventsOf, gateIn } from '../helpers/desk.js'
import { instrument, settings } from '../helpers/settings.js'

const X = 'X'
const Y = 'Y'
const ATR = 500
const using = settings({
  constraints: ['risk'],
  instruments: [
    instrument(X, { marginPerLot: 1000 }, { ongoingRiskPct: 50, ongoingVolatilityPct: 50 }),
    instrument(Y, { marginPerLot: 1000 }),
  ],
  approval: { expireSeconds: 300, priceBandPct: 0.5 },
})

const manual = () => new Desk(using)

/** Asks for 20 lots of X at 50,000. */
function asking(desk = manual()): Desk {
  desk.entry(X, 50_000, ATR)
  return desk
}

function asked(desk: Desk, name = X): Approval {
  const found = pendingApproval(desk.book(name))
  if (found === null) throw new Error('nothing waits')
  return found
}

interface Given {
  readonly id?: string
  readonly isApproved?: boolean
  /** The broker's price; none when left out. */
  readonly quote?: number
}

function answer(desk: Desk, { id, isApproved = true, quote }: Given = {}): readonly PortfolioEvent[] {
  const told: Quote | null = quote === undefined ? null : { price: quote, observedAt: desk.now }
  const approvalId = id ?? asked(desk).id
  return desk.command({ kind: 'answerApproval', approvalId, isApproved, reason: 'a test', quote: told })
}

/** Holds 20 lots of X at 50,000, and is a day older. */
function holding(): Desk {
  const desk = asking()
  answer(desk)
  desk.fillAll()
  return desk.wait(DAY)
}

function isReproducible(desk: Desk): boolean {
  const replayed = emptyPortfolio(desk.portfolio.id)
  for (const { input, events } of desk.log) {
    if (JSON.stringify(step(replayed, input)) !== JSON.stringify(events)) return false
  }
  const state = encodeState(desk.portfolio)
  return [replayed, desk.refold(), decodeState(state)].every((same) => encodeState(same) === state)
}

t.test('an entry that passes every gate waits for a person, and reserves nothing', async (t) => {
  const desk = manual()
  const before = exposureOf(desk.portfolio)
  const events = desk.entry(X, 50_000, ATR)
  const decision = decisionIn(events)
  t.match(decision, { kind: 'entry', outcome: 'blocked', reasons: ['AWAITING_APPROVAL'], lots: 0 })
  t.match(decision.sizing, { lots: 20 }, 'with its arithmetic')
  t.match(eventsOf(events, 'ApprovalRequested'), [
    {
      request: {
        ...{ decisionId: decision.id, instrument: X, lots: 20, price: 50_000, stop: 49_500, closesAt: null },
        ...{ priceBandPct: 0.5, askedAt: desk.now, expiresAt: desk.now + 300 * SECOND, unitNumber: 1 },
      },
    },
  ])
  t.same(eventsOf(events, 'OrderInitialized'), [])
  t.equal(bookState(desk.book(X)), 'opening')
  t.same(exposureOf(desk.portfolio), before)
  const told = describeDecision(decision, 'blocked', { style: plainStyle, currency: 'INR' })
  t.match(told, /general approve/, 'and says what to do')
  const second = decisionIn(desk.entry(X, 50_010, ATR))
  t.equal(gateIn(second, 'ORDER_AT_WORK').measured, asked(desk).id, 'one at a time')
  t.match(second.reasons, ['ORDER_AT_WORK'])
  t.ok(isReproducible(desk))
})

t.test('what a gate refuses is not asked about, and nobody is asked in auto mode', async (t) => {
  const desk = manual()
  desk.trade('reducing')
  t.same(eventsOf(desk.entry(X, 50_000, ATR), 'ApprovalRequested'), [])
  const { approval: _, ...auto } = using
  const events = new Desk(auto).entry(X, 50_000, ATR)
  t.match(decisionIn(events), { outcome: 'approved', lots: 20 })
  t.equal(eventsOf(events, 'OrderInitialized').length, 1)
})

t.test('an approval is a decision of its own at the price of its moment', async (t) => {
  const desk = asking()
  const { id, decisionId } = asked(desk)
  desk.wait(60 * SECOND)
  const events = answer(desk, { quote: 49_900 })
  const decision = decisionIn(events)
  t.match(decision, { kind: 'entry', outcome: 'approved', reasons: ['ALL_GATES_PASSED'], price: 49_900 })
  t.equal(decision.stop, 49_400, 'its stop as far away as before')
  t.match(decision.notes, [
    `decision ${decisionId} asked for 20 lots at 50000`,
    'approved by a person: a test',
  ])
  t.match(gateIn(decision, 'APPROVAL_TIME'), { passed: true, measured: 60, limit: 300 })
  t.match(
    gateIn(decision, 'STALE'),
    { passed: true, measured: 0 },
    'what is old is the signal, not the price',
  )
  t.match(eventsOf(events, 'ApprovalClosed'), [
    { approvalId: id, decisionId, outcome: 'approved', answerId: decision.id, reason: 'a test' },
  ])
  t.match(eventsOf(events, 'OrderInitialized'), [{ decisionId: decision.id, unit: { label: 'Long_1' } }])
  desk.fillAll()
  t.equal(desk.unit(X).heldLots, 20)
  t.ok(isReproducible(desk))
})

t.test('an approval is re-sized: to fewer lots, never to more', async (t) => {
  const poorer = asking()
  poorer.command({ kind: 'cash', movement: 'withdrawal', amount: decimal(5_000_000), note: null })
  t.match(decisionIn(answer(poorer)), { outcome: 'approved', lots: 10, sizing: { asked: { lots: 20 } } })
  const richer = asking()
  richer.command({ kind: 'cash', movement: 'deposit', amount: decimal(50_000_000), note: null })
  const decision = decisionIn(answer(richer))
  t.match(decision, { lots: 20, sizing: { asked: { lots: 20, lotsBefore: 120 } } })
  const told = describeDecision(decision, 'approved', { style: plainStyle, currency: 'INR' })
  t.match(told, /a person was asked about 20 lots/)
})

t.test('an answer meets every gate anew', async (t) => {
  const desk = asking()
  desk.command({ kind: 'cash', movement: 'withdrawal', amount: decimal(9_800_000), note: null })
  const events = answer(desk)
  t.match(decisionIn(events), { kind: 'entry', outcome: 'blocked', reasons: ['BELOW_ONE_LOT'] })
  t.match(eventsOf(events, 'ApprovalClosed'), [{ outcome: 'refused', reason: 'BELOW_ONE_LOT' }])
  t.same(eventsOf(events, 'OrderInitialized'), [])
  t.match(decisionIn(answer(desk, { id: desk.book(X).approval!.id })), { reasons: ['NOT_WAITING'] }, 'once')
  t.ok(isReproducible(desk))
})

t.test('a price outside the band is refused, the broker’s before the market’s', async (t) => {
  const by = (quote: number | undefined, close: number | null) => {
    const desk = asking()
    desk.wait(SECOND)
    if (close !== null) desk.bar(X, close, ATR)
    return decisionIn(answer(desk, quote === undefined ? {} : { quote }))
  }
  t.match(by(50_250, null), { outcome: 'approved' }, 'half a percent is within')
  const above = by(50_251, null)
  t.match(above, { outcome: 'blocked', reasons: ['APPROVAL_PRICE'] })
  t.equal(gateIn(above, 'APPROVAL_PRICE').limit, 0.5)
  t.match(by(49_749, null), { outcome: 'blocked' }, 'a better price is another one, too')
  t.match(
    by(undefined, 51_000),
    { outcome: 'blocked', price: 51_000 },
    'without a quote the last price counts',
  )
  t.match(
    by(50_000, 51_000).gates.find(({ gate }) => gate === 'APPROVAL_PRICE'),
    { passed: true },
  )
})

t.test('an answer that comes too late is refused with what was measured', async (t) => {
  const desk = asking()
  const { id, expiresAt } = asked(desk)
  desk.now = expiresAt
  t.notOk(hasApprovalDue(desk.portfolio, desk.now))
  t.match(decisionIn(answer(asking(new Desk(using, 10_000_000, desk.now)))), { outcome: 'approved' })
  const before = desk.wait(SECOND)
  t.ok(hasApprovalDue(desk.portfolio, desk.now))
  const late = answer(before)
  t.match(gateIn(decisionIn(late), 'APPROVAL_TIME'), { passed: false, measured: 301, limit: 300 })
  t.match(eventsOf(late, 'ApprovalClosed'), [{ approvalId: id, outcome: 'refused' }])
})

t.test('a question that nobody answers ends by the timer, and lets the next one come', async (t) => {
  const desk = asking()
  const { id } = asked(desk)
  t.same(desk.wait(300 * SECOND).give({ type: 'TimerFired' }), [], 'not before its time')
  const events = desk.wait(1).give({ type: 'TimerFired' })
  t.match(events, [{ type: 'ApprovalClosed', approvalId: id, outcome: 'expired', answerId: null }])
  t.equal(bookState(desk.book(X)), 'flat')
  const late = decisionIn(answer(desk, { id }))
  t.match(late, { kind: 'approval', outcome: 'blocked', reasons: ['APPROVAL_TIME', 'a test'] })
  t.match(gateIn(late, 'APPROVAL_TIME'), { passed: false, limit: 300 })
  desk.entry(X, 50_000, ATR)
  const next = desk.wait(HOUR).entry(X, 50_000, ATR)
  t.match(eventsOf(next, 'ApprovalClosed'), [{ outcome: 'expired' }], 'an alert does not wait for the timer')
  t.match(decisionIn(next), { reasons: ['AWAITING_APPROVAL'] })
  t.ok(isReproducible(desk))
})

t.test('a person who says no ends it', async (t) => {
  const desk = asking()
  const { id } = asked(desk)
  const events = answer(desk, { isApproved: false })
  t.match(decisionIn(events), { kind: 'approval', outcome: 'approved', reasons: ['REJECTED', 'a test'] })
  t.match(eventsOf(events, 'ApprovalClosed'), [{ outcome: 'rejected', reason: 'a test' }])
  t.match(decisionIn(answer(desk, { id, isApproved: false })), { outcome: 'ignored' }, 'twice is harmless')
  t.match(decisionIn(answer(desk, { id })), { outcome: 'blocked', reasons: ['NOT_WAITING'] })
  t.match(decisionIn(answer(desk, { id: 'Q-none' })), { outcome: 'blocked', reasons: ['NOT_WAITING'] })
  const taken = asking()
  const first = asked(taken).id
  answer(taken)
  const no = decisionIn(answer(taken, { id: first, isApproved: false }))
  t.match(no, { outcome: 'blocked', reasons: ['NOT_WAITING'] }, 'no is not heard when it is ordered already')
  t.match(no.notes[0], /was approved at/)
})

t.test('whatever takes away its point withdraws a question', async (t) => {
  const withdrawnBy = (act: (desk: Desk) => readonly PortfolioEvent[], desk = asking()) => {
    const { id } = asked(desk)
    const events = act(desk)
    t.match(eventsOf(events, 'ApprovalClosed'), [{ approvalId: id, outcome: 'withdrawn', answerId: null }])
    t.equal(pendingApproval(desk.book(X)), null)
    t.same(alarmsIn(events), [])
    t.ok(isReproducible(desk))
    return events
  }
  t.match(decisionIn(withdrawnBy((desk) => desk.exit(X))), { outcome: 'approved' }, 'an exit of all')
  withdrawnBy((desk) => desk.exit(X, 'Long_1'))
  withdrawnBy((desk) => desk.trade('halted'))
  withdrawnBy((desk) => desk.trade('reducing'))
  withdrawnBy((desk) => desk.command({ kind: 'exit', target: { all: true }, reason: 'enough' }))
  const failed = asking()
  const lock = failed.give({ type: 'InputFailed', failedInputId: 'A-0', instrument: X, error: 'a test' })
  t.match(eventsOf(lock, 'ApprovalClosed'), [{ outcome: 'withdrawn' }], 'a lock')
  const pyramiding = () => {
    const desk = holding()
    desk.pyramid(X, 51_000, ATR, 'Long_2')
    return desk
  }
  withdrawnBy((desk) => desk.exit(X, 'Long_1'), pyramiding())
  withdrawnBy((desk) => desk.exit(X, 'Long_2'), pyramiding())
  withdrawnBy((desk) => desk.wait(SECOND).bar(X, 49_000, ATR), pyramiding())
  const other = asking()
  other.exit(Y)
  t.equal(asked(other).lots, 20, 'another instrument is nothing to it')
})

t.test('a pyramid waits like an entry; exits and peel-offs never do', async (t) => {
  const desk = holding()
  const events = desk.pyramid(X, 51_000, ATR, 'Long_2')
  t.match(decisionIn(events), { kind: 'pyramid', reasons: ['AWAITING_APPROVAL'] })
  const { lots } = asked(desk)
  const approved = answer(desk, { quote: 51_100 })
  t.match(decisionIn(approved), { kind: 'pyramid', outcome: 'approved', lots })
  desk.fillAll()
  t.equal(desk.unit(X, 2).label, 'Long_2')
  t.match(eventsOf(desk.exit(X), 'OrderInitialized').length, 2, 'both are sold at once')
  const peeling = new Desk({ ...using, instruments: [instrument(X, { marginPerLot: 1000 })] })
  asking(peeling)
  answer(peeling)
  peeling.fillAll()
  const peeled = peeling.wait(HOUR).bar(X, 50_400, 1000)
  t.match(decisionsIn(peeled), [{ kind: 'peelOff', outcome: 'approved' }])
})

const actions = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), of: fc.constantFrom(X, Y) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer' as const), yes: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('price' as const),
        move: fc.integer({ min: -900, max: 900 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.nat({ max: 400 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('exit' as const), of: fc.constantFrom(X, Y) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('state' as const),
        to: fc.constantFrom('active', 'reducing', 'halted'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('cash' as const),
        amount: fc.integer({ min: -2_000_000, max: 2_000_000 }),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'fill' as const }) },
  ),
  { maxLength: 40 },
)

t.test('in any order of things nothing is bought without a yes, nor more than was shown', async () => {
  fc.assert(
    fc.property(actions, (script) => {
      const desk = manual()
      let price = 50_000
      const shown = new Map<string, number>()
      for (const action of script) {
        const before = new Map([X, Y].map((name) => [name, pendingApproval(desk.book(name))]))
        const events = act(action)
        for (const { decisionId, instrument: name, lots, purpose } of eventsOf(events, 'OrderInitialized')) {
          if (purpose === 'exit' || purpose === 'peelOff') continue
          const question = before.get(name)
          const [closed] = eventsOf(events, 'ApprovalClosed')
          if (question == null || closed?.outcome !== 'approved' || closed.answerId !== decisionId)
            return false
          if (closed.approvalId !== question.id || question.lots < lots.toNumber()) return false
          if (question.expiresAt < desk.now) return false
        }
        for (const { request } of eventsOf(events, 'ApprovalRequested')) {
          if (shown.has(request.id)) return false
          shown.set(request.id, request.lots)
        }
        for (const name of [X, Y]) {
          const book = desk.book(name)
          const waits = pendingApproval(book)
          if (waits !== null && (book.entryOrderId !== null || desk.portfolio.tradingState !== 'active'))
            return false
        }
      }
      desk.wait(HOUR).give({ type: 'TimerFired' })
      return [X, Y].every((name) => pendingApproval(desk.book(name)) === null) && isReproducible(desk)

      function act(action: (typeof script)[number]): readonly PortfolioEvent[] {
        switch (action.kind) {
          case 'ask': {
            const isHeld = desk.book(action.of).units.length > 0
            return isHeld ? desk.pyramid(action.of, price, ATR, 'Long_2') : desk.entry(action.of, price, ATR)
          }
          case 'answer': {
            const waits = [X, Y].flatMap((name) => pendingApproval(desk.book(name)) ?? [])
            const id = waits[0]?.id ?? desk.book(X).approval?.id ?? 'Q-none'
            return answer(desk, { id, isApproved: action.yes, quote: price })
          }
          case 'price':
            price += action.move
            return desk.wait(SECOND).bar(X, price, ATR)
          case 'wait':
            return desk.wait(action.seconds * SECOND).give({ type: 'TimerFired' })
          case 'exit':
            return desk.exit(action.of)
          case 'state':
            return desk.trade(action.to as 'active')
          case 'cash': {
            const movement = action.amount < 0 ? 'withdrawal' : 'deposit'
            const amount = decimal(Math.abs(action.amount))
            return desk.command({ kind: 'cash', movement, amount, note: null })
          }
          case 'fill':
            return desk.fillAll()
        }
      }
    }),
    { numRuns: counts.propertyRuns },
  )
})
