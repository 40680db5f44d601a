import type { BacktestResult, BacktestSummary } from '../../core/backtest/summary.js'
import { equityChart } from './equity-chart.js'
import { type MoneySpeller, moneySpeller } from './money.js'

/** What a report is about, in words. */
export interface ReportSubject {
  readonly title: string
  /** ISO 4217. */
  readonly currency: string
  /** One line each: files, period, sizing, costs. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** What a reader should know before believing the numbers. */
  readonly notes: readonly string[]
}

/** Returns a backtest's outcome as one HTML page that needs nothing else: no script, no network. */
export function reportHtml(subject: ReportSubject, result: BacktestResult): string {
  const money = moneySpeller(subject.currency)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subject.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(subject.title)}</h1>
${definitions(subject.facts)}
${headline(result.summary, money)}
${subject.notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('\n')}
<section><h2>Equity and drawdown</h2>
${equityChart(result.curve, money.short) || '<p>There are too few trades to draw.</p>'}
</section>
<section><h2>Result</h2>${summaryTable(result.summary, money)}</section>
<section><h2>Instruments</h2>${instrumentsTable(result, money)}</section>
${decisionsSection(result)}
${rejectedSection(result)}
</main>
</body>
</html>
`
}

function headline(summary: BacktestSummary, money: MoneySpeller): string {
  const cards: [string, string, number?][] = [
    ['Net profit', money.whole(summary.netPnl), summary.netPnl],
    ['Return', percent(summary.returnPct), summary.returnPct],
    ['Largest drawdown', percent(summary.maxDrawdownPct)],
    ['Profit factor', decimals(summary.profitFactor)],
    ['Trades that won', summary.winRate === null ? '–' : percent(summary.winRate * 100)],
    ['Trades', count(summary.trades)],
  ]
  const list = cards.map(
    ([name, value, sign = 0]) =>
      `<li><span>${name}</span><strong class="${sign < 0 ? 'loss' : ''}">${escapeHtml(value)}</strong></li>`,
  )
  return `<ul class="cards">${list.join('')}</ul>`
}

function summaryTable(summary: BacktestSummary, money: MoneySpeller): string {
  const { entries, pyramids } = summary
  return definitions([
    ['Initial capital', money.whole(summary.initialCapital)],
    ['Final equity', money.whole(summary.finalEquity)],
    ['Gross profit', money.whole(summary.grossPnl)],
    ['Fees', money.whole(summary.fees)],
    ['Open trades', count(summary.openTrades)],
    ['Largest heat', summary.maxHeatPct === null ? 'no stops' : percent(summary.maxHeatPct)],
    ['Most units at one time', count(summary.maxOpenPositions)],
    ['Base entries', `${count(entries.executed)} executed, ${count(entries.blocked)} blocked`],
    ['Pyramids', `${count(pyramids.executed)} executed, ${count(pyramids.blocked)} blocked`],
    ['Units closed', count(summary.exits)],
  ])
}

function instrumentsTable(result: BacktestResult, money: MoneySpeller): string {
  const rows = Object.entries(result.instruments).map(([name, totals]) => [
    name,
    count(totals.trades),
    count(totals.wins),
    money.whole(totals.grossPnl),
    money.whole(totals.fees),
    money.whole(totals.netPnl),
  ])
  return table(['Instrument', 'Trades', 'Won', 'Gross profit', 'Fees', 'Net profit'], rows)
}

function decisionsSection(result: BacktestResult): string {
  const byCount = (counts: Readonly<Record<string, number>>): string[][] =>
    Object.entries(counts)
      .filter(([, times]) => times > 0)
      .sort(([, left], [, right]) => right - left)
      .map(([name, times]) => [name, count(times)])
  const blocked = byCount(result.blockedBy)
  const bound = byCount(result.boundBy)
  const parts: string[] = []
  if (blocked.length > 0) parts.push(`<div><h2>Blocked by</h2>${table(['Rule', 'Times'], blocked)}</div>`)
  if (bound.length > 0) parts.push(`<div><h2>Size set by</h2>${table(['Constraint', 'Times'], bound)}</div>`)
  return parts.length === 0 ? '' : `<section class="columns">${parts.join('')}</section>`
}

const MOST_REJECTED_ROWS = 100

function rejectedSection({ rejectedRows }: BacktestResult): string {
  if (rejectedRows.length === 0) return ''
  const shown = rejectedRows.slice(0, MOST_REJECTED_ROWS)
  const rows = shown.map(({ file, line, reason }) => [`${file}:${line}`, reason])
  const more = rejectedRows.length - shown.length
  const rest = more === 0 ? '' : `<p>and ${count(more)} more, listed in report.json</p>`
  return `<section><h2>Rows not used (${count(rejectedRows.length)})</h2>${table(['Line', 'Why'], rows)}${rest}</section>`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const header = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('')
  const body = rows
    .map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`)
    .join('')
  return `<div class="scroll"><table><thead><tr>${header}</tr></thead><tbody>${body}</tbody></table></div>`
}

function definitions(rows: readonly (readonly [string, string])[]): string {
  return `<dl>${rows.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>`
}

function percent(value: number): string {
  return `${value.toLocaleString('en-US', { maximumFractionDigits: 2 })} %`
}

function decimals(value: number | null): string {
  return value === null ? '–' : value.toFixed(2)
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

const STYLE = `
:root { --ink: #1c2430; --quiet: #5c6775; --paper: #fff; --card: #f4f6f8; --line: #dfe4ea; --good: #0b6b50; --bad: #b3261e; --fill: #0b6b5018; --fall: #b3261e30 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --quiet: #97a3b3; --paper: #11161d; --card: #1a212b; --line: #2b3542; --good: #4fc3a1; --bad: #ff8a80; --fill: #4fc3a11c; --fall: #ff8a8038 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 32px 20px 64px }
h1 { font-size: 24px; margin: 0 0 12px } h2 { font-size: 16px; margin: 36px 0 10px }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; list-style: none; margin: 24px 0; padding: 0 }
.cards li { background: var(--card); border-radius: 8px; padding: 12px } .cards span { display: block; color: var(--quiet); font-size: 13px }
.cards strong { font-size: 18px; white-space: nowrap; font-variant-numeric: tabular-nums } .loss { color: var(--bad) }
.note { border-left: 3px solid var(--quiet); margin: 8px 0; padding: 2px 12px; color: var(--quiet) }
dl { margin: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); column-gap: 32px }
dl div { display: flex; justify-content: space-between; gap: 16px; border-bottom: 1px solid var(--line); padding: 5px 0 }
dt { color: var(--quiet) } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { color: var(--quiet); font-weight: 500 } th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left; padding-left: 0 } td:last-child, th:last-child { padding-right: 0 }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); column-gap: 40px }
svg { width: 100%; height: auto; display: block } .grid { stroke: var(--line); stroke-width: 1 } .axis { fill: var(--quiet); font-size: 12px }
.equity-line { fill: none; stroke: var(--good); stroke-width: 1.6; stroke-linejoin: round } .equity-area { fill: var(--fill) } .drawdown-area { fill: var(--fall); stroke: var(--bad); stroke-width: 1 }
`
