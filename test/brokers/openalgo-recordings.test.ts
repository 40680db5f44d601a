import fc from 'fast-check'
import t from 'tap'
import type { ApiAnswer } from '../../server/brokers/openalgo/api-client.js'
import { readOrderRow, readPositionRow, readTradeRow } from '../../server/brokers/openalgo/book-rows.js'
import {
  classifyCancel,
  classifyModify,
  classifyPlace,
  isSessionLost,
} from '../../server/brokers/openalgo/classify.js'
import { decimalOf, type Fields, fieldsOf, positiveIn, rowsOf } from '../../server/brokers/openalgo/fields.js'
import { parseVenueTime } from '../../server/brokers/openalgo/venue-time.js'
import { counts } from '../helpers/counts.js'
import { referenceOf } from './conformance.js'
import { type Account, newOrder, openAccount, RECORDED_AT } from './openalgo-account.js'
import { type Recording, readRecordings } from './openalgo-recorded.js'

const recordings = readRecordings()
const patience = () => AbortSignal.timeout(60_000)
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

/** What each recorded answer means to the adapter: live, and in the analyze mode where that differs. */
const MEANINGS: Readonly<Record<string, readonly [live: string, analyze?: string]>> = {
  'ping ok': ['read'],
  'ping bad key': ['session lost'],
  'ping no key': ['failed'],
  'malformed json': ['failed'],
  'wrong content type': ['failed'],
  'trailing slash ok': ['read'],
  'unknown endpoint': ['refused OPENALGO_URL_WRONG'],
  'analyzer status': ['live', 'analyze'],
  funds: ['5000000', '10000000'],
  'funds after buy': ['5000000', '9826000'],
  quotes: ['58000'],
  'quotes unknown symbol': ['failed'],
  'quotes bad exchange': ['failed'],
  symbol: ['lot 30, freeze 600'],
  'symbol unknown': ['failed'],
  'expiry futures': ['2 expiries'],
  'expiry options': ['1 expiries'],
  'expiry bad exchange': ['failed'],
  margin: ['261000'],
  'margin empty': ['failed'],

  'place missing symbol': ['refused REQUEST_INVALID'],
  'place bad action': ['refused REQUEST_INVALID'],
  'place bad product': ['refused REQUEST_INVALID'],
  'place bad pricetype': ['refused REQUEST_INVALID'],
  'place zero qty': ['refused REQUEST_INVALID'],
  'place fractional qty': ['refused REQUEST_INVALID'],
  'place unknown field': ['refused REQUEST_INVALID'],
  'place bad key': ['session lost, notSent'],
  // Live, nothing of this is checked before the broker
  'place not lot multiple': ['placed', 'refused LOT_SIZE'],
  'place CNC on NFO': ['placed', 'refused PRODUCT_NOT_ALLOWED'],
  'place NRML on NSE': ['placed', 'refused PRODUCT_NOT_ALLOWED'],
  'place unknown symbol': ['refused SYMBOL_UNKNOWN'],
  'place LIMIT without price': ['placed', 'refused PRICE_MISSING'],
  'place SL without trigger': ['placed', 'refused PRICE_MISSING'],
  'place equity CNC sell without holding': ['placed', 'refused NOTHING_TO_SELL'],
  'place huge qty (margin)': ['placed', 'refused INSUFFICIENT_FUNDS'],
  'place MARKET buy': ['placed'],
  'place LIMIT resting': ['placed'],
  'place SL-M sell stop': ['placed'],
  'place SL sell stop-limit': ['placed'],
  'place MCX GOLDM 1': ['placed'],
  'live broker 400 reject': ['refused INSUFFICIENT_FUNDS'],
  'live broker 500': ['unknown'],
  'live accepted then REJECTED': ['placed'],
  'live partial fill 30 of 90': ['placed'],
  'rate limited placeorder': ['notSent'],

  'modify price': ['modified'],
  'modify missing fields': ['refused REQUEST_INVALID'],
  'modify bad lot': ['modified', 'refused LOT_SIZE'],
  'modify cancelled': ['lookUp', 'tooLate'],
  cancel: ['requested'],
  'cancel twice': ['lookUp', 'tooLate'],
  'cancel unknown': ['lookUp', 'absent'],

  'orderstatus complete': ['complete'],
  'orderstatus unknown': ['absent'],
  'orderstatus open': ['open'],
  'orderstatus trigger pending': ['trigger pending'],
  'orderstatus after cancelall (SL-M)': ['cancelled', 'trigger pending'],
  'orderstatus rejected': ['rejected'],
  'orderstatus partial': ['open'],
  'orderstatus after 2 fills': ['complete'],
  orderbook: ['9 rows', '4 rows'],
  'orderbook final': ['14 rows', '9 rows'],
  'orderbook with unmapped status': ['26 rows'],
  tradebook: ['10 rows', '5 rows'],
  'tradebook partial': ['21 rows'],
  'positionbook after buy': ['91 30 1', '30'],
  'positionbook +60': ['60 30 1', '60'],
  'positionbook MCX +100/lot move': ['0 30 1 1', '0 1'],
  'positionbook flat': ['0 0 0 0 0', '0 0'],

  // Never asked; to an order they would be: success without an id is no order
  'multiquotes mixed': ['unknown'],
  'multiquotes empty': ['refused REQUEST_INVALID'],
  depth: ['unknown'],
  'history D': ['unknown'],
  'history bad interval': ['refused REQUEST_INVALID'],
  intervals: ['unknown'],
  search: ['unknown'],
  'search none': ['unknown'],
  'holidays 2026': ['unknown'],
  'timings trading day': ['unknown'],
  'timings saturday': ['unknown'],
  'timings bad date': ['unknown'],
  openposition: ['unknown'],
  'openposition none': ['unknown'],
  'openposition -30': ['unknown'],
  'openposition 0': ['unknown'],
  cancelallorder: ['unknown'],
  'cancelallorder none left': ['unknown'],
  'smartorder to +60': ['placed'],
  'smartorder matched': ['unknown'],
  'smartorder to -30': ['placed'],
  'smartorder to 0': ['placed'],
  'smartorder 0 qty 0 flat': ['unknown'],
  'smartorder missing position_size': ['refused REQUEST_INVALID'],
  holdings: ['unknown'],
  'pnl symbols': ['unknown'],
  closeposition: ['unknown'],
  'closeposition none': ['unknown'],
  basketorder: ['unknown'],
  splitorder: ['unknown'],
  optionsymbol: ['unknown'],
  syntheticfuture: ['unknown'],
  'telegram notify no bot': ['unknown'],
}

/** Returns an answer as it is read from the wire. */
function answerOf({ status, json }: Pick<Recording, 'status' | 'json'>): ApiAnswer {
  const { message } = json
  const words = typeof message === 'string' ? message : JSON.stringify(message ?? json)
  return { kind: 'answered', status, body: json, message: words }
}

function spell(verdict: { readonly kind: string; readonly code?: string }): string {
  return verdict.kind === 'refused' ? `refused ${verdict.code}` : verdict.kind
}

/** Returns, in a word, what the adapter reads from a recorded answer. */
async function meaningOf(recording: Recording, account: () => Promise<Account>): Promise<string> {
  const { endpoint, status, json } = recording
  const answer = answerOf(recording)
  const lost = isSessionLost(answer) ? 'session lost' : null
  const failed = () => lost ?? 'failed'
  const data = json.data
  switch (endpoint) {
    case 'ping':
      return status === 200 ? 'read' : failed()
    case 'analyzer':
      return String((data as Fields).mode)
    case 'funds': {
      const { double, broker } = await account()
      double.answer('funds', status, json)
      return String(await broker.funds(patience()))
    }
    case 'quotes': {
      const { double, broker } = await account()
      double.answer('quotes', status, json)
      return broker.quote('GOLD_MINI', patience()).then((quote) => String(quote?.price), failed)
    }
    case 'margin':
      return status === 200 ? String(positiveIn(data as Fields, 'total_margin_required')) : failed()
    case 'symbol': {
      if (status !== 200) return failed()
      const listed = data as Fields
      return `lot ${decimalOf(listed, 'lotsize')}, freeze ${decimalOf(listed, 'freeze_qty')}`
    }
    case 'expiry':
      return status === 200 ? `${(data as unknown[]).length} expiries` : failed()
    case 'cancelorder':
      return spell(classifyCancel(answer))
    case 'modifyorder':
      return spell(classifyModify(answer))
    case 'orderstatus': {
      if (status !== 200) {
        const { double, broker } = await account()
        double.answer('orderstatus', status, json)
        return (await broker.order(referenceOf(newOrder(), '000000'))).kind
      }
      return readOrderRow(fieldsOf(data, 'order'), RECORDED_AT).status
    }
    case 'orderbook': {
      const rows = rowsOf((data as Fields).orders, 'orders').map((row) => readOrderRow(row, RECORDED_AT))
      return `${rows.length} rows`
    }
    case 'tradebook':
      return `${rowsOf(data, 'trades').map((row) => readTradeRow(row, RECORDED_AT)).length} rows`
    case 'positionbook':
      return rowsOf(data, 'positions')
        .map((row) => readPositionRow(row).quantity.toString())
        .join(' ')
    default:
      return [lost, spell(classifyPlace(answer))].filter((word) => word !== null).join(', ')
  }
}

t.test('every recorded answer means what the table says, live and simulated', async (t) => {
  const seen = new Set<string>()
  for (const mode of ['live', 'analyze'] as const) {
    const shared = await openAccount(t, { settings: { allowLive: mode === 'live' } })
    shared.double.mode = mode
    const account = async () => {
      shared.forget()
      return shared
    }
    for (const recording of recordings[mode]) {
      const [live, analyze] = MEANINGS[recording.name] ?? ['not in the table']
      const expected = mode === 'live' ? live : (analyze ?? live)
      t.equal(await meaningOf(recording, account), expected, `${mode}: ${recording.name}`)
      seen.add(recording.name)
    }
  }
  t.same(
    Object.keys(MEANINGS).filter((name) => !seen.has(name)),
    [],
    'the table has nothing else',
  )
})

/** Rows of the same server for our contract, as other plugins and versions write them. */
const ORDER_ROW = {
  ...{ orderid: '261120000000013', symbol: 'GOLDM04DEC26FUT', exchange: 'MCX', action: 'BUY' },
  ...{ quantity: 3, price: 125_000, trigger_price: 0, pricetype: 'LIMIT', product: 'NRML' },
  ...{ order_status: 'open', timestamp: '2026-11-20 16:10:00' },
}
const TRADE_ROW = {
  ...{ orderid: '261120000000013', symbol: 'GOLDM04DEC26FUT', exchange: 'MCX', product: 'NRML' },
  ...{ action: 'BUY', quantity: 3, average_price: 125_000, trade_value: 375_000, timestamp: '16:10:05' },
}
const POSITION_ROW = {
  ...{ symbol: 'GOLDM04DEC26FUT', exchange: 'MCX', product: 'NRML', quantity: 3 },
  ...{ average_price: '125000.00', ltp: 125_000, pnl: 0 },
}

/** Changes of a row that mean the same. */
const VARIATIONS: readonly Fields[] = [
  { quantity: '3', price: '125000.00', trigger_price: '0.0' },
  { quantity: 3.0, price: '1,25,000', trigger_price: '' },
  { orderid: 261_120_000_000_013 },
  { orderid: ' 261120000000013 ' },
  { exchange: 'mcx', symbol: 'goldm04dec26fut', action: 'buy', product: 'nrml', pricetype: 'limit' },
  { filled_quantity: 0, pending_quantity: 3, tradeid: 'T1', rejection_reason: null, extra: { deep: [1] } },
  { timestamp: '20-Nov-2026 16:10:00', average_price: '125000.0' },
  { timestamp: undefined, average_price: 125_000.0 },
]

t.test('rows that say the same in another way are read the same', async (t) => {
  const { broker, double, pass } = await openAccount(t)
  const reference = referenceOf(newOrder(), ORDER_ROW.orderid)
  for (const variation of VARIATIONS) {
    const reversed = (row: Fields) => Object.fromEntries(Object.entries({ ...row, ...variation }).reverse())
    double.answer('orderbook', 200, { data: { orders: [reversed(ORDER_ROW)] }, status: 'SUCCESS' })
    double.answer('tradebook', 200, { data: [reversed({ ...TRADE_ROW })], status: 'success', mode: 'LIVE' })
    const [order] = await broker.orders(0)
    t.match(
      plain(order),
      { status: 'filled', lots: '3', side: 'buy', venueOrderId: ORDER_ROW.orderid },
      JSON.stringify(variation),
    )
    t.match(plain(order!.fills), [{ lots: '3', price: '125000' }])
    double.answer('positionbook', 200, { status: 'success', data: [reversed(POSITION_ROW)] })
    t.same(plain(await broker.positions()), { GOLD_MINI: '3' })
    double.answer('orderstatus', 200, { data: reversed(ORDER_ROW), status: 'success' })
    double.answer('tradebook', 200, { data: [reversed({ ...TRADE_ROW })], status: 'success' })
    t.match(await broker.order(reference), { kind: 'found', order: { status: 'filled' } })
  }
  const spellings: Readonly<Record<string, string>> = {
    ...{ COMPLETE: 'filled', Complete: 'filled', complete: 'filled', OPEN: 'working', Open: 'working' },
    ...{ 'TRIGGER PENDING': 'working', trigger_pending: 'working', 'Trigger-Pending': 'working' },
    ...{ 'PUT ORDER REQ RECEIVED': 'working', 'validation pending': 'working', transit: 'working' },
    ...{ unknown: 'working', CANCELLED: 'canceled', Canceled: 'canceled', 'CANCELLED AMO': 'canceled' },
    ...{ REJECTED: 'rejected', Expired: 'expired' },
  }
  const rows = Object.keys(spellings).map((told, index) => {
    return { ...ORDER_ROW, orderid: String(1_000 + index), order_status: told }
  })
  // An end that the row before has as well is believed later
  const show = async () => {
    double.answer('orderbook', 200, { data: { orders: rows }, status: 'success' })
    return (await broker.orders(0)).map(({ status }) => status)
  }
  await show()
  pass(60_000)
  t.same(await show(), Object.values(spellings))
})

t.test('times are read in every spelling that brokers use; what is not known is no time', (t) => {
  const at = Date.UTC(2026, 10, 20, 10, 40)
  const spellings = [
    ...['2026-11-20 16:10:00', '2026-11-20T16:10:00', '2026-11-20 16:10:00.123', '2026/11/20 16:10:00'],
    ...['20-Nov-2026 16:10:00', '20-NOV-2026 16:10:00', '20-11-2026 16:10:00', '20/11/2026 16:10:00'],
    ...['16:10:00 20-11-2026', '16:10:00 20-Nov-2026', '16:10:00', '2026-11-20T16:10:00+05:30'],
    ...['2026-11-20T10:40:00Z', String(at), String(at / 1000), at, at / 1000],
  ]
  for (const told of spellings) t.equal(parseVenueTime(told, RECORDED_AT), at, String(told))
  t.equal(parseVenueTime('23:00:00', RECORDED_AT), Date.UTC(2026, 10, 19, 17, 30), 'of the day before')
  for (const told of [
    '',
    'NA',
    null,
    {},
    5,
    '16:10',
    '20-13-2026 16:10:00',
    'Fri, 20 Nov 2026 16:10:00 GMT',
  ]) {
    t.equal(parseVenueTime(told, RECORDED_AT), null, JSON.stringify(told))
  }
  t.end()
})

t.test('what is not understood is an error, and neither nothing nor zero', async (t) => {
  const { broker, double, forget } = await openAccount(t)
  const position = (change: Fields) => ({ status: 'success', data: [{ ...POSITION_ROW, ...change }] })
  const wrongPositions: readonly unknown[] = [
    ...[{ quantity: '' }, { quantity: null }, { quantity: 'NaN' }, { quantity: [] }, { quantity: '3 lots' }],
    ...[{ symbol: 'GOLDM4DEC26FUT' }, { symbol: '' }, { symbol: null }, { exchange: '' }, { product: null }],
  ].map((change) => position(change))
  const pages: readonly (readonly [number, unknown])[] = [
    ...wrongPositions.map((body) => [200, body] as const),
    ...[{}, { data: {} }, { data: null }, { data: 'none' }, { data: [null] }, { data: [[]] }].map(
      (body) => [200, { status: 'success', ...body }] as const,
    ),
    ...[{ status: 'error', data: [] }, { data: [] }, { status: 'failure', data: [] }, []].map(
      (body) => [200, body] as const,
    ),
    ...[400, 404, 429, 500, 502, 503].map((status) => [status, { status: 'success', data: [] }] as const),
    ...[200, 404, 500].map((status) => [status, '<!doctype html><title>Login</title>'] as const),
    [200, ''],
    [204, { status: 'success', data: [] }],
  ]
  for (const [status, body] of pages) {
    forget()
    double.answer('positionbook', status, body)
    await t.rejects(broker.positions(), /OpenAlgo/, `${status} ${JSON.stringify(body)}`)
  }
  const wrongTrades = [
    { quantity: 0 },
    { quantity: -3 },
    { average_price: 0 },
    { average_price: '' },
    { orderid: null },
  ]
  for (const change of wrongTrades) {
    forget()
    double.answer('tradebook', 200, { status: 'success', data: [{ ...TRADE_ROW, ...change }] })
    await t.rejects(broker.orders(0), /OpenAlgo/, JSON.stringify(change))
  }
  const wrongOrders = [
    { orderid: 'None' },
    { orderid: 1e21 },
    { orderid: '' },
    { quantity: -3 },
    { action: 'HOLD' },
    { order_status: null },
  ]
  for (const change of wrongOrders) {
    forget()
    double.answer('orderstatus', 200, { status: 'success', data: { ...ORDER_ROW, ...change } })
    const answer = await broker.order(referenceOf(newOrder(), ORDER_ROW.orderid))
    t.match(answer, { kind: 'unknown' }, JSON.stringify(change))
  }
})

/** A thousand runs over HTTP take their time. */
const PATIENT = { timeout: 150_000 }

/** A change of an answer that no server announced. */
interface Mutation {
  readonly where: number
  readonly what: number
  readonly value: unknown
  readonly status: number | null
}

const VALUES: readonly unknown[] = [
  ...[null, '', 0, -1, '0', 'None', 'NaN', 1e21, 1e-9, [], {}, true, false, '<html>', 'success', 'error'],
  ...['rejected', 'complete', 'COMPLETE', 'Order queued for approval', 'Insufficient funds', '9'],
]

const mutation: fc.Arbitrary<Mutation> = fc.record({
  where: fc.nat(1_000),
  what: fc.nat(3),
  value: fc.constantFrom(...VALUES),
  status: fc.option(fc.constantFrom(200, 200, 200, 400, 403, 404, 408, 429, 500, 502, 503), { nil: null }),
})

/** Returns the value with one of its parts left out, replaced, put into a list, or written as text. */
function mutate(value: unknown, { where, what, value: other }: Mutation): unknown {
  const paths: (readonly (string | number)[])[] = []
  const walk = (node: unknown, path: readonly (string | number)[]): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, child] of Object.entries(node)) {
      const next = [...path, Array.isArray(node) ? Number(key) : key]
      paths.push(next)
      walk(child, next)
    }
  }
  const copy = structuredClone(value)
  walk(copy, [])
  const path = paths[where % Math.max(1, paths.length)]
  if (path === undefined) return copy
  let parent = copy as Record<string | number, unknown>
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>
  const key = path.at(-1)!
  if (what === 0) delete parent[key]
  else if (what === 1) parent[key] = other
  else if (what === 2) parent[key] = [parent[key]]
  else parent[key] = typeof parent[key] === 'object' ? JSON.stringify(parent[key]) : String(parent[key])
  return copy
}

/** Without the mark of the analyze mode, which closes an account that is live. */
const recorded = (wanted: string) =>
  [...recordings.live, ...recordings.analyze]
    .filter(({ endpoint }) => endpoint === wanted)
    .map(({ json: { mode: _mode, ...json }, ...rest }) => ({ ...rest, json }))

t.test(
  'a mutated answer never throws, refuses, or makes an order absent that it does not deny',
  async (t) => {
    const account = await openAccount(t)
    const { broker, double, forget } = account
    const base = { ...ORDER_ROW, order_status: 'open' }
    const from = (endpoint: string) => fc.constantFrom(...recorded(endpoint))
    const property = fc.asyncProperty(
      fc.record({
        place: from('placeorder'),
        cancel: from('cancelorder'),
        change: mutation,
        page: fc.nat(9),
      }),
      async ({ place, cancel, change, page }) => {
        const bodyOf = (json: unknown) => (page === 0 ? '<html>an error</html>' : mutate(json, change))
        forget()
        const placed = { status: change.status ?? place.status, body: bodyOf(place.json) }
        if (placed.status === 403) placed.status = 503
        double.answer('placeorder', placed.status, placed.body)
        const sent = await broker.submit(newOrder(), patience())
        const body = (typeof placed.body === 'object' ? placed.body : {}) as Fields
        if (sent.kind === 'refused') {
          const isDenied = placed.status >= 400 && placed.status < 500 && body.status === 'error'
          if (!isDenied || ((body.orderid ?? '') !== '' && body.mode !== 'analyze'))
            throw new Error(JSON.stringify({ placed, sent }))
        }
        if (sent.kind === 'accepted') {
          const isTold = placed.status === 200 && String(body.orderid).trim() === sent.venueOrderId
          if (!isTold) throw new Error(JSON.stringify({ placed, sent }))
        }
        if (sent.kind === 'notSent' && placed.status !== 429)
          throw new Error(JSON.stringify({ placed, sent }))

        forget()
        const canceled = { status: change.status ?? cancel.status, body: bodyOf(cancel.json) }
        if (canceled.status === 403) canceled.status = 503
        double.answer('cancelorder', canceled.status, canceled.body)
        double.answer('orderstatus', 500, { status: 'error', message: 'Oops' })
        const asked = await broker.cancel(referenceOf(newOrder(), '000000'))
        const told = (typeof canceled.body === 'object' ? canceled.body : {}) as Fields
        if (asked.kind === 'tooLate' || asked.kind === 'absent') {
          const isError = canceled.status >= 400 && told.status === 'error'
          if (!isError) throw new Error(JSON.stringify({ canceled, asked }))
        }
        double.dropInterceptions()

        forget()
        double.answer(
          'orderstatus',
          change.status === 403 ? 503 : (change.status ?? 200),
          bodyOf({ status: 'success', data: base }),
        )
        double.answer('tradebook', 200, bodyOf({ status: 'success', data: [TRADE_ROW] }))
        const answer = await broker.order(referenceOf(newOrder(), ORDER_ROW.orderid))
        if (answer.kind === 'absent') throw new Error(JSON.stringify(answer))
        double.dropInterceptions()
      },
    )
    await fc.assert(property, {
      numRuns: Math.min(1_000, counts.propertyRuns),
      interruptAfterTimeLimit: 60_000,
    })
    t.pass('it holds')
  },
)

t.test('a mutated book is read in full, or is an error', PATIENT, async (t) => {
  const { broker, double, forget } = await openAccount(t)
  const book = {
    status: 'success',
    data: { orders: [ORDER_ROW, { ...ORDER_ROW, orderid: '261120000000014' }] },
  }
  const positions = { status: 'success', data: [POSITION_ROW] }
  const property = fc.asyncProperty(mutation, async (change) => {
    forget()
    const status = change.status === 403 ? 503 : (change.status ?? 200)
    double.answer('orderbook', status, mutate(book, change))
    double.answer('tradebook', 200, { status: 'success', data: [] })
    const orders = await broker.orders(0).catch(() => null)
    const other = (mutate(book, change) as typeof book).data
    // A row that is left out altogether, or that names another contract, cannot be missed
    const isTold = Array.isArray(other?.orders) && other.orders.length === 2
    if (orders !== null && isTold && orders.length < 2) {
      const isOurs = other.orders.every(
        ({ symbol, exchange }) => symbol === ORDER_ROW.symbol && exchange === 'MCX',
      )
      if (isOurs) throw new Error(JSON.stringify({ orders, other }))
    }
    if (orders !== null && status !== 200) throw new Error(`${status} was read`)
    double.dropInterceptions()
    double.answer('positionbook', status, mutate(positions, change))
    const held = await broker.positions().catch(() => null)
    const told = (mutate(positions, change) as typeof positions).data
    const row = Array.isArray(told) ? told[0] : undefined
    if (held !== null && held.GOLD_MINI === undefined && row !== undefined) {
      const isFlat = Number(row.quantity) === 0 && typeof row.quantity !== 'object'
      const isElsewhere =
        row.symbol !== POSITION_ROW.symbol || row.exchange !== 'MCX' || row.product !== 'NRML'
      if (!isFlat && !isElsewhere) throw new Error(JSON.stringify({ held, told }))
      if (isFlat && (row.quantity as unknown) === '') throw new Error('what is left empty is not flat')
    }
    double.dropInterceptions()
  })
  await fc.assert(property, {
    numRuns: Math.min(1_000, counts.propertyRuns),
    interruptAfterTimeLimit: 60_000,
  })
  t.pass('it holds')
})
