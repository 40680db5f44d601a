import type { ErrorCode } from '../errors.js'
import type { FieldProblem } from './problem.js'

/** Who may send alerts: a name, and the tokens that prove it (two while one replaces the other). */
export interface WebhookSource {
  readonly name: string
  readonly tokens: readonly string[]
}

/** A decision as the webhook answers it; what else a desk knows of it comes along. */
export interface DecisionAnswer {
  /** Null when there was nothing to decide. */
  readonly id: string | null
  readonly outcome: 'executed' | 'approved' | 'blocked' | 'ignored'
  readonly reasons: readonly string[]
  /** An exact decimal number. */
  readonly lots: string
  readonly orderIds?: readonly string[]
}

/** What became of a request's bytes. */
export type Receipt =
  | {
      readonly kind: 'stored'
      readonly alertId: string
      readonly status: 'accepted' | 'duplicate' | 'conflict'
      /** The first alert's, when it is a duplicate that is decided. */
      readonly decision: DecisionAnswer | null
      /** Of a conflict: the alert that stands. */
      readonly firstAlertId?: string
    }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly errors: readonly FieldProblem[] }

/** What the webhook listener hands alerts to. */
export interface AlertDesk {
  /**
   * Reads, checks and stores the bytes. Rejects within 1.9 s when storage is not proven: TradingView gives up after 3 s
   * and does not send again, but after a 503 it does.
   */
  readonly take: (source: WebhookSource, raw: Buffer) => Promise<Receipt>
  /** Records a refused request of a known source, now or a little later. Never throws. */
  readonly recordRefused: (refused: RefusedRequest) => void
  /** Returns the decision of a stored alert once there is one, or null after `timeoutMs`. */
  readonly awaitDecision: (
    source: WebhookSource,
    alertId: string,
    timeoutMs: number,
  ) => Promise<DecisionAnswer | null>
}

/** A request of a known source that was answered with a 4xx. */
export interface RefusedRequest {
  readonly source: WebhookSource
  /** Empty when the body was too large to be read. */
  readonly raw: Buffer
  readonly status: number
  readonly code: ErrorCode
  readonly errors: readonly FieldProblem[]
}

/** Whether alerts are taken. */
export type Intake = 'open' | 'starting' | 'stopping'
