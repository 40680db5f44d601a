import type { Decimal } from '../decimal.js'
import type { Instant } from '../time.js'

/** What the broker holds of an asset, and the book did not, was taken up. The ledger's deposit in kind stands beside it. */
export interface HoldingAdopted {
  readonly type: 'HoldingAdopted'
  readonly instrument: string
  readonly decisionId: string
  readonly quantity: Decimal
  /** What was paid for one of them. */
  readonly price: Decimal
  readonly at: Instant
}

/** What the book held of an asset, and the broker does not, left it at a stated price. Its profit stands beside it. */
export interface HoldingGivenUp {
  readonly type: 'HoldingGivenUp'
  readonly instrument: string
  readonly decisionId: string
  readonly quantity: Decimal
  readonly price: Decimal
  readonly at: Instant
}

/** What happens to a holding besides its orders. */
export type HoldingEvent = HoldingAdopted | HoldingGivenUp
