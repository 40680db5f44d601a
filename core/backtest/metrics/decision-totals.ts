import type { BoundBy, Decision } from '../../decision.js'

/** Counts of decisions. */
export interface DecisionTotals {
  entriesBlocked: number
  pyramidsBlocked: number
  /** How often each rule stood in the way; a refusal names every rule that did. */
  readonly blockedBy: Map<string, number>
  /** What set the size of approved entries and pyramids. */
  readonly boundBy: Record<BoundBy, number>
}

/** Returns the counts of no decisions. */
export function newDecisionTotals(): DecisionTotals {
  return {
    entriesBlocked: 0,
    pyramidsBlocked: 0,
    blockedBy: new Map(),
    boundBy: { risk: 0, volatility: 0, margin: 0, geometric: 0, riskBudget: 0 },
  }
}

/** Adds a decision to `totals`. */
export function addDecision(totals: DecisionTotals, decision: Decision): void {
  if (decision.outcome === 'blocked') {
    if (decision.kind === 'entry') totals.entriesBlocked += 1
    if (decision.kind === 'pyramid') totals.pyramidsBlocked += 1
    for (const reason of decision.reasons)
      totals.blockedBy.set(reason, (totals.blockedBy.get(reason) ?? 0) + 1)
  } else if (decision.outcome === 'approved' && decision.boundBy !== null) {
    totals.boundBy[decision.boundBy] += 1
  }
}
