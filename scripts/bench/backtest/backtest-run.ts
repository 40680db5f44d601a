import { runChild } from '../child.js'

/**
 * What decides: the general with its decisions built and handed on (built), the same with decisions.csv and trades.csv
 * written (written), or the baseline (naive).
 */
export type EngineKind = 'built' | 'written' | 'naive'

/** A backtest to be run in a process of its own. */
export interface RunRequest {
  readonly engine: EngineKind
  readonly signals: number
  /** Runs of the same before the one that is measured: short runs are measured warm. */
  readonly warmRounds: number
}

/** What it came to. */
export interface BacktestRun {
  readonly seconds: number
  readonly peakMegabytes: number
  /** Of alerts, the opening deposit included. */
  readonly decisions: number
  /** Entries and pyramids that were filled, and those that were refused; units that were closed. */
  readonly executed: number
  readonly refused: number
  readonly exits: number
}

/** Runs a backtest in a process of its own. */
export function runBacktestOnce(
  request: RunRequest,
  parts: { readonly signal?: AbortSignal; readonly nodeOptions?: readonly string[] } = {},
): Promise<BacktestRun> {
  return runChild<BacktestRun>({ file: './backtest/run-once.js', args: [JSON.stringify(request)], ...parts })
}
