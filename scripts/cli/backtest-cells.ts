import type { FinishedCells } from '../../server/backtest/cells/run-cells-request.js'
import type { Answer } from './answer.js'
import { formatMoney, formatNumber, formatPercent } from './format.js'
import type { Style } from './style.js'
import { formatTable } from './table.js'

/** Returns what a simulation of cells came to, as an answer. */
export function answerOfCells(out: string, finished: FinishedCells): Answer {
  const { result, rejectedRows } = finished
  const { summary, cells, blockedBy } = result
  return {
    document: { summary, cells, blockedBy, rejectedRows, out },
    describe: (style) => describe(out, finished, style),
  }
}

function describe(
  out: string,
  { result, rejectedRows, currency, notes }: FinishedCells,
  style: Style,
): string {
  const { summary, cells, blockedBy } = result
  const money = (value: number): string => formatMoney(value, currency)
  const columns = [
    { title: 'cell' },
    ...['began with', 'came to', 'return', 'bought and held', 'trades', 'fees', 'dividends'].map((title) => ({
      title,
      align: 'right' as const,
    })),
  ]
  const rows = cells.map((cell) => [
    cell.instrument,
    money(cell.initialCash),
    money(cell.finalValue),
    formatPercent(cell.returnPct),
    formatPercent(cell.heldReturnPct),
    formatNumber(cell.trades),
    money(cell.fees),
    money(cell.dividends),
  ])
  const lines = [
    `Net profit ${money(summary.netPnl)} (${formatPercent(summary.returnPct)}), maximum drawdown ${formatPercent(summary.maxDrawdownPct)}; bought and held ${formatPercent(summary.buyAndHold.returnPct)}, ${formatPercent(summary.buyAndHold.maxDrawdownPct)}`,
    ...Object.entries(blockedBy).map(([reason, times]) => `${reason}: ${formatNumber(times)}`),
    ...rejectedRows
      .slice(0, 5)
      .map(({ file, line, reason }) => `${style.warning('Not used')} ${file}:${line}: ${reason}`),
    ...notes.map((note) => `${style.warning('Note:')} ${note}`),
    `Written to ${out}: report.html, report.json, trades.csv, decisions.csv`,
  ]
  return `${formatTable(columns, rows, style)}${lines.join('\n')}\n`
}
