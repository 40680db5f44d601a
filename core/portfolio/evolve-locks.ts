import { ZERO } from '../decimal.js'
import type { BreakSettled, InstrumentLocked } from '../event.js'
import { subjectOf } from '../reconcile/break.js'
import { bookOf, type Portfolio } from './portfolio.js'

/** Locks the instrument's book: only exits run there until someone decides. */
export function lockBook(portfolio: Portfolio, { instrument, reason, at, breakId }: InstrumentLocked): void {
  bookOf(portfolio, instrument).lock = { reason, since: at, breakId: breakId ?? null }
}

/** Forgets a difference that was decided. What is accepted stays so until it changes; what was acted upon is no difference any more. */
export function settleBreak(portfolio: Portfolio, { action, settled }: BreakSettled): void {
  const subject = subjectOf(settled)
  portfolio.breaks.delete(subject)
  if (action === 'ignore' && settled.class !== 'match') portfolio.accepted.set(subject, settled)
  else portfolio.accepted.delete(subject)
  if (action !== 'ignore' && settled.orderId === null)
    bookOf(portfolio, settled.instrument).missingLots = ZERO
}
