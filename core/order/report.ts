import type { Decimal } from '../decimal.js'
import type { Instant } from '../time.js'

/** What a broker, or the resolver on its behalf, tells about one order. Reports may be late, repeated or out of order. */
export type OrderReport =
  | { readonly kind: 'accepted'; readonly orderId: string; readonly venueOrderId: string }
  | { readonly kind: 'rejected'; readonly orderId: string; readonly code: string; readonly message: string }
  /** The request left and no answer came, or one that proves nothing. */
  | { readonly kind: 'unresolved'; readonly orderId: string; readonly cause: string }
  /** Proof that the venue does not have the order and never will: it may be sent again. */
  | { readonly kind: 'absent'; readonly orderId: string }
  | { readonly kind: 'canceled'; readonly orderId: string; readonly reason: string }
  | { readonly kind: 'expired'; readonly orderId: string }
  | {
      readonly kind: 'fill'
      readonly orderId: string
      readonly tradeId: string
      readonly lots: Decimal
      readonly price: Decimal
      /** In the portfolio's currency, at least 0. */
      readonly fee: Decimal
      readonly at: Instant
    }
