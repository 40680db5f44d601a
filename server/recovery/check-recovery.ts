import type { Difference } from '../journal/difference.js'
import {
  breakCode,
  describeDifferences,
  inspectFold,
  type RecoveredVenue,
  type RecoveryContext,
  recoverVenue,
} from './recover.js'
import { type RecoveryCode, RecoveryError } from './recovery-progress.js'
import { type RecoverySteps, rehearsedSteps } from './recovery-steps.js'

/** What `recover --check` found in a portfolio. */
export interface RecoveryCheck {
  readonly portfolio: string
  /** The worst that was found; null when everything is as it should be. */
  readonly code: RecoveryCode | null
  readonly detail: string | null
  readonly inputs: number
  readonly events: number
  /** The last input of the snapshot from which the fold began; 0 when everything was folded. */
  readonly snapshotSeq: number
  readonly differences: readonly Difference[]
  readonly broken: readonly string[]
  /** Null when the venue was not reached, or not asked because the fold is not sound. */
  readonly venue: RecoveredVenue | null
}

/**
 * Goes through the phases of a recovery without trading and without recording anything: the lease is not taken, and
 * what the venue tells is only rehearsed in memory.
 */
export async function checkRecovery(context: RecoveryContext): Promise<RecoveryCheck> {
  const { portfolio, clock } = context
  const nothing = { inputs: 0, events: 0, snapshotSeq: 0, differences: [], broken: [], venue: null }
  try {
    const found = await inspectFold(context)
    const { fold, snapshotSeq, differences, broken } = found
    const facts = { portfolio, inputs: fold.seq, events: fold.events, snapshotSeq, differences, broken }
    if (differences.length > 0) {
      return { ...facts, code: 'DATA_CORRUPT', detail: describeDifferences(differences), venue: null }
    }
    if (broken.length > 0) {
      return { ...facts, code: 'VALIDATION_FAILED', detail: broken.join('; '), venue: null }
    }
    return { ...facts, ...(await checkVenue(context, rehearsedSteps(fold.portfolio, clock))) }
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error
    return { portfolio, ...nothing, code: error.code, detail: error.message }
  }
}

async function checkVenue(
  context: RecoveryContext,
  steps: RecoverySteps,
): Promise<Pick<RecoveryCheck, 'code' | 'detail' | 'venue'>> {
  try {
    const venue = await recoverVenue(context, steps, 'check')
    return { venue, ...breakCode(venue.breaks) }
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error
    return { venue: null, code: error.code, detail: error.message }
  }
}
