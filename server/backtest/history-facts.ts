import { readFile } from 'node:fs/promises'
import type { BarClock, BarClose } from '../../core/backtest/bars/bar-close.js'
import type { Bars } from '../../core/backtest/bars/bars.js'
import type { RejectedRow } from '../../core/backtest/exported-trade.js'
import { zoneOffsetMinutes } from '../../core/calendar/zone.js'
import type { Traded } from '../../core/instrument/instrument.js'
import { CsvError } from '../csv/csv-error.js'
import { type ChartZone, chartZone } from '../csv/time-field.js'
import { type BacktestRequest, BacktestUsageError, type NamedFile } from './backtest-request.js'

/** What the files say of an instrument, whatever they are. */
export interface HistoryFacts {
  readonly instrument: string
  /** The file that says what to do: the trades where there are any, else the bars. */
  readonly file: string
  /** Data rows of that file. */
  readonly rows: number
  readonly zone: ChartZone
  /** Of the chart that the file is from. */
  readonly barMinutes: number
  readonly bars: Bars | null
  /** When `bars` closed: they may be shorter than those of the trades' chart. */
  readonly barsClose: BarClose
  readonly rejected: readonly RejectedRow[]
}

/** Returns the zone of an instrument's charts. Throws a BacktestUsageError when there is none of that name. */
export function zoneOf(request: BacktestRequest, configured: Traded | null): ChartZone {
  const name = request.timezone ?? configured?.zone ?? 'Asia/Kolkata'
  const zone = chartZone(name)
  if (zone === null)
    throw new BacktestUsageError(
      `there is no time zone ${name}; name one such as Asia/Kolkata, UTC or +05:30`,
    )
  return zone
}

/** Reads a file. Throws a CsvError when that is not possible. */
export async function readBytes({ name, path }: NamedFile): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new CsvError(name, null, `the file cannot be read: ${(error as Error).message}`)
  }
}

/** Returns the period asked for, in words that follow a verb. */
export function spellPeriod({ from, to }: BacktestRequest): string {
  if (from !== null && to !== null) return `between ${from} and ${to}`
  return from === null ? `until ${to}` : `from ${from} on`
}

/** Returns what tells when bars of an instrument closed; in UTC where nothing is known of it. */
export function barClockOf<B extends Bars | null>(
  configured: Traded | null,
  barMinutes: number,
  bars: B,
): BarClock & { readonly bars: B } {
  const exchange = configured?.exchange ?? ''
  const offsetMinutes =
    configured === null ? () => 0 : (instant: number) => zoneOffsetMinutes(configured.zone, instant)
  return { exchange, offsetMinutes, barMinutes, bars }
}
