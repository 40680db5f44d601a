import type { Instant } from '../../../core/time.js'
import type { VenueFill, VenueOrder, VenueOrderStatus } from '../broker.js'
import { lotsOf } from './account-books.js'
import type { OrderRow, TradeRow } from './book-rows.js'
import type { ListedContract } from './contract-book.js'
import { add, NOTHING_TRADED, newTrades, type ToldTrade } from './count-trades.js'
import { EndWatch } from './end-watch.js'
import type { OpenAlgoTimings } from './openalgo-settings.js'
import { estimateFee } from './prepare-order.js'
import type { SentOrder } from './sent-orders.js'

/** What showing orders depends on. */
export interface OrderShowOptions {
  readonly clock: { readonly now: () => Instant }
  readonly monotonic: () => number
  readonly timings: OpenAlgoTimings
  readonly commissionPct: number
  /** Returns the quote currency per point and lot. */
  readonly pointValueOf: (instrument: string) => number
}

/** What the books tell of an order. */
export interface ToldOrder {
  readonly row: OrderRow
  /** The status of the row before it in the order book, which a plugin may show in its place. */
  readonly statusBefore: string | null
  readonly contract: ListedContract
  readonly trades: readonly TradeRow[]
  /** Null when it is none of ours, as far as is known. */
  readonly order: SentOrder | null
}

/** Books tell no reasons. */
const WITHOUT_REASON = 'The broker rejected the order; OpenAlgo does not tell why'

type EndStatus = Exclude<VenueOrderStatus, 'working' | 'filled'>

const ENDS: Readonly<Record<string, EndStatus>> = {
  cancelled: 'canceled',
  canceled: 'canceled',
  'cancelled amo': 'canceled',
  rejected: 'rejected',
  expired: 'expired',
}

/** Turns what the books tell of orders into orders: what traded comes from trades alone, and an end is believed late. */
export class OrderShow {
  readonly #options: OrderShowOptions
  readonly #ends: EndWatch

  constructor(options: OrderShowOptions) {
    const { timings, monotonic } = options
    this.#options = options
    this.#ends = new EndWatch({
      ...{ seenFor: timings.endSeenFor, doubtfulSeenFor: timings.doubtfulEndSeenFor, monotonic },
    })
  }

  /** Returns whether the status is an end that one read does not prove. */
  isEndInDoubt({ row }: ToldOrder): boolean {
    return endOf(row) !== null
  }

  /** Returns the order. Throws when its quantities are no lots. */
  show(told: ToldOrder): VenueOrder {
    const { row, contract, order } = told
    const fills = this.#fillsOf(told)
    const status = this.#statusOf(told)
    return {
      clientOrderId: order?.clientOrderId ?? null,
      venueOrderId: row.venueOrderId,
      instrument: contract.instrument,
      side: row.side,
      lots: lotsOf(row.quantity, contract),
      status,
      code: status === 'working' || status === 'filled' ? null : status.toUpperCase(),
      message: status === 'rejected' ? (order?.rejectionReason ?? WITHOUT_REASON) : null,
      fills,
    }
  }

  #statusOf({ row, statusBefore, contract, trades }: ToldOrder): VenueOrderStatus {
    const traded = told(trades, contract).reduce(add, NOTHING_TRADED)
    const isWhole = !traded.lots.isLessThan(lotsOf(row.quantity, contract))
    if (isWhole || row.status === 'complete') return 'filled'
    const end = endOf(row)
    if (end === null) {
      this.#ends.forget(row.venueOrderId)
      return 'working'
    }
    const hasTraded = traded.lots.isPositive()
    const isDoubtful = statusBefore === row.status || (end === 'rejected' && hasTraded)
    const seen = { status: end, traded: traded.lots.toString(), isDoubtful }
    if (!this.#ends.isCertain(row.venueOrderId, seen)) return 'working'
    // What traded stays: the rest of it is what was rejected
    return end === 'rejected' && hasTraded ? 'canceled' : end
  }

  /** Returns the trades that were told before, and those that are new since. */
  #fillsOf({ row, contract, trades, order }: ToldOrder): readonly VenueFill[] {
    const fresh = newTrades(told(trades, contract), order?.traded ?? NOTHING_TRADED)
    const { clock, commissionPct, pointValueOf } = this.#options
    const now = clock.now()
    const fills = fresh.map(({ lots, price, at, cumulativeLots }): VenueFill => {
      const pointValue = pointValueOf(contract.instrument)
      const fee = estimateFee({ lots, price }, { commissionPct, pointValue })
      const tradeId = `${row.venueOrderId}-${cumulativeLots.toString()}`
      return { tradeId, lots, price, fee, at: Math.min(at ?? now, now) }
    })
    if (order === null) return fills
    order.traded = fresh.reduce(add, order.traded)
    order.fills.push(...fills)
    return [...order.fills]
  }
}

/** Returns whether the row shows an order that has ended, in whatever way. One read does not prove it. */
export function hasEnded(row: OrderRow): boolean {
  return row.status === 'complete' || endOf(row) !== null
}

function endOf({ status }: OrderRow): EndStatus | null {
  return Object.hasOwn(ENDS, status) ? ENDS[status]! : null
}

function told(trades: readonly TradeRow[], contract: ListedContract): ToldTrade[] {
  return trades.map(({ quantity, price, at }) => ({ lots: lotsOf(quantity, contract), price, at }))
}
