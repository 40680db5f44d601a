import type { Instant, LocalDate } from '../time.js'
import type { Book } from './book.js'
import type { Unit } from './unit.js'

/**
 * Where a unit is on its way to another contract. waiting: for the units before it · out: it is being sold · in: its
 * successor is being bought · done: that is held in full · failed: nobody could buy all of it · dropped: another exit
 * came first, so that nothing follows it.
 */
export type RollPhase = 'waiting' | 'out' | 'in' | 'done' | 'failed' | 'dropped'

/** One unit of a run. */
export interface RollStep {
  readonly positionId: string
  readonly phase: RollPhase
  /** The order that buys its successor; null before. */
  readonly entryOrderId: string | null
}

/** rolled: every unit is held in the next contract · incomplete: some are not · closedOnly: nothing may be bought. */
export type RollOutcome = 'rolled' | 'incomplete' | 'closedOnly'

/** The run by which the units of an instrument leave their contract: there is never a second one on a date. */
export interface RollRun {
  /** The date at the exchange on which it began. */
  readonly date: LocalDate
  readonly decisionId: string
  /** Months of the contracts, YYYY-MM. */
  readonly from: string
  readonly to: string
  /** In the order in which they are rolled, one after the other. */
  readonly steps: readonly RollStep[]
  /** Null while it is under way. */
  readonly outcome: RollOutcome | null
}

/** What a unit takes over from the one that it follows in another contract; distances go out from where that was sold. */
export interface RollTerms {
  /** The position that it follows. */
  readonly from: string
  /** Average price at which that was sold, in points of its own contract. */
  readonly soldAt: number
  /** Points a lot that were booked since the first of them was bought: its entry lies so far below its price. */
  readonly rolledBy: number
  readonly initialStopBelow: number
  readonly highestCloseAbove: number
  /** When the first of them was opened: an exit of that time means it still. */
  readonly heldSince: Instant
}

/** Returns the run that is under way, or null. */
export function activeRoll({ roll }: Pick<Book, 'roll'>): RollRun | null {
  return roll === null || roll.outcome !== null ? null : roll
}

/** Returns whether the unit is sold only to be bought in another contract: whoever wants it closed is still to be heard. */
export function isRolling(book: Pick<Book, 'roll'>, unit: Pick<Unit, 'exit'>): boolean {
  const run = activeRoll(book)
  return run !== null && unit.exit?.decisionId === run.decisionId
}
