import type { Decision, DecisionKind, DecisionOutcome } from '../decision.js'
import type { PortfolioEvent } from '../event.js'
import type { OperatorCommand } from '../input.js'
import { alarm } from '../portfolio/alarm.js'
import { unassignedCash } from '../portfolio/holding.js'
import { newDecision } from '../portfolio/new-decision.js'
import type { Portfolio } from '../portfolio/portfolio.js'

/** Returns what follows from an operator's change of the trading state. */
export function decideTradingState(
  portfolio: Portfolio,
  inputId: string,
  command: Extract<OperatorCommand, { kind: 'tradingState' }>,
): PortfolioEvent[] {
  const { state, reason } = command
  const isSame = state === portfolio.tradingState
  const decision = commandDecision(portfolio, inputId, 'tradingState', isSame ? 'ignored' : 'approved', [
    isSame ? 'ALREADY_SO' : 'OPERATOR',
    reason,
  ])
  if (isSame) return [{ type: 'DecisionMade', decision }]
  const events: PortfolioEvent[] = [
    { type: 'DecisionMade', decision },
    { type: 'TradingStateChanged', state, reason, at: portfolio.now },
  ]
  if (state === 'frozen') events.push(frozenAlarm(portfolio, reason))
  return events
}

/** Returns the alarm of a frozen portfolio, in which not even a stop is executed; it repeats while that lasts. */
export function frozenAlarm(portfolio: Portfolio, reason: string): PortfolioEvent {
  return alarm(portfolio, {
    code: 'TRADING_FROZEN',
    severity: 'critical',
    instrument: null,
    subject: portfolio.id,
    message: `portfolio ${portfolio.id} is frozen, no stop and no exit is executed: ${reason}`,
  })
}

/** Returns what follows from a deposit or a withdrawal: a posting, or a refusal when there is not that much cash. */
export function decideCash(
  portfolio: Portfolio,
  inputId: string,
  command: Extract<OperatorCommand, { kind: 'cash' }>,
): PortfolioEvent[] {
  const { movement, amount, note } = command
  const isShort = movement === 'withdrawal' && unassignedCash(portfolio).isLessThan(amount)
  if (isShort || !amount.isPositive()) {
    const reason = isShort ? 'INSUFFICIENT_CASH' : 'AMOUNT_NOT_ABOVE_ZERO'
    return [
      { type: 'DecisionMade', decision: commandDecision(portfolio, inputId, 'cash', 'blocked', [reason]) },
    ]
  }
  return [
    {
      type: 'DecisionMade',
      decision: commandDecision(portfolio, inputId, 'cash', 'approved', [movement.toUpperCase()]),
    },
    {
      type: 'LedgerPosted',
      kind: movement,
      amount: movement === 'deposit' ? amount : amount.negated(),
      at: portfolio.now,
      orderId: null,
      positionId: null,
      note,
    },
  ]
}

/** Returns what follows from an operator's word that a locked instrument may trade again. */
export function decideUnlock(
  portfolio: Portfolio,
  inputId: string,
  command: Extract<OperatorCommand, { kind: 'unlock' }>,
): PortfolioEvent[] {
  const { instrument, reason } = command
  // Not made when it is missing: no event would tell of it.
  const isLocked = portfolio.books.get(instrument)?.lock != null
  const outcome = isLocked ? 'approved' : 'ignored'
  const reasons = [isLocked ? 'OPERATOR' : 'ALREADY_SO', reason]
  const decision = { ...commandDecision(portfolio, inputId, 'unlock', outcome, reasons), instrument }
  const events: PortfolioEvent[] = [{ type: 'DecisionMade', decision }]
  if (isLocked) events.push({ type: 'InstrumentUnlocked', instrument, reason })
  return events
}

/** Returns the decision on an operator's command that concerns no position. */
export function commandDecision(
  portfolio: Portfolio,
  inputId: string,
  kind: DecisionKind,
  outcome: DecisionOutcome,
  reasons: readonly string[],
): Decision {
  return newDecision(portfolio, { inputId, ordinal: 1, kind, instrument: null, outcome, reasons })
}
