import { type Decimal, ZERO } from '../decimal.js'
import { digest } from '../ids.js'
import { unreachable } from '../invariant.js'
import type { Instant } from '../time.js'

/**
 * How a book and its broker differ. Of positions, ghost: only we hold · orphan: only they hold · quantity: both, not as
 * much · side: they are short · surplus: they have an option without its counterpart. Of orders, unknownOrder: ours, and the broker does not show it · external: theirs, and not
 * ours. match: they agree, and the instrument is locked all the same.
 */
export type BreakClass =
  | 'match'
  | 'ghost'
  | 'orphan'
  | 'quantity'
  | 'side'
  | 'surplus'
  | 'unknownOrder'
  | 'external'

/** What an operator can decide about a break: the broker is right, our orders filled unseen, or let it be. */
export type BreakAction = 'adopt' | 'book' | 'ignore'

/** Every action on a break. */
export const BREAK_ACTIONS = ['adopt', 'book', 'ignore'] as const

/** A difference between a book and its broker. */
export interface Break {
  readonly id: string
  readonly class: BreakClass
  readonly instrument: string
  /** Our id of an unknown order, the broker's of an external one, the name of a surplus option; null for positions. */
  readonly orderId: string | null
  /** Of an order. */
  readonly side: 'buy' | 'sell' | null
  /** Lots that we hold, or that our order may still fill. */
  readonly ours: Decimal
  /** Lots that the broker holds, below 0 when short, or of its external order. */
  readonly theirs: Decimal
  /** What the broker paid on average for what it holds, in points; null where it does not tell. */
  readonly averagePrice: Decimal | null
  readonly since: Instant
  /** Seen twice at rest. */
  readonly isConfirmed: boolean
}

/** What a break is about, under which it is kept: at most one break of each at a time. */
export function subjectOf({ class: found, instrument, orderId }: Break): string {
  switch (found) {
    case 'match':
    case 'ghost':
    case 'orphan':
    case 'quantity':
    case 'side':
      return positionSubject(instrument)
    case 'surplus':
      return surplusSubject(orderId ?? '')
    case 'unknownOrder':
    case 'external':
      return orderSubject(found, orderId ?? '')
    default:
      return unreachable(found)
  }
}

/** Returns the subject of an instrument's position. */
export function positionSubject(instrument: string): string {
  return `position ${instrument}`
}

/** Returns the subject of an option without its counterpart, by its name. */
export function surplusSubject(option: string): string {
  return `surplus ${option}`
}

/** Returns the subject of an order: ours by our id, an external one by the broker's. */
export function orderSubject(found: 'unknownOrder' | 'external', orderId: string): string {
  return `${found} ${orderId}`
}

/** Returns the id of what was first seen of a subject at `since`. */
export function breakId(portfolio: string, subject: string, seen: { lots: Decimal; since: Instant }): string {
  return `B-${digest('break', portfolio, subject, seen.lots.toString(), String(seen.since))}`
}

/** Returns the lots that the broker has and we have not; below 0 when it is the other way round. */
export function differenceOf({ ours, theirs }: Break): Decimal {
  return theirs.minus(ours)
}

/** Returns how positions of these lots differ. */
export function classOfPositions(ours: Decimal, theirs: Decimal): BreakClass {
  if (ours.equals(theirs)) return 'match'
  if (theirs.isLessThan(ZERO)) return 'side'
  if (theirs.isZero()) return 'ghost'
  return ours.isZero() ? 'orphan' : 'quantity'
}

/** Returns the difference as a clause. */
export function describeBreak(found: Break): string {
  const { orderId, side, ours, theirs } = found
  switch (found.class) {
    case 'match':
      return `the book and the broker hold ${ours} lots`
    case 'ghost':
    case 'orphan':
    case 'quantity':
    case 'side':
      return `the book holds ${ours} lots, the broker ${theirs}`
    case 'surplus':
      return `the broker holds ${theirs} lots of ${orderId} without their counterpart`
    case 'unknownOrder':
      return `order ${orderId} to ${side} may still fill ${ours} lots, and the broker does not show it`
    case 'external':
      return `the broker has an order that is not ours: ${orderId}, ${side} ${theirs} lots`
    default:
      return unreachable(found.class)
  }
}
