import { readFile } from 'node:fs/promises'
import { type BarClose, barCloseOf } from '../../core/backtest/bar-close.js'
import { lengthFromRows, lengthOfBars } from '../../core/backtest/bar-length.js'
import type { Bars } from '../../core/backtest/bars.js'
import type { ExportedTrade, RejectedRow } from '../../core/backtest/exported-trade.js'
import { zoneOffsetMinutes } from '../../core/calendar/zone.js'
import { averageTrueRange } from '../../core/indicators/atr.js'
import type { Instrument } from '../../core/instrument/instrument.js'
import { localDate, MINUTE } from '../../core/time.js'
import { readBars } from '../csv/bars.js'
import { CsvError } from '../csv/csv-error.js'
import { type ChartZone, chartZone } from '../csv/time-field.js'
import { readTradesExport } from '../csv/trades-export.js'
import { type BacktestRequest, BacktestUsageError, type NamedFile } from './backtest-request.js'

/** Bars over which the strategies average the true range. */
const ATR_PERIOD = 10
/** Minutes of a bar of an instrument that nothing is known of. */
const UNKNOWN_BAR_MINUTES = 60

/** Everything that the files say of an instrument. */
export interface LoadedHistory {
  readonly instrument: string
  readonly file: string
  /** Data rows of the export. */
  readonly rows: number
  readonly trades: readonly ExportedTrade[]
  /** Trades that begin outside the period asked for. */
  readonly outside: number
  readonly currency: string | null
  readonly zone: ChartZone
  readonly barMinutes: number
  readonly barClose: BarClose
  readonly bars: Bars | null
  readonly atr: Float64Array | null
  readonly rejected: readonly RejectedRow[]
}

/** Reads the files of an instrument. Throws a CsvError when one of them is of no use. */
export async function loadHistory(
  request: BacktestRequest,
  instrument: string,
  configured: Instrument | null,
): Promise<LoadedHistory> {
  const zone = zoneOf(request, configured)
  const source = request.trades.get(instrument)!
  const { name: file } = source
  const offset = zone.localOffset
  const exported = readTradesExport({ file, bytes: await readBytes(source), instrument, offset })
  const barsFile = request.bars.get(instrument)
  const chart =
    barsFile === undefined
      ? null
      : readBars({ file: barsFile.name, bytes: await readBytes(barsFile), offset })
  const bars = chart?.bars ?? null
  const trades = exported.trades.filter((trade) => isInPeriod(trade, request, zone))
  if (trades.length === 0)
    throw new CsvError(
      file,
      null,
      `none of its ${exported.trades.length} trades begins ${spellPeriod(request)}`,
    )
  const barMinutes =
    request.timeframes.get(instrument) ?? findBarMinutes(exported.trades, bars, zone, configured)
  return {
    instrument,
    file,
    rows: exported.rows,
    trades,
    outside: exported.trades.length - trades.length,
    currency: exported.currency,
    zone,
    barMinutes,
    barClose: closeOf(configured, barMinutes, bars),
    bars,
    atr: bars === null ? null : averageTrueRange(bars, ATR_PERIOD),
    rejected: [...exported.rejected, ...(chart?.rejected ?? [])],
  }
}

function zoneOf(request: BacktestRequest, configured: Instrument | null): ChartZone {
  const name = request.timezone ?? configured?.zone ?? 'Asia/Kolkata'
  const zone = chartZone(name)
  if (zone === null)
    throw new BacktestUsageError(
      `there is no time zone ${name}; name one such as Asia/Kolkata, UTC or +05:30`,
    )
  return zone
}

async function readBytes({ name, path }: NamedFile): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new CsvError(name, null, `the file cannot be read: ${(error as Error).message}`)
  }
}

function isInPeriod({ entry }: ExportedTrade, { from, to }: BacktestRequest, zone: ChartZone): boolean {
  if (from === null && to === null) return true
  const day = localDate(entry.barOpen, zone.offsetAt(entry.barOpen))
  return (from === null || from <= day) && (to === null || day <= to)
}

function spellPeriod({ from, to }: BacktestRequest): string {
  if (from !== null && to !== null) return `between ${from} and ${to}`
  return from === null ? `until ${to}` : `from ${from} on`
}

function findBarMinutes(
  trades: readonly ExportedTrade[],
  bars: Bars | null,
  zone: ChartZone,
  configured: Instrument | null,
): number {
  const measured = bars === null ? null : lengthOfBars(bars)
  if (measured !== null) return measured
  const rows = trades.flatMap(({ entry, exit }) =>
    exit === null ? [entry.barOpen] : [entry.barOpen, exit.barOpen],
  )
  const local = rows.map((open) => open + zone.offsetAt(open) * MINUTE)
  return lengthFromRows(local, configured?.barMinutes ?? UNKNOWN_BAR_MINUTES)
}

function closeOf(configured: Instrument | null, barMinutes: number, bars: Bars | null): BarClose {
  const exchange = configured?.exchange ?? ''
  const offsetMinutes =
    configured === null ? () => 0 : (instant: number) => zoneOffsetMinutes(configured.zone, instant)
  return barCloseOf({ exchange, offsetMinutes, barMinutes, bars })
}
