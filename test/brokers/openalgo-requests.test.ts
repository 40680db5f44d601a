import t from 'tap'
import { decimal } from '../../core/decimal.js'
import type { OrderRequest } from '../../server/brokers/broker.js'
import type { OpenAlgoBroker } from '../../server/brokers/openalgo/openalgo-broker.js'
import { eventually } from '../helpers/eventually.js'
import { type Interception, listedContracts } from '../helpers/openalgo-server.js'
import { referenceOf } from './conformance.js'
import { newOrder, openAccount, restingOrder } from './openalgo-account.js'

/** The broker has the order, and nobody hears of it. */
const losesAnswer: Interception = (act) => {
  act()
  return 'cut'
}

/** Milliseconds after which an order that is nowhere is on its way no more. */
const FORGOTTEN = 200_000
const patience = () => AbortSignal.timeout(60_000)

async function send(broker: OpenAlgoBroker, order: OrderRequest): Promise<string> {
  const outcome = await broker.submit(order, patience())
  if (outcome.kind === 'accepted') return outcome.venueOrderId
  throw new Error(JSON.stringify(outcome))
}

t.test('a working order is given other prices in its place; one that has ended is not', async (t) => {
  const { broker, double, pass } = await openAccount(t)
  const order = restingOrder({ lots: decimal(2) })
  const reference = referenceOf(order, await send(broker, order))
  const change = { limitPrice: decimal(121_000), triggerPrice: null }
  t.same(await broker.modify(reference, change), { kind: 'modified' })
  const { apikey: _key, ...body } = double.requests.at(-1)!.body
  t.same(body, {
    ...{ strategy: 'smart-general', symbol: 'GOLDM04DEC26FUT', exchange: 'MCX', action: 'BUY' },
    ...{ orderid: reference.venueOrderId, product: 'NRML', pricetype: 'LIMIT', quantity: 2 },
    ...{ price: 121_000, trigger_price: 0, disclosed_quantity: 0 },
  })
  t.equal(double.orders[0]!.price, 121_000)
  t.same(await broker.modify(reference, change), { kind: 'modified' })
  t.equal(double.count('modifyorder'), 1, 'what it is already is not sent')
  const higher = { limitPrice: decimal(122_000), triggerPrice: null }
  double.intercept('modifyorder', losesAnswer)
  t.same(await broker.modify(reference, higher), { kind: 'modified' }, 'a lost answer is looked up')
  double.intercept('modifyorder', () => 'cut')
  const lost = { limitPrice: decimal(123_000), triggerPrice: null }
  t.match(await broker.modify(reference, lost), { kind: 'unknown' })
  double.answer('modifyorder', 400, {
    status: 'error',
    message: 'Quantity must be in multiples of lot size 30',
  })
  t.match(await broker.modify(reference, lost), { kind: 'refused', code: 'LOT_SIZE' })
  double.answer('orderstatus', 500, { status: 'error', message: 'Oops' })
  t.match(await broker.modify(reference, lost), { kind: 'notSent' }, 'it is not known what it would change')
  pass(1_000)
  const stop = double.placeElsewhere({
    ...{ symbol: 'GOLDM04DEC26FUT', action: 'SELL', pricetype: 'SL', price: 119_000 },
    ...{ trigger_price: 119_500, status: 'trigger pending' },
  })
  const raised = { limitPrice: decimal(120_000), triggerPrice: decimal(120_500) }
  t.same(await broker.modify(referenceOf(newOrder(), stop.orderid), raised), { kind: 'modified' })
  t.match(stop, { price: 120_000, trigger_price: 120_500, status: 'trigger pending' }, 'a stop is moved')
  await broker.cancel(reference)
  t.same(await broker.modify(reference, lost), { kind: 'tooLate' })
  t.match(await broker.modify(referenceOf(newOrder(), '404'), lost), { kind: 'absent' })
  t.match(await broker.modify(referenceOf(newOrder()), lost), { kind: 'unknown', cause: /not found yet/ })
})

t.test('more than the exchange takes in one order is refused before it is sent', async (t) => {
  const contracts = listedContracts().map((contract) => ({ ...contract, freeze: 10 }))
  const { broker, double } = await openAccount(t, { contracts })
  t.match(await broker.submit(newOrder({ lots: decimal(11) }), patience()), {
    ...{ kind: 'refused', code: 'QUANTITY_FROZEN', message: /at most 10 of GOLDM04DEC26FUT/ },
  })
  t.equal(double.count('placeorder'), 0)
  t.match(await broker.submit(newOrder({ lots: decimal(10) }), patience()), { kind: 'accepted' })
})

t.test(
  'an order that names its contract goes to that one, and sells nothing that is not held there',
  async (t) => {
    const { broker, double, incidents, forget } = await openAccount(t)
    const inMonth = (contractMonth: string, wanted: Partial<OrderRequest> = {}) =>
      newOrder({ contractMonth, ...wanted })
    await send(broker, inMonth('2026-12', { lots: decimal(2) }))
    await send(broker, inMonth('2027-01'))
    t.same(
      double.orders.map(({ symbol }) => symbol),
      ['GOLDM04DEC26FUT', 'GOLDM05JAN27FUT'],
    )
    t.equal(double.orders[1]!.price, 126_027, 'at its own price')
    await send(broker, inMonth('2027-01', { side: 'sell' }))
    t.match(double.orders.at(-1), { symbol: 'GOLDM05JAN27FUT', action: 'SELL' })
    const refused = await broker.submit(inMonth('2027-01', { side: 'sell' }), patience())
    t.match(refused, {
      kind: 'notSent',
      cause: /sold in GOLDM05JAN27FUT, and the account holds 2 of GOLDM04DEC26FUT/,
    })
    t.match(incidents, [{ code: 'BROKER_CONTRACT', instrument: 'GOLD_MINI' }])
    t.match(await broker.submit(inMonth('2027-02'), patience()), {
      kind: 'notSent',
      cause: /no contract of GOLD_MINI that expires in 2027-02/,
    })
    forget()
    double.answer('quotes', 500, { status: 'error', message: 'Oops' })
    t.match(await broker.submit(inMonth('2027-01'), patience()), {
      kind: 'notSent',
      cause: /no price of GOLDM05JAN27FUT/,
    })
    double.answer('positionbook', 500, { status: 'error', message: 'Oops' })
    await send(broker, inMonth('2026-12', { side: 'sell' }))
    t.equal(double.orders.at(-1)!.symbol, 'GOLDM04DEC26FUT', 'an exit goes on without the account')
  },
)

t.test('a stop rests with its trigger and its limit until it is reached', async (t) => {
  const { broker, double, forget } = await openAccount(t)
  const stop = (wanted: Partial<OrderRequest> = {}) =>
    newOrder({
      ...{ type: 'stop', side: 'sell', lots: decimal(2) },
      ...{ triggerPrice: decimal(124_000), limitPrice: decimal(122_760), ...wanted },
    })
  t.match(
    await broker.submit(stop(), patience()),
    { kind: 'notSent', cause: /holds none of the 2 lots of GOLD_MINI that are to be sold/ },
    'of nothing',
  )
  forget()
  await send(broker, newOrder({ lots: decimal(2) }))
  const resting = stop()
  const id = await send(broker, resting)
  const { apikey: _key, ...body } = double.requests.findLast(
    ({ endpoint }) => endpoint === 'placeorder',
  )!.body
  t.match(body, { pricetype: 'SL', price: 122_760, trigger_price: 124_000, action: 'SELL', quantity: 2 })
  t.match(await broker.order(referenceOf(resting, id)), {
    kind: 'found',
    order: { status: 'working', fills: [] },
  })
  double.reach('GOLDM04DEC26FUT', 124_001)
  t.match(await broker.order(referenceOf(resting, id)), { order: { status: 'working' } })
  double.reach('GOLDM04DEC26FUT', 123_950)
  t.match(await broker.order(referenceOf(resting, id)), {
    order: { status: 'filled', fills: [{ price: decimal(123_950) }] },
  })
  t.same(await broker.positions(), {})

  await send(broker, newOrder({ lots: decimal(2) }))
  double.intercept('placeorder', losesAnswer)
  const lost = stop({ triggerPrice: decimal(120_000), limitPrice: decimal(119_000) })
  t.match(await broker.submit(lost, patience()), { kind: 'unknown' })
  t.match(
    await broker.order(referenceOf(lost)),
    { kind: 'found', order: { status: 'working' } },
    'it is recognized',
  )
})

t.test('an order of an earlier day that the book does not show any more has expired', async (t) => {
  const { broker, double, pass, clock } = await openAccount(t)
  const order = restingOrder({ lots: decimal(2) })
  const id = await send(broker, order)
  const trace = {
    ...({ side: 'buy', lots: decimal(2), since: clock.now() } as const),
    ...{ filledLots: decimal(0), filledValue: decimal(0) },
  }
  const reference = { ...referenceOf(order, id), trace }
  double.orders.length = 0
  t.same(await broker.order(reference), { kind: 'absent' }, 'on its own day it is only missing')
  pass(12 * 3_600_000)
  t.match(await broker.order(reference), {
    kind: 'found',
    order: { status: 'expired', lots: decimal(2), fills: [] },
  })
  t.same(await broker.order(referenceOf(order, id)), { kind: 'absent' }, 'without its day nothing is known')
})

t.test('orders, changes and cancels share one limit of eight a second', async (t) => {
  const { broker, double, forget } = await openAccount(t)
  const order = restingOrder()
  const reference = referenceOf(order, await send(broker, order))
  forget()
  const change = (price: number) =>
    broker.modify(reference, { limitPrice: decimal(price), triggerPrice: null })
  const other = (id: number) => broker.cancel(referenceOf(newOrder(), String(id)))
  const begunAt = performance.now()
  const asked = [
    other(1),
    change(120_001),
    other(2),
    change(120_002),
    other(3),
    other(4),
    other(5),
    other(6),
    change(120_003),
    other(7),
  ]
  const kinds = (await Promise.all(asked)).map(({ kind }) => kind)
  // A slow machine takes more than one second for it
  const most = 8 * (1 + Math.floor((performance.now() - begunAt) / 1_000))
  t.ok(kinds.filter((kind) => kind === 'notSent').length >= asked.length - most)
  t.ok(double.count('cancelorder') + double.count('modifyorder') <= most)
})

t.test('an examination reads everything that trading needs, and says what to do', async (t) => {
  const { broker, double } = await openAccount(t, {
    contracts: listedContracts().map((contract) => ({
      ...contract,
      tick: contract.name === 'COPPER' ? 5 : 1,
    })),
  })
  const told = async () => (await broker.examine()).map(({ check, severity }) => `${check} ${severity}`)
  const found = await broker.examine()
  t.match(found[0], { check: 'connection', severity: 'ok', found: /answers for zerodha/ })
  t.match(
    found.find(({ check }) => check === 'GOLD_MINI'),
    {
      found:
        /^GOLDM04DEC26FUT, expires 2026-12-04, new lots until 2026-1[12]-\d\d; quantity 1 a lot; last 125000; margin 105000 a lot$/,
    },
  )
  t.match(await told(), [
    'connection ok',
    /^clock /,
    'mode ok',
    'funds ok',
    'orders ok',
    'trades ok',
    'positions ok',
    'GOLD_MINI ok',
  ])
  await send(broker, newOrder())
  t.match(
    (await broker.examine()).find(({ check }) => check === 'positions'),
    { found: '1 GOLDM04DEC26FUT' },
  )
  t.equal(double.count('placeorder'), 1, 'it changes nothing')
  double.cash = '0.00'
  double.marginPerUnit = 200_000
  double.trade(double.placeElsewhere({ symbol: 'GOLDM05JAN27FUT' }).orderid, 1, 1)
  const bad = await told()
  for (const expected of ['funds warning', 'positions warning', 'GOLD_MINI warning'])
    t.ok(bad.includes(expected), expected)
  double.answer('funds', 200, { status: 'success', data: {} })
  double.answer('margin', 404, { status: 'error', message: 'Not found' })
  double.answer('positionbook', 500, { status: 'error', message: 'Oops' })
  double.answer('orderbook', 500, { status: 'error', message: 'Oops' })
  const failing = await told()
  for (const expected of ['funds failure', 'orders failure', 'positions failure'])
    t.ok(failing.includes(expected), expected)
  double.mode = 'analyze'
  t.match((await broker.examine()).at(-1), { check: 'mode', severity: 'failure', remedy: /allowLive: false/ })
  double.hasSession = false
  t.match(await broker.examine(), [{ check: 'connection', severity: 'failure', remedy: /Log in/ }])
  await double.close()
  t.match(await broker.examine(), [{ check: 'connection', severity: 'failure', remedy: /OpenAlgo/ }])
})

// Faults: B23
t.test('a broker that does not know our address stops the account, with an alarm of its own', async (t) => {
  const words = [
    'IP (2402:8100::1) is not allowed to place orders for this app',
    'Order rejected: the IP address 10.1.2.3 has not been registered',
    'Invalid IP address',
    'No IPs configured for this app',
    'IP address mismatch',
  ]
  for (const [index, message] of words.entries()) {
    const { broker, double, incidents, pass } = await openAccount(t, { timings: { checkEvery: 50 } })
    const status = index % 2 === 0 ? 403 : 400
    double.answer('placeorder', status, { status: 'error', message })
    t.match(await broker.submit(newOrder(), patience()), { kind: 'notSent', cause: message }, message)
    t.match(incidents, [{ code: 'BROKER_ADDRESS_REFUSED', message: /registered at the broker/ }])
    t.equal(incidents.length, 1)
    if (index > 0) continue
    t.match(await broker.submit(newOrder(), patience()), { kind: 'notSent', cause: /takes no orders from/ })
    t.equal(double.count('placeorder'), 1, 'nothing else is sent')
    pass(FORGOTTEN)
    await eventually('it is tried again', async () => {
      return (await broker.submit(newOrder(), patience())).kind === 'accepted'
    })
  }
  const { broker, double } = await openAccount(t)
  const doubtful = { status: 'error', message: 'IP not allowed; check the order book', orderid: '7' }
  double.answer('placeorder', 403, doubtful)
  t.match(
    await broker.submit(newOrder(), patience()),
    { kind: 'unknown' },
    'what names an order proves nothing',
  )
})

// Faults: T01
t.test('a broker whose clock is far from ours gets no entries, and exits go on', async (t) => {
  const { broker, double, incidents, pass } = await openAccount(t)
  const submit = (side: 'buy' | 'sell') => {
    pass(FORGOTTEN)
    return broker.submit(newOrder({ side }), patience())
  }
  t.match(await submit('buy'), { kind: 'accepted' })
  double.aheadBy = 5_000
  t.match(await submit('buy'), { kind: 'accepted' }, 'a few seconds are a warning')
  t.match(await submit('buy'), { kind: 'accepted' })
  const told = () => incidents.map(({ code, severity }) => `${code} ${severity}`)
  t.same(told(), ['CLOCK_SKEW warning'], 'and told once')
  double.aheadBy = -45_000
  const sent = double.count('placeorder')
  t.match(await submit('buy'), {
    kind: 'notSent',
    cause: /4[45]\.\d s behind ours: beyond 30 s no entry is sent/,
  })
  t.equal(double.count('placeorder'), sent)
  t.match(await submit('sell'), { kind: 'accepted' })
  t.same(told(), ['CLOCK_SKEW warning', 'CLOCK_SKEW critical'])
  const clock = (await broker.examine()).find(({ check }) => check === 'clock')
  t.match(clock, { severity: 'warning', found: /behind ours: no entry is sent/, remedy: /Synchronize/ })
  double.aheadBy = 0
  t.match(await submit('buy'), { kind: 'accepted' })
  t.equal(incidents.length, 2)
})
