import type { BacktestTrade } from '../../core/backtest/backtest-trade.js'
import type { Instant } from '../../core/time.js'
import { CsvWriter, numberField, repeatedTextField } from './csv-writer.js'

const COLUMNS = [
  'trade',
  'instrument',
  'unit',
  'entryTime',
  'entryPrice',
  'exitTime',
  'exitPrice',
  'lots',
  'grossPnl',
  'fees',
  'netPnl',
  'exitReason',
  'open',
] as const

/** Writes trades.csv: one row a trade, money in quote currency to the last digit. */
export class TradesCsv {
  readonly #writer: CsvWriter
  readonly #spellTime: (instant: Instant) => string
  readonly #textField = repeatedTextField()

  constructor(path: string, spellTime: (instant: Instant) => string) {
    this.#writer = new CsvWriter(path, COLUMNS)
    this.#spellTime = spellTime
  }

  /** Writes a trade. */
  write(trade: BacktestTrade): void {
    const exitTime = trade.exitTime === null ? '' : this.#spellTime(trade.exitTime)
    this.#writer.write(
      `${trade.trade},${this.#textField(trade.instrument)},${trade.unit},` +
        `${this.#spellTime(trade.entryTime)},${numberField(trade.entryPrice)},` +
        `${exitTime},${numberField(trade.exitPrice)},` +
        `${trade.lots},${trade.grossPnl},${trade.fees},${trade.netPnl},${this.#textField(trade.exitReason)},${trade.open}`,
    )
  }

  /** Completes the file. */
  close(): void {
    this.#writer.close()
  }
}
