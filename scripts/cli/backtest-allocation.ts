import type { FinishedAllocation } from '../../server/backtest/allocation/run-allocation-request.js'
import type { Answer } from './answer.js'
import { formatMoney, formatPercent } from './format.js'
import type { Style } from './style.js'
import { formatTable } from './table.js'

/** Returns what keeping target weights over prices of the past came to, as an answer. */
export function answerOfAllocation(out: string, finished: FinishedAllocation): Answer {
  const { result, rejectedRows } = finished
  return {
    document: { summary: result.summary, blockedBy: result.blockedBy, rejectedRows, out },
    describe: (style) => describe(out, finished, style),
  }
}

function describe(out: string, { result, rejectedRows, currency }: FinishedAllocation, style: Style): string {
  const { summary } = result
  const { buyAndHold } = summary
  const money = (value: number): string => formatMoney(value, currency)
  const columns = [
    { title: '' },
    { title: 'came to', align: 'right' },
    { title: 'return', align: 'right' },
    { title: 'deepest fall', align: 'right' },
  ] as const
  const rows = [
    [
      'kept at its weights',
      money(summary.finalEquity),
      formatPercent(summary.returnPct),
      formatPercent(summary.maxDrawdownPct),
    ],
    [
      'bought and held',
      money(buyAndHold.finalEquity),
      formatPercent(buyAndHold.returnPct),
      formatPercent(buyAndHold.maxDrawdownPct),
    ],
  ]
  const lines = [
    `Rebalancing returned ${formatPercent(summary.rebalancingReturnPct)} beside holding what the first run bought`,
    `${summary.runs} runs, ${summary.trades} trades, ${money(summary.valueTraded)} one way (${formatPercent(summary.turnoverPct)} of the mean value), fees ${money(summary.fees)}`,
    ...(summary.halted === 0 ? [] : [style.warning(`${summary.halted} runs were halted`)]),
    ...rejectedRows
      .slice(0, 5)
      .map(({ file, line, reason }) => `${style.warning('Not used')} ${file}:${line}: ${reason}`),
    `Written to ${out}: report.html, report.json, trades.csv, decisions.csv, weights.csv`,
  ]
  return `${formatTable(columns, rows, style)}${lines.join('\n')}\n`
}
