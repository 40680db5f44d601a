import type { BacktestResult } from '../../../core/backtest/summary.js'
import type { Instant } from '../../../core/time.js'
import type { DrawChart } from './charts/draw.js'
import type { PriceHistory } from './price-window.js'
import type { Speller } from './spell.js'

/** What every part of a tear sheet is made of. */
export interface TearSheetParts {
  readonly result: BacktestResult
  readonly spell: Speller
  readonly draw: DrawChart
  /** Returns an instant as the exchange's clock shows it, as if that were UTC. */
  readonly local: (instant: Instant) => Instant
  /** By instrument; one without bars is missing. */
  readonly prices: ReadonlyMap<string, PriceHistory>
}
