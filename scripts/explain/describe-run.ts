import { unreachable } from '../../core/invariant.js'
import type { AllocationEvent } from '../../core/portfolio/allocation-event.js'
import type { EndedAllocationRun, RunOutcome } from '../../core/portfolio/allocation-state.js'
import { formatMoney } from '../cli/format.js'

const OUTCOMES: Readonly<Record<RunOutcome, string>> = {
  executed: 'every order was executed',
  partial: 'a part of the orders was executed',
  failed: 'nothing was executed',
  nothing: 'there was nothing to order',
  halted: 'it was halted',
  dryRun: 'it was a dry run: nothing was sent',
}

/** Returns what happened to a run of the allocation strategy, as a sentence without its time. */
export function describeRunEvent(event: AllocationEvent, currency: string): string {
  switch (event.type) {
    case 'AllocationRunStarted': {
      const { id, trigger, orders } = event.run
      const sells = orders.filter(({ side }) => side === 'sell').length
      return `the ${trigger} run ${id} began: ${counted(sells, 'sell')} and ${counted(orders.length - sells, 'buy')}`
    }
    case 'AllocationAdvanced': {
      const told = event.changes.map(({ symbol, quantity, orderId, attempt, skipped }) => {
        if (skipped !== null) return `${symbol} is skipped (${skipped})`
        if (orderId === null) return `${symbol} waits to be decided again`
        return `${symbol} is ordered, ${quantity}${attempt > 0 ? `, decided again ${attempt} times` : ''}`
      })
      return `the run ${event.runId}: ${told.join('; ')}`
    }
    case 'AllocationRunEnded':
      return `the run ${event.ended.id} is over: ${describeEnd(event.ended, currency)}`
    case 'FundMetricsApplied':
      return `metrics of ${event.metrics.map(({ symbol }) => symbol).join(', ')} came in`
    default:
      return unreachable(event)
  }
}

/** Returns how a run ended, with its sums. */
export function describeEnd(ended: EndedAllocationRun, currency: string): string {
  const { outcome, reason, planned, executed, failed, skipped, open, valueTraded, fees } = ended
  if (reason !== null) return reason
  const traded = `${formatMoney(`${valueTraded}`, currency)} traded one way, fees ${formatMoney(`${fees}`, currency)}`
  const counts = `${planned} planned, ${executed} executed, ${failed} failed, ${skipped} skipped, ${open} open`
  return `${OUTCOMES[outcome]} (${counts}; ${traded})`
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
