import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { OrderReference, OrderRequest, VenueOrder } from '../../server/brokers/broker.js'
import { add, NOTHING_TRADED, newTrades } from '../../server/brokers/openalgo/count-trades.js'
import type { OpenAlgoBroker } from '../../server/brokers/openalgo/openalgo-broker.js'
import { RateLimit } from '../../server/brokers/openalgo/rate-limit.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { type Interception, listedContracts, OPENALGO_KEY } from '../helpers/openalgo-server.js'
import { CONFORMANCE, type ConformanceVenue, proveConformance, referenceOf } from './conformance.js'
import { newOrder, openAccount, RECORDED_AT, restingOrder } from './openalgo-account.js'
import { type Recording, readRecordings } from './openalgo-recorded.js'

const root = join(import.meta.dirname, '..', '..', '..')
const recordings = readRecordings()

/** The broker has the order, and nobody hears of it. */
const losesAnswer: Interception = (act) => {
  act()
  return 'cut'
}
const failsAfterwards: Interception = (act) => {
  act()
  return { status: 500, body: { status: 'error', message: 'Failed to place order due to internal error' } }
}

/** Longer than an order counts that nobody asks about, in milliseconds. */
const FORGOTTEN = 200_000
const patience = () => AbortSignal.timeout(60_000)
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

async function send(broker: OpenAlgoBroker, order: OrderRequest): Promise<string> {
  const outcome = await broker.submit(order, patience())
  if (outcome.kind === 'accepted') return outcome.venueOrderId
  throw new Error(JSON.stringify(outcome))
}

async function look(broker: OpenAlgoBroker, reference: OrderReference): Promise<VenueOrder> {
  const answer = await broker.order(reference)
  if (answer.kind === 'found') return answer.order
  throw new Error(JSON.stringify(answer))
}

const traded = (order: VenueOrder) => order.fills.map(({ lots, price }) => `${lots} at ${price}`)

proveConformance(t, 'openalgo', async (): Promise<ConformanceVenue> => {
  const { broker, double, pass } = await openAccount(t)
  let fault = 'nothing'
  const endpoints = ['orderbook', 'tradebook', 'orderstatus', 'positionbook']
  const meet: ConformanceVenue['meet'] = (wanted) => {
    fault = wanted
    if (fault === 'lostAnswers') double.intercept('placeorder', losesAnswer)
    if (fault === 'lostRequests') double.intercept('placeorder', () => 'cut')
    if (fault === 'refusals') {
      double.answer('placeorder', 400, {
        status: 'error',
        message: 'Insufficient funds. Required margin is 1.',
      })
    }
    if (fault === 'failedReads') {
      for (const endpoint of endpoints) double.answer(endpoint, 500, { status: 'error', message: 'Oops' })
    }
  }
  return {
    ...{ broker, pass, meet },
    order: ({ side = 'buy', lots, rests = false }) =>
      rests ? restingOrder({ side, lots: decimal(lots) }) : newOrder({ side, lots: decimal(lots) }),
    sendInParts: async (order) => {
      double.fillsAtOnce = false
      const id = await send(broker, order)
      double.trade(id, 1, 125_000)
      return () => {
        pass(1_000)
        double.trade(id, 2, 125_010)
      }
    },
    requests: async () => double.count('placeorder'),
  }
})

t.test('docs/brokers.md tells every case of the conformance, and who passes it', (t) => {
  const page = readFileSync(join(root, 'docs', 'brokers.md'), 'utf8')
  const rows = CONFORMANCE.map(({ title }) => {
    const [id, ...words] = title.split(' ')
    return `| ${id} | ${words.join(' ')} | yes | yes |`
  })
  t.same(page.match(/^\| V-\d+ .*$/gm), rows)
  t.end()
})

t.test('every recorded answer to an order says what it says, live and simulated', async (t) => {
  const refused = /missing|bad action|bad product|bad pricetype|zero qty|fractional|unknown field/
  const codes: Readonly<Record<string, string>> = {
    'place unknown symbol': 'SYMBOL_UNKNOWN',
    'live broker 400 reject': 'INSUFFICIENT_FUNDS',
    'place not lot multiple': 'LOT_SIZE',
    'place CNC on NFO': 'PRODUCT_NOT_ALLOWED',
    'place NRML on NSE': 'PRODUCT_NOT_ALLOWED',
    'place LIMIT without price': 'PRICE_MISSING',
    'place SL without trigger': 'PRICE_MISSING',
    'place equity CNC sell without holding': 'NOTHING_TO_SELL',
    'place huge qty (margin)': 'INSUFFICIENT_FUNDS',
  }
  const expectedOf = ({ name, status, json }: Recording) => {
    if (status === 200) return { kind: 'accepted', venueOrderId: json.orderid }
    if (status === 403 || status === 429) return { kind: 'notSent' }
    if (status === 500) return { kind: 'unknown' }
    return { kind: 'refused', code: refused.test(name) ? 'REQUEST_INVALID' : codes[name]! }
  }
  let count = 0
  for (const mode of ['live', 'analyze'] as const) {
    let account = await openAccount(t, { settings: { allowLive: mode === 'live' } })
    for (const recording of recordings[mode].filter(({ endpoint }) => endpoint === 'placeorder')) {
      const { broker, double, pass } = account
      double.mode = mode
      double.answer('placeorder', recording.status, recording.json)
      const before = double.count('placeorder')
      const outcome = await broker.submit(newOrder(), patience())
      t.match(plain(outcome), expectedOf(recording), `${mode}: ${recording.name}`)
      t.equal(double.count('placeorder'), before + 1)
      // What is unknown is settled elsewhere by then
      pass(FORGOTTEN)
      if (recording.status === 403)
        account = await openAccount(t, { settings: { allowLive: mode === 'live' } })
      count += 1
    }
  }
  t.ok(count >= 40, `${count} recorded answers`)
})

t.test('every recorded answer to a cancel, and every recorded read, is understood', async (t) => {
  for (const mode of ['live', 'analyze'] as const) {
    const { broker, double, pass } = await openAccount(t, { settings: { allowLive: mode === 'live' } })
    double.mode = mode
    const order = restingOrder()
    const reference = referenceOf(order, await send(broker, order))
    const expected: Readonly<Record<string, string>> =
      mode === 'live'
        ? { cancel: 'requested', 'cancel twice': 'unknown', 'cancel unknown': 'unknown' }
        : { cancel: 'requested', 'cancel twice': 'tooLate', 'cancel unknown': 'absent' }
    for (const [name, kind] of Object.entries(expected)) {
      const { status, json } = recordings[mode].find((recording) => recording.name === name)!
      double.answer('cancelorder', status, json)
      t.equal((await broker.cancel(reference)).kind, kind, `${mode}: ${name}`)
      const asked = double.count('cancelorder')
      if (kind === 'requested') {
        t.match(await broker.cancel(reference), { kind }, 'its end is awaited')
        t.equal(double.count('cancelorder'), asked)
      }
      pass(5_000)
    }
    const of = (endpoint: string) => recordings[mode].filter((recording) => recording.endpoint === endpoint)
    for (const { name, status, json } of of('funds')) {
      double.answer('funds', status, json)
      t.ok((await broker.funds(patience())).isPositive(), `${mode}: ${name}`)
    }
    for (const { name, status, json } of of('quotes')) {
      double.answer('quotes', status, json)
      const quote = broker.quote('GOLD_MINI', patience())
      if (status === 200) t.match(await quote, { price: 58_000 }, `${mode}: ${name}`)
      else await t.rejects(quote, new RegExp(`with ${status}`), `${mode}: ${name}`)
    }
    for (const { name, status, json } of of('orderstatus')) {
      double.answer('orderstatus', status, json)
      // They are for another instrument, but for the ones that do not exist
      const asked = status === 404 ? referenceOf(newOrder(), '000000') : reference
      t.equal((await broker.order(asked)).kind, status === 404 ? 'absent' : 'unknown', `${mode}: ${name}`)
    }
    for (const endpoint of ['orderbook', 'tradebook']) {
      for (const { name, status, json } of of(endpoint)) {
        double.answer(endpoint, status, json)
        await t.resolves(broker.orders(0), `${mode}: ${name}`)
      }
    }
    await broker.close()
  }
})

t.test('recorded positions and orders are read in lots of our instruments', async (t) => {
  const { broker, double } = await openAccount(t)
  const replay = (name: string) => {
    const { endpoint, status, json } = recordings.live.find((recording) => recording.name === name)!
    double.answer(endpoint, status, json)
  }
  replay('positionbook MCX +100/lot move')
  t.same(plain(await broker.positions()), { GOLD_MINI: '1' }, 'rows of other symbols are not ours')
  replay('positionbook MCX +100/lot move')
  t.same(plain(await broker.averagePrices()), { GOLD_MINI: '125000' })
  replay('positionbook flat')
  t.same(await broker.positions(), {})
  replay('orderbook final')
  replay('tradebook')
  const orders = await broker.orders(0)
  t.match(orders, [{ clientOrderId: null, venueOrderId: '261120000000013', status: 'filled', side: 'buy' }])
  t.same(traded(orders[0]!), ['1 at 125000'])
  t.equal(
    orders[0]!.fills[0]!.at,
    Date.UTC(2026, 10, 20, 10, 45),
    'a time that lies ahead of us is taken for now',
  )
})

// Faults: B19
t.test('a market order is a limit a little beyond the other side, and nothing else is sent', async (t) => {
  const { broker, double } = await openAccount(t)
  await send(broker, newOrder({ lots: decimal(2) }))
  const { apikey, ...body } = double.requests.find(({ endpoint }) => endpoint === 'placeorder')!.body
  t.equal(apikey, OPENALGO_KEY)
  t.same(body, {
    ...{ strategy: 'smart-general', symbol: 'GOLDM04DEC26FUT', exchange: 'MCX', action: 'BUY' },
    ...{ pricetype: 'LIMIT', product: 'NRML', quantity: 2, price: 125_127 },
    ...{ trigger_price: 0, disclosed_quantity: 0 },
  })
  await send(broker, newOrder({ instrument: 'COPPER', referencePrice: 900, tick: 0.05 }))
  double.answer('quotes', 500, 'the broker is away')
  await send(broker, newOrder({ instrument: 'COPPER', side: 'sell', referencePrice: 900.03, tick: 0.05 }))
  t.match(
    double.orders.at(-1),
    { symbol: 'COPPER30NOV26FUT', price: 899.1, action: 'SELL' },
    'from the reference',
  )
  double.contract('SILVERM26FEB27FUT').price = 1_520
  await send(broker, newOrder({ instrument: 'SILVER_MINI', referencePrice: 152_000 }))
  t.match(double.orders.at(-1), { price: 152_152 }, 'a quote far from the reference is an error')
})

t.test('quantities are lots or units, as the broker lists a lot; another lot is never guessed', async (t) => {
  const units = await openAccount(t, {
    contracts: listedContracts(100).filter(({ name }) => name === 'GOLDM'),
  })
  const order = newOrder({ lots: decimal(3) })
  const id = await send(units.broker, order)
  t.equal(units.double.orders[0]!.quantity, 300)
  t.same(traded(await look(units.broker, referenceOf(order, id))), ['3 at 125000'])
  t.same(plain(await units.broker.positions()), { GOLD_MINI: '3' })
  units.double.trade(units.double.placeElsewhere({ symbol: 'GOLDM04DEC26FUT', quantity: 50 }).orderid, 50, 1)
  t.same(plain(await units.broker.positions()), { GOLD_MINI: '3.5' }, 'what cannot be is a difference')
  units.double.placeElsewhere({ symbol: 'GOLDM04DEC26FUT', quantity: 31, status: 'rejected' })
  t.equal((await units.broker.orders(0)).at(-1)!.lots.toNumber(), 0.31, 'and so is an order of somebody else')
  const odd = await openAccount(t, { contracts: listedContracts(10) })
  t.match(await odd.broker.submit(newOrder(), patience()), {
    kind: 'notSent',
    cause: /lot of 10 .* says 100/,
  })
  t.match(odd.incidents, [{ code: 'BROKER_CONTRACT', instrument: 'GOLD_MINI' }])
  t.equal(odd.double.count('placeorder'), 0)
})

// Faults: B22
t.test(
  'the contract is the one that is held, else the first that is far enough from its expiry',
  async (t) => {
    const DAY = 86_400_000
    const { broker, double, pass } = await openAccount(t)
    await send(broker, newOrder())
    pass(8 * DAY)
    t.match(await broker.quote('GOLD_MINI', patience()), { price: 125_000 }, 'of what is held')
    pass(3 * DAY)
    const entry = await broker.submit(newOrder(), patience())
    t.match(
      entry,
      { kind: 'refused', code: 'ROLLOVER_DUE', message: /GOLDM04DEC26FUT/ },
      'it takes no new lots',
    )
    await send(broker, newOrder({ side: 'sell' }))
    t.equal(double.orders.at(-1)!.symbol, 'GOLDM04DEC26FUT', 'and it is closed where it is held')
    await send(broker, newOrder())
    t.equal(double.orders.at(-1)!.symbol, 'GOLDM05JAN27FUT', 'a flat instrument goes to the next')
    double.trade(double.placeElsewhere({ symbol: 'GOLDM04DEC26FUT', quantity: 2 }).orderid, 2, 1)
    t.match(await broker.submit(newOrder(), patience()), { code: 'SEVERAL_CONTRACTS' })
    await send(broker, newOrder({ side: 'sell', lots: decimal(2) }))
    t.equal(double.orders.at(-1)!.symbol, 'GOLDM04DEC26FUT', 'the one that holds it all')
  },
)

t.test(
  'trades are counted from the trade book; the average and the status of an order are not believed',
  async (t) => {
    const { broker, double, pass, restart } = await openAccount(t)
    double.fillsAtOnce = false
    const order = newOrder({ lots: decimal(90) })
    const id = await send(broker, order)
    const reference = referenceOf(order, id)
    double.trade(id, 30, 125_000)
    t.match(await look(broker, reference), { status: 'working', fills: [{ tradeId: `${id}-30` }] })
    pass(2_000)
    double.trade(id, 40, 125_100)
    double.trade(id, 20, 125_100)
    const filled = await look(broker, reference)
    t.same(traded(filled), ['30 at 125000', '40 at 125100', '20 at 125100'])
    t.equal(filled.fills[0]!.fee.toNumber(), 125_000 * 30 * 10 * 0.0001, 'the fee is estimated')
    double.reverseTrades()
    t.same(plain(await look(broker, reference)), plain(filled), 'in whatever order they come')
    const trace = { side: 'buy', lots: decimal(90), since: RECORDED_AT } as const
    const booked = { filledLots: decimal(30), filledValue: decimal(30 * 125_000) }
    const later = await look(restart(), { ...reference, trace: { ...trace, ...booked } })
    t.same(traded(later).length, 2, 'another process goes on from what is booked')
    const odd = { filledLots: decimal(70), filledValue: decimal(70 * 125_050) }
    const merged = await look(restart(), { ...reference, trace: { ...trace, ...odd } })
    t.same(traded(merged), ['20 at 125125'], 'what cannot be told apart is one difference')
  },
)

interface Told {
  readonly lots: number
  readonly price: number
}

interface Look {
  readonly count: number
  readonly isReversed: boolean
}

/** Returns whether trades that are looked at in parts are booked in full. Throws when a name comes twice. */
function isBookedInFull(trades: readonly Told[], looks: readonly Look[]): boolean {
  const told = trades.map(({ lots, price }, index) => {
    const at = RECORDED_AT + 1_000 * Math.floor(index / 2)
    return { lots: decimal(lots), price: decimal(price), at }
  })
  let [booked, seen, named] = [NOTHING_TRADED, 0, decimal(0)]
  for (const { count, isReversed } of [...looks, { count: told.length, isReversed: false }]) {
    seen = Math.min(told.length, seen + count)
    const shown = told.slice(0, seen)
    for (const fresh of newTrades(isReversed ? shown.toReversed() : shown, booked)) {
      if (!named.isLessThan(fresh.cumulativeLots)) throw new Error('a name came twice')
      named = fresh.cumulativeLots
      booked = add(booked, fresh)
    }
  }
  const all = told.reduce(add, NOTHING_TRADED)
  const isPaid = all.value.minus(booked.value).abs().isLessThan(decimal('0.0001'))
  return all.lots.equals(booked.lots) && isPaid
}

t.test('however trades are read, every lot of them is booked once, at what was paid', (t) => {
  const trade = fc.record({ lots: fc.integer({ min: 1, max: 5 }), price: fc.integer({ min: 100, max: 999 }) })
  const look = fc.record({ count: fc.integer({ min: 0, max: 3 }), isReversed: fc.boolean() })
  const [trades, looks] = [fc.array(trade, { maxLength: 12 }), fc.array(look, { maxLength: 12 })]
  fc.assert(fc.property(trades, looks, isBookedInFull), { numRuns: counts.propertyRuns })
  t.pass('it holds')
  t.end()
})

t.test(
  'an end is believed when it is seen twice, and later when it may be that of the row before',
  async (t) => {
    const { broker, double, pass } = await openAccount(t)
    double.fillsAtOnce = false
    const [first, second] = [newOrder(), newOrder()]
    const ids = [await send(broker, first), await send(broker, second)] as const
    double.orders[0]!.status = 'rejected'
    double.orders[1]!.status = 'hidden'
    const status = async (order: OrderRequest, id: string) =>
      (await look(broker, referenceOf(order, id))).status
    t.equal(await status(first, ids[0]), 'working', 'seen once')
    t.equal(await status(second, ids[1]), 'working')
    pass(1_500)
    t.match(await look(broker, referenceOf(first, ids[0])), { status: 'rejected', code: 'REJECTED' })
    t.equal(await status(second, ids[1]), 'working', 'its status is that of the row before')
    double.orders[1]!.status = 'open'
    t.equal(await status(second, ids[1]), 'working')
    double.trade(ids[1], 1, 125_000)
    t.equal(await status(second, ids[1]), 'filled')
    const third = newOrder()
    const id = await send(broker, third)
    double.orders[2]!.status = 'rejected'
    double.orders[1]!.status = 'rejected'
    t.equal(await status(third, id), 'working')
    pass(31_000)
    t.equal(await status(third, id), 'rejected', 'at last it is its own')
    double.orders[0]!.status = 'hidden'
    t.match(
      await broker.order(referenceOf(third, id)),
      { kind: 'unknown' },
      'a book that fails tells nothing',
    )
    await t.rejects(broker.orders(0), /order_status/)
  },
)

t.test('an order without an answer is recognized when it is the only new one that is like it', async (t) => {
  const { broker, double, pass, restart, incidents } = await openAccount(t)
  double.placeElsewhere({ symbol: 'GOLDM04DEC26FUT', price: 125_127 })
  double.intercept('placeorder', failsAfterwards)
  const order = newOrder()
  t.match(await broker.submit(order, patience()), { kind: 'unknown', cause: /500/ })
  t.match(
    await broker.submit(newOrder(), patience()),
    { kind: 'notSent', cause: /on its way/ },
    'one at a time',
  )
  t.match(await broker.submit(newOrder({ instrument: 'COPPER' }), patience()), { kind: 'accepted' })
  t.match(await look(broker, referenceOf(order)), {
    venueOrderId: double.orders[1]!.orderid,
    status: 'filled',
  })
  t.match(await broker.submit(newOrder(), patience()), { kind: 'accepted' }, 'then the next may go')

  const lost = newOrder({ side: 'sell', at: RECORDED_AT })
  double.intercept('placeorder', losesAnswer)
  await broker.submit(lost, patience())
  const trace = {
    ...({ side: 'sell', lots: decimal(1), since: RECORDED_AT } as const),
    ...{ filledLots: decimal(0), filledValue: decimal(0) },
  }
  const elsewhere = restart()
  t.match(
    await look(elsewhere, { ...referenceOf(lost), trace }),
    { side: 'sell', status: 'filled' },
    'after a crash',
  )

  const late = newOrder({ side: 'sell' })
  double.intercept('placeorder', () => 'cut')
  await elsewhere.submit(late, patience())
  t.match(await elsewhere.order(referenceOf(late)), { kind: 'unknown', cause: /still be sending/ })
  double.placeElsewhere({ symbol: 'GOLDM04DEC26FUT', action: 'SELL', price: 125_900 })
  t.match((await elsewhere.order(referenceOf(late))).kind, /unknown/, 'another price is not ours')
  pass(131_000)
  t.match(await elsewhere.order(referenceOf(late)), { kind: 'absent' })
  double.placeElsewhere({ symbol: 'GOLDM04DEC26FUT', action: 'SELL', price: 124_874 })
  t.match(await elsewhere.order(referenceOf(late)), { kind: 'unknown', cause: /could be it/ })
  t.match(incidents, [{ code: 'BROKER_ORDER_AMBIGUOUS' }])
})

t.test('an answer that comes after its deadline is evidence all the same', async (t) => {
  const { broker, double, reports } = await openAccount(t)
  const deadline = new AbortController()
  let answer: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  double.intercept('placeorder', async (act) => {
    deadline.abort()
    await held
    return act()
  })
  const order = newOrder()
  const outcome = await broker.submit(order, deadline.signal)
  t.match(outcome, { kind: 'unknown', cause: /not answered yet/ })
  t.match(await broker.order(referenceOf(order)), { kind: 'unknown' }, 'nothing is there yet')
  answer()
  await eventually('the late answer is reported', () => reports.length > 0)
  const { clientOrderId } = order
  t.match(reports, [{ kind: 'accepted', clientOrderId, venueOrderId: double.orders[0]!.orderid }])
  t.match(await look(broker, referenceOf(order)), { status: 'filled' })
  t.match(await broker.submit({ ...order, attempt: 2 }, patience()), { kind: 'accepted' })
  t.equal(double.count('placeorder'), 1, 'an order that is there is not sent again')
})

t.test('success without an order id is no order: it waits for a person', async (t) => {
  const { broker, double, incidents } = await openAccount(t)
  double.isSemiAuto = true
  const order = newOrder()
  t.match(await broker.submit(order, patience()), { kind: 'unknown', cause: /approval/ })
  t.match(incidents, [{ code: 'BROKER_ORDER_QUEUED' }])
  double.answer('cancelorder', 403, { status: 'error', message: 'Cancel is not allowed in Semi-Auto mode' })
  t.match(await broker.cancel(referenceOf(order, '1')), { kind: 'unknown' })
  double.isSemiAuto = false
  double.trade(double.placeElsewhere({ symbol: 'GOLDM04DEC26FUT' }).orderid, 1, 1)
  const matched = { status: 'success', message: 'Positions Already Matched. No Action needed.' }
  double.answer('placeorder', 200, matched)
  t.match(await broker.submit(newOrder({ side: 'sell' }), patience()), {
    kind: 'unknown',
    cause: /without an order id/,
  })
  t.match(await broker.positions(), { GOLD_MINI: {} }, 'the account is open all the same')
})

// Faults: B04 B05
t.test('answers that prove nothing leave the outcome unknown, whatever their status', async (t) => {
  const error = (message: unknown) => ({ status: 'error', message })
  const doubtful: readonly [number, unknown][] = [
    [400, error('Order request timed out. Please check the order book and confirm before placing again')],
    [400, error('Something that nobody has heard of')],
    [400, error('Insufficient funds could not be checked: the request timed out')],
    [400, error('The price is off the tick size; your order may have been placed')],
    [400, 'Insufficient funds'],
    [408, error('Timeout')],
    [500, error('Insufficient funds')],
    [502, '<html>Bad gateway</html>'],
    [200, '<html>a login page</html>'],
    [200, { status: 'error', orderid: '1' }],
    [200, []],
    [302, error('elsewhere')],
    // The last one: it ends the session
    [403, '<html>banned</html>'],
  ]
  const { broker, double, pass } = await openAccount(t)
  for (const [status, body] of doubtful) {
    double.answer('placeorder', status, body)
    const outcome = await broker.submit(newOrder(), patience())
    t.match(outcome, { kind: 'unknown', cause: /\w/ }, `${status} ${JSON.stringify(body)}`)
    t.notOk(JSON.stringify(outcome).includes(OPENALGO_KEY))
    pass(FORGOTTEN)
  }
})

// Faults: B06 B21
t.test('what a broker never takes is refused for good', async (t) => {
  const refusals: Readonly<Record<string, string>> = {
    'RMS:Margin Exceeds, Required:1, Available:0': 'INSUFFICIENT_FUNDS',
    'Your order price is lower than the current lower circuit limit of 70.65.': 'PRICE_REFUSED',
    'Tick size for this script is 5 paise. Kindly enter price in the multiple of tick size': 'PRICE_REFUSED',
    'Quantity is above the freeze quantity of 600': 'QUANTITY_REFUSED',
    'Markets are closed right now. Use GTT for placing long standing orders.': 'MARKET_CLOSED',
  }
  const { broker, double, pass } = await openAccount(t)
  for (const [message, code] of Object.entries(refusals)) {
    double.answer('placeorder', 400, { status: 'error', message })
    t.match(await broker.submit(newOrder(), patience()), { kind: 'refused', code, message })
    pass(1_000)
  }
})

// Faults: B08
t.test('a session that is lost stops everything but a slow question, and is told once', async (t) => {
  const { broker, double, incidents, pass } = await openAccount(t, { timings: { checkEvery: 50 } })
  const order = newOrder()
  await send(broker, order)
  double.answer('quotes', 403, { status: 'error', message: 'Insufficient permission for that call.' })
  await t.rejects(broker.quote('GOLD_MINI', patience()), /with 403/)
  t.ok(await broker.positions(), 'an account without prices trades all the same')
  double.hasSession = false
  await t.rejects(broker.positions(), /with 403/)
  const asked = double.requests.length
  t.match(await broker.submit(newOrder(), patience()), { kind: 'notSent', retryAfterMs: 15_000 })
  t.match(await broker.cancel(referenceOf(order, '1')), { kind: 'notSent' })
  t.match(await broker.order(referenceOf(order)), { kind: 'unknown', cause: /takes the key no more/ })
  await t.rejects(broker.orders(0), /takes the key no more/)
  const others = () => double.requests.slice(asked).filter(({ endpoint }) => endpoint !== 'ping')
  t.same(others(), [], 'nothing else is asked')
  await eventually('it is asked again', () => double.count('ping') >= 3)
  double.hasSession = true
  await eventually('the account is open', async () => (await broker.positions()).GOLD_MINI !== undefined)
  pass(1_000)
  t.same(
    incidents.map(({ code }) => code),
    ['BROKER_SESSION_LOST'],
  )
  double.intercept('placeorder', () => ({
    status: 403,
    body: { status: 'error', message: 'Invalid openalgo apikey' },
  }))
  t.match(await broker.submit(newOrder(), patience()), { kind: 'notSent' }, 'it did not get to the broker')
})

t.test('real money and simulated money are never mistaken for one another', async (t) => {
  const live = await openAccount(t)
  live.double.mode = 'analyze'
  await t.rejects(live.broker.positions(), /simulated account/)
  t.match(await live.broker.submit(newOrder(), patience()), { kind: 'notSent', cause: /analyze mode/ })
  t.equal(live.double.count('placeorder'), 0)
  t.match(live.incidents, [{ code: 'BROKER_MODE_WRONG' }])

  const switched = await openAccount(t)
  await switched.broker.positions()
  switched.double.intercept('placeorder', () => ({
    status: 200,
    body: { status: 'success', orderid: '9', mode: 'analyze' },
  }))
  const simulated = await switched.broker.submit(newOrder(), patience())
  t.match(simulated, { kind: 'refused', code: 'ANALYZE_MODE' }, 'it was simulated, so there is none')
  t.match(await switched.broker.submit(newOrder(), patience()), { kind: 'notSent' })

  const rehearsal = await openAccount(t, { settings: { allowLive: false } })
  t.match(await rehearsal.broker.submit(newOrder(), patience()), { kind: 'notSent', cause: /real money/ })
  t.equal(rehearsal.double.count('placeorder'), 0)
  const simulation = await openAccount(t, { settings: { allowLive: false } })
  simulation.double.mode = 'analyze'
  await send(simulation.broker, newOrder())
  simulation.double.mode = 'live'
  t.match(
    await simulation.broker.submit(newOrder({ side: 'sell' }), patience()),
    { kind: 'accepted' },
    'a real order is kept',
  )
  t.match(simulation.incidents, [{ code: 'BROKER_MODE_WRONG' }])
  t.match(await simulation.broker.submit(newOrder(), patience()), { kind: 'notSent' })
})

// Faults: B07 L05
t.test('at most eight orders are sent in a second; a limit that OpenAlgo keeps is waited for', async (t) => {
  const { broker, double } = await openAccount(t)
  const cancels = Array.from({ length: 12 }, (_, index) =>
    broker.cancel(referenceOf(newOrder(), String(index))),
  )
  const kinds = (await Promise.all(cancels)).map(({ kind }) => kind)
  t.equal(kinds.filter((kind) => kind === 'notSent').length, 4)
  t.equal(double.count('cancelorder'), 8)
  const other = await openAccount(t)
  other.double.answer('placeorder', 429, { message: '10 per 1 second' })
  t.match(await other.broker.submit(newOrder(), patience()), { kind: 'notSent', retryAfterMs: 1_000 })
  const now = { at: 0 }
  const limit = new RateLimit(8, () => now.at)
  const waits = () => Array.from({ length: 10 }, () => limit.take('reads'))
  t.same(waits(), [0, 0, 0, 0, 0, 0, 0, 0, 1_000, 1_000])
  now.at = 600
  t.same([limit.take('reads'), limit.take('others')], [400, 0], 'each kind has its own')
  now.at = 1_000
  t.equal(limit.take('reads'), 0)
  await Promise.all(Array.from({ length: 9 }, () => other.broker.positions()))
  t.equal(other.double.count('positionbook'), 10, 'reads wait for their turn')
})

t.test(
  'what fails before a send sends nothing; an exit goes on without what it can do without',
  async (t) => {
    const { broker, double } = await openAccount(t)
    await send(broker, newOrder({ lots: decimal(2) }))
    const oops = { status: 'error', message: 'Oops' }
    double.answer('positionbook', 500, oops)
    t.match(await broker.submit(newOrder(), patience()), { kind: 'notSent', cause: /positionbook/ })
    await broker.positions()
    for (const endpoint of ['positionbook', 'orderbook', 'quotes']) double.answer(endpoint, 500, oops)
    await send(broker, newOrder({ side: 'sell' }))
    t.equal(double.orders.at(-1)!.symbol, 'GOLDM04DEC26FUT')
    double.answer('funds', 200, { status: 'success', data: {} })
    await t.rejects(broker.funds(patience()), /availablecash/, 'cash that is missing is not zero')
    double.answer('positionbook', 200, { status: 'success' })
    await t.rejects(broker.positions(), /no list/)
    const row = { orderid: '1', symbol: 'GOLDM04DEC26FUT', exchange: 'MCX' }
    double.answer('tradebook', 200, { status: 'success', data: [row] })
    await t.rejects(broker.orders(0), /no number for quantity/)
    double.answer('tradebook', 200, { status: 'success', data: [{ orderid: '1' }] })
    await t.rejects(broker.orders(0), /left out symbol/)
    const stranger = { orderid: 5, symbol: 'RELIANCE', exchange: 'NSE', order_status: null }
    double.answer('orderbook', 200, { status: 'success', data: { orders: [stranger] } })
    t.same(await broker.orders(0), [], 'what is not ours cannot make a read fail')
    const gone = await openAccount(t)
    await gone.double.close()
    t.match(await gone.broker.submit(newOrder(), patience()), { kind: 'notSent', cause: /does not listen/ })
    await t.rejects(gone.broker.orders(0), /does not listen/)
  },
)
