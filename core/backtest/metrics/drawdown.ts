import type { Instant } from '../../time.js'

/** A fall of equity from a high watermark, until that was reached again. */
export interface DrawdownPeriod {
  /** When equity was last at the watermark. */
  readonly peakAt: Instant
  readonly peakEquity: number
  readonly troughAt: Instant
  readonly troughEquity: number
  /** From the watermark to the trough, in percent of the watermark, above 0. */
  readonly depthPct: number
  /** When the watermark was reached again; null when it was not. */
  readonly recoveredAt: Instant | null
}

/** The falls of equity from the highest it had been: the deepest ones and the one that lasts. */
export interface Drawdown {
  peak: number
  peakAt: Instant
  /** The lowest since the peak; the peak itself while nothing was lost. */
  trough: number
  troughAt: Instant
  /** The deepest fall, in percent of the equity it began from, at least 0. */
  maxPct: number
  /** Periods that are over, deepest first, at most MOST_PERIODS. */
  readonly ended: DrawdownPeriod[]
}

const MOST_PERIODS = 5

/** Equity below this is nothing: no share of it means anything. In units of the currency. */
export const LEAST_EQUITY = 1e-6

/** Returns a drawdown that starts at `equity`; when that was is told by the first value. */
export function newDrawdown(equity: number): Drawdown {
  return { peak: equity, peakAt: Number.NaN, trough: equity, troughAt: Number.NaN, maxPct: 0, ended: [] }
}

/** Takes the next value of equity into `drawdown`. */
export function seeEquity(drawdown: Drawdown, at: Instant, equity: number): void {
  if (Number.isNaN(drawdown.peakAt)) drawdown.peakAt = at
  if (equity >= drawdown.peak) {
    if (drawdown.trough < drawdown.peak) endPeriod(drawdown, at)
    drawdown.peak = equity
    drawdown.peakAt = at
    drawdown.trough = equity
  } else if (equity < drawdown.trough) {
    drawdown.trough = equity
    drawdown.troughAt = at
    if (drawdown.peak >= LEAST_EQUITY) drawdown.maxPct = Math.max(drawdown.maxPct, depthOf(drawdown))
  }
}

/** Returns the deepest periods, deepest first, the one that lasts included; at most five. */
export function deepestPeriods(drawdown: Drawdown): readonly DrawdownPeriod[] {
  if (drawdown.trough >= drawdown.peak || drawdown.peak < LEAST_EQUITY) return drawdown.ended
  const all = [...drawdown.ended, periodOf(drawdown, null)]
  return all.sort((left, right) => right.depthPct - left.depthPct).slice(0, MOST_PERIODS)
}

function endPeriod(drawdown: Drawdown, at: Instant): void {
  const { ended, peak } = drawdown
  if (peak < LEAST_EQUITY) return
  if (ended.length === MOST_PERIODS && depthOf(drawdown) <= ended[MOST_PERIODS - 1]!.depthPct) return
  ended.push(periodOf(drawdown, at))
  ended.sort((left, right) => right.depthPct - left.depthPct)
  ended.length = Math.min(ended.length, MOST_PERIODS)
}

function periodOf(drawdown: Drawdown, recoveredAt: Instant | null): DrawdownPeriod {
  const { peak, peakAt, trough, troughAt } = drawdown
  return {
    peakAt,
    peakEquity: peak,
    troughAt,
    troughEquity: trough,
    depthPct: depthOf(drawdown),
    recoveredAt,
  }
}

function depthOf({ peak, trough }: Drawdown): number {
  return ((peak - trough) / peak) * 100
}
