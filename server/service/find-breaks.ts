import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { type BreakClass, describeBreak } from '../../core/reconcile/break.js'
import { type BreakState, type ListedBreak, listBreaks } from '../../core/reconcile/list-breaks.js'
import { isoInstant } from '../../core/time.js'
import type { Host } from './hosts.js'

/** A difference between a book and its broker. */
export interface FoundBreak {
  readonly id: string
  readonly portfolio: string
  readonly instrument: string
  readonly class: BreakClass
  readonly state: BreakState
  readonly difference: string
  /** Lots, as exact decimals. */
  readonly ours: string
  readonly theirs: string
  readonly averagePrice: string | null
  readonly orderId: string | null
  readonly since: string
  readonly lock: { readonly reason: string; readonly since: string } | null
}

/** Returns the differences of a portfolio from its broker, those first that somebody has to decide. */
export function findBreaks(portfolio: Portfolio): FoundBreak[] {
  return listBreaks(portfolio).map((listed) => show(portfolio.id, listed))
}

/** Returns the differences of a portfolio from its broker as they are known here: none while it is decided elsewhere. */
export function findBreaksHeld(host: Host): FoundBreak[] {
  const held = host.held()
  return held === null ? [] : findBreaks(held.state())
}

function show(portfolio: string, { found, state, lock }: ListedBreak): FoundBreak {
  const { id, instrument, ours, theirs, averagePrice, orderId, since } = found
  return {
    id,
    portfolio,
    instrument,
    class: found.class,
    state,
    difference: describeBreak(found),
    ours: ours.toString(),
    theirs: theirs.toString(),
    averagePrice: averagePrice?.toString() ?? null,
    orderId,
    since: isoInstant(since),
    lock: lock === null ? null : { reason: lock.reason, since: isoInstant(lock.since) },
  }
}
