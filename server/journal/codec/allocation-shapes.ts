import type { Rebalance } from '../../../core/input.js'
import type { AllocationEvent, RunOrderChange } from '../../../core/portfolio/allocation-event.js'
import type {
  AllocationRun,
  AllocationState,
  EndedAllocationRun,
  EndedRunOrder,
  ReportedMetrics,
  RunOrder,
  RunOutcome,
  RunTrigger,
} from '../../../core/portfolio/allocation-state.js'
import {
  constant,
  decimal,
  type Fields,
  flag,
  list,
  number,
  oneOf,
  orNull,
  record,
  type Shape,
  table,
  text,
} from './shape.js'
import { decimalOrNull, instant, numberOrNull, quote, side, textOrNull } from './shapes.js'

/* Shapes of what is recorded of runs towards target weights: their events, their part of the state, and what asks for them. */

/** What a source said of a fund. */
export const reportedMetrics: Shape<ReportedMetrics> = record({
  symbol: text,
  source: text,
  marketCap: numberOrNull,
  aum: numberOrNull,
  observedAt: instant,
})

const trigger = oneOf<RunTrigger>({ scheduled: true, manual: true })

const progress: Fields<RunOrderChange> = {
  symbol: text,
  quantity: decimal,
  price: decimal,
  orderId: textOrNull,
  attempt: number,
  skipped: textOrNull,
}

const runOrder: Shape<RunOrder> = record({
  ...progress,
  side,
  difference: decimal,
  target: decimal,
  limitPrice: decimalOrNull,
})

const run: Shape<AllocationRun> = record({
  id: text,
  decisionId: text,
  trigger,
  startedAt: instant,
  style: oneOf<'market' | 'limit'>({ market: true, limit: true }),
  spendable: decimal,
  feePct: number,
  pauseMs: number,
  maxDriftBps: numberOrNull,
  orders: list(runOrder),
  notBefore: instant,
})

const endedOrder: Shape<EndedRunOrder> = record({
  symbol: text,
  side,
  quantity: decimal,
  filled: decimal,
  filledValue: decimal,
  fate: oneOf<EndedRunOrder['fate']>({
    filled: true,
    partiallyFilled: true,
    unfilled: true,
    failed: true,
    skipped: true,
    dryRun: true,
  }),
  orderId: textOrNull,
  reason: textOrNull,
})

const ended: Shape<EndedAllocationRun> = record({
  id: text,
  decisionId: text,
  trigger,
  startedAt: instant,
  endedAt: instant,
  outcome: oneOf<RunOutcome>({
    executed: true,
    partial: true,
    failed: true,
    nothing: true,
    halted: true,
    dryRun: true,
  }),
  reason: textOrNull,
  planned: number,
  executed: number,
  failed: number,
  skipped: number,
  open: number,
  valueTraded: decimal,
  fees: decimal,
  orders: list(endedOrder),
})

/** What a portfolio knows of its runs and funds. */
export const allocationState: Shape<AllocationState> = record({
  run: orNull(run),
  last: orNull(ended),
  lastRunAt: numberOrNull,
  lastTriedAt: numberOrNull,
  metrics: list(reportedMetrics),
  runFees: decimal,
})

type EventFields<T extends AllocationEvent['type']> = Omit<Extract<AllocationEvent, { type: T }>, 'type'>

/** The events of runs. */
export const allocationEvents: { readonly [T in AllocationEvent['type']]: Shape<EventFields<T>> } = {
  AllocationRunStarted: record({ run }),
  AllocationAdvanced: record({ runId: text, changes: list(record(progress)), notBefore: instant }),
  AllocationRunEnded: record({ ended, counts: flag, updatesResult: flag }),
  FundMetricsApplied: record({ metrics: list(reportedMetrics) }),
}

/** An operator's wish for a run. */
export const rebalanceCommand: Shape<Rebalance> = record({
  kind: constant('rebalance'),
  isDryRun: flag,
  targetWeights: orNull(list(record({ symbol: text, pct: number }))),
  threshold: decimalOrNull,
  maxOrders: numberOrNull,
  quotes: table(quote),
})
