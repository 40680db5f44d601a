import type { EntryAlert } from '../alert/alert.js'
import type { Instant } from '../time.js'

/**
 * An entry that has passed every gate and waits for a person. It reserves nothing: at the answer it is decided again,
 * with everything as it is then.
 */
export interface ApprovalRequest {
  readonly id: string
  /** The decision that asks. */
  readonly decisionId: string
  readonly instrument: string
  /** 1 for a base entry. */
  readonly unitNumber: number
  /** Lots that the person is asked about: an answer never leads to more. */
  readonly lots: number
  /** The price that they were sized at, in points; the middle of the band. */
  readonly price: number
  readonly stop: number
  /** How far from that price, in percent, an answer still counts. */
  readonly priceBandPct: number
  readonly askedAt: Instant
  /** An answer after it is refused. */
  readonly expiresAt: Instant
  /** The close whose run asks; null when an alert does. */
  readonly closesAt: Instant | null
  /** What asked, to be decided again at the answer. */
  readonly alert: EntryAlert
}

/**
 * How a question ended. approved: an order or a plan follows · refused: a person approved it, and a gate was shut by
 * then · rejected: a person said no · expired: nobody answered in time · withdrawn: it lost its point.
 */
export type ApprovalOutcome = 'approved' | 'refused' | 'rejected' | 'expired' | 'withdrawn'

/** A question and, once it is over, how it ended. */
export interface Approval extends ApprovalRequest {
  closed: {
    readonly outcome: ApprovalOutcome
    readonly reason: string
    /** The decision that answers; null when nobody did. */
    readonly answerId: string | null
    readonly at: Instant
  } | null
}
