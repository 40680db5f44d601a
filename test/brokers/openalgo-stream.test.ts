import t from 'tap'
import { decimal } from '../../core/decimal.js'
import { OpenAlgoBroker } from '../../server/brokers/openalgo/openalgo-broker.js'
import { readUpdate } from '../../server/brokers/openalgo/order-stream.js'
import { eventually } from '../helpers/eventually.js'
import { OPENALGO_KEY } from '../helpers/openalgo-server.js'
import { type Account, newOrder, openAccount, restingOrder } from './openalgo-account.js'
import { readRecordings } from './openalgo-recorded.js'

/** Quick to connect again; a machine that is busy must not look like a connection that is half open. */
const stream = { answerWithin: 20_000, pingEvery: 20_000, reconnectAfter: 10, reconnectAtMost: 80 }
/** So quick that silence is seen at once. */
const nervous = { ...stream, answerWithin: 300, pingEvery: 100 }
const patience = () => AbortSignal.timeout(60_000)

async function listening(t: Parameters<typeof openAccount>[0], using = stream): Promise<Account> {
  const timings = { stream: using, endSeenFor: 30, doubtfulEndSeenFor: 30 }
  const account = await openAccount(t, { isStreamed: true, timings })
  await eventually('updates come', () => account.broker.isStreaming && account.double.stream.listeners > 0)
  return account
}

async function place({ broker }: Account, wanted: Parameters<typeof newOrder>[0] = {}) {
  const order = restingOrder(wanted)
  const outcome = await broker.submit(order, patience())
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome))
  return { clientOrderId: order.clientOrderId, id: outcome.venueOrderId }
}

t.test('every recorded message of the stream is read for what it is', (t) => {
  const { stream: cases } = readRecordings()
  const updates = cases.flatMap(({ name, recv = [] }) =>
    recv
      .filter(({ type }) => type === 'order_update')
      .map((message) => {
        const { status, filledQuantity, mode } = readUpdate(message)!
        return [name, status, filledQuantity, mode]
      }),
  )
  t.same(updates, [
    ['order updates for a MARKET order', 'open', 0, 'analyze'],
    ['order updates for a MARKET order', 'complete', 30, 'analyze'],
    ['order update trigger pending', 'trigger pending', 0, 'analyze'],
    ['order updates when the stop triggers', 'complete', 30, 'analyze'],
    ['order update open limit', 'open', 0, 'analyze'],
    ['order update cancelled', 'cancelled', 0, 'analyze'],
  ])
  for (const { name, recv = [] } of cases) {
    for (const message of recv.filter(({ type }) => type !== 'order_update')) {
      t.equal(readUpdate(message), null, `${name}: ${message.type ?? message.code} is about no order`)
    }
  }
  t.equal(readUpdate({ orderid: 26_112_041_731_531, order_status: 'Complete ' })!.status, 'complete')
  for (const message of [{}, { orderid: '1' }, { order_status: 'open' }, { orderid: [], order_status: 5 }]) {
    t.equal(readUpdate(message), null)
  }
  t.end()
})

t.test('the double of the stream says what was recorded of one', async (t) => {
  const account = await listening(t, nervous)
  const { double } = account
  t.match(double.stream.heard, [
    { action: 'authenticate', api_key: OPENALGO_KEY },
    { action: 'subscribe_orders', request_id: 'orders' },
  ])
  await eventually('it is asked whether it is there', () =>
    double.stream.heard.some(({ action }) => action === 'ping'),
  )
})

t.test('an update has its order read at once, and what the books show is reported once', async (t) => {
  const account = await listening(t)
  const { double, reports } = account
  const { clientOrderId, id } = await place(account, { lots: decimal(3) })
  double.trade(id, 1, 119_990)
  double.tell(id)
  await eventually('the part is reported', () => reports.length === 1)
  t.match(reports, [{ kind: 'fill', clientOrderId, fill: { tradeId: `${id}-1` } }])
  double.tell(id)
  double.trade(id, 2, 119_980)
  double.tell(id)
  double.tell(id)
  await eventually('so is the rest', () => reports.length === 2)
  t.match(reports[1], { kind: 'fill', fill: { tradeId: `${id}-3` } })
  const asked = double.count('orderstatus')
  double.tell(id)
  double.tell(double.placeElsewhere({ symbol: 'GOLDM04DEC26FUT' }).orderid)
  for (const noise of ['{nope', '[]', { type: 'order_update' }, { type: 'market_data' }])
    double.stream.say(noise)
  const other = await place(account, { instrument: 'COPPER', limitPrice: decimal(800), tick: 0.05 })
  double.orders.at(-1)!.status = 'cancelled'
  double.tell(other.id)
  await eventually('an end is reported when it is certain', () => reports.length === 3)
  t.match(reports[2], { kind: 'canceled', clientOrderId: other.clientOrderId })
  t.ok(double.count('orderstatus') <= asked + 4, 'what was told before, and what is not ours, is not read')
})

t.test('the reason for a rejection comes with the update, as books tell none', async (t) => {
  const account = await listening(t)
  const { double, reports } = account
  const { clientOrderId, id } = await place(account)
  double.orders[0]!.status = 'rejected'
  double.tell(id, 'RMS: margin exceeds')
  await eventually('it is reported', () => reports.length === 1)
  t.match(reports, [{ kind: 'rejected', clientOrderId, message: 'RMS: margin exceeds' }])
})

t.test('a stream that breaks, falls silent or turns us away is tried again, and orders go on', async (t) => {
  const account = await listening(t, nervous)
  const { double, broker, reports } = account
  const first = double.stream.connections
  double.stream.drop()
  await eventually('it is connected again', () => double.stream.connections > first && broker.isStreaming)
  double.stream.faults.isDeaf = true
  const before = double.stream.connections
  await eventually(
    'silence is no connection',
    () => double.stream.connections > before && !broker.isStreaming,
  )
  double.stream.faults.isDeaf = false
  double.stream.faults.isClosed = true
  double.stream.drop()
  await eventually('it is away', () => !broker.isStreaming)
  const { id } = await place(account)
  double.trade(id, 1, 119_990)
  const orders = await broker.orders(0)
  t.match(orders, [{ status: 'filled' }], 'the books tell it all without it')
  t.same(reports, [])
  double.stream.faults.isClosed = false
  await eventually('and back', () => broker.isStreaming)
  await broker.close()
  await eventually('it ends with the broker', () => double.stream.listeners === 0 && !broker.isStreaming)
})

t.test('a stream in analyze mode closes an account that is live', async (t) => {
  const account = await listening(t)
  const { double, broker, incidents } = account
  const { id } = await place(account)
  double.mode = 'analyze'
  double.tell(id)
  await eventually('it is told', () => incidents.length === 1)
  t.match(incidents, [{ code: 'BROKER_MODE_WRONG' }])
  t.match(await broker.submit(newOrder(), patience()), { kind: 'notSent' })
})

t.test('a key that the stream refuses is not tried again soon', async (t) => {
  const account = await openAccount(t)
  const { double } = account
  const options = {
    ...{ url: double.url, apiKey: 'another', streamUrl: double.streamUrl, product: 'NRML' as const },
    ...{ bufferPct: 0, commissionPct: 0, allowLive: true },
  }
  const other = new OpenAlgoBroker({
    ...{ settings: options, instruments: [], clock: account.clock, onIncident: () => undefined },
    calendar: () => Promise.reject(new Error('nobody asks')),
    timings: { stream: { ...stream, reconnectAtMost: 60_000 } },
  })
  t.teardown(() => other.close())
  other.onReport(() => undefined)
  await eventually('it is refused', () => double.stream.heard.length === 1)
  await eventually('some time passes', async () => (await account.broker.orders(0)).length === 0)
  t.equal(double.stream.connections, 1)
  t.notOk(other.isStreaming)
})
