import type { Instrument } from '../../instrument/instrument.js'
import type { ClosedBar } from '../../strategies/trend/bar-signals.js'
import { type SignalColumns, signalColumns } from '../../strategies/trend/signal-columns.js'
import type { Watch } from '../../strategies/trend/watch.js'
import type { Bars } from './bars.js'

/** The bars of an instrument with all that the strategy reads from them, as the bar engine goes through them. */
export interface StrategyFeed {
  readonly instrument: Instrument
  readonly bars: Bars
  readonly signals: SignalColumns
  readonly closesAt: Float64Array
  /** The bars from this index on open nothing; what is held is followed beyond it. */
  readonly entriesEnd: number
  /** The first bar that is decided. */
  readonly first: number
  /** The next bar to close. */
  next: number
  /** The bar at which something may happen next while nothing is held; it is behind `next` when that is not known. */
  wake: number
  /** Within what its bars change nothing; null when the book may have changed since. */
  watch: Watch | null
  /** Whether the bar that is closing must be asked what it wants. */
  isAsked: boolean
  /** Whether nothing was held or at work when that bar closed, before its stops. */
  wasFlat: boolean
  /** Why the bar before was refused, or null: what is refused for the same again is not decided again. */
  refusal: string | null
  /** The bar of that refusal. */
  refusedAt: number
}

/** The bars of an instrument, when they closed, and which of them are decided. */
export interface StrategyHistory {
  readonly bars: Bars
  readonly closesAt: Float64Array
  /** Index of the first bar that is decided: those before it only warm the indicators up. Default: 0. */
  readonly first?: number
  /** Index from which on nothing is opened. Default: the count of bars. */
  readonly entriesEnd?: number
}

/** Returns a feed that begins with the first bar that is decided. */
export function newStrategyFeed(instrument: Instrument, history: StrategyHistory): StrategyFeed {
  const { bars, closesAt, first, entriesEnd } = history
  return {
    instrument,
    bars,
    signals: signalColumns(bars, instrument.signals),
    closesAt,
    entriesEnd: entriesEnd ?? closesAt.length,
    first: first ?? 0,
    next: first ?? 0,
    wake: -1,
    watch: null,
    isAsked: false,
    wasFlat: true,
    refusal: null,
    refusedAt: -1,
  }
}

/** Returns the bar that is closing. */
export function closingBar({ bars, signals, closesAt, next }: StrategyFeed): ClosedBar {
  return {
    opensAt: bars.opensAt[next]!,
    closesAt: closesAt[next]!,
    close: bars.close[next]!,
    atr: signals.atr[next]!,
    efficiency: signals.efficiency[next]!,
    conditions: signals.conditions[next]!,
  }
}
