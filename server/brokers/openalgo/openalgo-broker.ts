import { type Decimal, decimal, ZERO } from '../../../core/decimal.js'
import type { Quote } from '../../../core/input.js'
import { factsAt } from '../../../core/instrument/instrument.js'
import { underlyingOf } from '../../../core/instrument/synthetic.js'
import type { Instant } from '../../../core/time.js'
import type {
  AccountFinding,
  Broker,
  BrokerCapabilities,
  CancelOutcome,
  ModifyOutcome,
  OrderAnswer,
  OrderChange,
  OrderReference,
  OrderRequest,
  ReportListener,
  SubmitOutcome,
  Unknown,
  VenueOrder,
  VenueReport,
} from '../broker.js'
import { AccountBooks, type HeldContract } from './account-books.js'
import { classifyCancel } from './classify.js'
import { ContractBook } from './contract-book.js'
import { examineAccount } from './examine-account.js'
import { positiveOf } from './fields.js'
import { OrderFollower } from './follow-orders.js'
import { Gateway } from './gateway.js'
import { OrderModifier } from './modify-order.js'
import {
  OPENALGO_TIMINGS,
  type OpenAlgoIncident,
  type OpenAlgoOptions,
  type OpenAlgoTimings,
} from './openalgo-settings.js'
import { OrderStream } from './order-stream.js'
import { OrderPreparer, type PreparedOrder } from './prepare-order.js'
import { OrderSearch } from './search-order.js'
import { OrderSender } from './send-order.js'
import { type SentOrder, SentOrders } from './sent-orders.js'
import { OrderShow } from './show-order.js'
import { indianDate } from './venue-time.js'

/** Milliseconds after which an order is tried again that found the account closed, or another order on its way. */
const CLOSED_RETRY = 15_000
const RIVAL_RETRY = 1_000
/** An end is shown some time after its cancel, which is not sent again for so many milliseconds. */
const CANCEL_AGAIN = 5_000
/** The same incident is told again after so many milliseconds. */
const INCIDENT_EVERY = 600_000

/**
 * One account behind OpenAlgo, for the futures of Gold Mini, Silver Mini and Copper and for options on Bank Nifty. Nothing at the venue
 * leads from an order back to its request (class D), so one order at a time is under way on a side of an instrument, the
 * book is read before each, and an order whose answer is lost is recognized by being the only new one that is like it.
 */
export class OpenAlgoBroker implements Broker {
  readonly name = 'openalgo'
  readonly capabilities: BrokerCapabilities = {
    ...{ resendClass: 'D', absenceProvenAfterMs: null, restsStops: true },
  }
  readonly #options: OpenAlgoOptions
  readonly #timings: OpenAlgoTimings
  readonly #monotonic: () => number
  readonly #gateway: Gateway
  readonly #books: AccountBooks
  readonly #preparer: OrderPreparer
  readonly #sent: SentOrders
  readonly #show: OrderShow
  readonly #search: OrderSearch
  readonly #modifier: OrderModifier
  readonly #contracts: ContractBook
  readonly #sender: OrderSender
  readonly #follower: OrderFollower
  readonly #told = new Map<string, number>()
  #stream: OrderStream | null = null
  #listener: ReportListener = () => undefined

  constructor(options: OpenAlgoOptions) {
    const { settings, instruments, calendar, clock } = options
    this.#options = options
    this.#timings = { ...OPENALGO_TIMINGS, ...options.timings }
    this.#monotonic = options.monotonic ?? (() => performance.now())
    const [timings, monotonic] = [this.#timings, this.#monotonic]
    const onIncident = (incident: OpenAlgoIncident) => this.#tell(incident)
    this.#gateway = new Gateway({ settings, timings, clock, monotonic, onIncident })
    const contracts = new ContractBook({ gateway: this.#gateway, instruments, calendar, clock })
    this.#contracts = contracts
    this.#books = new AccountBooks({ gateway: this.#gateway, contracts, clock })
    this.#modifier = new OrderModifier({ gateway: this.#gateway, books: this.#books })
    this.#preparer = new OrderPreparer({ books: this.#books, contracts, settings, onIncident })
    this.#sent = new SentOrders(monotonic)
    const pointValueOf = (instrument: string) => this.#pointValueOf(instrument)
    this.#show = new OrderShow({ ...{ clock, monotonic, timings, pointValueOf }, ...settings })
    const report = (report: VenueReport) => this.#listener(report)
    const [gateway, sent] = [this.#gateway, this.#sent]
    this.#sender = new OrderSender({ gateway, sent, settings, clock, monotonic, onIncident, report })
    this.#follower = new OrderFollower({
      sent,
      lookUp: (order, venueOrderId) => this.#lookUp(order, venueOrderId),
      report,
      lookAgainAfter: timings.endSeenFor,
    })
    const { product } = settings
    this.#search = new OrderSearch({ books: this.#books, sent: this.#sent, clock, product, onIncident })
  }

  async submit(request: OrderRequest, deadline: AbortSignal): Promise<SubmitOutcome> {
    const begunAt = this.#monotonic()
    const obstacle = await this.#gateway.session.obstacle()
    if (obstacle !== null) return notSent(CLOSED_RETRY, obstacle)
    const { clientOrderId, instrument, side } = request
    const rival = this.#sent.rival(clientOrderId, instrument, side)
    if (rival !== null) {
      return notSent(RIVAL_RETRY, `${rival.clientOrderId} is on its way on the same side of ${instrument}`)
    }
    const order = this.#sent.begin(clientOrderId, instrument, side)
    // It is there already: a second request would be a second order
    if (order.venueOrderId !== null) return { kind: 'accepted', venueOrderId: order.venueOrderId, fills: [] }
    const reading = AbortSignal.any([deadline, AbortSignal.timeout(this.#timings.readBeforeSendWithin)])
    const prepared = await this.#preparer.prepare(request, reading)
    const obstructed = 'kind' in prepared ? prepared : this.#obstruct(request, begunAt, deadline)
    if (obstructed !== null) {
      this.#sent.drop(order)
      return obstructed
    }
    return this.#sender.send(order, request, { prepared: prepared as PreparedOrder, deadline })
  }

  async cancel(reference: OrderReference): Promise<CancelOutcome> {
    const sent = this.#sent.recall(reference)
    const { venueOrderId } = sent
    if (sent.canceledAt !== null && this.#monotonic() < sent.canceledAt + CANCEL_AGAIN) {
      return { kind: 'requested' }
    }
    if (venueOrderId === null) return unknown('the order is not found yet, so that it cannot be cancelled')
    const obstacle = await this.#gateway.session.obstacle()
    if (obstacle !== null) return notSent(CLOSED_RETRY, obstacle)
    const wait = this.#gateway.takeOrder()
    if (wait > 0) return notSent(wait, 'the rate of orders is at its limit')
    const verdict = classifyCancel(await this.#gateway.send('cancelorder', { orderid: venueOrderId }))
    if (verdict.kind === 'requested') sent.canceledAt = this.#monotonic()
    if (verdict.kind !== 'lookUp') return verdict
    const answer = await this.order(reference)
    if (answer.kind === 'absent') return answer
    const hasEnded = answer.kind === 'found' && answer.order.status !== 'working'
    return hasEnded ? { kind: 'tooLate' } : unknown(verdict.cause)
  }

  async modify(reference: OrderReference, change: OrderChange): Promise<ModifyOutcome> {
    const { venueOrderId } = this.#sent.recall(reference)
    if (venueOrderId === null) return unknown('the order is not found yet, so that it cannot be changed')
    const obstacle = await this.#gateway.session.obstacle()
    if (obstacle !== null) return notSent(CLOSED_RETRY, obstacle)
    try {
      return await this.#modifier.modify(venueOrderId, change)
    } catch (error) {
      return notSent(RIVAL_RETRY, error instanceof Error ? error.message : String(error))
    }
  }

  async order(reference: OrderReference): Promise<OrderAnswer> {
    const order = this.#sent.recall(reference)
    try {
      if (order.venueOrderId === null) {
        const found = await this.#search.find(order, reference.trace ?? null)
        if (found.kind !== 'found') return found
        this.#sent.learn(order, found.venueOrderId)
      }
      const venueOrderId = order.venueOrderId!
      const answer = await this.#lookUp(order, venueOrderId)
      if (answer.kind !== 'absent') return answer
      return endedBefore(order, { ...reference, venueOrderId }, this.#options.clock.now()) ?? answer
    } catch (error) {
      return unknown(error instanceof Error ? error.message : String(error))
    }
  }

  async orders(_since: Instant): Promise<readonly VenueOrder[]> {
    // Rows do not tell when they changed, so that all of today's are returned
    const [booked, trades] = await Promise.all([this.#books.orders(), this.#books.trades()])
    const shown: VenueOrder[] = []
    for (const { row, statusBefore } of booked) {
      const contract = await this.#books.contractOf(row)
      if (contract === null) continue
      const order = this.#sent.ofVenue(row.venueOrderId)
      const own = trades.get(row.venueOrderId) ?? []
      shown.push(this.#show.show({ row, statusBefore, contract, order, trades: own }))
    }
    return shown
  }

  async positions(): Promise<Readonly<Record<string, Decimal>>> {
    const held = await this.#held()
    const positions: Record<string, Decimal> = {}
    for (const { contract, lots } of held) {
      positions[contract.instrument] = (positions[contract.instrument] ?? ZERO).plus(lots)
    }
    return Object.fromEntries(Object.entries(positions).filter(([, lots]) => !lots.isZero()))
  }

  async averagePrices(): Promise<Readonly<Record<string, Decimal>>> {
    const prices: Record<string, Decimal> = {}
    const held = await this.#held()
    for (const { contract, averagePrice } of held) {
      // What was paid for several contracts at once has no one price
      const isOnly = held.filter((other) => other.contract.instrument === contract.instrument).length === 1
      if (isOnly && averagePrice !== null) prices[contract.instrument] = decimal(averagePrice)
    }
    return prices
  }

  async quote(instrument: string, deadline: AbortSignal): Promise<Quote | null> {
    const contract = await this.#preparer.contractOf(instrument, deadline)
    const told = await this.#books.quote(contract, deadline)
    const [bid, ask] = [positiveOf(told, 'bid'), positiveOf(told, 'ask')]
    const price = bid !== null && ask !== null && bid <= ask ? (bid + ask) / 2 : positiveOf(told, 'ltp')
    return price === null ? null : { price, observedAt: this.#options.clock.now() }
  }

  async funds(deadline: AbortSignal): Promise<Decimal> {
    const cash = await this.#books.availableCash(deadline)
    // Margin calls leave an account below nothing
    return cash.isNegative() ? ZERO : cash
  }

  async examine(): Promise<readonly AccountFinding[]> {
    const { settings, instruments, clock } = this.#options
    const [gateway, books, contracts] = [this.#gateway, this.#books, this.#contracts]
    return examineAccount({
      gateway,
      books,
      contracts,
      settings,
      instruments,
      clock,
      monotonic: this.#monotonic,
    })
  }

  /** Calls the listener with answers that came after their deadline, and with what OpenAlgo's stream of updates led to. */
  onReport(listener: ReportListener): void {
    this.#listener = listener
    this.#listen()
  }

  /** Returns whether updates of orders come; false where they are not listened to. */
  get isStreaming(): boolean {
    return this.#stream?.isOpen ?? false
  }

  #listen(): void {
    const { streamUrl, apiKey, allowLive } = this.#options.settings
    if (streamUrl === null || this.#stream !== null) return
    const follower = this.#follower
    this.#stream = new OrderStream({
      ...{ url: streamUrl, apiKey, timings: this.#timings.stream },
      onUpdate: (update) => {
        if (allowLive && update.mode === 'analyze') this.#gateway.session.refuseMode('analyze')
        follower.hear(update)
      },
    })
    this.#stream.start()
  }

  async close(): Promise<void> {
    this.#stream?.close()
    this.#follower.close()
    this.#gateway.close()
  }

  async #held(): Promise<readonly HeldContract[]> {
    const held = await this.#books.held(this.#options.settings.product)
    this.#preparer.observe(held)
    return held
  }

  /** Returns why an order that is prepared may not be sent now; null when it may, and is counted as sent. */
  #obstruct(
    request: OrderRequest,
    begunAt: number,
    deadline: AbortSignal,
  ): Extract<SubmitOutcome, { kind: 'notSent' }> | null {
    const skewed = opens(request) ? this.#gateway.clockWatch.obstacleToEntries() : null
    if (skewed !== null) return notSent(CLOSED_RETRY, skewed)
    const tookTooLong = this.#monotonic() - begunAt > this.#timings.sendBegunWithin
    if (deadline.aborted || tookTooLong) return notSent(RIVAL_RETRY, 'reading the account took too long')
    const wait = this.#gateway.takeOrder()
    return wait > 0 ? notSent(wait, 'the rate of orders is at its limit') : null
  }

  async #lookUp(order: SentOrder, venueOrderId: string): Promise<OrderAnswer> {
    const [row, trades] = await Promise.all([this.#books.order(venueOrderId), this.#books.trades()])
    if (row === null) return { kind: 'absent' }
    const contract = await this.#books.contractOf(row)
    if (contract?.instrument !== order.instrument) {
      return unknown(`order ${venueOrderId} is for ${row.symbol}, not for ${order.instrument}`)
    }
    const own = trades.get(venueOrderId) ?? []
    const shown = { row, contract, order, trades: own, statusBefore: null }
    if (!this.#show.isEndInDoubt(shown)) return { kind: 'found', order: this.#show.show(shown) }
    // The book shows whether the end may be that of the order before it
    const booked = (await this.#books.orders()).find((other) => other.row.venueOrderId === venueOrderId)
    if (booked === undefined)
      return unknown(`order ${venueOrderId} is shown alone, and not in the order book`)
    return { kind: 'found', order: this.#show.show({ ...shown, ...booked }) }
  }

  #pointValueOf(name: string): number {
    const underlying = underlyingOf(name)
    const found = this.#options.instruments.find((instrument) => instrument.name === underlying)
    return found === undefined ? 0 : factsAt(found, this.#options.clock.now()).pointValue
  }

  #tell(incident: OpenAlgoIncident): void {
    const now = this.#monotonic()
    const key = `${incident.code} ${incident.message}`
    const last = this.#told.get(key)
    if (last !== undefined && now < last + INCIDENT_EVERY) return
    if (this.#told.size > 1_000) this.#told.clear()
    this.#told.set(key, now)
    this.#options.onIncident(incident)
  }
}

/** Nothing is ever held short but the put of two legs: what is bought opens, but for that put, which an exit buys back. */
function opens({ side, option }: OrderRequest): boolean {
  return side === 'buy' && option?.kind !== 'put'
}

/**
 * Orders are good for a day, and a day's book shows no others: one of an earlier day that it does not show has expired.
 * What it traded in its last moments, if nobody saw that, is found as a difference of the position.
 */
function endedBefore(
  order: SentOrder,
  { clientOrderId, venueOrderId, instrument, trace }: OrderReference & { readonly venueOrderId: string },
  now: Instant,
): OrderAnswer | null {
  if (trace === undefined || indianDate(now) <= indianDate(trace.since)) return null
  const { side, lots } = trace
  const ended = { status: 'expired', code: 'EXPIRED', message: null, fills: [...order.fills] } as const
  return { kind: 'found', order: { clientOrderId, venueOrderId, instrument, side, lots, ...ended } }
}

function unknown(cause: string): Unknown {
  return { kind: 'unknown', cause }
}

function notSent(retryAfterMs: number, cause: string): Extract<SubmitOutcome, { kind: 'notSent' }> {
  return { kind: 'notSent', retryAfterMs: Math.ceil(retryAfterMs), cause }
}
