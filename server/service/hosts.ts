import type { Quote } from '../../core/input.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { PortfolioReadiness } from '../http/readiness.js'
import type { NewInput, StepOutcome } from '../kernel/work.js'
import type { DecidingPortfolio } from './alert-desk.js'

/** A portfolio that is decided in this process. */
export interface HeldPortfolio extends DecidingPortfolio {
  /** Says that alerts of it may wait in the inbox. */
  readonly ring: () => void
  readonly submit: (input: NewInput) => Promise<StepOutcome>
  readonly state: () => Portfolio
  /** Returns the broker's prices of instruments, as far as it tells them in time. */
  readonly quotesOf: (instruments: readonly string[]) => Promise<Readonly<Record<string, Quote>>>
}

/** A portfolio of the configuration, decided here or elsewhere. */
export interface Host {
  readonly id: string
  readonly settings: PortfolioSettings
  readonly readiness: () => PortfolioReadiness
  /** Null while its lease, or the fold of its logs, is not here. */
  readonly held: () => HeldPortfolio | null
}
