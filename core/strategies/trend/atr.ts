import type { EntryAlert } from '../../alert/alert.js'
import type { Instrument } from '../../instrument/instrument.js'
import type { Book } from '../../portfolio/book.js'
import { type Instant, MINUTE } from '../../time.js'

/** The ATR that an entry is sized with, in points, and where it comes from. */
export interface EntryAtr {
  readonly atr: number
  readonly from: 'alert' | 'bar' | 'derived'
}

/**
 * Returns the alert's own ATR; else the last confirmed bar's, at most one bar old; else the one that the alert's stop
 * implies, (price − stop) ÷ the initial multiple; else null.
 */
export function entryAtr(
  alert: EntryAlert,
  instrument: Instrument,
  book: Book,
  now: Instant,
): EntryAtr | null {
  // An ATR of nothing is none: a stop cannot stand at no distance.
  if (alert.atr !== null && alert.atr > 0) return { atr: alert.atr, from: 'alert' }
  const { atr, atrAt } = book.market
  if (atr !== null && now - atrAt <= instrument.barMinutes * MINUTE) return { atr, from: 'bar' }
  if (alert.stop === null) return null
  return { atr: (alert.price - alert.stop) / instrument.trend.initialAtrMultiple, from: 'derived' }
}
