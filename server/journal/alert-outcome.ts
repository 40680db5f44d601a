import type { Decision } from '../../core/decision.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { AlertOutcomeKind } from '../db/column-values.js'
import type { InboxDecision } from './persist.js'

/** What became of an alert. */
export interface AlertOutcome {
  readonly alertId: string
  readonly state: 'decided' | 'quarantined'
  readonly seq: number
  /** Null when it was put aside. */
  readonly outcome: AlertOutcomeKind | null
  /** Null when there was nothing to decide: a scout, or a bar of an instrument that is flat. */
  readonly decisionId: string | null
  readonly reasons: readonly string[]
  readonly lots: number
  /** Orders that it led to. */
  readonly orderIds: readonly string[]
}

/** Returns what became of an alert from the events of its input. Of several decisions the first is the alert's. */
export function alertOutcome(alertId: string, seq: number, events: readonly PortfolioEvent[]): AlertOutcome {
  let decision: Decision | null = null
  const orderIds: string[] = []
  for (const event of events) {
    if (event.type === 'DecisionMade') decision ??= event.decision
    if (event.type === 'OrderInitialized') orderIds.push(event.orderId)
  }
  return {
    alertId,
    state: 'decided',
    seq,
    outcome: decision?.outcome ?? (events.length > 0 ? 'approved' : 'ignored'),
    decisionId: decision?.id ?? null,
    reasons: decision?.reasons ?? [],
    lots: decision?.lots ?? 0,
    orderIds,
  }
}

/** Returns the outcome of an alert that was put aside. */
export function quarantinedOutcome(alertId: string, seq: number): AlertOutcome {
  return {
    alertId,
    state: 'quarantined',
    seq,
    outcome: null,
    decisionId: null,
    reasons: ['INPUT_FAILED'],
    lots: 0,
    orderIds: [],
  }
}

/** Returns the outcome as a row of the inbox keeps it. */
export function inboxDecision(id: number, outcome: AlertOutcome): InboxDecision {
  const { state, seq, decisionId, reasons, lots } = outcome
  return { id, state, seq, outcome: outcome.outcome, decision_id: decisionId, reasons, lots }
}

/** Returns `executed` when an order of the alert has a fill by now, else the stored outcome. */
export function shownOutcome(
  portfolio: Portfolio,
  outcome: AlertOutcome,
): AlertOutcomeKind | 'executed' | null {
  const isFilled = (id: string) => portfolio.orders.get(id)?.filledLots.isPositive() ?? false
  return outcome.orderIds.some(isFilled) ? 'executed' : outcome.outcome
}
