import type { EntryAlert } from '../alert/alert.js'
import type { Decision, Sizing } from '../decision.js'
import type { PortfolioEvent } from '../event.js'
import { approvalId } from '../ids.js'
import type { Approval, ApprovalOutcome } from '../portfolio/approval.js'
import { type Book, baseUnit, pendingApproval } from '../portfolio/book.js'
import { bookOf, type Portfolio, settingsOf } from '../portfolio/portfolio.js'
import { type Instant, SECOND } from '../time.js'
import { type Gate, must, shutGates } from './gate.js'
import { allowsEntries } from './trading-state.js'

/** What would become an order, if nobody had to be asked. */
interface Asking {
  readonly gates: readonly Gate[]
  readonly sizing: Sizing | null
  readonly unitNumber: number
}

/** Returns the proposal with one more gate, which is shut, where a person is to be asked: nothing else stands in the way. */
export function askFirst<Proposal extends Asking>(portfolio: Portfolio, proposal: Proposal): Proposal {
  if (settingsOf(portfolio).approval === undefined || proposal.sizing === null) return proposal
  if (shutGates(proposal.gates).length > 0) return proposal
  const gate = must('AWAITING_APPROVAL', false, 'nobody was asked', 'a person approves')
  return { ...proposal, gates: [...proposal.gates, gate] }
}

/** Returns whether a decision leaves the entry to a person. */
export function isAsking({ outcome, reasons }: Decision): boolean {
  return outcome === 'blocked' && reasons[0] === 'AWAITING_APPROVAL'
}

/** Returns the question that `decision` leaves to a person: open for the configured time, and never beyond `until`. */
export function requestApproval(
  portfolio: Portfolio,
  decision: Decision,
  { alert, sizing, unitNumber }: { alert: EntryAlert; sizing: Sizing; unitNumber: number },
  close: { readonly closesAt: Instant; readonly until: Instant } | null,
): PortfolioEvent {
  const { expireSeconds, priceBandPct } = settingsOf(portfolio).approval!
  const expiresAt = portfolio.now + expireSeconds * SECOND
  const { lots, price, stop } = sizing
  return {
    type: 'ApprovalRequested',
    request: {
      ...{ id: approvalId(decision.id), decisionId: decision.id, instrument: alert.instrument, unitNumber },
      ...{ lots, price, stop, priceBandPct, askedAt: portfolio.now },
      expiresAt: close === null ? expiresAt : Math.min(expiresAt, close.until),
      closesAt: close?.closesAt ?? null,
      alert,
    },
  }
}

/** Returns what ends a question, and tells the run before a close whose it is that nothing came of it. */
export function closeApproval(
  portfolio: Portfolio,
  asked: Approval,
  end: { readonly outcome: ApprovalOutcome; readonly reason: string; readonly answerId?: string },
): PortfolioEvent[] {
  const { id, decisionId, instrument, unitNumber, closesAt } = asked
  const { outcome, reason, answerId = null } = end
  const about = { approvalId: id, decisionId, instrument }
  const events: PortfolioEvent[] = [
    { type: 'ApprovalClosed', ...about, outcome, reason, answerId, at: portfolio.now },
  ]
  const run = bookOf(portfolio, instrument).preClose
  if (outcome === 'approved' || run === null || run.closesAt !== closesAt || run.outcome !== null)
    return events
  const detail = `${unitNumber === 1 ? 'entry' : 'pyramid'} refused: the question was ${outcome}: ${reason}`
  const told = { ...run, isRefused: true, detail }
  return [...events, { type: 'PreCloseAdvanced', instrument, run: told, at: portfolio.now }]
}

/** Returns the last question of an instrument that has this id, over or not; undefined when there is none any more. */
export function findApproval(portfolio: Portfolio, id: string): Approval | undefined {
  for (const { approval } of portfolio.books.values()) if (approval?.id === id) return approval
  return undefined
}

/** Returns the end of the book's question when nobody has answered it in time. */
export function expireApproval(portfolio: Portfolio, book: Book): readonly PortfolioEvent[] {
  const asked = pendingApproval(book)
  if (asked === null || portfolio.now <= asked.expiresAt) return NOTHING
  const waited = (asked.expiresAt - asked.askedAt) / SECOND
  return closeApproval(portfolio, asked, { outcome: 'expired', reason: `nobody answered within ${waited} s` })
}

/** Returns whether a question's time is over, so that a timer should end it. */
export function hasApprovalDue(portfolio: Portfolio, now: Instant): boolean {
  for (const book of portfolio.books.values()) {
    const asked = pendingApproval(book)
    if (asked !== null && asked.expiresAt < now) return true
  }
  return false
}

/**
 * Returns the end of every question that has lost its point: only exits may run, the instrument is locked, what is held
 * of it is being closed, or the base unit that a pyramid was for is gone.
 */
export function withdrawApprovals(portfolio: Portfolio): readonly PortfolioEvent[] {
  let events: PortfolioEvent[] | null = null
  for (const book of portfolio.books.values()) {
    const asked = pendingApproval(book)
    const reason = asked === null ? null : whyPointless(portfolio, book, asked)
    if (asked === null || reason === null) continue
    events ??= []
    events.push(...closeApproval(portfolio, asked, { outcome: 'withdrawn', reason }))
  }
  return events ?? NOTHING
}

const NOTHING: readonly PortfolioEvent[] = []

function whyPointless(portfolio: Portfolio, book: Book, { unitNumber }: Approval): string | null {
  const { tradingState } = portfolio
  if (!allowsEntries(tradingState)) return `the portfolio is ${tradingState}`
  if (book.lock !== null) return `${book.instrument} is locked: ${book.lock.reason}`
  const closing = book.units.find((unit) => unit.exit !== null)
  if (closing !== undefined) return `unit ${closing.number} is being closed`
  return unitNumber > 1 && baseUnit(book) === undefined ? 'the base unit is closed' : null
}
