import type { FillAt } from '../../core/backtest/venue.js'
import type { ExitMode } from '../../core/strategies/trend/bar-signals.js'
import type { LocalDate } from '../../core/time.js'

/** A file as its user called it, and where it is. */
export interface NamedFile {
  readonly name: string
  /** Absolute. */
  readonly path: string
}

/**
 * A backtest that someone asks for; maps are by instrument. With trades it follows those, and bars add stops and ATRs to
 * them; with bars alone it runs the whole strategy.
 */
export interface BacktestRequest {
  readonly trades: ReadonlyMap<string, NamedFile>
  readonly bars: ReadonlyMap<string, NamedFile>
  /** Dividends and splits of assets; cells alone have any. */
  readonly dividends: ReadonlyMap<string, NamedFile>
  /** What funds were worth, for weights that follow it; left out where nothing does. */
  readonly metrics?: NamedFile
  /** general: sized and gated by the general · exported: the lots of the export, no rules. */
  readonly sizing: 'general' | 'exported'
  readonly fillAt: FillAt
  /** What sells, from bars alone; null: as configured for the minutes before the close. */
  readonly exitMode: ExitMode | null
  /** In the portfolio's currency; null: the configured initial deposit. */
  readonly capital: number | null
  /** Of the entries, chart-local, both days included; null: no bound. */
  readonly from: LocalDate | null
  readonly to: LocalDate | null
  /** Of the charts; null: that of each instrument's exchange. */
  readonly timezone: string | null
  /** Minutes of the charts' bars, where they are not to be found out. */
  readonly timeframes: ReadonlyMap<string, number>
  /** In percent of the price. */
  readonly assumedAtrPct: number | null
  /** Instead of what the configured paper venue charges. */
  readonly commissionPct: number | null
  readonly slippageTicks: number | null
  /** Instead of the contract's facts. */
  readonly pointValues: ReadonlyMap<string, number>
  /** Absolute path of the directory to write to; made when it is missing. */
  readonly out: string
}

/** What was asked for does not fit together: wrong usage. The message says what to do. */
export class BacktestUsageError extends Error {
  override readonly name = 'BacktestUsageError'
}

/** Returns whether a backtest runs the whole strategy, for want of trades to follow. */
export function isOfBarsAlone({ trades, bars }: BacktestRequest): boolean {
  return trades.size === 0 && bars.size > 0
}
