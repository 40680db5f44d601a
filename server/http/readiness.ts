import type { PhaseName } from '../db/column-values.js'

/** Where a portfolio is on its way into running, and what holds it up. */
export interface PortfolioReadiness {
  readonly id: string
  readonly phase: PhaseName
  /** True when it is active, reducing with a stated cause, or held by another instance. */
  readonly ready: boolean
  /** What holds it up or limits it: a code of docs/errors.md. */
  readonly code: string | null
  readonly detail: string | null
  /** The instance that holds its lease, where that is not this one. */
  readonly heldBy: string | null
}

/** Where the service is. */
export interface Readiness {
  readonly phase: 'starting' | 'running' | 'stopping'
  readonly portfolios: readonly PortfolioReadiness[]
}

/** Returns whether nothing holds the service up. */
export function isReady(readiness: Readiness): boolean {
  return readiness.phase === 'running' && readiness.portfolios.every((portfolio) => portfolio.ready)
}
