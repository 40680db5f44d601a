/** How the paper venue misbehaves. Rates are probabilities, 0 to 1; times are milliseconds. */
export interface PaperFaults {
  /** The same seed, order and attempt meet the same faults. */
  readonly seed: string
  /** Most further ticks of slippage; each trade draws 0 to this many. */
  readonly extraSlippageTicks: number
  /** Share of orders that the venue refuses. */
  readonly rejectRate: number
  /** Share of requests (orders and cancels) that never arrive, and of those whose answer never comes. */
  readonly lostRequestRate: number
  readonly lostAnswerRate: number
  /** Share of requests that are answered late, and how late. */
  readonly slowAnswerRate: number
  readonly slowAnswerMs: number
  /** Share of reads that fail. */
  readonly failedReadRate: number
  /** Share of orders of two lots or more that fill in several trades, and how long the last one may take. */
  readonly partialFillRate: number
  readonly partialFillMs: number
  /** Share of those whose remainder the venue cancels instead. */
  readonly remainderCanceledRate: number
  /** Share of trades that the venue shows late, and by how much at most. */
  readonly lateFillRate: number
  readonly lateFillMs: number
  /** Share of reports that never come, come twice, or come in another order. */
  readonly lostReportRate: number
  readonly duplicateReportRate: number
  readonly shuffledReportRate: number
}

/** A paper venue that does as it is told. */
export const NO_FAULTS: PaperFaults = {
  seed: '',
  extraSlippageTicks: 0,
  rejectRate: 0,
  lostRequestRate: 0,
  lostAnswerRate: 0,
  slowAnswerRate: 0,
  slowAnswerMs: 0,
  failedReadRate: 0,
  partialFillRate: 0,
  partialFillMs: 0,
  remainderCanceledRate: 0,
  lateFillRate: 0,
  lateFillMs: 0,
  lostReportRate: 0,
  duplicateReportRate: 0,
  shuffledReportRate: 0,
}

/** How the paper venue trades. */
export interface PaperSettings {
  /** Ticks by which every fill is worse than the price that the order's decision saw. */
  readonly slippageTicks: number
  /** Commission in percent of the value traded, each side. */
  readonly commissionPct: number
  readonly faults: PaperFaults
}
