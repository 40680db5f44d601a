import type { Decimal } from '../../../core/decimal.js'
import type { Instant } from '../../../core/time.js'
import type { PaperOrder } from './paper-order.js'

/** What a cancel came to: `canceled` is false when the order had ended before. */
export interface PaperCancel {
  readonly order: PaperOrder
  readonly canceled: boolean
}

/** The durable book of one account at the paper venue. Everything is stored when the promise resolves. */
export interface PaperStore {
  /**
   * Stores the orders and returns what the book has for each, in their order: an order whose client order id was taken
   * is not stored, and the one that has it is returned.
   */
  add(orders: readonly PaperOrder[]): Promise<readonly PaperOrder[]>

  /** Ends an order that can still trade at `at`, and removes its trades after that. Null when there is no such order. */
  cancel(clientOrderId: string, at: Instant, message: string): Promise<PaperCancel | null>

  /** Returns the order, or null when there is none. */
  find(clientOrderId: string): Promise<PaperOrder | null>

  /** Returns the orders that rest, and those with news at or after `since`, oldest first. */
  changedSince(since: Instant): Promise<readonly PaperOrder[]>

  /**
   * Trades the stops of an instrument that rest and whose price is reached: at or beyond their trigger, and not beyond
   * their limit. Returns their client order ids.
   */
  reachStops(instrument: string, price: number, at: Instant): Promise<readonly string[]>

  /** Returns the sums of the trades up to `now` by instrument, bought less sold, zero left out. */
  positions(now: Instant): Promise<Readonly<Record<string, Decimal>>>

  /** Returns what was paid on average, by instrument that is held, by the purchases since nothing was held. */
  averagePrices(now: Instant): Promise<Readonly<Record<string, Decimal>>>
}
