import type { Alert } from '../alert/alert.js'
import type { Instant } from '../time.js'
import type { BarClose } from './bars/bar-close.js'
import { type Bars, barAt } from './bars/bars.js'
import type { ExportedTrade, RejectedRow } from './exported-trade.js'
import { type StrategyUnit, strategyUnits } from './strategy-units.js'

/** An alert that the strategy would have sent, and when. */
export interface Signal {
  /** Id of the input: instrument, trade number and what it does. */
  readonly id: string
  readonly at: Instant
  readonly alert: Alert
}

/** What is known of an instrument besides its trades. */
export interface InstrumentHistory {
  readonly instrument: string
  readonly trades: readonly ExportedTrade[]
  readonly barClose: BarClose
  readonly bars: Bars | null
  /** ATR in points of each bar, NaN while unknown; null without bars. */
  readonly atr: Float64Array | null
}

/** The alerts of an export in the order in which they are decided, and what came of its rows. */
export interface Timeline {
  readonly signals: readonly Signal[]
  /** Entries without an ATR and a stop, which nothing can be sized with. */
  readonly rejected: readonly RejectedRow[]
  /** Trades of the export that are a part of a unit of another trade, and so sent no alert of their own. */
  readonly splitTrades: number
  /** Last price of the units that the strategy still holds, by instrument, in points. */
  readonly openMarks: ReadonlyMap<string, number>
  /** When the last of those prices is of. */
  readonly openMarksAt?: Instant
}

interface RankedSignal extends Signal {
  readonly rank: number
  readonly sequence: number
}

/** At one instant exits come before pyramids, and pyramids before entries; an exit of a unit of that instant is last. */
const EXIT = 0
const PYRAMID = 1
const ENTRY = 2
const EXIT_AT_ONCE = 3

/**
 * Returns the alerts that the strategy of these exports would have sent. Each happens at the close of its bar, at the
 * price of its row. An entry takes its ATR from its tag; without a tag and a stop from the bars, else it is taken as
 * `assumedAtrPct` percent of the price, else the entry is refused.
 */
export function buildTimeline(
  histories: readonly InstrumentHistory[],
  assumedAtrPct: number | null,
): Timeline {
  const signals: RankedSignal[] = []
  const rejected: RejectedRow[] = []
  const openMarks = new Map<string, number>()
  let openMarksAt = Number.NEGATIVE_INFINITY
  let splitTrades = 0
  for (const history of histories) {
    for (const unit of strategyUnits(history.trades)) {
      splitTrades += unit.trades.length - 1
      const problem = addUnit(signals, history, unit, assumedAtrPct)
      if (problem === null) {
        openMarksAt = Math.max(openMarksAt, markOpen(openMarks, history, unit))
        continue
      }
      for (const { file, entry } of unit.trades) rejected.push({ file, line: entry.line, reason: problem })
    }
  }
  signals.sort(
    (left, right) => left.at - right.at || left.rank - right.rank || left.sequence - right.sequence,
  )
  return { signals, rejected, splitTrades, openMarks, openMarksAt }
}

/** Adds the alerts of a unit, or returns why its entry cannot be sized. */
function addUnit(
  signals: RankedSignal[],
  history: InstrumentHistory,
  unit: StrategyUnit,
  assumedAtrPct: number | null,
): string | null {
  const { instrument } = history
  const { number, entry, signal } = unit.trades[0]!
  const atr = signal.atr ?? (signal.stop === null ? findAtr(history, unit.trades[0]!, assumedAtrPct) : null)
  if (typeof atr === 'string') return atr
  const entersAt = history.barClose(entry.barOpen)
  signals.push({
    id: `A-${instrument}-${number}`,
    at: entersAt,
    alert: {
      type: signal.kind === 'base' ? 'BASE_ENTRY' : 'PYRAMID',
      instrument,
      price: entry.price,
      atr,
      stop: signal.stop,
      er: signal.er,
      label: unit.label,
      timestamp: entersAt,
      barTime: null,
    },
    rank: signal.kind === 'base' ? ENTRY : PYRAMID,
    sequence: signals.length,
  })
  if (unit.exit === null) return null
  const { price, reason, label, barOpen } = unit.exit
  const exitsAt = history.barClose(barOpen)
  signals.push({
    id: `A-${instrument}-${number}-exit`,
    at: exitsAt,
    alert: {
      type: 'EXIT',
      instrument,
      label: label ?? unit.label,
      price,
      reason,
      timestamp: exitsAt,
      barTime: null,
      flags: [],
    },
    rank: exitsAt === entersAt ? EXIT_AT_ONCE : EXIT,
    sequence: signals.length,
  })
  return null
}

/** Returns the ATR of the entry's bar, else the assumed one, else why there is none. */
function findAtr(
  history: InstrumentHistory,
  trade: ExportedTrade,
  assumedAtrPct: number | null,
): number | string {
  const index = history.bars === null ? -1 : barAt(history.bars, trade.entry.barOpen)
  const atr = history.atr?.[index] ?? Number.NaN
  if (atr > 0) return atr
  if (assumedAtrPct !== null) return (trade.entry.price * assumedAtrPct) / 100
  const why = `the entry of trade ${trade.number} has neither an ATR nor a STOP tag`
  if (history.bars === null)
    return `${why}; give the bars of the chart (--bars) or an ATR to assume (--assume-atr)`
  return index === -1
    ? `${why}, and the bars have none that opened at its time`
    : `${why}, and too few bars come before it for an ATR`
}

/** Marks what the strategy still holds of a unit; returns when that price is of, minus infinity for a closed unit. */
function markOpen(
  marks: Map<string, number>,
  { instrument, barClose }: InstrumentHistory,
  unit: StrategyUnit,
): Instant {
  let at = Number.NEGATIVE_INFINITY
  for (const { exit } of unit.trades) {
    if (exit?.open !== true) continue
    marks.set(instrument, exit.price)
    at = Math.max(at, barClose(exit.barOpen))
  }
  return at
}
