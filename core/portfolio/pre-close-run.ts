import type { Instant } from '../time.js'

/** The parts of a run before the close, in their order. */
export type PreClosePhase = 'monitor' | 'decide' | 'place' | 'market' | 'end'

/** An entry that is decided and waits to be placed: its lots count as if they were ordered. */
export interface PlannedEntry {
  readonly decisionId: string
  /** 1 for a base entry. */
  readonly unitNumber: number
  readonly lots: number
  /** The price that it was sized at, in points. */
  readonly price: number
  readonly stop: number
  readonly stopDistance: number
  readonly atr: number
  readonly pointValue: number
  readonly marginPerLot: number
}

/** A unit that the run sells. */
export interface PreCloseExit {
  readonly positionId: string
  readonly label: string | null
}

/**
 * What became of a run. nothing: nothing was to be done · refused: a gate or the second look forbade the entry ·
 * entered, exited, both: it was done in full · partial: a part was · unfilled: nothing of it was · missed: nobody was
 * there to decide in time · uncertain: the venue has not told what became of an order.
 */
export type PreCloseOutcome =
  | 'nothing'
  | 'refused'
  | 'entered'
  | 'exited'
  | 'partial'
  | 'unfilled'
  | 'missed'
  | 'uncertain'

/** The run before one close of one instrument: there is never a second one for the same close. */
export interface PreCloseRun {
  readonly closesAt: Instant
  /** The last part that was done. */
  readonly phase: PreClosePhase
  /** Decided and not yet placed. */
  readonly plan: PlannedEntry | null
  /** The decision whose entry was placed; its order and those that follow it carry this id. */
  readonly entryDecisionId: string | null
  readonly entryUnit: number
  readonly entryLots: number
  readonly exits: readonly PreCloseExit[]
  /** A gate or the second look forbade the entry. */
  readonly isRefused: boolean
  /** Null until the end. */
  readonly outcome: PreCloseOutcome | null
  /** Why nothing more was done, in words for people. */
  readonly detail: string | null
}

const ORDER: Readonly<Record<PreClosePhase, number>> = { monitor: 0, decide: 1, place: 2, market: 3, end: 4 }

/** Returns whether the run has done `phase`, or one after it. */
export function hasReached(run: PreCloseRun, phase: PreClosePhase): boolean {
  return ORDER[run.phase] >= ORDER[phase]
}

/** Returns whether the run is placing orders: they are limited until it goes to market, and chased until it ends. */
export function isPlacing(run: PreCloseRun | null): run is PreCloseRun {
  return run !== null && run.outcome === null && (run.phase === 'place' || run.phase === 'market')
}
