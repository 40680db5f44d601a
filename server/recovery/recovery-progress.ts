import type { PhaseName } from '../db/column-values.js'

/** What can hold a recovery up, or limit what it recovered. */
export type RecoveryCode =
  | 'DB_UNAVAILABLE'
  | 'DATA_CORRUPT'
  | 'VALIDATION_FAILED'
  | 'VENUE_UNREACHABLE'
  | 'POSITION_BREAK'
  | 'LEASE_HELD'

/** Where a portfolio is on its way into running, and what holds it up there. */
export interface RecoveryProgress {
  readonly phase: PhaseName
  readonly code: RecoveryCode | null
  readonly detail: string | null
}

/** Is told of every step of a recovery. */
export type OnProgress = (progress: RecoveryProgress) => void

/** A recovery cannot go on: somebody has to look. */
export class RecoveryError extends Error {
  readonly code: RecoveryCode

  constructor(code: RecoveryCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'RecoveryError'
    this.code = code
  }
}
