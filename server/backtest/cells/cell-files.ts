import { join } from 'node:path'
import type { CellTrade } from '../../../core/backtest/cells/simulate-cells.js'
import type { Decision } from '../../../core/decision.js'
import type { Instant } from '../../../core/time.js'
import { CsvWriter, numberField, textField } from '../../report/csv-writer.js'

const TRADE_COLUMNS = [
  ...['trade', 'at', 'instrument', 'side', 'shares', 'price', 'value', 'fee', 'anchorBefore', 'sharesAfter'],
  ...['cashAfter', 'stockShareAfter', 'orderId', 'decisionId'],
]

const DECISION_COLUMNS = [
  ...['at', 'id', 'kind', 'instrument', 'outcome', 'reasons', 'price', 'anchor', 'movePct', 'shares', 'cash'],
  ...['receivable', 'value', 'stockShare', 'side', 'wantedBecause', 'rawShares', 'cappedBy', 'orderShares'],
  ...['notional', 'fee', 'stockShareAfter', 'ordersToday', 'notionalToday', 'attempt', 'notes'],
]

/** The trades.csv and decisions.csv of a simulation of cells, written row by row. */
export class CellFiles {
  readonly #trades: CsvWriter
  readonly #decisions: CsvWriter
  readonly #spellTime: (instant: Instant) => string
  #count = 0

  constructor(directory: string, spellTime: (instant: Instant) => string) {
    this.#trades = new CsvWriter(join(directory, 'trades.csv'), TRADE_COLUMNS)
    this.#decisions = new CsvWriter(join(directory, 'decisions.csv'), DECISION_COLUMNS)
    this.#spellTime = spellTime
  }

  /** Writes a trade: one fill of an order. */
  writeTrade(trade: CellTrade): void {
    this.#count += 1
    const { at, instrument, side, shares, price, fee, anchorBefore, orderId, decisionId } = trade
    this.#trades.write(
      [
        ...[
          this.#count,
          this.#spellTime(at),
          textField(instrument),
          side,
          shares,
          price,
          shares.times(price),
          fee,
        ],
        ...[anchorBefore ?? '', trade.sharesAfter, trade.cashAfter, numberField(trade.stockShareAfter)],
        ...[textField(orderId), textField(decisionId)],
      ].join(','),
    )
  }

  /** Writes a decision with what it saw. */
  writeDecision(decision: Decision): void {
    const { id, kind, instrument, outcome, reasons, price, evaluation: seen, notes } = decision
    const fields = [
      ...[this.#spellTime(decision.at), textField(id), kind, textField(instrument ?? ''), outcome],
      ...[textField(reasons.join(' ')), numberField(price)],
      ...[
        seen?.anchor,
        numberField(seen?.movePct ?? null),
        seen?.shares,
        seen?.cash,
        seen?.receivable,
        seen?.value,
      ],
      ...[numberField(seen?.stockShare ?? null), seen?.side, seen?.wantedBecause, seen?.rawShares],
      ...[seen?.cappedBy.join(' '), seen?.orderShares, seen?.notional, seen?.fee],
      ...[numberField(seen?.stockShareAfter ?? null), seen?.ordersToday, seen?.notionalToday, seen?.attempt],
      textField(notes.join('; ')),
    ]
    this.#decisions.write(fields.map((field) => field ?? '').join(','))
  }

  /** Completes the files. */
  close(): void {
    this.#trades.close()
    this.#decisions.close()
  }
}
