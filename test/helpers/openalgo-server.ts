import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Instant } from '../../core/time.js'
import { OPENALGO_KEY } from './openalgo-key.js'
import { validateOpenAlgo } from './openalgo-schema.js'
import { OpenAlgoStreamDouble } from './openalgo-stream.js'
import type { Teardown } from './temporary-directory.js'

/*
 * OpenAlgo with a live broker behind it, as recordings of one (commit 60156bc5) show it: books without fills, the first
 * trade's price as the average, statuses that a row takes from the row before it, texts for numbers.
 */

export { OPENALGO_KEY } from './openalgo-key.js'

/** A contract that the double lists. */
export interface DoubleContract {
  readonly name: string
  readonly symbol: string
  readonly expiry: string
  readonly lotsize: number
  readonly freeze?: number
  readonly tick?: number
  /** Of an option; a symbol that ends in CE or PE is one, and is traded on NFO like all of Bank Nifty. */
  readonly strike?: number
  price: number
}

/** An order in the double's book. `hidden` is a status that the broker's plugin does not know. */
export interface DoubleOrder {
  readonly orderid: string
  readonly symbol: string
  readonly exchange: string
  readonly action: string
  readonly quantity: number
  price: number
  trigger_price: number
  readonly product: string
  readonly pricetype: string
  readonly timestamp: string
  status: 'open' | 'complete' | 'rejected' | 'cancelled' | 'trigger pending' | 'hidden'
}

interface DoubleTrade {
  readonly order: DoubleOrder
  readonly quantity: number
  readonly price: number
  readonly timestamp: string
}

/** An answer: a status and a JSON body, or a text. */
export interface DoubleAnswer {
  readonly status: number
  readonly body: unknown
}

/** What the double does instead of answering: `cut` breaks the connection, `hang` never answers. */
export type Interception = (act: () => DoubleAnswer) => DoubleAnswer | 'cut' | 'hang' | Promise<DoubleAnswer>

/** A request as it came. */
export interface DoubleRequest {
  readonly endpoint: string
  readonly body: Readonly<Record<string, unknown>>
  readonly at: number
}

/** How the double starts. */
export interface DoubleOptions {
  readonly clock: { readonly now: () => Instant }
  readonly contracts?: readonly DoubleContract[]
}

/** What is listed unless a test says otherwise: the broker counts lots on MCX. */
export function listedContracts(lotsize = 1): DoubleContract[] {
  return [
    { name: 'GOLDM', symbol: 'GOLDM04DEC26FUT', expiry: '04-DEC-26', lotsize, price: 125_000 },
    { name: 'GOLDM', symbol: 'GOLDM05JAN27FUT', expiry: '05-JAN-27', lotsize, price: 125_900 },
    { name: 'SILVERM', symbol: 'SILVERM30NOV26FUT', expiry: '30-NOV-26', lotsize, price: 150_000 },
    { name: 'SILVERM', symbol: 'SILVERM26FEB27FUT', expiry: '26-FEB-27', lotsize, price: 152_000 },
    { name: 'COPPER', symbol: 'COPPER30NOV26FUT', expiry: '30-NOV-26', lotsize, price: 900 },
    { name: 'COPPER', symbol: 'COPPER31DEC26FUT', expiry: '31-DEC-26', lotsize, price: 905 },
  ]
}

/** Bank Nifty as it was listed: the future, and the options at one strike. */
export function listedOptions(expiry: string, strike: number): DoubleContract[] {
  const base = `BANKNIFTY${expiry.replaceAll('-', '')}`
  const own = { name: 'BANKNIFTY', expiry, lotsize: 30, freeze: 600 }
  return [
    { ...own, symbol: `${base}FUT`, tick: 0.2, price: 52_030 },
    { ...own, symbol: `${base}${strike}CE`, tick: 0.05, strike, price: 400 },
    { ...own, symbol: `${base}${strike}PE`, tick: 0.05, strike, price: 370 },
  ]
}

function exchangeOf({ name }: DoubleContract): string {
  return name === 'BANKNIFTY' ? 'NFO' : 'MCX'
}

/** OpenAlgo on a port of this machine. */
export class OpenAlgoDouble {
  mode: 'live' | 'analyze' = 'live'
  /** False once the broker's session has ended: every request is answered as if the key were wrong. */
  hasSession = true
  /** True queues orders for a person. */
  isSemiAuto = false
  /** Milliseconds by which the clock of its answers is ahead. */
  aheadBy = 0
  /** What funds tell as free. */
  cash = '5000000.00'
  /** What the broker blocks for a unit of quantity. */
  marginPerUnit = 105_000
  /** Whether marketable orders trade at once, at the last price. */
  fillsAtOnce = true
  readonly orders: DoubleOrder[] = []
  readonly requests: DoubleRequest[] = []
  readonly stream = new OpenAlgoStreamDouble()
  readonly #trades: DoubleTrade[] = []
  readonly #contracts: readonly DoubleContract[]
  readonly #clock: DoubleOptions['clock']
  readonly #interceptions = new Map<string, Interception[]>()
  readonly #server = createServer((request, response) => void this.#serve(request, response))

  constructor({ clock, contracts = listedContracts() }: DoubleOptions) {
    this.#clock = clock
    this.#contracts = contracts
  }

  /** Returns where its stream listens. */
  get streamUrl(): string {
    return this.url.replace('http:', 'ws:')
  }

  /** Returns where it listens. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async listen(): Promise<void> {
    this.stream.attach(this.#server)
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    this.stream.drop()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Has the next request to an endpoint answered otherwise. `act` does what would have been done, and returns its answer. */
  intercept(endpoint: string, interception: Interception): void {
    this.#interceptions.set(endpoint, [...(this.#interceptions.get(endpoint) ?? []), interception])
  }

  /** Has the next request to an endpoint answered with this, and nothing done. */
  answer(endpoint: string, status: number, body: unknown): void {
    this.intercept(endpoint, () => ({ status, body }))
  }

  /** Answers as it would from now on, whatever was to be answered otherwise. */
  dropInterceptions(): void {
    this.#interceptions.clear()
  }

  /** Counts the requests to an endpoint. */
  count(endpoint: string): number {
    return this.requests.filter((request) => request.endpoint === endpoint).length
  }

  contract(symbol: string): DoubleContract {
    return this.#contracts.find((contract) => contract.symbol === symbol)!
  }

  /** Has a part of an order trade. An order that has traded in full is complete. */
  trade(orderid: string, quantity: number, price: number): void {
    const order = this.orders.find((candidate) => candidate.orderid === orderid)!
    this.#trades.push({ order, quantity, price, timestamp: this.#timestamp().slice(11) })
    if (this.#traded(order) >= order.quantity) order.status = 'complete'
  }

  /** Tells of an order as the stream does, with the words of the broker for a rejection. */
  tell(orderid: string, rejection = ''): void {
    const order = this.orders.find((candidate) => candidate.orderid === orderid)!
    const { status, ...fields } = order
    const filled = this.#traded(order)
    const price = this.#trades.find((trade) => trade.order === order)?.price ?? 0
    this.stream.say({
      ...{ type: 'order_update', user_id: 'tester', mode: this.mode, broker: 'zerodha', ...fields },
      ...{ order_status: status, filled_quantity: filled, pending_quantity: order.quantity - filled },
      ...{ average_price: price, rejection_reason: rejection },
    })
  }

  /** Has somebody else place an order in the account. */
  placeElsewhere(order: Partial<DoubleOrder> & { readonly symbol: string }): DoubleOrder {
    const defaults = {
      exchange: 'MCX',
      action: 'BUY',
      quantity: 1,
      price: 1,
      product: 'NRML',
      pricetype: 'LIMIT',
      trigger_price: 0,
    }
    return this.#book({ ...defaults, ...order }, order.status ?? 'open')
  }

  /** Makes the rows of the trade book come in another order from now on. */
  reverseTrades(): void {
    this.#trades.reverse()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const endpoint = (request.url ?? '').replace('/api/v1/', '').replace(/\/$/, '')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
    this.requests.push({ endpoint, body, at: performance.now() })
    const act = () => this.#answer(endpoint, body)
    const interception = this.#interceptions.get(endpoint)?.shift()
    const answer = await (interception?.(act) ?? act())
    if (answer === 'cut') request.socket.destroy()
    else if (answer !== 'hang') send(response, answer, this.#clock.now() + this.aheadBy)
  }

  #answer(endpoint: string, { apikey, ...body }: Record<string, unknown>): DoubleAnswer {
    if (apikey !== OPENALGO_KEY || !this.hasSession) return failure(403, 'Invalid openalgo apikey')
    const handlers: Readonly<Record<string, () => DoubleAnswer>> = {
      ping: () => success({ data: { broker: 'zerodha', message: 'pong' } }),
      analyzer: () => {
        const isAnalyze = this.mode === 'analyze'
        return success({ data: { analyze_mode: isAnalyze, mode: this.mode, total_logs: 0 } })
      },
      funds: () =>
        success({ data: { availablecash: this.cash, collateral: '0.00', utiliseddebits: '0.00' } }),
      expiry: () => this.#expiry(body),
      symbol: () => this.#symbol(body),
      quotes: () => this.#quotes(body),
      margin: () => this.#margin(body),
      modifyorder: () => this.#modify(body),
      placeorder: () => this.#place(body),
      cancelorder: () => this.#cancel(body),
      orderstatus: () => this.#orderStatus(body),
      orderbook: () => this.#orderBook(),
      tradebook: () => this.#tradeBook(),
      positionbook: () => this.#positionBook(),
    }
    const handler = Object.hasOwn(handlers, endpoint) ? handlers[endpoint] : undefined
    if (handler === undefined) {
      return { status: 404, body: { message: 'Not found', path: `/api/v1/${endpoint}`, status: 'error' } }
    }
    const problem = validateOpenAlgo(endpoint, body)
    if (problem !== null) return failure(400, problem)
    const answer = handler()
    if (this.mode === 'live' || endpoint === 'ping' || endpoint === 'analyzer') return answer
    return { status: answer.status, body: { ...(answer.body as object), mode: 'analyze' } }
  }

  #expiry({ symbol }: Record<string, unknown>): DoubleAnswer {
    const futures = this.#contracts.filter((one) => one.name === symbol && one.symbol.endsWith('FUT'))
    const data = futures.map(({ expiry }) => expiry)
    return success({ data, message: `Found ${data.length} expiry dates for ${symbol} futures in MCX` })
  }

  #symbol({ symbol, exchange }: Record<string, unknown>): DoubleAnswer {
    const found = this.#contracts.find((contract) => contract.symbol === symbol)
    if (found === undefined) return failure(404, `Symbol ${symbol} not found in exchange ${exchange}`)
    const { name, expiry, lotsize, freeze = 1, tick = 1, strike = 0 } = found
    const listedOn = exchangeOf(found)
    const kind = /[CP]E$/.exec(found.symbol)?.[0] ?? 'FUT'
    const fixed = { exchange: listedOn, brexchange: listedOn, instrumenttype: kind, strike }
    return success({
      data: {
        ...fixed,
        symbol,
        name,
        expiry,
        lotsize,
        freeze_qty: freeze,
        tick_size: tick,
        token: '1::::2',
        id: 1,
      },
    })
  }

  #quotes({ symbol, exchange }: Record<string, unknown>): DoubleAnswer {
    const found = this.#contracts.find((contract) => contract.symbol === symbol)
    if (found === undefined) return failure(400, `Symbol '${symbol}' not found for exchange '${exchange}'.`)
    const { price } = found
    const data = {
      ask: price + 1,
      bid: price - 1,
      high: price * 2,
      low: price / 2,
      ltp: price,
      oi: 5,
      volume: 9,
    }
    return success({ data: { ...data, open: price, prev_close: price } })
  }

  #place(body: Record<string, unknown>): DoubleAnswer {
    if (this.isSemiAuto) {
      const message = 'Order queued for approval in Action Center'
      return success({ message, mode: 'semi_auto', pending_order_id: 7 })
    }
    const symbol = String(body.symbol)
    const listed = this.#contracts.find((contract) => contract.symbol === symbol)
    if (listed === undefined) {
      return failure(400, 'The instrument you are placing an order for has either expired or does not exist.')
    }
    const [quantity, price] = [Number(body.quantity), Number(body.price ?? 0)]
    const trigger = Number(body.trigger_price ?? 0)
    const { exchange, action, pricetype, product } = body as Record<string, string>
    const order = this.#book(
      {
        ...{ symbol, quantity, price, trigger_price: trigger },
        ...{ exchange: exchange!, action: action!, pricetype: pricetype!, product: product! },
      },
      pricetype?.startsWith('SL') ? 'trigger pending' : 'open',
    )
    this.#match(order)
    return success({ orderid: order.orderid })
  }

  /** Has the last price of a contract move, which brings orders to life that wait for it, and fills what it reaches. */
  reach(symbol: string, price: number): void {
    this.contract(symbol).price = price
    for (const order of this.orders) if (order.symbol === symbol) this.#match(order)
  }

  #match(order: DoubleOrder): void {
    const { price: last } = this.contract(order.symbol)
    const { action, price, trigger_price: trigger } = order
    const isReached = action === 'BUY' ? trigger <= last : last <= trigger
    if (order.status === 'trigger pending' && isReached) order.status = 'open'
    const isMarketable = order.pricetype === 'SL-M' || (action === 'BUY' ? last <= price : price <= last)
    if (order.status !== 'open' || !this.fillsAtOnce || !isMarketable) return
    this.trade(order.orderid, order.quantity - this.#traded(order), last)
  }

  /** Live, the broker's own words are all that is told. */
  #modify({ orderid, price, trigger_price: trigger }: Record<string, unknown>): DoubleAnswer {
    const order = this.orders.find((candidate) => candidate.orderid === orderid)
    if (order?.status !== 'open' && order?.status !== 'trigger pending') {
      return failure(400, 'Order cannot be modified as it is being processed. Try later.')
    }
    order.price = Number(price)
    order.trigger_price = Number(trigger)
    this.#match(order)
    return success({ orderid })
  }

  #margin({ positions }: Record<string, unknown>): DoubleAnswer {
    const asked = Array.isArray(positions) ? (positions as readonly Record<string, unknown>[]) : []
    if (asked.length === 0) return failure(400, "{'positions': ['Positions must contain 1 to 50 items.']}")
    const total = asked.reduce((sum, { quantity }) => sum + Number(quantity) * this.marginPerUnit, 0)
    const parts = { span_margin: total * 0.8, exposure_margin: total * 0.2 }
    return success({ data: { total_margin_required: total, ...parts } })
  }

  #book(
    order: Omit<DoubleOrder, 'orderid' | 'status' | 'timestamp'>,
    status: DoubleOrder['status'],
  ): DoubleOrder {
    const orderid = `2611200000${String(this.orders.length + 1).padStart(5, '0')}`
    const booked = { ...order, orderid, status, timestamp: this.#timestamp() }
    this.orders.push(booked)
    return booked
  }

  /** Live, a finished order and an unknown one are a failure of the server. */
  #cancel({ orderid }: Record<string, unknown>): DoubleAnswer {
    const order = this.orders.find((candidate) => candidate.orderid === orderid)
    if (order?.status !== 'open' && order?.status !== 'trigger pending') {
      const reason = `Client error '400 Bad Request' for url 'http://127.0.0.1:9701/orders/regular/${orderid}'`
      return failure(500, `Failed to cancel order: ${reason}`)
    }
    order.status = 'cancelled'
    return success({ orderid })
  }

  #orderStatus({ orderid }: Record<string, unknown>): DoubleAnswer {
    const rows = this.#rows()
    if (rows === null) return failure(500, UNMAPPED)
    const row = rows.find((candidate) => candidate.orderid === orderid)
    if (row === undefined) return failure(404, `Order ${orderid} not found`)
    // Of several trades it shows the price of the first
    const first = this.#trades.find((trade) => trade.order.orderid === orderid)
    const isComplete = row.order_status === 'complete'
    return success({ data: { ...row, average_price: isComplete ? (first?.price ?? 0) : 0 } })
  }

  #orderBook(): DoubleAnswer {
    const rows = this.#rows()
    if (rows === null) return failure(500, UNMAPPED)
    return success({ data: { orders: rows, statistics: { total_open_orders: 0 } } })
  }

  /** Returns the rows as the plugin maps them, which keeps the last status for one that it does not know. */
  #rows() {
    let status: string | null = null
    const rows = []
    for (const order of this.orders) {
      if (order.status !== 'hidden') status = order.status
      if (status === null) return null
      const { status: _own, ...fields } = order
      rows.push({ ...fields, order_status: status })
    }
    return rows
  }

  #tradeBook(): DoubleAnswer {
    const data = this.#trades.map(({ order, quantity, price, timestamp }) => {
      const { orderid, symbol, exchange, product, action } = order
      const own = { quantity, average_price: price, trade_value: price * quantity, timestamp }
      return { orderid, symbol, exchange, product, action, ...own }
    })
    return success({ data })
  }

  #positionBook(): DoubleAnswer {
    const net = new Map<string, { readonly order: DoubleOrder; quantity: number }>()
    for (const { order, quantity } of this.#trades) {
      const key = `${order.symbol} ${order.product}`
      const held = net.get(key) ?? { order, quantity: 0 }
      held.quantity += order.action === 'BUY' ? quantity : -quantity
      net.set(key, held)
    }
    const data = [...net.values()].map(({ order: { symbol, exchange, product }, quantity }) => {
      return { symbol, exchange, product, quantity, average_price: '58000.00', ltp: 1, pnl: 0 }
    })
    return success({ data })
  }

  #traded(order: DoubleOrder): number {
    return this.#trades.reduce((sum, trade) => (trade.order === order ? sum + trade.quantity : sum), 0)
  }

  /** India's time, without a zone. */
  #timestamp(): string {
    return new Date(this.#clock.now() + 330 * 60_000).toISOString().slice(0, 19).replace('T', ' ')
  }
}

/** Starts the double for the time of a test. */
export async function startOpenAlgo(t: Teardown, options: DoubleOptions): Promise<OpenAlgoDouble> {
  const double = new OpenAlgoDouble(options)
  await double.listen()
  t.teardown(() => double.close())
  return double
}

const UNMAPPED = "cannot access local variable 'order_status' where it is not associated with a value"

function success(body: object): DoubleAnswer {
  return { status: 200, body: { ...body, status: 'success' } }
}

function failure(status: number, message: unknown): DoubleAnswer {
  return { status, body: { message, status: 'error' } }
}

function send(response: ServerResponse, { status, body }: DoubleAnswer, at: Instant): void {
  const isText = typeof body === 'string'
  const date = new Date(at).toUTCString()
  response.writeHead(status, { date, 'content-type': isText ? 'text/plain' : 'application/json' })
  response.end(isText ? body : JSON.stringify(body))
}
