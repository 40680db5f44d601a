import { ZERO } from '../decimal.js'
import { invariant, unreachable } from '../invariant.js'
import type { AllocationAdvanced, AllocationEvent } from './allocation-event.js'
import type { AllocationState, ReportedMetrics } from './allocation-state.js'

/** Updates what is known of runs and funds. Throws when an event does not fit: it is corrupt data then. */
export function evolveAllocation(allocation: AllocationState, event: AllocationEvent): void {
  switch (event.type) {
    case 'AllocationRunStarted': {
      invariant(allocation.run === null, () => `the run ${allocation.run?.id} is not over`)
      const { run } = event
      allocation.run = { ...run, orders: run.orders.map((order) => ({ ...order })) }
      allocation.runFees = ZERO
      allocation.lastRunAt = run.startedAt
      allocation.lastTriedAt = run.startedAt
      break
    }
    case 'AllocationAdvanced':
      advance(allocation, event)
      break
    case 'AllocationRunEnded': {
      const { ended, counts, updatesResult } = event
      if (allocation.run?.id === ended.id) allocation.run = null
      if (updatesResult) allocation.last = ended
      if (ended.trigger === 'scheduled' || counts) allocation.lastTriedAt = ended.startedAt
      if (counts) allocation.lastRunAt = ended.startedAt
      break
    }
    case 'FundMetricsApplied': {
      const told = new Set(event.metrics.map(keyOf))
      const others = allocation.metrics.filter((metrics) => !told.has(keyOf(metrics)))
      allocation.metrics = [...others, ...event.metrics]
      break
    }
    default:
      unreachable(event)
  }
}

function advance({ run }: AllocationState, { runId, changes, notBefore }: AllocationAdvanced): void {
  invariant(run?.id === runId, () => `the run ${runId} is not in progress`)
  const bySymbol = new Map(run.orders.map((order) => [order.symbol, order]))
  for (const { symbol, quantity, price, orderId, attempt, skipped } of changes) {
    const order = bySymbol.get(symbol)
    invariant(order !== undefined, () => `the run ${runId} has no order for ${symbol}`)
    Object.assign(order, { quantity, price, orderId, attempt, skipped })
  }
  run.notBefore = notBefore
}

function keyOf({ symbol, source }: ReportedMetrics): string {
  return JSON.stringify([symbol, source])
}
