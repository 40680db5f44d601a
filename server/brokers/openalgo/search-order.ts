import type { Instant } from '../../../core/time.js'
import type { OrderTrace, Unknown } from '../broker.js'
import type { AccountBooks } from './account-books.js'
import type { OrderRow } from './book-rows.js'
import { type Match, matchFingerprint, matchOutline } from './match-order.js'
import type { OpenAlgoIncident } from './openalgo-settings.js'
import type { SentOrder, SentOrders } from './sent-orders.js'

/** What searching depends on. */
export interface OrderSearchOptions {
  readonly books: AccountBooks
  readonly sent: SentOrders
  readonly clock: { readonly now: () => Instant }
  readonly product: string
  readonly onIncident: (incident: OpenAlgoIncident) => void
}

/** What a search came to. */
export type SearchResult =
  | { readonly kind: 'found'; readonly venueOrderId: string }
  | { readonly kind: 'absent' }
  | Unknown

/** OpenAlgo may be talking to its broker for two minutes; until then an order that is not there is only late. */
const LATE_FOR = 130_000

/** Looks in the order book for an order whose answer never came. */
export class OrderSearch {
  readonly #options: OrderSearchOptions

  constructor(options: OrderSearchOptions) {
    this.#options = options
  }

  /** Returns the order's id when exactly one order of the account can be it. Throws when the book cannot be read. */
  async find(order: SentOrder, trace: OrderTrace | null): Promise<SearchResult> {
    const sentAt = order.fingerprint?.at ?? trace?.since
    if (sentAt === undefined) {
      return { kind: 'unknown', cause: 'nothing is known of the order by which it could be recognized' }
    }
    const match = await this.#match(order, trace)
    switch (match.kind) {
      case 'one':
        return { kind: 'found', venueOrderId: match.row.venueOrderId }
      case 'none': {
        const isLate = this.#options.clock.now() < sentAt + LATE_FOR
        if (!isLate && !order.isSending) return { kind: 'absent' }
        return { kind: 'unknown', cause: 'OpenAlgo may still be sending the order' }
      }
      case 'ambiguous': {
        const { clientOrderId, instrument } = order
        const message = `${clientOrderId} got no answer, and ${match.cause}. Compare the order book with the portfolio`
        this.#options.onIncident({ code: 'BROKER_ORDER_AMBIGUOUS', message, instrument })
        return { kind: 'unknown', cause: match.cause }
      }
    }
  }

  async #match(order: SentOrder, trace: OrderTrace | null): Promise<Match> {
    const { product } = this.#options
    const strangers = await this.#strangersOf(order.instrument)
    if (order.fingerprint !== null) return matchFingerprint(order.fingerprint, strangers)
    const { side, lots, since } = trace!
    const quantity = async (row: OrderRow) => {
      const contract = await this.#options.books.contractOf(row)
      return lots.times(contract!.quantityPerLot)
    }
    return matchOutline({ side, product, since, quantity }, strangers)
  }

  /** Returns the orders of an instrument that are none of ours, as far as is known. */
  async #strangersOf(instrument: string): Promise<readonly OrderRow[]> {
    const { books, sent } = this.#options
    const strangers: OrderRow[] = []
    for (const { row } of await books.orders()) {
      if (sent.ofVenue(row.venueOrderId) !== null) continue
      const contract = await books.contractOf(row)
      if (contract?.instrument === instrument) strangers.push(row)
    }
    return strangers
  }
}
