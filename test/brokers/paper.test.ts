import t from 'tap'
import { decimal } from '../../core/decimal.js'
import { clientOrderId } from '../../core/ids.js'
import type { OrderRequest, VenueOrder, VenueReport } from '../../server/brokers/broker.js'
import { PaperBroker } from '../../server/brokers/paper/paper-broker.js'
import { NO_FAULTS, type PaperFaults } from '../../server/brokers/paper/paper-settings.js'
import { SimulatedClock, systemClock } from '../../server/clock.js'
import { PostgresPaperStore } from '../../server/db/paper-store.js'
import { eventually } from '../helpers/eventually.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import { type ConformanceVenue, proveConformance } from './conformance.js'

const START = Date.UTC(2026, 0, 5, 4, 0)

interface Venue {
  readonly account?: string
  readonly faults?: Partial<PaperFaults>
  readonly slippageTicks?: number
}

let database: TestDatabase
t.before(async () => {
  database = await testDatabase(t)
})

let accounts = 0

/** A broker on an account of its own, and the clock of its venue. */
function openVenue(venue: Venue = {}) {
  const clock = new SimulatedClock({ start: START })
  const account = venue.account ?? `account-${++accounts}`
  return { account, clock, broker: openBroker(account, clock, venue) }
}

function openBroker(account: string, clock: { now: () => number }, venue: Venue = {}): PaperBroker {
  return new PaperBroker({
    store: new PostgresPaperStore({ pool: database.pool, account }),
    settings: {
      slippageTicks: venue.slippageTicks ?? 0,
      commissionPct: 0.01,
      faults: { ...NO_FAULTS, seed: 'seed', ...venue.faults },
    },
    clock,
  })
}

let orders = 0

function newOrder(wanted: Partial<OrderRequest> = {}): OrderRequest {
  const orderId = `O-${++orders}`
  return {
    orderId,
    clientOrderId: clientOrderId('p', orderId),
    attempt: 1,
    instrument: 'BANK_NIFTY',
    side: 'buy',
    type: 'market',
    lots: decimal(6),
    limitPrice: null,
    referencePrice: 51_250.35,
    pointValue: 30,
    tick: 0.05,
    at: START,
    ...wanted,
  }
}

/** A buy far below the market: it rests. */
const resting = (): OrderRequest => newOrder({ type: 'limit', limitPrice: decimal(100) })

const patience = () => AbortSignal.timeout(10_000)
const reference = (order: OrderRequest) => ({ ...order, venueOrderId: null })

async function shown(broker: PaperBroker, order: OrderRequest): Promise<VenueOrder> {
  const answer = await broker.order(reference(order))
  if (answer.kind !== 'found') throw new Error(`order ${order.orderId} is ${answer.kind}`)
  return answer.order
}

async function positionText(broker: PaperBroker): Promise<Record<string, string>> {
  const positions = Object.entries(await broker.positions())
  return Object.fromEntries(positions.map(([instrument, lots]) => [instrument, lots.toString()]))
}

/** What it says, as 1.50 and 1.5 are the same decimal written otherwise. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
const lotsOf = (order: VenueOrder) => order.fills.map((fill) => fill.lots.toNumber())
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

t.test('BC-01 an order is accepted with its trade: slipped price, exact fee', async (t) => {
  const { broker, clock } = openVenue({ slippageTicks: 2 })
  const order = newOrder()
  const outcome = await broker.submit(order, patience())
  if (outcome.kind !== 'accepted') throw new Error(outcome.kind)
  t.match(plain(outcome.fills), [
    { tradeId: `${outcome.venueOrderId}-1`, lots: '6', price: '51250.45', fee: '922.5081', at: clock.now() },
  ])
  const found = await shown(broker, order)
  t.match(found, { status: 'filled', clientOrderId: order.clientOrderId, venueOrderId: outcome.venueOrderId })
  t.same(plain(found.fills), plain(outcome.fills), 'the query tells the same trades')
  t.same(await positionText(broker), { BANK_NIFTY: '6' })
})

t.test('BC-02 a request that comes again finds its order, also when many come at once', async (t) => {
  const { account, clock, broker } = openVenue()
  const other = openBroker(account, clock)
  const order = newOrder()
  const outcomes = await Promise.all(
    [broker, other, broker, other, broker].map((each) => each.submit(order, patience())),
  )
  clock.advanceBy(60_000)
  outcomes.push(await other.submit({ ...order, attempt: 2 }, patience()))
  for (const outcome of outcomes) t.same(plain(outcome), plain(outcomes[0]))
  t.same(await positionText(broker), { BANK_NIFTY: '6' }, 'it traded once')
})

t.test('BC-03 a refusal is for good, and trades nothing', async (t) => {
  const { broker } = openVenue({ faults: { rejectRate: 1 } })
  const order = newOrder()
  const outcome = await broker.submit(order, patience())
  t.match(outcome, { kind: 'refused', code: /^[A-Z_]+$/, message: /\w+/ })
  t.same(await broker.submit({ ...order, attempt: 2 }, patience()), outcome, 'the same answer again')
  t.match(await shown(broker, order), { status: 'rejected', fills: [] })
  t.same(await broker.cancel(reference(order)), { kind: 'tooLate' })
  t.same(await broker.positions(), {})
})

t.test('BC-04 a lost request is unknown; the query proves absence; a later attempt arrives', async (t) => {
  const { broker } = openVenue({ faults: { lostRequestRate: 0.5 } })
  const order = newOrder()
  let attempt = 1
  let outcome = await broker.submit(order, patience())
  while (outcome.kind === 'unknown' && attempt < 50) {
    t.same(await broker.order(reference(order)), { kind: 'absent' })
    attempt += 1
    outcome = await broker.submit({ ...order, attempt }, patience())
  }
  t.equal(outcome.kind, 'accepted')
  t.same(await positionText(broker), { BANK_NIFTY: '6' })
})

t.test('BC-05 a lost answer is unknown; the query finds the order; a resend is told of it', async (t) => {
  const { account, clock, broker } = openVenue({ faults: { lostAnswerRate: 1 } })
  const order = newOrder()
  t.match(await broker.submit(order, patience()), { kind: 'unknown' })
  t.match(await shown(broker, order), { status: 'filled', fills: [{ tradeId: /-1$/ }] })
  const recovered = openBroker(account, clock)
  t.match(await recovered.submit({ ...order, attempt: 2 }, patience()), {
    kind: 'accepted',
    fills: { length: 1 },
  })
  t.same(await positionText(recovered), { BANK_NIFTY: '6' })
})

t.test('BC-06 an order may fill in several trades, the later ones with time', async (t) => {
  const { broker, clock } = openVenue({ faults: { partialFillRate: 1, partialFillMs: 2_000 } })
  const order = newOrder()
  const outcome = await broker.submit(order, patience())
  t.match(outcome, { kind: 'accepted', fills: { length: 1 } }, 'the first trade is told at once')
  t.match(await shown(broker, order), { status: 'working' })
  clock.advanceBy(2_000)
  const filled = await shown(broker, order)
  t.equal(filled.status, 'filled')
  t.ok(filled.fills.length >= 2)
  t.equal(sum(lotsOf(filled)), 6)
  t.equal(
    new Set(filled.fills.map((fill) => fill.tradeId)).size,
    filled.fills.length,
    'each trade has its id',
  )
})

t.test('BC-07 the venue may cancel what has not traded', async (t) => {
  const faults = { partialFillRate: 1, partialFillMs: 2_000, remainderCanceledRate: 1 }
  const { broker, clock } = openVenue({ faults })
  const order = newOrder()
  await broker.submit(order, patience())
  clock.advanceBy(2_000)
  const ended = await shown(broker, order)
  t.match(ended, { status: 'canceled', code: 'REMAINDER_CANCELED' })
  const traded = sum(lotsOf(ended))
  t.ok(traded > 0 && traded < 6, `${traded} of 6 lots traded`)
  t.same(await positionText(broker), { BANK_NIFTY: String(traded) })
})

t.test('BC-08 a trade may be shown late; the position has it at once', async (t) => {
  const { broker, clock } = openVenue({ faults: { lateFillRate: 1, lateFillMs: 5_000 } })
  const order = newOrder()
  t.match(await broker.submit(order, patience()), { kind: 'accepted', fills: { length: 0 } })
  t.match(await shown(broker, order), { status: 'filled', fills: { length: 0 } })
  t.same(await positionText(broker), { BANK_NIFTY: '6' })
  clock.advanceBy(5_000)
  t.match(await shown(broker, order), { fills: [{ at: START }] })
})

t.test('BC-09 a resting order is canceled once', async (t) => {
  const { broker, clock } = openVenue()
  const order = resting()
  t.match(await broker.submit(order, patience()), { kind: 'accepted', fills: { length: 0 } })
  clock.advanceBy(1_000)
  t.match(await broker.cancel(reference(order)), { kind: 'canceled', order: { status: 'canceled' } })
  t.same(await broker.cancel(reference(order)), { kind: 'tooLate' })
  t.same(await broker.positions(), {})
})

t.test('BC-10 what has ended or never was cannot be canceled', async (t) => {
  const { broker } = openVenue()
  const order = newOrder()
  await broker.submit(order, patience())
  t.same(await broker.cancel(reference(order)), { kind: 'tooLate' })
  t.same(await broker.cancel(reference(newOrder())), { kind: 'absent' })
})

t.test('BC-11 a cancel ends the rest; a trade from before shows late all the same', async (t) => {
  const faults = { partialFillRate: 1, partialFillMs: 60_000, lateFillRate: 1, lateFillMs: 5_000 }
  const { broker, clock } = openVenue({ faults })
  const order = newOrder()
  await broker.submit(order, patience())
  t.match(await broker.cancel(reference(order)), { kind: 'canceled', order: { fills: { length: 0 } } })
  clock.advanceBy(120_000)
  const ended = await shown(broker, order)
  t.match(ended, { status: 'canceled', fills: { length: 1 } })
  t.same(await positionText(broker), { BANK_NIFTY: String(lotsOf(ended)[0]) })
})

t.test('BC-12 a cancel without an answer proves nothing; asking again tells', async (t) => {
  const lost = openVenue({ faults: { lostRequestRate: 0.5, lostAnswerRate: 0.5 } })
  const calm = openBroker(lost.account, lost.clock)
  const seen = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const order = resting()
    await calm.submit(order, patience())
    let outcome = await lost.broker.cancel(reference(order))
    if (outcome.kind === 'unknown') seen.add((await shown(calm, order)).status)
    for (let ask = 0; outcome.kind === 'unknown' && ask < 50; ask++) {
      outcome = await lost.broker.cancel(reference(order))
    }
    t.match(outcome.kind, /canceled|tooLate/)
    t.match(await shown(calm, order), { status: 'canceled' })
  }
  t.same([...seen].sort(), ['canceled', 'working'], 'both happen behind the same silence')
})

t.test('BC-13 a failed read is an error or unknown, never absence and never an empty list', async (t) => {
  const { account, clock, broker } = openVenue()
  const order = newOrder()
  await broker.submit(order, patience())
  const failing = openBroker(account, clock, { faults: { failedReadRate: 1 } })
  t.match(await failing.order(reference(order)), { kind: 'unknown' })
  await t.rejects(failing.orders(0), { message: /did not answer/ })
  await t.rejects(failing.positions(), { message: /did not answer/ })
})

t.test('BC-14 the list has what rests and what changed since, with trades', async (t) => {
  const { broker, clock } = openVenue()
  const [rests, early, late] = [resting(), newOrder(), newOrder()]
  await broker.submit(rests, patience())
  await broker.submit(early, patience())
  clock.advanceBy(10_000)
  await broker.submit(late, patience())
  const ids = async (since: number) => (await broker.orders(since)).map((order) => order.clientOrderId)
  t.same((await ids(START)).sort(), [rests, early, late].map((order) => order.clientOrderId).sort())
  t.same((await ids(START + 1)).sort(), [rests, late].map((order) => order.clientOrderId).sort())
  t.same(await ids(START + 10_001), [rests.clientOrderId])
  t.match((await broker.orders(START + 1)).at(-1), { status: 'filled', fills: { length: 1 } })
})

t.test('BC-15 positions are net by instrument, and accounts are kept apart', async (t) => {
  const { broker } = openVenue()
  const stranger = openVenue()
  await stranger.broker.submit(newOrder(), patience())
  await broker.submit(newOrder({ lots: decimal(5) }), patience())
  await broker.submit(newOrder({ lots: decimal(2), side: 'sell' }), patience())
  await broker.submit(newOrder({ lots: decimal('1.5'), side: 'sell', instrument: 'COPPER' }), patience())
  await broker.submit(newOrder({ lots: decimal(4), instrument: 'GOLD_MINI' }), patience())
  await broker.submit(newOrder({ lots: decimal(4), instrument: 'GOLD_MINI', side: 'sell' }), patience())
  t.same(await positionText(broker), { BANK_NIFTY: '3', COPPER: '-1.5' })
})

t.test('BC-16 what an answer did not tell is told later, also twice and in another order', async (t) => {
  const account = `account-${++accounts}`
  const faults = {
    ...{ lostAnswerRate: 0.3, partialFillRate: 1, partialFillMs: 30, lateFillRate: 0.5, lateFillMs: 30 },
    ...{ duplicateReportRate: 0.5, shuffledReportRate: 0.5 },
  }
  const broker = openBroker(account, systemClock, { faults })
  t.teardown(() => broker.close())
  const told = new Map<string, VenueReport[]>()
  broker.onReport((report) => {
    told.set(report.clientOrderId, [...(told.get(report.clientOrderId) ?? []), report])
  })
  const sent = Array.from({ length: 20 }, () => newOrder())
  const outcomes = await Promise.all(sent.map((order) => broker.submit(order, patience())))
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.kind !== 'accepted') continue
    const { clientOrderId } = sent[index]!
    const fills = outcome.fills.map((fill) => ({ kind: 'fill', clientOrderId, fill }) as const)
    told.set(clientOrderId, [...(told.get(clientOrderId) ?? []), ...fills])
  }
  const trades = (order: OrderRequest) =>
    new Map(
      (told.get(order.clientOrderId) ?? []).flatMap((report) =>
        report.kind === 'fill' ? [[report.fill.tradeId, report.fill.lots.toNumber()] as const] : [],
      ),
    )
  await eventually('every trade was reported', () =>
    sent.every((order) => sum([...trades(order).values()]) === 6),
  )
  const reports = [...told.values()].flat()
  t.ok(
    outcomes.some(({ kind }) => kind === 'unknown'),
    'some were told by report alone',
  )
  const fills = reports.filter((report) => report.kind === 'fill')
  t.ok(fills.length > new Set(fills.map(({ fill }) => fill.tradeId)).size, 'some came twice')
  t.ok(
    [...told.values()].some((list) => list[0]?.kind === 'fill'),
    'some came before the order was confirmed',
  )
})

t.test('BC-17 the same seed makes the same faults, another seed others', async (t) => {
  const faults = {
    ...{ extraSlippageTicks: 5, rejectRate: 0.2, lostRequestRate: 0.2, lostAnswerRate: 0.2 },
    ...{
      partialFillRate: 0.5,
      partialFillMs: 900,
      remainderCanceledRate: 0.5,
      lateFillRate: 0.5,
      lateFillMs: 900,
    },
  }
  const sent = Array.from({ length: 40 }, () => newOrder())
  const story = async (seed: string, sequence: readonly OrderRequest[]) => {
    const { broker, clock } = openVenue({ faults: { ...faults, seed } })
    const outcomes = new Map<string, string>()
    for (const order of sequence) outcomes.set(order.orderId, (await broker.submit(order, patience())).kind)
    clock.advanceBy(60_000)
    const shown = await broker.orders(0)
    const byId = (left: VenueOrder, right: VenueOrder) => (left.venueOrderId < right.venueOrderId ? -1 : 1)
    return JSON.stringify([sent.map((order) => outcomes.get(order.orderId)), [...shown].sort(byId)])
  }
  const first = await story('one', sent)
  t.equal(await story('one', sent.toReversed()), first, 'whatever the sequence')
  t.not(await story('two', sent), first)
})

t.test('BC-18 a venue whose book fails, or that is slow, leaves the outcome unknown', async (t) => {
  const broken = await testDatabase(t)
  await broken.pool.query('drop schema paper cascade')
  const store = new PostgresPaperStore({ pool: broken.pool, account: 'account' })
  const settings = { slippageTicks: 0, commissionPct: 0, faults: NO_FAULTS }
  const broker = new PaperBroker({ store, settings, clock: systemClock })
  const order = newOrder()
  t.match(await broker.submit(order, patience()), { kind: 'unknown', cause: /does not exist/ })
  t.match(await broker.cancel(reference(order)), { kind: 'unknown' })
  t.match(await broker.order(reference(order)), { kind: 'unknown' })
  await t.rejects(broker.orders(0), /does not exist/)
  await t.rejects(broker.positions(), /does not exist/)
  const { broker: slow } = openVenue()
  t.match(await slow.submit(newOrder(), AbortSignal.abort()), { kind: 'unknown', cause: /in time/ })
  const { broker: late } = openVenue({ faults: { slowAnswerRate: 1, slowAnswerMs: 3_600_000 } })
  const given = new AbortController()
  const order2 = newOrder()
  const outcome = late.submit(order2, given.signal)
  await eventually('the venue has it', async () => (await late.order(reference(order2))).kind === 'found')
  given.abort()
  t.match(await outcome, { kind: 'unknown', cause: /in time/ }, 'it has the order, and is slow to say so')
})

t.test('BC-19 a limit rests beyond the market, and slippage never breaks it', async (t) => {
  const { broker } = openVenue({ slippageTicks: 10 })
  const limit = (side: 'buy' | 'sell', price: number) =>
    newOrder({ side, type: 'limit', limitPrice: decimal(price) })
  const fill = async (order: OrderRequest) => {
    const outcome = await broker.submit(order, patience())
    return outcome.kind === 'accepted' ? outcome.fills.map(({ price }) => price.toString()) : outcome.kind
  }
  t.same(await fill(limit('buy', 51_250.3)), [], 'below the market a buy rests')
  t.same(await fill(limit('sell', 51_250.4)), [], 'above the market a sell rests')
  t.same(await fill(limit('buy', 51_250.5)), ['51250.5'])
  t.same(await fill(limit('buy', 51_300)), ['51250.85'])
  t.same(await fill(limit('sell', 51_250.3)), ['51250.3'])
})

t.test('BC-20 orders that arrive together are one transaction of the book', async (t) => {
  const { account, broker } = openVenue()
  const together = Array.from({ length: 50 }, () => newOrder())
  await Promise.all(together.map((order) => broker.submit(order, patience())))
  const { rows } = await database.pool.query(
    'select count(*) as orders, count(distinct xmin::text) as transactions from paper.orders where account = $1',
    [account],
  )
  t.same(rows, [{ orders: 50, transactions: 1 }])
})

t.test('what is held has the average price of the purchases since nothing was held', async (t) => {
  const { broker, clock } = openVenue()
  const trade = async (side: 'buy' | 'sell', lots: number, referencePrice: number) => {
    clock.advanceBy(1000)
    await broker.submit(newOrder({ side, lots: decimal(lots), referencePrice, tick: 1 }), patience())
  }
  t.same(await broker.averagePrices(), {})
  await trade('buy', 2, 100)
  await trade('sell', 2, 300)
  t.same(await broker.averagePrices(), {}, 'nothing is held')
  await trade('buy', 3, 200)
  await trade('buy', 1, 240)
  await trade('sell', 1, 500)
  t.same(plain(await broker.averagePrices()), { BANK_NIFTY: '210' })
})

proveConformance(t, 'paper', async (): Promise<ConformanceVenue> => {
  const clock = new SimulatedClock({ start: START })
  const account = `account-${++accounts}`
  const faults = { ...NO_FAULTS, seed: 'seed' }
  const meet: ConformanceVenue['meet'] = (fault) => {
    Object.assign(faults, {
      lostAnswerRate: fault === 'lostAnswers' ? 1 : 0,
      lostRequestRate: fault === 'lostRequests' ? 1 : 0,
      rejectRate: fault === 'refusals' ? 1 : 0,
      failedReadRate: fault === 'failedReads' ? 1 : 0,
    })
  }
  const store = new PostgresPaperStore({ pool: database.pool, account })
  const broker = new PaperBroker({
    store,
    settings: { slippageTicks: 1, commissionPct: 0.01, faults },
    clock,
  })
  return {
    ...{ broker, meet },
    order: ({ side = 'buy', lots, rests = false }) =>
      newOrder({ side, lots: decimal(lots), ...(rests ? { type: 'limit', limitPrice: decimal(100) } : {}) }),
    sendInParts: async (order) => {
      Object.assign(faults, { partialFillRate: 1, partialFillMs: 1_000 })
      await broker.submit(order, patience())
      return () => clock.advanceBy(1_000)
    },
    pass: (milliseconds) => clock.advanceBy(milliseconds),
    requests: async () => {
      const { rows } = await database.pool.query('select from paper.orders where account = $1', [account])
      return rows.length
    },
  }
})
