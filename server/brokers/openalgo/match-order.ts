import type { Decimal } from '../../../core/decimal.js'
import type { Instant } from '../../../core/time.js'
import type { OrderRow } from './book-rows.js'
import type { Fingerprint, PriceType } from './sent-orders.js'

/** What a look for an order in the book came to. */
export type Match =
  | { readonly kind: 'one'; readonly row: OrderRow }
  | { readonly kind: 'none' }
  /** It cannot be told which is ours: a person has to. */
  | { readonly kind: 'ambiguous'; readonly cause: string }

/** What is known of an order that another process sent: less than a fingerprint. */
export interface Outline {
  readonly side: 'buy' | 'sell'
  readonly quantity: (row: OrderRow) => Promise<Decimal>
  readonly product: string
  /** When it was made, which is before it was sent. */
  readonly since: Instant
}

/** Of an order of an earlier process it is not known whether it waits for a price. */
const OUR_PRICE_TYPES: readonly string[] = ['LIMIT', 'SL'] satisfies PriceType[]

/** How far the broker's clock may be behind ours, in milliseconds. */
const SKEW = 2_000

/**
 * Returns the order in the book that a request of this process led to. `strangers` are the rows of its instrument that
 * are no known orders of ours. Only a single new one that is like the request in everything is taken for it.
 */
export function matchFingerprint(print: Fingerprint, strangers: readonly OrderRow[]): Match {
  const { before } = print
  if (before === null) {
    return { kind: 'ambiguous', cause: 'the order book could not be read before the order was sent' }
  }
  const since = print.at - SKEW
  const sameSide = strangers.filter((row) => row.side === print.side)
  const fresh = sameSide.filter((row) => !before.has(row.venueOrderId) && (row.at ?? since) >= since)
  const like = fresh.filter(
    (row) =>
      row.symbol === print.symbol &&
      row.product === print.product &&
      row.priceType === print.priceType &&
      row.triggerPrice.equals(print.triggerPrice) &&
      row.quantity.equals(print.quantity) &&
      row.price.equals(print.price),
  )
  return onlyOne(like, fresh)
}

/** Returns the order in the book that a request of an earlier process led to; its price and its book are not known. */
export async function matchOutline(outline: Outline, strangers: readonly OrderRow[]): Promise<Match> {
  const { side, product, since } = outline
  const sameSide = strangers.filter((row) => row.side === side && (row.at === null || since - SKEW <= row.at))
  if (sameSide.some((row) => row.at === null)) {
    return { kind: 'ambiguous', cause: 'the order book does not tell when its orders were placed' }
  }
  const like: OrderRow[] = []
  for (const row of sameSide) {
    const isLike = row.product === product && OUR_PRICE_TYPES.includes(row.priceType)
    if (isLike && row.quantity.equals(await outline.quantity(row))) like.push(row)
  }
  return onlyOne(like, sameSide)
}

/** Somebody else trading the same instrument in the same moments leaves it open whose order is whose. */
function onlyOne(like: readonly OrderRow[], fresh: readonly OrderRow[]): Match {
  if (like.length === 1 && fresh.length === 1) return { kind: 'one', row: like[0]! }
  if (like.length === 0) return { kind: 'none' }
  const ids = fresh.map((row) => row.venueOrderId).join(', ')
  return { kind: 'ambiguous', cause: `orders of the account that are not known could be it: ${ids}` }
}
