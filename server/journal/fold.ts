import { evolve, observe } from '../../core/kernel.js'
import { emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import { DataCorruptError } from './data-corrupt-error.js'
import type { LogEntry } from './touched.js'

/** A portfolio's state together with how much of its logs it holds. */
export interface Fold {
  readonly portfolio: Portfolio
  /** The last input in it; 0 for none. */
  seq: number
  /** Count of events in it. */
  events: number
}

/** Returns a fold of nothing. */
export function emptyFold(portfolio: string): Fold {
  return { portfolio: emptyPortfolio(portfolio), seq: 0, events: 0 }
}

/** Adds a recorded input and its events to `fold`. Throws DataCorruptError when an event does not fit the state. */
export function foldEntry(fold: Fold, entry: LogEntry): void {
  try {
    observe(fold.portfolio, entry.input)
    for (const event of entry.events) evolve(fold.portfolio, event)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    const place = { portfolio: fold.portfolio.id, seq: entry.seq }
    throw new DataCorruptError(place, `its events do not fit the state: ${detail}`, { cause: error })
  }
  fold.seq = entry.seq
  fold.events += entry.events.length
}
