import fc from 'fast-check'
import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { Decision } from '../../core/decision.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { ExternalOrder, SettleBreak } from '../../core/input.js'
import { step } from '../../core/kernel.js'
import { unassignedCash } from '../../core/portfolio/holding.js'
import { emptyPortfolio } from '../../core/portfolio/portfolio.js'
import { describeBreak } from '../../core/reconcile/break.js'
import { compareAccount, heldLots, isNothingNew } from '../../core/reconcile/compare.js'
import { listBreaks } from '../../core/reconcile/list-breaks.js'
import { HOUR, MINUTE } from '../../core/time.js'
import { encodeState } from '../../server/journal/codec/state-codec.js'
import { validateState } from '../../server/recovery/validate-state.js'
import { CellDesk, cell, cellSettings } from '../helpers/cells.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, eventsOf } from '../helpers/desk.js'
import { settings } from '../helpers/settings.js'

const gold = 'GOLD_MINI'

/** Returns a desk that holds `lots` of gold, 2 or 5, bought at 78,500. */
function holding(lots: 2 | 5): Desk {
  const desk = new Desk()
  desk.entry(gold, 78_500, lots === 2 ? 700 : 350)
  desk.fillAll()
  return desk
}

/** Lets the broker hold these lots, seen twice. */
function seeTwice(desk: Desk, positions: Readonly<Record<string, number>>): readonly PortfolioEvent[] {
  return [...desk.account(positions), ...desk.account(positions)]
}

function settle(
  desk: Desk,
  action: SettleBreak['action'],
  changes: Partial<SettleBreak> & { readonly at?: number } = {},
): readonly PortfolioEvent[] {
  const { at, ...given } = changes
  const [listed] = listBreaks(desk.portfolio)
  const price = at === undefined ? null : decimal(at)
  const nothing = { stop: null, lots: null, fee: null, reason: 'looked at' }
  const breakId = listed?.found.id ?? 'B-none'
  return desk.command({ kind: 'settleBreak', breakId, action, price, ...nothing, ...given })
}

const seeOrders = (desk: Desk, external: readonly ExternalOrder[], missing: readonly string[] = []) =>
  desk.give({ type: 'VenueOrdersObserved', external, missing })

const lotsOf = (desk: Desk, instrument = gold) => heldLots(desk.book(instrument)).toString()

const refused = ({ outcome, reasons, notes }: Decision) => [outcome, reasons[0], notes.length] as const

/** What is recorded decides the same again, and folds to the same state. */
function isReproducible(desk: Desk): boolean {
  const replayed = emptyPortfolio(desk.portfolio.id)
  for (const { input, events } of desk.log) {
    if (JSON.stringify(step(replayed, input)) !== JSON.stringify(events)) return false
  }
  const state = encodeState(desk.portfolio)
  return encodeState(replayed) === state && encodeState(desk.refold()) === state
}

t.test('positions differ in one of four ways', async (t) => {
  const cases: [theirs: number, found: string][] = [
    [0, 'ghost'],
    [1, 'quantity'],
    [5, 'quantity'],
    [-1, 'side'],
  ]
  for (const [theirs, found] of cases) {
    const desk = holding(2)
    t.same(alarmsIn(seeTwice(desk, { [gold]: theirs })), ['POSITION_BREAK'])
    t.match(listBreaks(desk.portfolio), [{ found: { class: found }, state: 'confirmed', lock: /./ }])
  }
  const desk = new Desk()
  seeTwice(desk, { [gold]: 3 })
  t.match(listBreaks(desk.portfolio), [{ found: { class: 'orphan' }, state: 'confirmed' }])
})

t.test('only what is new is worth recording', async (t) => {
  const desk = holding(2)
  const isNew = (lots: number) =>
    !isNothingNew(compareAccount(desk.portfolio, { positions: { [gold]: decimal(lots) } }, desk.now))
  t.equal(isNew(2), false, 'agreement')
  t.equal(isNew(5), true, 'a difference')
  desk.account({ [gold]: 5 })
  t.equal(isNew(5), true, 'its second sight')
  desk.account({ [gold]: 5 })
  t.equal(isNew(5), false, 'and then no more')
  t.equal(isNew(2), true, 'its end')
  settle(desk, 'ignore')
  t.equal(isNew(5), false, 'what is accepted')
  t.equal(isNew(4), true, 'its change')
})

t.test('what only the broker holds becomes a unit with a stop of its own', async (t) => {
  const desk = new Desk()
  desk.bar(gold, 78_500, 700)
  const positions = { [gold]: decimal(3) }
  const averagePrices = { [gold]: decimal(78_450) }
  desk.give({ type: 'AccountObserved', positions, averagePrices })
  desk.give({ type: 'AccountObserved', positions, averagePrices })
  const events = settle(desk, 'adopt')
  t.same(
    events.map(({ type }) => type),
    ['DecisionMade', 'UnitAdopted', 'BreakSettled', 'InstrumentUnlocked'],
  )
  t.match(decisionIn(events), {
    kind: 'settleBreak',
    outcome: 'approved',
    reasons: ['ADOPTED', 'looked at'],
    instrument: gold,
    lots: 3,
    price: 78_450,
    stop: 77_750,
  })
  const unit = desk.unit(gold)
  t.match(unit, {
    number: 1,
    heldLots: 3,
    averagePrice: 78_450,
    stop: 77_750,
    stopDistance: 700,
    pointValue: 10,
  })
  t.same([desk.book(gold).lock, listBreaks(desk.portfolio)], [null, []])
  t.same(seeTwice(desk, { [gold]: 3 }), [], 'the book and the broker agree')
  desk.wait(HOUR)
  t.equal(eventsOf(desk.bar(gold, 77_000, 700), 'ExitRequested')[0]?.positionId, unit.id, 'its stop works')
  desk.fillAll()
  t.equal(lotsOf(desk), '0')
  t.equal(desk.portfolio.ledger.realizedPnl.toString(), '-43500', '(77,000 − 78,450) × 3 × 10')
  t.ok(isReproducible(desk))
})

t.test('more at the broker becomes a further unit, at the price that makes the costs agree', async (t) => {
  const desk = holding(2)
  desk.bar(gold, 78_500, 700)
  const positions = { [gold]: decimal(3) }
  for (const _ of [1, 2]) {
    desk.give({ type: 'AccountObserved', positions, averagePrices: { [gold]: decimal(78_600) } })
  }
  settle(desk, 'adopt')
  t.match(desk.unit(gold, 2), { heldLots: 1, averagePrice: 78_800, number: 2 })
  const cost = desk.book(gold).units.reduce((sum, unit) => sum + unit.cost.toNumber(), 0)
  t.equal(cost / 3, 78_600)
  t.equal(desk.book(gold).pyramidsOpened, 1)
})

// Faults: B14
t.test(
  'what the broker does not hold leaves the book, the last unit first, and its profit is posted',
  async (t) => {
    const desk = new Desk(settings(), 50_000_000)
    desk.entry(gold, 78_500, 700)
    desk.fillAll()
    desk.wait(HOUR).pyramid(gold, 80_500, 700, 'Long_2')
    desk.fillAll()
    const [base, pyramid] = [desk.unit(gold, 1), desk.unit(gold, 2)]
    const left = base.heldLots - 1
    seeTwice(desk, { [gold]: left })
    const events = settle(desk, 'adopt', { at: 80_000 })
    t.same(
      events.map(({ type }) => type),
      [
        'DecisionMade',
        ...['LotsGivenUp', 'LedgerPosted', 'UnitClosed'],
        ...['LotsGivenUp', 'LedgerPosted'],
        ...['BreakSettled', 'InstrumentUnlocked'],
      ],
    )
    t.match(eventsOf(events, 'LedgerPosted'), [
      { kind: 'realizedPnl', positionId: pyramid.id, orderId: null, note: /^correction, B-\w+: looked at$/ },
      { positionId: base.id },
    ])
    t.equal(lotsOf(desk), String(left))
    t.equal(base.realizedPnl.toString(), '15000')
    t.same([validateState(desk.portfolio), seeTwice(desk, { [gold]: left })], [[], []])
    t.ok(isReproducible(desk))
  },
)

t.test('a fill that nobody reported is booked on the order that could have had it', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 350)
  const [id] = desk.send()
  desk.fill(id!, 0.5)
  desk.report({ kind: 'canceled', orderId: id!, reason: 'by the broker' })
  t.equal(lotsOf(desk), '2')
  seeTwice(desk, { [gold]: 4 })
  const events = settle(desk, 'book', { at: 78_600, fee: decimal(20) })
  t.match(decisionIn(events), { reasons: ['BOOKED', 'looked at'], lots: 2 })
  t.match(eventsOf(events, 'OrderFilled'), [{ orderId: id, lots: decimal(2), price: decimal(78_600) }])
  t.same(alarmsIn(events), [], 'what a person books surprises nobody')
  t.match([lotsOf(desk), desk.portfolio.ledger.fees.toString()], ['4', '-20'])
  t.equal(desk.book(gold).lock, null)
  desk.exit(gold)
  const [sale] = desk.send()
  desk.fill(sale!, 0.5)
  desk.report({ kind: 'canceled', orderId: sale!, reason: 'by the broker' })
  desk.account({ [gold]: 1 })
  t.equal(lotsOf(desk), '2', 'while the exit waits to be ordered again')
  seeTwice(desk, { [gold]: 1 })
  settle(desk, 'book', { at: 78_700 })
  t.equal(lotsOf(desk), '1')
  t.ok(isReproducible(desk))
})

t.test('an accepted difference is none until it changes, and exits sell what the broker holds', async (t) => {
  const desk = holding(5)
  seeTwice(desk, { [gold]: 2 })
  t.match(decisionIn(settle(desk, 'ignore')), { outcome: 'approved', reasons: ['IGNORED', 'looked at'] })
  t.equal(desk.book(gold).lock, null)
  t.match(listBreaks(desk.portfolio), [{ state: 'ignored', found: { class: 'quantity' } }])
  t.match(decisionIn(settle(desk, 'ignore')), { outcome: 'ignored', reasons: ['ALREADY_SO', 'looked at'] })
  t.same(seeTwice(desk, { [gold]: 2 }), [])
  t.equal(eventsOf(desk.exit(gold), 'OrderInitialized')[0]?.lots.toString(), '2', 'not the five of the book')
  desk.fillAll()
  t.same(seeTwice(desk, {}), [], 'both counts fell alike')
  t.same(alarmsIn(seeTwice(desk, { [gold]: 1 })), ['POSITION_BREAK'], 'another difference')
  t.match(listBreaks(desk.portfolio), [{ state: 'confirmed' }])
  t.ok(isReproducible(desk))
})

t.test('what does not fit is refused with its reason, and changes nothing', async (t) => {
  const cases: [
    desk: Desk,
    sees: Record<string, number>,
    action: SettleBreak['action'],
    code: string,
    given?: object,
  ][] = [
    [new Desk(), { [gold]: 3 }, 'adopt', 'PRICE_MISSING'],
    [new Desk(), { [gold]: 3 }, 'adopt', 'NO_ATR', { at: 78_500 }],
    [new Desk(), { [gold]: 3 }, 'adopt', 'STOP_NOT_BELOW_PRICE', { at: 78_500, stop: 79_000 }],
    [new Desk(), { [gold]: 3 }, 'book', 'PRICE_MISSING'],
    [new Desk(), { [gold]: 3 }, 'book', 'NO_ORDER_FOR_FILL', { at: 78_500 }],
    [new Desk(), { NICKEL: 3 }, 'adopt', 'NOT_TRADED', { at: 100 }],
    [holding(2), {}, 'adopt', 'PRICE_MISSING'],
    [holding(2), {}, 'book', 'NO_ORDER_FOR_FILL', { at: 78_500 }],
    [holding(2), { [gold]: -1 }, 'adopt', 'BROKER_IS_SHORT', { at: 78_500 }],
    [holding(2), { [gold]: -1 }, 'book', 'BROKER_IS_SHORT', { at: 78_500 }],
  ]
  for (const [desk, sees, action, code, given] of cases) {
    seeTwice(desk, sees)
    const before = encodeState(desk.portfolio)
    const decision = decisionIn(settle(desk, action, given))
    t.same(refused(decision), ['blocked', code, 1], `${action} ${JSON.stringify(sees)}`)
    t.equal(encodeState(desk.portfolio), before)
  }
  const desk = holding(2)
  t.same(refused(decisionIn(settle(desk, 'ignore'))), ['blocked', 'BREAK_UNKNOWN', 1])
  desk.account({ [gold]: 1 })
  t.same(refused(decisionIn(settle(desk, 'ignore'))), ['blocked', 'NOT_CONFIRMED', 1])
  desk.account({ [gold]: 1 })
  desk.exit(gold)
  t.same(refused(decisionIn(settle(desk, 'adopt', { at: 78_000 }))), ['blocked', 'ORDER_AT_WORK', 1])
})

t.test('an order of somebody else locks what we trade until it is accepted', async (t) => {
  const desk = new Desk()
  const stranger = { venueOrderId: 'v-9', instrument: gold, side: 'buy', lots: decimal(2) } as const
  const elsewhere = { ...stranger, venueOrderId: 'v-8', instrument: 'NICKEL' }
  t.same(seeOrders(desk, [stranger, elsewhere]), [])
  const events = seeOrders(desk, [stranger, elsewhere])
  t.same(
    events.map(({ type }) => type),
    ['InstrumentLocked', 'AlarmRaised', 'AlarmRaised'],
  )
  t.same(alarmsIn(events), ['EXTERNAL_ORDER', 'EXTERNAL_ORDER'])
  t.same(seeOrders(desk, [stranger, elsewhere]), [])
  t.same(refused(decisionIn(settle(desk, 'adopt'))), ['blocked', 'NOT_OURS', 1])
  settle(desk, 'ignore')
  t.equal(desk.book(gold).lock, null)
  t.same([...seeOrders(desk, [stranger]), ...seeOrders(desk, [stranger])], [], 'it is accepted')
  seeOrders(desk, [])
  t.same(listBreaks(desk.portfolio), [], 'its end ends that')
  t.ok(isReproducible(desk))
})

t.test('an order that the broker does not show any more locks, and ends as the operator says', async (t) => {
  const [adopted, booked] = [new Desk(), new Desk()]
  for (const desk of [adopted, booked]) {
    desk.entry(gold, 78_500, 350)
    const [id] = desk.send()
    t.same(seeOrders(desk, [], [id!]), [])
    t.same(alarmsIn(seeOrders(desk, [], [id!])), ['ORDER_MISSING'])
    t.ok(desk.book(gold).lock)
  }
  t.match(settle(adopted, 'adopt'), [
    {},
    { type: 'OrderCanceled', reason: /does not show it: looked at/ },
    {},
    {},
  ])
  t.match(adopted.book(gold), { entryOrderId: null, lock: null, units: [] })
  t.same(refused(decisionIn(settle(booked, 'book', { at: 78_500, lots: decimal(9) }))), [
    'blocked',
    'LOTS_DO_NOT_FIT',
    1,
  ])
  settle(booked, 'book', { at: 78_400, lots: decimal(3) })
  t.match(booked.unit(gold), { heldLots: 3, averagePrice: 78_400 })
  t.match(booked.book(gold), { entryOrderId: null, lock: null })
  for (const desk of [adopted, booked]) t.ok(isReproducible(desk))
})

t.test('an order whose fate is unknown for a minute can be settled, and is not before', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 350)
  const [id] = [...desk.portfolio.orders.keys()]
  desk.give({ type: 'OrdersDue', orderIds: [id!] })
  desk.report({ kind: 'unresolved', orderId: id!, cause: 'a timeout' })
  t.same(refused(decisionIn(settle(desk, 'adopt'))), ['blocked', 'NOT_CONFIRMED', 1])
  desk.wait(MINUTE).bar(gold, 78_500, 350)
  t.match(listBreaks(desk.portfolio), [{ state: 'confirmed', found: { class: 'unknownOrder', orderId: id } }])
  settle(desk, 'ignore')
  seeOrders(desk, [])
  t.match(listBreaks(desk.portfolio), [{ state: 'ignored' }], 'it stays accepted while it is unknown')
  t.equal(desk.orderIn('unresolved').id, id, 'and goes on being asked for')
  settle(desk, 'book', { at: 78_500 })
  t.match(desk.unit(gold), { heldLots: 5 })
  t.same(listBreaks(desk.portfolio), [])
})

t.test('a lock without a difference is listed, and ignoring it unlocks', async (t) => {
  const desk = holding(2)
  seeTwice(desk, { [gold]: 3 })
  desk.account({ [gold]: 2 })
  t.match(listBreaks(desk.portfolio), [{ found: { class: 'match' }, state: 'confirmed', lock: /./ }])
  t.same(refused(decisionIn(settle(desk, 'adopt', { at: 1 }))), ['blocked', 'NOTHING_DIFFERS', 1])
  settle(desk, 'ignore')
  t.same([desk.book(gold).lock, listBreaks(desk.portfolio)], [null, []])
  desk.give({ type: 'InputFailed', failedInputId: 'A-9', error: 'a mistake', instrument: gold })
  seeTwice(desk, { [gold]: 3 })
  desk.bar(gold, 78_500, 700)
  const { notes } = decisionIn(settle(desk, 'adopt', { at: 7_850, stop: 7_000 }))
  t.match(notes[1], /7850 is far from the last one, 78500/, 'a slip is told')
  t.match(desk.book(gold).lock, { reason: /A-9/ }, 'the other cause stays')
  t.match(describeBreak(listBreaks(desk.portfolio)[0]!.found), 'the book and the broker hold 3 lots')
})

t.test('whatever the broker holds, adopting makes the book equal to it, and replays', async () => {
  const looks = fc.array(
    fc.record({
      theirs: fc.nat({ max: 9 }),
      isIgnored: fc.boolean(),
      price: fc.integer({ min: 70_000, max: 90_000 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  fc.assert(
    fc.property(looks, fc.constantFrom(2 as const, 5 as const), (all, lots) => {
      const desk = holding(lots)
      for (const { theirs, isIgnored, price } of all) {
        const before = lotsOf(desk)
        seeTwice(desk, { [gold]: theirs })
        if (isIgnored) settle(desk, 'ignore')
        else settle(desk, 'adopt', { at: price, stop: 60_000 + theirs })
        if (lotsOf(desk) !== (isIgnored ? before : String(theirs))) return false
        if (desk.book(gold).lock !== null || seeTwice(desk, { [gold]: theirs }).length > 0) return false
        if (validateState(desk.portfolio).length > 0) return false
      }
      return isReproducible(desk)
    }),
    { numRuns: counts.propertyRuns },
  )
})

type Move =
  | { readonly do: 'entry' | 'exit' | 'send' | 'fill' | 'cancel' | 'look' | 'unlock' }
  | { readonly do: 'theirs'; readonly by: number }
  | { readonly do: 'settle'; readonly action: SettleBreak['action']; readonly pick: number }
  | { readonly do: 'stranger'; readonly isThere: boolean }
  | { readonly do: 'missing' }

const moves: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .constantFrom('entry', 'exit', 'send', 'fill', 'cancel', 'look', 'look', 'unlock')
      .map((what) => ({ do: what }) as Move),
  },
  fc.integer({ min: -4, max: 4 }).map((by) => ({ do: 'theirs', by }) as const),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      action: fc.constantFrom('adopt', 'book', 'ignore'),
      pick: fc.nat({ max: 3 }),
    }),
  },
  fc.boolean().map((isThere) => ({ do: 'stranger', isThere }) as const),
  fc.constant({ do: 'missing' } as const),
)

/** An account in which somebody else trades, too, with its counts as the broker keeps them. */
class SharedAccount {
  readonly desk = new Desk(settings(), 50_000_000)
  #byHand = 0
  #missing = false

  run(move: Move): void {
    const { desk } = this
    desk.wait(MINUTE)
    const [working] = [...desk.portfolio.orders.values()].filter(({ state }) => state === 'accepted')
    switch (move.do) {
      case 'entry':
        desk.entry(gold, 78_500, 350)
        break
      case 'exit':
        desk.exit(gold)
        break
      case 'send':
        desk.send()
        break
      case 'fill':
        if (working !== undefined) desk.fill(working.id, 0.5)
        break
      case 'cancel':
        if (working !== undefined)
          desk.report({ kind: 'canceled', orderId: working.id, reason: 'by the broker' })
        break
      case 'look':
        this.look()
        break
      case 'unlock':
        desk.command({ kind: 'unlock', instrument: gold, reason: 'looked at' })
        break
      case 'theirs':
        this.#byHand += move.by
        break
      case 'settle':
        this.#settle(move)
        break
      case 'stranger': {
        const stranger = { venueOrderId: 'v-9', instrument: gold, side: 'buy', lots: decimal(1) } as const
        seeOrders(desk, move.isThere ? [stranger] : [])
        break
      }
      case 'missing':
        this.#missing = !this.#missing
        seeOrders(desk, [], this.#missing && working !== undefined ? [working.id] : [])
        break
    }
  }

  /** The broker counts our reported fills and what was traded by hand, whatever the book says. */
  get theirs(): number {
    let lots = this.#byHand
    for (const { side, filledLots, tradeIds } of this.desk.portfolio.orders.values()) {
      if (tradeIds.every((id) => !id.startsWith('operator')))
        lots += (side === 'buy' ? 1 : -1) * filledLots.toNumber()
    }
    return lots
  }

  look(): void {
    this.desk.account({ [gold]: this.theirs })
  }

  #settle({ action, pick }: Extract<Move, { do: 'settle' }>): void {
    const { desk } = this
    const listed = listBreaks(desk.portfolio)
    const chosen = listed[pick % Math.max(1, listed.length)]
    if (chosen === undefined) return
    const { found } = chosen
    const before = heldLots(desk.book(gold)).plus(found.theirs.minus(found.ours))
    const priced = action === 'ignore' ? {} : { at: 78_400 }
    const stop = action === 'adopt' ? 70_000 : null
    const decision = decisionIn(settle(desk, action, { breakId: found.id, ...priced, stop }))
    if (decision.outcome !== 'approved' || action === 'ignore' || found.orderId !== null) return
    if (lotsOf(desk) !== before.toString())
      throw new Error(`${action} left ${lotsOf(desk)} lots, not ${before}`)
  }
}

t.test('whatever happens around it, settling never contradicts the books', async () => {
  fc.assert(
    fc.property(fc.array(moves, { maxLength: 40 }), (all) => {
      const account = new SharedAccount()
      for (const move of all) {
        account.run(move)
        const broken = validateState(account.desk.portfolio)
        if (broken.length > 0) throw new Error(broken.join('; '))
      }
      return isReproducible(account.desk)
    }),
    { numRuns: Math.ceil(counts.propertyRuns / 4) },
  )
})

t.test('what a broker tells of an order after a person has settled it still counts', async (t) => {
  const settled = (action: SettleBreak['action'], at?: number) => {
    const desk = new Desk()
    desk.entry(gold, 78_500, 700)
    const id = desk.orderIn('initialized').id
    desk.give({ type: 'OrdersDue', orderIds: [id] })
    desk.report({ kind: 'unresolved', orderId: id, cause: 'no answer' })
    desk.wait(MINUTE)
    settle(desk, action, at === undefined ? {} : { at, lots: decimal(1) })
    return { desk, id }
  }
  const absent = settled('adopt')
  t.equal(lotsOf(absent.desk), '0', 'it never arrived, they said')
  const fill = { kind: 'fill', lots: decimal(2), price: decimal(78_510), fee: decimal(0) } as const
  const late = absent.desk.report({ ...fill, orderId: absent.id, tradeId: 't-1', at: absent.desk.now })
  t.same(alarmsIn(late), ['ORDER_RESURRECTED'])
  t.equal(lotsOf(absent.desk), '2', 'the broker is believed')
  t.not(absent.desk.book(gold).lock, null, 'and somebody has to look')
  const filled = settled('book', 78_500)
  t.equal(lotsOf(filled.desk), '1')
  const more = filled.desk.report({ ...fill, orderId: filled.id, tradeId: 't-1', at: filled.desk.now })
  t.same(alarmsIn(more), ['OVERFILL'])
  t.equal(lotsOf(filled.desk), '3')
  t.ok(isReproducible(absent.desk) && isReproducible(filled.desk))
})

/** A cell of KO that holds 50 shares, bought at 100, and 5,000 in cash; 1,000 are in no cell. */
function cellOfKo(): CellDesk {
  const room = new CellDesk(cellSettings([cell('KO', { initialStock: 0.5 })]), 11_000)
  room.price('KO', 100)
  room.settle()
  return room
}

const moneyOf = (room: CellDesk) => {
  const { holding, cell: state } = room.book('KO')
  const { ledger } = room.portfolio
  const exact = [holding?.quantity, holding?.cost, holding?.realizedPnl, state?.cash, ledger.balance]
  return [...exact, unassignedCash(room.portfolio)].map((value) => value?.toNumber())
}

t.test('shares that only the broker holds are taken up as a deposit in kind', async (t) => {
  const room = cellOfKo()
  t.same(moneyOf(room), [50, 5000, 0, 5000, 11_000, 1000])
  seeTwice(room, { KO: 60 })
  t.match(listBreaks(room.portfolio), [{ found: { class: 'quantity' }, state: 'confirmed', lock: /./ }])
  t.same(refused(decisionIn(settle(room, 'adopt'))), ['blocked', 'PRICE_MISSING', 1])
  const events = settle(room, 'adopt', { at: 90, stop: 80 })
  t.same(
    events.map(({ type }) => type),
    ['DecisionMade', 'HoldingAdopted', 'LedgerPosted', 'BreakSettled', 'InstrumentUnlocked'],
  )
  t.match(decisionIn(events), {
    reasons: ['ADOPTED'],
    lots: 10,
    price: 90,
    stop: null,
    positionIds: ['H-KO'],
  })
  t.match(decisionIn(events).notes, [/10 of KO are taken up at 90/, /has no stop/])
  t.same(moneyOf(room), [60, 5900, 0, 5000, 11_900, 1000], 'no cash moves')
  t.equal(room.portfolio.ledger.deposited.toNumber(), 11_900)
  t.same(seeTwice(room, { KO: 60 }), [])
  t.ok(isReproducible(room))
})

t.test("the broker's average is what shares that the book had none of were bought for", async (t) => {
  const room = new CellDesk(cellSettings([cell('KO')]), 10_000)
  const see = (count: number, average: number) =>
    room.give({
      ...{ type: 'AccountObserved', positions: { KO: decimal(count) } },
      averagePrices: { KO: decimal(average) },
    })
  see(20, 80)
  see(20, 80)
  settle(room, 'adopt')
  t.same(moneyOf(room), [20, 1600, 0, 10_000, 11_600, 0])
  see(30, 82)
  see(30, 82)
  t.match(decisionIn(settle(room, 'adopt')), { outcome: 'approved', lots: 10, price: 86 })
  t.same(moneyOf(room), [30, 2460, 0, 10_000, 12_460, 0], 'the costs agree: 30 at 82')
  room.price('KO', 80)
  t.match(decisionIn(room.wait(1000).price('KO', 76)), { reasons: ['TRIGGER'] }, 'it trades what it took up')
  t.ok(isReproducible(room))
})

t.test('shares that the broker does not hold leave the cell at a stated price', async (t) => {
  const room = cellOfKo()
  seeTwice(room, { KO: 30 })
  t.same(refused(decisionIn(settle(room, 'adopt'))), ['blocked', 'PRICE_MISSING', 1])
  const events = settle(room, 'adopt', { at: 110 })
  t.same(
    events.map(({ type }) => type),
    ['DecisionMade', 'HoldingGivenUp', 'LedgerPosted', 'BreakSettled', 'InstrumentUnlocked'],
  )
  t.match(eventsOf(events, 'LedgerPosted'), [
    { kind: 'realizedPnl', positionId: 'H-KO', note: /^correction/ },
  ])
  t.same(moneyOf(room), [30, 3000, 200, 7200, 11_200, 1000], "the cash of the sale is the cell's")
  t.same(seeTwice(room, { KO: 30 }), [])
  seeTwice(room, { KO: 0 })
  settle(room, 'adopt', { at: 95 })
  t.same(moneyOf(room), [0, 0, 50, 10_050, 11_050, 1000])
  t.ok(isReproducible(room))
})

t.test('what is taken up while an exit of it stands is sold, and the exit keeps its lock', async (t) => {
  const room = cellOfKo()
  room.command({ kind: 'exit', target: { instrument: 'KO' }, reason: 'enough' })
  room.settle()
  seeTwice(room, { KO: 5 })
  const events = settle(room, 'adopt', { at: 100 })
  t.match(eventsOf(events, 'OrderInitialized'), [{ purpose: 'exit', side: 'sell' }])
  room.settle()
  t.same(moneyOf(room), [0, 0, 0, 10_500, 11_500, 1000])
  t.match(room.book('KO').lock, { breakId: null })
})

t.test('corrections of a holding never make or lose money, whatever they are', async () => {
  const step = fc.record({
    count: fc.integer({ min: 0, max: 200_000 }).map((thousandths) => decimal(thousandths / 1000)),
    cents: fc.integer({ min: 1, max: 50_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
      const room = cellOfKo()
      let cash = decimal(5000)
      for (const { count, cents } of steps) {
        const held = room.book('KO').holding!.quantity
        for (const _ of [1, 2]) room.give({ type: 'AccountObserved', positions: { KO: count } })
        if (count.equals(held)) continue
        const price = decimal(cents / 100)
        settle(room, 'adopt', { price })
        if (count.isLessThan(held)) cash = cash.plus(held.minus(count).times(price))
      }
      const { holding, cell: state } = room.book('KO')
      const isExact = unassignedCash(room.portfolio).equals(decimal(1000)) && state!.cash.equals(cash)
      const last = steps.at(-1)!
      return isExact && holding!.quantity.equals(last.count) && isReproducible(room)
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('a split that the venue does not follow is accepted once, and trades go on', async (t) => {
  for (const [ratio, shares] of [
    ['4', 200],
    ['0.5', 25],
  ] as const) {
    const room = cellOfKo()
    const split = { exDate: '2026-01-05', ratio: decimal(ratio) }
    room.command({ kind: 'splitShares', instrument: 'KO', ...split })
    t.equal(lotsOf(room, 'KO'), `${shares}`)
    t.same(alarmsIn(seeTwice(room, { KO: 50 })), ['POSITION_BREAK'])
    t.not(room.book('KO').lock, null)
    t.match(decisionIn(settle(room, 'ignore')), { outcome: 'approved', reasons: ['IGNORED', 'looked at'] })
    t.equal(room.book('KO').lock, null)
    const price = room.book('KO').cell!.anchor!.toNumber()
    room.wait(1000).price('KO', price * 1.05)
    const [sold] = room.send()
    room.fillWhole(sold!)
    const left = 50 - room.portfolio.orders.get(sold!)!.lots.toNumber()
    t.same(alarmsIn(seeTwice(room, { KO: left })), [], 'both counts changed alike')
    t.match(listBreaks(room.portfolio), [{ state: 'ignored' }])
    t.equal(room.book('KO').lock, null)
    t.same(alarmsIn(seeTwice(room, { KO: left - 1 })), ['POSITION_BREAK'], 'another difference is told')
    t.ok(isReproducible(room))
  }
})

t.test(
  'of shares that the venue did not split an exit sells its count, and adopt gives up the rest',
  async (t) => {
    const room = cellOfKo()
    room.command({ kind: 'splitShares', instrument: 'KO', exDate: '2026-01-05', ratio: decimal(4) })
    seeTwice(room, { KO: 50 })
    settle(room, 'ignore')
    const exit = room.command({ kind: 'exit', target: { instrument: 'KO' }, reason: 'enough' })
    t.equal(eventsOf(exit, 'OrderInitialized')[0]?.lots.toNumber(), 50)
    room.settle()
    t.same(room.send(), [], 'no more than the broker holds')
    t.same(alarmsIn(seeTwice(room, { KO: 0 })), [], 'the difference is the accepted one')
    const accepted = listBreaks(room.portfolio).find(({ state }) => state === 'ignored')
    settle(room, 'adopt', { at: 25, breakId: accepted!.found.id })
    t.same(moneyOf(room), [0, 0, 0, 10_000, 11_000, 1000])
    t.ok(isReproducible(room))
  },
)
