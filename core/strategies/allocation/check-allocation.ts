import { decimal } from '../../decimal.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { marketHours } from '../../portfolio/sessions.js'
import type { Instant } from '../../time.js'
import type { AllocationReport } from './allocation-report.js'
import { measureOf, ruleOf } from './allocation-rules.js'
import type { AllocationSettings } from './allocation-settings.js'
import { type Drift, type DriftRule, isBeyond, isRunDue, isScheduled } from './drift.js'
import { isMarginRunDue } from './margin-close.js'
import type { PlannedRun } from './plan-allocation.js'

/** A halted run that the calendar asked for is tried again after so long. */
const HALTED_AGAIN_AFTER = 15 * 60_000

/** Returns whether every market of the strategy's assets is open. */
export function isVenueOpen(portfolio: Portfolio): boolean {
  const { hours, assets = [] } = settingsOf(portfolio)
  if (hours !== 'exchange') return true
  const looked = new Set<string>()
  for (const { name, exchange } of assets) {
    if (looked.has(exchange)) continue
    looked.add(exchange)
    if (marketHours(portfolio, name) !== 'open') return false
  }
  return true
}

/**
 * Returns whether it is time to look whether a run is needed: by the schedule where there is one, and at any time where
 * drift alone asks. What is due follows from the log and the clock. While the venue is closed and runs skip then, nothing
 * is.
 */
export function isLookDue(portfolio: Portfolio, settings: AllocationSettings, now: Instant): boolean {
  if (!settings.automatic) return false
  const { run, last, lastRunAt, lastTriedAt } = portfolio.allocation
  if (run !== null && run.style === 'market') return false
  const isOpen = isVenueOpen(portfolio)
  if (!isOpen && settings.closedMarket.mode === 'skip_iteration') return false
  if (isMarginRunDue(portfolio, settings, now)) return true
  const rule = ruleOf(settings.rule)
  if (rule.kind === 'drift' || rule.kind === 'either') return true
  if (rule.schedule.kind === 'interval') return isScheduled(rule.schedule, now, lastTriedAt)
  if (last?.outcome === 'halted' && lastTriedAt !== null && now - lastTriedAt < HALTED_AGAIN_AFTER)
    return false
  // What is only planned while the venue is closed is planned once a period, and done when it opens.
  return isScheduled(rule.schedule, now, isOpen ? lastRunAt : lastTriedAt)
}

/** Returns whether the rule asks for a run, now that is known how far the members have drifted. */
export function isRunNeeded(
  portfolio: Portfolio,
  settings: AllocationSettings,
  { valuation }: PlannedRun,
): boolean {
  if (isMarginRunDue(portfolio, settings, portfolio.now)) return true
  const drifts = driftsOf(valuation)
  const { lastRunAt, lastTriedAt } = portfolio.allocation
  const rule = ruleOf(settings.rule)
  const since = isByInterval(rule) ? lastTriedAt : lastRunAt
  return isRunDue(rule, { now: portfolio.now, lastRunAt: since, drifts })
}

function isByInterval(rule: DriftRule): boolean {
  return rule.kind !== 'drift' && rule.schedule.kind === 'interval'
}

/** Returns the positions of a plan that have drifted to the threshold, or to the drift rule's; without either, those with an order. */
export function driftedPositions(
  { positions, equity, overrides }: AllocationReport,
  { rule }: AllocationSettings,
): readonly string[] {
  const { threshold } = overrides
  const measure =
    threshold !== null
      ? measureOf({ kind: 'amount', amount: threshold })
      : rule.kind === 'schedule'
        ? null
        : measureOf(rule.measure)
  const whole = decimal(equity)
  const drifted = positions.filter(({ difference, target, order }) =>
    measure === null
      ? order !== null
      : isBeyond(measure, { difference: decimal(difference), target: decimal(target), equity: whole }),
  )
  return drifted.map(({ symbol }) => symbol)
}

function driftsOf({ members, equity }: PlannedRun['valuation']): Drift[] {
  return members.map(({ difference, target }) => ({ difference, target, equity }))
}
