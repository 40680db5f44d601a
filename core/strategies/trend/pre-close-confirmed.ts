import { type Alert, type EntryAlert, type ExitAlert, toldAt } from '../../alert/alert.js'
import type { Decision } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import type { Book } from '../../portfolio/book.js'
import { newDecision } from '../../portfolio/new-decision.js'
import { instrumentOf, type Portfolio } from '../../portfolio/portfolio.js'
import type { PreCloseRun } from '../../portfolio/pre-close-run.js'
import { type Instant, MINUTE } from '../../time.js'

/** A strategy's alert on the closing bar comes at most this long after the close. */
const CONFIRMED_WITHIN = 10 * MINUTE

/** Returns the ended run whose closing bar the alert speaks of, or null. */
function runConfirmedBy(portfolio: Portfolio, book: Book, alert: Alert): PreCloseRun | null {
  const run = book.preClose
  const at = toldAt(alert)
  const instrument = instrumentOf(portfolio, book.instrument)
  if (run === null || at === null || instrument === undefined) return null
  return isOfClosingBar(alert.barTime ?? at, run.closesAt, instrument.barMinutes) ? run : null
}

function isOfClosingBar(at: Instant, closesAt: Instant, barMinutes: number): boolean {
  return closesAt - barMinutes * MINUTE <= at && at <= closesAt + CONFIRMED_WITHIN
}

/**
 * Returns what follows from a strategy's entry that the run before the close has made already: it is ignored, and gives
 * the unit its label. Null when the run did not make it.
 */
export function confirmEntry(
  portfolio: Portfolio,
  inputId: string,
  alert: EntryAlert,
  book: Book,
): PortfolioEvent[] | null {
  const run = runConfirmedBy(portfolio, book, alert)
  if (run === null || run.entryDecisionId === null) return null
  const isBase = run.entryUnit === 1
  if (isBase !== (alert.type === 'BASE_ENTRY')) return null
  const unit = book.units.find(({ entryOrderId }) => {
    const decision = portfolio.orders.get(entryOrderId)?.decisionId
    return decision === run.entryDecisionId
  })
  if (unit === undefined) return null
  const decided: PortfolioEvent = {
    type: 'DecisionMade',
    decision: confirmation(portfolio, inputId, alert, isBase ? 'entry' : 'pyramid', [unit.id]),
  }
  if (alert.label === null || unit.label !== null) return [decided]
  return [decided, { type: 'UnitLabelled', positionId: unit.id, label: alert.label }]
}

/** Returns what follows from a strategy's exit of units that the run before the close has sold, or is selling; null otherwise. */
export function confirmExit(
  portfolio: Portfolio,
  inputId: string,
  alert: ExitAlert,
  book: Book,
): PortfolioEvent[] | null {
  const run = runConfirmedBy(portfolio, book, alert)
  if (run === null || run.exits.length === 0) return null
  const meant = run.exits.filter(({ label }) => alert.label === 'ALL' || label === alert.label)
  const isOthersToo = book.units.some(
    (unit) => unit.exit === null && (alert.label === 'ALL' || unit.label === alert.label),
  )
  if (meant.length === 0 || isOthersToo || book.entryOrderId !== null) return null
  const ids = meant.map(({ positionId }) => positionId)
  return [{ type: 'DecisionMade', decision: confirmation(portfolio, inputId, alert, 'exit', ids) }]
}

function confirmation(
  portfolio: Portfolio,
  inputId: string,
  alert: EntryAlert | ExitAlert,
  kind: Decision['kind'],
  positionIds: readonly string[],
): Decision {
  return newDecision(portfolio, {
    inputId,
    ordinal: 1,
    kind,
    instrument: alert.instrument,
    outcome: 'ignored',
    reasons: ['DONE_BEFORE_CLOSE'],
    price: alert.price,
    positionIds,
  })
}
