import { decimal } from '../../core/decimal.js'
import type { Rebalance } from '../../core/input.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { settingsOf } from '../../core/portfolio/portfolio.js'
import type {
  AllocationReport,
  HaltReport,
  RunOverrides,
} from '../../core/strategies/allocation/allocation-report.js'
import { driftedPositions } from '../../core/strategies/allocation/check-allocation.js'
import { allocationOf } from '../../core/strategies/allocation/plan-allocation.js'
import type { Clock } from '../clock.js'
import { ServiceError } from '../errors.js'
import { whatIf } from '../kernel/what-if.js'
import type { HeldPortfolio } from './hosts.js'

/** A plan, and which of its positions have drifted far enough for a run. */
export interface PreviewedRun {
  readonly plan: AllocationReport
  readonly drifted: readonly string[]
}

/**
 * Returns what a run would order now, at the broker's prices where it tells any; nothing is stored. It is the dry run
 * itself, decided on a copy of the state. Throws ServiceError where there is no plan, with the reason.
 */
export async function previewRun(
  held: HeldPortfolio,
  overrides: RunOverrides,
  clock: Clock,
): Promise<PreviewedRun> {
  const settings = allocationOf(held.state())
  if (settings === null) throw notAllocation(held.state())
  const quotes = await held.quotesOf(assetsOf(held.state()))
  const { targetWeights, threshold, maxOrders } = overrides
  const command: Rebalance = {
    ...{ kind: 'rebalance', isDryRun: true, targetWeights, maxOrders, quotes },
    threshold: threshold === null ? null : decimal(threshold),
  }
  const { events } = whatIf(held.state(), { type: 'OperatorCommanded', id: 'C-preview', command }, clock)
  const reports = events.flatMap((event) => (event.type === 'DecisionMade' ? [event.decision.rebalance] : []))
  const plan = requirePlan(reports[0])
  return { plan, drifted: driftedPositions(plan, settings) }
}

/** Returns the assets of which a run may need the price. */
export function assetsOf(portfolio: Portfolio): readonly string[] {
  return (settingsOf(portfolio).assets ?? []).map(({ name }) => name)
}

function requirePlan(report: AllocationReport | HaltReport | undefined): AllocationReport {
  if (report?.kind === 'allocation') return report
  throw new ServiceError('ALLOCATION_HALTED', report?.message ?? 'There is no plan')
}

/** Returns the refusal of a portfolio that is not kept at target weights. */
export function notAllocation({ id }: Portfolio): ServiceError {
  return new ServiceError('NOT_ALLOCATION', `The portfolio ${id} is not kept at target weights`)
}
