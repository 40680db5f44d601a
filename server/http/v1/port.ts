import type { z } from 'zod'
import type { Calendar } from '../../../core/calendar/calendar.js'
import type { ObservedPrice, OperatorCommand } from '../../../core/input.js'
import type { ReportedMetrics } from '../../../core/portfolio/allocation-state.js'
import type { AllocationReport, RunOverrides } from '../../../core/strategies/allocation/allocation-report.js'
import type { Instant } from '../../../core/time.js'
import type { ErrorCode } from '../../errors.js'
import type { CalendarImport } from '../../market/calendar/calendar-import.js'
import type { FieldProblem } from '../problem.js'
import type { metricsShape, runsShape } from './allocation-shapes.js'
import type { cellShape, dividendShape } from './cell-shapes.js'
import type {
  alarmShape,
  alertDetailShape,
  alertShape,
  approvalShape,
  breakShape,
  decisionShape,
  decisionSummaryShape,
  fillShape,
  orderShape,
  portfolioShape,
  portfolioSummaryShape,
  positionShape,
  postingShape,
  proposedDecisionShape,
} from './shapes.js'

/** A value whose every part is read only. */
type Immutable<T> = T extends object ? { readonly [Key in keyof T]: Immutable<T[Key]> } : T

/** What a schema describes. */
export type Shown<Schema extends z.ZodType> = Immutable<z.infer<Schema>>

/** Which part of a list is asked for. */
export interface PageQuery {
  readonly limit: number
  /** Where the previous page ended; null for the newest. */
  readonly cursor: string | null
}

/** Part of a list, newest first. */
export interface Page<T> {
  readonly items: readonly T[]
  /** The cursor of the next page; null when this is the last. */
  readonly next: string | null
}

/** Which of the things that end are listed. */
export type StatusFilter = 'open' | 'closed' | 'all'

/** A page of things that end. */
export interface FilteredPageQuery extends PageQuery {
  readonly status: StatusFilter
}

/** What /v1 reads. Lists throw ServiceError CURSOR_INVALID on a cursor that is not theirs. */
export interface V1Reads {
  readonly portfolios: () => Promise<readonly Shown<typeof portfolioSummaryShape>[]>
  /** Null when there is no such portfolio. */
  readonly portfolio: (id: string) => Promise<Shown<typeof portfolioShape> | null>
  readonly positions: (id: string, page: FilteredPageQuery) => Promise<Page<Shown<typeof positionShape>>>
  readonly orders: (id: string, page: FilteredPageQuery) => Promise<Page<Shown<typeof orderShape>>>
  readonly approvals: (id: string, page: FilteredPageQuery) => Promise<Page<Shown<typeof approvalShape>>>
  /** Null when there is no such approval. */
  readonly approval: (portfolio: string, id: string) => Promise<Shown<typeof approvalShape> | null>
  readonly fills: (id: string, page: PageQuery) => Promise<Page<Shown<typeof fillShape>>>
  readonly decisions: (id: string, page: PageQuery) => Promise<Page<Shown<typeof decisionSummaryShape>>>
  readonly alerts: (id: string, page: PageQuery) => Promise<Page<Shown<typeof alertShape>>>
  readonly ledger: (id: string, page: PageQuery) => Promise<Page<Shown<typeof postingShape>>>
  readonly alarms: (page: PageQuery) => Promise<Page<Shown<typeof alarmShape>>>
  readonly decision: (id: string) => Promise<Shown<typeof decisionShape> | null>
  readonly alert: (id: string) => Promise<Shown<typeof alertDetailShape> | null>
  /** Null when there is no such portfolio. */
  readonly cells: (portfolio: string) => Promise<readonly Shown<typeof cellShape>[] | null>
  /** Null when there is no such portfolio. */
  readonly dividends: (portfolio: string) => Promise<readonly Shown<typeof dividendShape>[] | null>
  /** The run in progress and the last one; null when there is no such portfolio. */
  readonly runs: (portfolio: string) => Promise<Shown<typeof runsShape> | null>
  /** Null when there is no such portfolio. */
  readonly fundMetrics: (portfolio: string) => Promise<Shown<typeof metricsShape>['items'] | null>
  readonly breaks: () => Promise<readonly Shown<typeof breakShape>[]>
  /** The calendar in force, and the present instant. */
  readonly calendar: () => Promise<{ readonly calendar: Calendar; readonly now: Instant }>
  /** What an input led to; null when no such input is recorded. */
  readonly decisionsOfInput: (
    portfolio: string,
    inputId: string,
  ) => Promise<readonly Shown<typeof decisionShape>[] | null>
}

/** What an alert would lead to. */
export type Proposal =
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly errors: readonly FieldProblem[] }
  | { readonly kind: 'proposed'; readonly decisions: readonly Shown<typeof proposedDecisionShape>[] }

/** What the commands of /v1 need to know of a portfolio. */
export interface PortfolioFacts {
  readonly currency: string
  readonly instruments: readonly string[]
  /** The present instant. */
  readonly now: Instant
  readonly strategy: 'trend' | 'volatility' | 'allocation'
  /** Whether runs towards target weights begin by themselves, and whether one with market orders is in progress here. */
  readonly isAutomatic: boolean
  readonly isRunning: boolean
}

/** Facts that somebody brings. */
export type ImportedFacts =
  | { readonly kind: 'metrics'; readonly metrics: readonly ReportedMetrics[] }
  | { readonly kind: 'prices'; readonly prices: readonly ObservedPrice[] }

/** What a run would order, and which positions have drifted far enough for one. */
export interface Preview {
  readonly plan: AllocationReport
  readonly drifted: readonly string[]
}

/** What /v1 can do to portfolios. */
export interface V1Commands {
  /** Null when there is no such portfolio. */
  readonly facts: (portfolio: string) => PortfolioFacts | null
  /**
   * Returns the portfolio with this difference from its broker; null when there is none. Throws ServiceError when it may
   * be one of a portfolio that is not decided here.
   */
  readonly portfolioOfBreak: (breakId: string) => string | null
  /**
   * Returns the difference from the broker that an order is whose fate is unknown. Throws ServiceError when the portfolio
   * is not decided here, has no such order, or knows what became of it.
   */
  readonly breakOfOrder: (portfolio: string, orderId: string) => string
  /** Returns whether the portfolio holds the position. */
  readonly holds: (portfolio: string, positionId: string) => Promise<boolean>
  /**
   * Has the command decided and recorded under this input id, unless it already is. Throws ServiceError when the
   * portfolio takes no commands here, and when it was not decided in time; the same id may then be sent again.
   */
  readonly decide: (portfolio: string, inputId: string, command: OperatorCommand) => Promise<void>
  /**
   * Returns what a run towards the target weights would order now; stores nothing. Throws ServiceError where it would be
   * halted, and when the portfolio is not decided here.
   */
  readonly previewRun: (portfolio: string, overrides: RunOverrides) => Promise<Preview>
  /** The portfolios of the configuration that hold assets. */
  readonly portfoliosOfAssets: () => readonly string[]
  /** Has facts recorded in a portfolio under this input id, unless they already are. Throws ServiceError like decide. */
  readonly importFacts: (portfolio: string, inputId: string, imported: ImportedFacts) => Promise<void>
  /** Stores an import under the id of its command, once, and returns the calendar in force after it. */
  readonly importCalendar: (commandId: string, imported: CalendarImport) => Promise<Calendar>
  /** Returns what an alert, as text, would lead to; stores nothing. */
  readonly whatIf: (portfolio: string, body: Buffer) => Promise<Proposal>
}
