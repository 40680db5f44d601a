import { type BarClose, barCloseOf } from '../../core/backtest/bars/bar-close.js'
import { lengthFromRows, lengthOfBars } from '../../core/backtest/bars/bar-length.js'
import type { ExportedTrade } from '../../core/backtest/exported-trade.js'
import { atrColumn } from '../../core/indicators/atr.js'
import type { Instrument } from '../../core/instrument/instrument.js'
import { DEFAULT_SIGNALS } from '../../core/instrument/signal-parameters.js'
import { localDate, MINUTE } from '../../core/time.js'
import { readBars } from '../csv/bars.js'
import { CsvError } from '../csv/csv-error.js'
import type { ChartZone } from '../csv/time-field.js'
import { readTradesExport } from '../csv/trades-export.js'
import type { BacktestRequest } from './backtest-request.js'
import { barClockOf, type HistoryFacts, readBytes, spellPeriod, zoneOf } from './history-facts.js'

/** Minutes of a bar of an instrument that nothing is known of. */
const UNKNOWN_BAR_MINUTES = 60

/** Trades whose rows tell the length of a bar; more of them tell nothing else. */
const TRADES_MEASURED = 10_000

/** Everything that the files say of an instrument whose trades are followed. */
export interface LoadedHistory extends HistoryFacts {
  readonly trades: readonly ExportedTrade[]
  /** Trades that begin outside the period asked for. */
  readonly outside: number
  readonly currency: string | null
  /** When the bars of that chart closed. */
  readonly barClose: BarClose
  readonly atr: Float64Array | null
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
  const measured = bars === null ? null : lengthOfBars(bars)
  const barMinutes =
    request.timeframes.get(instrument) ?? measured ?? lengthOfRows(exported.trades, zone, configured)
  return {
    instrument,
    file,
    rows: exported.rows,
    trades,
    outside: exported.trades.length - trades.length,
    currency: exported.currency,
    zone,
    barMinutes,
    barClose: barCloseOf(barClockOf(configured, barMinutes, barMinutes === measured ? bars : null)),
    bars,
    barsClose: barCloseOf(barClockOf(configured, measured ?? barMinutes, bars)),
    atr: bars === null ? null : atrColumn(bars, (configured?.signals ?? DEFAULT_SIGNALS).atrPeriod),
    rejected: [...exported.rejected, ...(chart?.rejected ?? [])],
  }
}

function isInPeriod({ entry }: ExportedTrade, { from, to }: BacktestRequest, zone: ChartZone): boolean {
  if (from === null && to === null) return true
  const day = localDate(entry.barOpen, zone.offsetAt(entry.barOpen))
  return (from === null || from <= day) && (to === null || day <= to)
}

function lengthOfRows(
  trades: readonly ExportedTrade[],
  zone: ChartZone,
  configured: Instrument | null,
): number {
  const rows = trades
    .slice(0, TRADES_MEASURED)
    .flatMap(({ entry, exit }) => (exit === null ? [entry.barOpen] : [entry.barOpen, exit.barOpen]))
  const local = rows.map((open) => open + zone.offsetAt(open) * MINUTE)
  return lengthFromRows(local, configured?.barMinutes ?? UNKNOWN_BAR_MINUTES)
}
