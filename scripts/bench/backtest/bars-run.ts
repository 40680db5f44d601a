import { runChild } from '../child.js'
import type { BENCH_MARKETS } from './generated-bars.js'

/**
 * What goes through the bars: the whole strategy with its decisions counted (counted), the same with decisions.csv and
 * trades.csv written (written), or the baseline (plain).
 */
export type BarsEngine = 'counted' | 'written' | 'plain'

/** A backtest of bars to be run in a process of its own. */
export interface BarsRequest {
  readonly engine: BarsEngine
  readonly market: keyof typeof BENCH_MARKETS
  readonly bars: number
  /** Runs of the same before the one that is measured. */
  readonly warmRounds: number
}

/** What it came to. */
export interface BarsRun {
  readonly seconds: number
  /** Of the processor, all threads of the process together. */
  readonly processorSeconds: number
  readonly peakMegabytes: number
  readonly decisions: number
  readonly entries: number
  readonly pyramids: number
  readonly exits: number
}

/** Runs a backtest of bars in a process of its own. */
export function runBarsOnce(
  request: BarsRequest,
  parts: { readonly signal?: AbortSignal; readonly nodeOptions?: readonly string[] } = {},
): Promise<BarsRun> {
  return runChild<BarsRun>({ file: './backtest/bars-once.js', args: [JSON.stringify(request)], ...parts })
}
