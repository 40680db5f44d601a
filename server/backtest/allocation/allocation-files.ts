import { join } from 'node:path'
import type { PastOrder, PastRun } from '../../../core/backtest/allocation/past-run.js'
import type {
  AllocationPoint,
  AllocationTrade,
} from '../../../core/backtest/allocation/simulate-allocation.js'
import type { Instant } from '../../../core/time.js'
import { CsvWriter, numberField, textField } from '../../report/csv-writer.js'

type SpellTime = (instant: Instant) => string

const TRADE_COLUMNS = [
  ...['trade', 'at', 'instrument', 'side', 'quantity', 'price', 'value', 'fee', 'orderId', 'decisionId'],
]

const DECISION_COLUMNS = [
  ...['at', 'id', 'outcome', 'reasons', 'orders', 'valueTraded', 'fees', 'equity', 'notes'],
]

/** The trades.csv of a simulation of runs, written row by row. */
export class AllocationTrades {
  readonly #file: CsvWriter
  readonly #spellTime: SpellTime
  #count = 0

  constructor(directory: string, spellTime: SpellTime) {
    this.#file = new CsvWriter(join(directory, 'trades.csv'), TRADE_COLUMNS)
    this.#spellTime = spellTime
  }

  /** Writes a trade: one fill of an order. */
  write({ fill: { at, lots, price, fee, orderId }, instrument, side, decisionId }: AllocationTrade): void {
    this.#count += 1
    const order = [textField(orderId), textField(decisionId)]
    const amounts = [lots, price, lots.times(price), fee]
    this.#file.write(
      [this.#count, this.#spellTime(at), textField(instrument), side, ...amounts, ...order].join(','),
    )
  }

  /** Completes the file. */
  close(): void {
    this.#file.close()
  }
}

/** Writes decisions.csv: one row for each run, with what its orders came to. */
export function writeDecisions(directory: string, runs: readonly PastRun[], spellTime: SpellTime): void {
  const file = new CsvWriter(join(directory, 'decisions.csv'), DECISION_COLUMNS)
  for (const { at, decisionId, outcome, reasons, orders, valueTraded, fees, equity, notes } of runs) {
    const words = [outcome, textField(reasons.join(' ')), textField(orders.map(spellOrder).join('; '))]
    const amounts = [valueTraded, fees, equity].map(numberField)
    const row = [spellTime(at), textField(decisionId), ...words, ...amounts, textField(notes.join('; '))]
    file.write(row.join(','))
  }
  file.close()
}

/** Returns an order in words: sell 12.5 of 12.5 A, buy 0 of 3 B at 99.5 (NOT_FUNDED). */
export function spellOrder({ symbol, side, quantity, filled, limitPrice, reason }: PastOrder): string {
  const limit = limitPrice === null ? '' : ` at ${limitPrice}`
  return `${side} ${filled} of ${quantity} ${symbol}${limit}${reason === null ? '' : ` (${reason})`}`
}

/** The weights of a simulation over time, and the assets in the order of their columns. */
export interface WeightsOverTime {
  readonly curve: readonly AllocationPoint[]
  readonly names: readonly string[]
  readonly spellTime: SpellTime
}

/** Writes weights.csv: the value and the weight of each asset and of cash, in percent, whenever bars closed. */
export function writeWeights(directory: string, { curve, names, spellTime }: WeightsOverTime): void {
  const columns = ['at', 'value', 'held', ...names.map((name) => textField(name)), 'cash']
  const file = new CsvWriter(join(directory, 'weights.csv'), columns)
  for (const point of curve) {
    const shares = names.map((name) => point.weights[name] ?? 0)
    const fields = [point.value, point.held, ...shares, cashPct(point)].map(numberField)
    file.write([spellTime(point.at), ...fields].join(','))
  }
  file.close()
}

/** Returns the share of cash in the value, in percent; below 0 for a debt. */
export function cashPct({ weights }: AllocationPoint): number {
  return 100 - Object.values(weights).reduce((sum, share) => sum + share, 0)
}
