/** The deepest fall of equity from the highest it had been. */
export interface Drawdown {
  peak: number
  /** In percent of that highest equity, at least 0. */
  maxPct: number
}

/** Returns a drawdown that starts at `equity`. */
export function newDrawdown(equity: number): Drawdown {
  return { peak: equity, maxPct: 0 }
}

/** Takes the next value of equity into `drawdown`. */
export function seeEquity(drawdown: Drawdown, equity: number): void {
  if (equity > drawdown.peak) drawdown.peak = equity
  else if (drawdown.peak > 0) {
    drawdown.maxPct = Math.max(drawdown.maxPct, ((drawdown.peak - equity) / drawdown.peak) * 100)
  }
}
