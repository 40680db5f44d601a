import { classifyPersistError, mayBeRepeated } from '../journal/persist-error.js'
import type { Work } from './work.js'

/**
 * Why a batch was not recorded, or may not have been. `fence`: memory did not rest on what is recorded · `work`:
 * deciding or recording the works themselves failed · `duplicate`: the same, perhaps because one of them is recorded
 * already · `trouble`: the database could not just then · `unknown`: its answer never came.
 */
export type BatchFailureKind = 'fence' | 'work' | 'duplicate' | 'trouble' | 'unknown'

/** A batch was not recorded, or may not have been. Memory is ahead of the logs and must be dropped. */
export class BatchFailure extends Error {
  readonly kind: BatchFailureKind
  readonly works: readonly Work[]

  constructor(kind: BatchFailureKind, works: readonly Work[], cause?: unknown) {
    super(cause instanceof Error ? cause.message : kind, { cause })
    this.name = 'BatchFailure'
    this.kind = kind
    this.works = works
  }
}

/** Returns the failure that an error of the persisting statement means. */
export function persistFailure(works: readonly Work[], error: unknown): BatchFailure {
  if (mayBeRepeated(error)) return new BatchFailure('duplicate', works, error)
  const kind = classifyPersistError(error)
  return new BatchFailure(kind === 'refused' ? 'work' : kind, works, error)
}
