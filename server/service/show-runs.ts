import type { AllocationRun, EndedAllocationRun } from '../../core/portfolio/allocation-state.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { summarized } from '../../core/strategies/allocation/end-run.js'
import { fateOf } from '../../core/strategies/allocation/run-progress.js'
import { isoInstant } from '../../core/time.js'

/** Returns the run in progress and the last one as they are shown. */
export function showRuns(portfolio: Portfolio) {
  const { run, last } = portfolio.allocation
  return {
    running: run === null ? null : showRun(soFar(portfolio, run), false),
    last: last === null ? null : showRun(last, true),
  }
}

/** A run in progress in numbers: what waits still is skipped in them, and has no reason. */
function soFar(portfolio: Portfolio, run: AllocationRun): EndedAllocationRun {
  const orders = run.orders.map((order) => {
    const fate = fateOf(portfolio, order)
    return order.orderId === null && order.skipped === null
      ? { ...fate, fate: 'unfilled' as const, reason: null }
      : fate
  })
  const { id, decisionId, trigger, startedAt } = run
  const facts = { id, decisionId, trigger, startedAt, reason: null, orders }
  return summarized(portfolio, { ...facts, outcome: 'partial', fees: portfolio.allocation.runFees })
}

function showRun(run: EndedAllocationRun, isOver: boolean) {
  const { id, decisionId, trigger, startedAt, endedAt, outcome, reason, orders } = run
  const { planned, executed, failed, skipped, open, valueTraded, fees } = run
  return {
    ...{ id, decisionId, trigger, startedAt: isoInstant(startedAt), reason },
    endedAt: isOver ? isoInstant(endedAt) : null,
    outcome: isOver ? outcome : null,
    summary: {
      ...{ planned, executed, failed, skipped, open },
      valueTraded: `${valueTraded}`,
      fees: `${fees}`,
    },
    orders: orders.map(({ quantity, filled, filledValue, ...order }) => ({
      ...order,
      ...{ quantity: `${quantity}`, filled: `${filled}`, filledValue: `${filledValue}` },
    })),
  }
}

/** Returns the metrics of a portfolio's funds as they are shown. */
export function showMetrics({ allocation }: Portfolio) {
  return allocation.metrics.map((metrics) => ({ ...metrics, observedAt: isoInstant(metrics.observedAt) }))
}
