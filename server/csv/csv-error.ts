import type { RejectedRow } from '../../core/backtest/exported-trade.js'

const ROWS_IN_A_MESSAGE = 5

/** Thrown when a CSV file as a whole is of no use; the message names the file and says what to do. */
export class CsvError extends Error {
  readonly code = 'CSV_UNUSABLE'
  readonly file: string
  /** Line that the error is about, the first one is 1; null when it is about all of the file. */
  readonly line: number | null
  /** Every row that cannot be used, where that is why. */
  readonly rejectedRows: readonly RejectedRow[]

  constructor(file: string, line: number | null, problem: string, rejectedRows: readonly RejectedRow[] = []) {
    const place = line === null ? file : `${file}:${line}`
    super(`${place}: ${problem}${listRows(rejectedRows)}`)
    this.name = 'CsvError'
    this.file = file
    this.line = line
    this.rejectedRows = rejectedRows
  }
}

function listRows(rows: readonly RejectedRow[]): string {
  const lines = rows.slice(0, ROWS_IN_A_MESSAGE).map(({ line, reason }) => `\n  line ${line}: ${reason}`)
  const more = rows.length - lines.length
  return lines.join('') + (more > 0 ? `\n  and ${more} more` : '')
}
