import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { modelOptionPrice } from '../../core/instrument/synthetic.js'
import type { Instant } from '../../core/time.js'
import type {
  OrderRequest,
  ResendClass,
  VenueFill,
  VenueOrder,
  VenueOrderStatus,
  VenueReport,
} from '../brokers/broker.js'
import type { Chance } from './chance.js'
import type { Faults } from './faults.js'
import type { VirtualTime } from './virtual-time.js'
import type { Trace, Watch } from './watch.js'

/** What a simulated venue depends on. */
export interface SimulatedVenueOptions {
  readonly resendClass: ResendClass
  readonly time: VirtualTime
  readonly chance: Chance
  readonly faults: Faults
  readonly watch: Watch
  readonly trace: Trace
}

/** A trade, and from when reads show it. */
interface Trade {
  readonly fill: VenueFill
  readonly shownAt: Instant
}

/** An order as it truly is. */
export interface HeldOrder {
  readonly request: Pick<
    OrderRequest,
    'clientOrderId' | 'orderId' | 'instrument' | 'option' | 'side' | 'type' | 'lots' | 'referencePrice'
  >
  /** Somebody else placed it in the account. */
  readonly isForeign: boolean
  readonly venueOrderId: string
  readonly placedAt: Instant
  readonly shownAt: Instant
  readonly trades: Trade[]
  status: VenueOrderStatus
  left: Decimal
  changedAt: Instant
}

/** Share of the stops whose price is reached. */
const STOP_REACHED = 0.2
/** Milliseconds that reads may lag behind. */
export const READ_LAG = 5_000
/** A class B venue refuses a request that is older, in milliseconds. */
export const TIME_FENCE = 10_000
/** So late a request may arrive at the others, in milliseconds. */
export const LATE_MOST = 90_000

/** The truth at the venue: orders, trades and what the account holds. It never loses anything, and tells it badly. */
export class SimulatedVenue {
  readonly orders: HeldOrder[] = []
  /** What our orders bought less what they sold, and what somebody else bought. */
  readonly held = new Map<string, Decimal>()
  readonly heldByOthers = new Map<string, Decimal>()
  readonly #options: SimulatedVenueOptions
  #listener: (order: HeldOrder, report: VenueReport) => void = () => undefined
  readonly #refused = new Set<string>()
  #trades = 0
  #silentUntil = 0

  constructor(options: SimulatedVenueOptions) {
    this.#options = options
  }

  /** Sends what the venue tells by itself to `listener` from here on, and to nobody else. */
  tell(listener: (order: HeldOrder, report: VenueReport) => void): void {
    this.#listener = listener
  }

  /** Takes a request that arrived, and returns the order that it means; null when it is refused. */
  take(request: OrderRequest, sentAt: Instant): HeldOrder | null {
    const { time, watch, faults, resendClass, trace } = this.#options
    if (resendClass === 'B' && sentAt + TIME_FENCE < time.now()) return null
    const known = this.orders.find(
      ({ request: { clientOrderId }, status }) =>
        clientOrderId === request.clientOrderId &&
        (resendClass === 'A' || (resendClass === 'B' && status === 'working')),
    )
    if (known !== undefined) return known
    if (this.#refused.has(request.clientOrderId)) return null
    if (faults.strikes('rejected')) {
      // Where a key is unique for good, what was made of its first request is what is made of all
      if (resendClass === 'A') this.#refused.add(request.clientOrderId)
      return null
    }
    const order = this.#place(request, false)
    watch.landed(request)
    trace(() => `venue has ${request.orderId} attempt ${request.attempt} as ${order.venueOrderId}`)
    this.#report(order, { kind: 'accepted', ...this.#keys(order) })
    this.#fillLater(order)
    return order
  }

  /** Somebody else sends an order for the account: it is like ours, and ours by nothing but where it is. */
  takeForeign(instrument: string, referencePrice: number): void {
    const { chance, watch, trace, resendClass } = this.#options
    // Where nothing ties an order to its request, one for as many lots as ours could not be told from ours by anyone
    const lots = decimal(chance.between(1, 9) + (resendClass === 'D' ? 1_000 : 0))
    const named = { clientOrderId: '', orderId: '', instrument, side: 'buy', type: 'market' } as const
    const order = this.#place({ ...named, lots, referencePrice }, true)
    watch.foreign.add(order.venueOrderId)
    trace(() => `somebody else buys ${lots} ${instrument}: ${order.venueOrderId}`)
    if (chance.happens(0.5)) this.#fillLater(order)
  }

  #place(request: HeldOrder['request'], isForeign: boolean): HeldOrder {
    const now = this.#options.time.now()
    const order: HeldOrder = {
      request,
      isForeign,
      venueOrderId: `v${this.orders.length + 1}`,
      placedAt: now,
      shownAt: now + this.#lag(),
      trades: [],
      status: 'working',
      left: request.lots,
      changedAt: now,
    }
    this.orders.push(order)
    return order
  }

  /** Ends a working order; what it traded stays. */
  end(order: HeldOrder, status: 'canceled' | 'expired'): void {
    const { time, trace } = this.#options
    order.status = status
    order.changedAt = time.now()
    trace(() => `venue ends ${order.venueOrderId}: ${status}, ${order.left} lots left`)
  }

  /** Returns the order as a read shows it, or undefined while it shows nothing of it; null `key` where it echoes none. */
  show(order: HeldOrder, key: string | null): VenueOrder | undefined {
    const now = this.#options.time.now()
    if (now < order.shownAt) return undefined
    const shown = order.trades.filter(({ shownAt }) => shownAt <= now)
    // The end of an order is shown with all of its trades, never before them
    const isWhole = shown.length === order.trades.length
    return shownAs(order, key, isWhole ? order.status : 'working', shown)
  }

  /** Returns the order as it truly is. */
  showWhole(order: HeldOrder, key: string | null): VenueOrder {
    return shownAs(order, key, order.status, order.trades)
  }

  /** Returns whether a list must hold what it shows of an order: it works, or it changed at or after `since`. */
  isListed({ status }: VenueOrder, { changedAt }: HeldOrder, since: Instant): boolean {
    return status === 'working' || since <= changedAt
  }

  /** Hears and tells nothing for `ms` milliseconds. */
  fallSilent(ms: number): void {
    const { time, trace } = this.#options
    trace(() => `venue falls silent for ${ms} ms`)
    this.#silentUntil = time.elapsed + ms
  }

  /** Whether it hears and tells nothing at present. */
  get isSilent(): boolean {
    return this.#options.time.elapsed < this.#silentUntil
  }

  /** Ends the silence. */
  speakAgain(): void {
    this.#silentUntil = 0
  }

  #fillLater(order: HeldOrder): void {
    const { time, chance, faults } = this.#options
    const { side, option, type } = order.request
    // What is bought of an option is a market order, which does not rest.
    if (side === 'buy' && option === undefined && faults.strikes('resting')) return
    if (type === 'stop' && !chance.happens(STOP_REACHED)) return
    const isSlow = faults.strikes('partial')
    time.afterAlone(isSlow ? chance.between(500, 20_000) : chance.between(5, 400), () => {
      if (order.status !== 'working') return
      if (faults.strikes('expired')) return this.end(order, 'expired')
      const left = order.left.toNumber()
      this.#trade(order, decimal(isSlow ? chance.between(1, left) : left))
      if (order.status === 'working') this.#fillLater(order)
    })
  }

  #trade(order: HeldOrder, lots: Decimal): void {
    const { time, chance, watch, trace } = this.#options
    const { instrument, option, side, referencePrice } = order.request
    const market = option === undefined ? referencePrice : modelOptionPrice(option, referencePrice).toNumber()
    this.#trades += 1
    const price = decimal(Math.max(1, Math.round(market) + chance.between(-2, 2)))
    const fill = { tradeId: `t${this.#trades}`, lots, price, fee: decimal(20), at: time.now() }
    order.trades.push({ fill, shownAt: time.now() + this.#lag() })
    order.left = order.left.minus(lots)
    order.changedAt = time.now()
    if (order.left.isZero()) order.status = 'filled'
    const holdings = order.isForeign ? this.heldByOthers : this.held
    const held = (holdings.get(instrument) ?? ZERO).plus(side === 'buy' ? lots : lots.negated())
    holdings.set(instrument, held)
    trace(() => `venue trades ${side} ${lots} ${instrument} of ${order.venueOrderId}, holds ${held}`)
    if (order.isForeign) watch.foreignTrades.add(instrument)
    else watch.traded(instrument, this.held)
    this.#report(order, { kind: 'fill', clientOrderId: order.request.clientOrderId, fill })
  }

  /** Reports get lost, come late, in any order and twice. The end of an order is left to reads, which know its trades. */
  #report(order: HeldOrder, report: VenueReport): void {
    const { time, chance, faults } = this.#options
    if (this.isSilent || order.isForeign) return
    const copies = (faults.strikes('reportLost') ? 0 : 1) + (faults.strikes('reportTwice') ? 1 : 0)
    for (let copy = 0; copy < copies; copy++) {
      time.afterAlone(chance.between(1, copy === 0 ? 800 : 8_000), () => this.#listener(order, report))
    }
  }

  #keys({ request, venueOrderId }: HeldOrder): { clientOrderId: string; venueOrderId: string } {
    return { clientOrderId: request.clientOrderId, venueOrderId }
  }

  #lag(): number {
    const { chance, faults } = this.#options
    return faults.strikes('lagging') ? chance.between(0, READ_LAG) : 0
  }
}

function shownAs(
  { request, venueOrderId }: HeldOrder,
  key: string | null,
  status: VenueOrderStatus,
  trades: readonly Trade[],
): VenueOrder {
  return {
    clientOrderId: key,
    venueOrderId,
    instrument: request.instrument,
    side: request.side,
    lots: request.lots,
    status,
    code: null,
    message: null,
    fills: trades.map(({ fill }) => fill),
  }
}
