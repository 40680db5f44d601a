import type { Decimal } from '../decimal.js'
import type { Decision } from '../decision.js'
import type { PortfolioEvent } from '../event.js'
import type { Book } from '../portfolio/book.js'
import { isNear } from '../portfolio/observe.js'

/** What is done to settle a break. */
export interface Plan {
  /** Code of the decision. */
  readonly reason: 'ADOPTED' | 'BOOKED' | 'IGNORED'
  /** Decided one after the other, each on the state that the one before left. */
  readonly steps: readonly (() => readonly PortfolioEvent[])[]
  readonly notes: readonly string[]
  /** What the decision shows of it. */
  readonly shown?: Partial<Pick<Decision, 'lots' | 'price' | 'stop' | 'positionIds'>>
  /** It was settled so before, and nothing follows. */
  readonly isAlreadySo?: boolean
}

/** Why a break cannot be settled in this way. */
export interface Refusal {
  readonly refused: string
  readonly words: string
}

/** Returns a refusal with its code and what can be done instead. */
export function refusal(refused: string, words: string): Refusal {
  return { refused, words }
}

/** Returns whether a plan is none. */
export function isRefusal(plan: Plan | Refusal): plan is Refusal {
  return 'refused' in plan
}

/** Returns a note when a price is further from the last one than a bar would be believed: it may be a slip. */
export function farPriceNotes({ market }: Book, price: Decimal): readonly string[] {
  if (market.price === null || isNear(price.toNumber(), market.price, market.atr)) return []
  return [`the price ${price} is far from the last one, ${market.price}`]
}
