import type { Decimal } from '../../../core/decimal.js'
import type { Instant } from '../../../core/time.js'
import type { OrderReference, VenueFill } from '../broker.js'
import { NOTHING_TRADED, type Traded } from './count-trades.js'

/** How orders of ours are priced: a bare market order is never sent. */
export type PriceType = 'LIMIT' | 'SL'

/** What a request for an order said, by which its order can be recognized in the book. */
export interface Fingerprint {
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly symbol: string
  readonly quantity: Decimal
  readonly price: Decimal
  /** LIMIT, or SL for one that waits for its trigger price. */
  readonly priceType: PriceType
  /** 0 for an order that waits for none. */
  readonly triggerPrice: Decimal
  readonly product: string
  /** When the request was made. */
  readonly at: Instant
  /** Every order of the account that the book showed right before; null when it could not be read. */
  readonly before: ReadonlySet<string> | null
}

/** An order of ours, as far as this process knows it. */
export interface SentOrder {
  readonly clientOrderId: string
  readonly instrument: string
  readonly side: 'buy' | 'sell' | null
  /** Null while no answer has told it. */
  venueOrderId: string | null
  /** Null for an order that another process sent. */
  fingerprint: Fingerprint | null
  /** How far its trades were told, and the ones that this process told. */
  traded: Traded
  readonly fills: VenueFill[]
  /** Monotonic time at which it was last of interest while nobody knew its id. */
  touched: number
  isSending: boolean
  /** The broker's words for its rejection; null while none were told. */
  rejectionReason: string | null
  /** Monotonic time at which a cancel was taken by OpenAlgo; null before. */
  canceledAt: number | null
}

/** Orders that are remembered at most. */
const MOST = 20_000
/** An order that nobody asks about for so long has been settled elsewhere: questions come at least once a minute. */
const ASKED_WITHIN = 180_000

/** The orders that this process sent or was asked about: the venue stores nothing that would lead back to them. */
export class SentOrders {
  readonly #monotonic: () => number
  readonly #byClient = new Map<string, SentOrder>()
  readonly #byVenue = new Map<string, SentOrder>()

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Takes up an order that is about to be sent. */
  begin(clientOrderId: string, instrument: string, side: 'buy' | 'sell'): SentOrder {
    const known = this.#byClient.get(clientOrderId)
    const order: SentOrder = known ?? this.#add(clientOrderId, instrument, side)
    order.isSending = true
    order.touched = this.#monotonic()
    return order
  }

  /** Forgets an order that certainly was not sent. */
  drop(order: SentOrder): void {
    order.isSending = false
    if (order.venueOrderId === null) this.#byClient.delete(order.clientOrderId)
  }

  /** Takes up the order that a question names, with what the question tells of it. */
  recall(reference: OrderReference): SentOrder {
    const { clientOrderId, venueOrderId, instrument, trace } = reference
    const known = this.#byClient.get(clientOrderId)
    const order = known ?? this.#add(clientOrderId, instrument, trace?.side ?? null)
    if (known === undefined && trace !== undefined) {
      order.traded = { lots: trace.filledLots, value: trace.filledValue }
    }
    order.touched = this.#monotonic()
    if (venueOrderId !== null) this.learn(order, venueOrderId)
    return order
  }

  /** Takes up the venue's id of an order. */
  learn(order: SentOrder, venueOrderId: string): void {
    order.venueOrderId = venueOrderId
    order.isSending = false
    this.#byVenue.set(venueOrderId, order)
  }

  /** Returns the order that the venue knows by this id; null when it is not ours, as far as is known. */
  ofVenue(venueOrderId: string): SentOrder | null {
    return this.#byVenue.get(venueOrderId) ?? null
  }

  /** Returns another order on the same side of an instrument that is being sent, or whose fate is unknown. */
  rival(clientOrderId: string, instrument: string, side: 'buy' | 'sell'): SentOrder | null {
    const now = this.#monotonic()
    for (const order of this.#byClient.values()) {
      if (order.clientOrderId === clientOrderId || order.venueOrderId !== null) continue
      if (order.instrument !== instrument || (order.side !== null && order.side !== side)) continue
      if (order.isSending || now < order.touched + ASKED_WITHIN) return order
    }
    return null
  }

  #add(clientOrderId: string, instrument: string, side: 'buy' | 'sell' | null): SentOrder {
    if (this.#byClient.size >= MOST) this.#forgetOldest()
    const order: SentOrder = {
      ...{ clientOrderId, instrument, side, venueOrderId: null, fingerprint: null },
      ...{ traded: NOTHING_TRADED, fills: [], touched: this.#monotonic(), isSending: false },
      ...{ canceledAt: null, rejectionReason: null },
    }
    this.#byClient.set(clientOrderId, order)
    return order
  }

  #forgetOldest(): void {
    const oldest = this.#byClient.values().next().value
    if (oldest === undefined) return
    this.#byClient.delete(oldest.clientOrderId)
    if (oldest.venueOrderId !== null) this.#byVenue.delete(oldest.venueOrderId)
  }
}
