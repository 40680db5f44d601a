import { isoInstant } from '../../core/time.js'
import type { Host } from './hosts.js'

/** A difference between a book and its broker. */
export interface FoundBreak {
  readonly portfolio: string
  readonly instrument: string
  readonly difference: string
  /** suspected: seen once · confirmed: seen twice at rest, or otherwise locked. */
  readonly state: 'suspected' | 'confirmed'
  readonly since: string | null
}

/** Returns the differences of a portfolio that is decided here, locked instruments first. */
export function findBreaks(host: Host): FoundBreak[] {
  const portfolio = host.held()?.state()
  if (portfolio === undefined) return []
  const confirmed: FoundBreak[] = []
  const suspected: FoundBreak[] = []
  for (const { instrument, lock } of portfolio.books.values()) {
    const difference = portfolio.suspectedBreaks.get(instrument)
    if (lock !== null) {
      const since = isoInstant(lock.since)
      confirmed.push({ portfolio: host.id, instrument, difference: lock.reason, state: 'confirmed', since })
    } else if (difference !== undefined) {
      suspected.push({ portfolio: host.id, instrument, difference, state: 'suspected', since: null })
    }
  }
  return [...confirmed, ...suspected]
}
