import { type Decimal, ZERO } from '../../decimal.js'
import type { PortfolioEvent } from '../../event.js'
import { alarm } from '../../portfolio/alarm.js'
import type { AllocationRunEnded } from '../../portfolio/allocation-event.js'
import type {
  AllocationRun,
  EndedAllocationRun,
  EndedRunOrder,
  RunOutcome,
} from '../../portfolio/allocation-state.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { summarizeRun } from './outcome.js'
import { fateOf, inNumbers } from './run-progress.js'

/** Returns the end of the run in progress with what became of each of its orders, and an alarm where some failed. */
export function endRun(portfolio: Portfolio, run: AllocationRun): PortfolioEvent[] {
  const orders = run.orders.map((order) => fateOf(portfolio, order))
  const { id, decisionId, trigger, startedAt } = run
  const facts = { id, decisionId, trigger, startedAt, reason: null, orders }
  const fees = portfolio.allocation.runFees
  const ended = summarized(portfolio, { ...facts, outcome: outcomeOf(orders), fees })
  const over: AllocationRunEnded = { type: 'AllocationRunEnded', ended, counts: false, updatesResult: true }
  if (ended.failed === 0) return [over]
  const failed = orders.filter(({ fate }) => fate === 'failed').map(({ symbol }) => symbol)
  const message = `the run ${id} is ${ended.outcome}: ${ended.executed} of ${ended.planned} orders were executed; ${failed.join(', ')} failed`
  const told = { code: 'ALLOCATION_INCOMPLETE', severity: 'warning', instrument: null } as const
  return [over, alarm(portfolio, { ...told, subject: decisionId, message })]
}

/** What is known of a run that is over besides its sums. */
export type RunFacts = Pick<
  EndedAllocationRun,
  'id' | 'decisionId' | 'trigger' | 'startedAt' | 'outcome' | 'reason' | 'orders'
> & { readonly fees: Decimal }

/** Returns a run that is over now, in numbers. */
export function summarized(portfolio: Portfolio, facts: RunFacts): EndedAllocationRun {
  const { planned, executed, failed, skipped, open, valueTraded } = summarizeRun(facts.orders.map(inNumbers))
  const sums = { planned, executed, failed, skipped, open, valueTraded }
  return { ...facts, endedAt: portfolio.now, ...sums }
}

function outcomeOf(orders: readonly EndedRunOrder[]): RunOutcome {
  const isWhole = orders.every(({ fate }) => fate === 'filled')
  if (orders.length === 0) return 'nothing'
  if (isWhole) return 'executed'
  const some = orders.some(({ filled }) => filled.isPositive())
  if (some) return 'partial'
  return orders.some(({ fate }) => fate === 'failed') ? 'failed' : 'partial'
}

/** No fees. */
export const NO_FEES: Decimal = ZERO
