import type { DrawdownPeriod } from '../../../core/backtest/metrics/drawdown.js'
import type { TotalsOfTrades } from '../../../core/backtest/summary.js'
import { DAY } from '../../../core/time.js'
import { type Cell, type Column, dataTable, escapeHtml, type Html } from './html.js'
import type { TearSheetParts } from './parts.js'
import { NOTHING, type Speller } from './spell.js'

const number = (title: string): Column => ({ title, kind: 'number' })
const date = (title: string): Column => ({ title, kind: 'date' })
const words = (title: string): Column => ({ title, kind: 'words' })

/** Returns the worst drawdown periods, deepest first; a sentence where nothing was lost. */
export function drawdownTable({ result, spell }: TearSheetParts): Html {
  const { drawdowns, curve } = result
  if (drawdowns.length === 0) return '<p>Equity was never below its high watermark.</p>'
  const endsAt = curve.at(-1)?.at ?? 0
  const columns = [
    date('From'),
    date('Lowest'),
    date('Recovered'),
    number('Depth'),
    number('Money'),
    number('Days to the low'),
    number('Days in all'),
  ]
  const rows = drawdowns.map((period) => drawdownRow(period, spell, endsAt))
  return dataTable('Worst drawdown periods', columns, rows)
}

function drawdownRow(period: DrawdownPeriod, spell: Speller, endsAt: number): Cell[] {
  const { peakAt, troughAt, recoveredAt, depthPct, peakEquity, troughEquity } = period
  const days = (from: number, to: number): string => spell.count(Math.round((to - from) / DAY))
  return [
    spell.date(peakAt),
    spell.date(troughAt),
    recoveredAt === null ? 'not yet' : spell.date(recoveredAt),
    { text: spell.percent(-depthPct), isLoss: true },
    spell.wholeMoney(troughEquity - peakEquity),
    days(peakAt, troughAt),
    days(peakAt, recoveredAt ?? endsAt),
  ]
}

/** Returns what each instrument made. */
export function instrumentTable({ result, spell }: TearSheetParts): Html {
  const rows = Object.entries(result.instruments).map(([name, totals]) => [
    name,
    ...totalsCells(totals, spell),
  ])
  return dataTable('By instrument', [words('Instrument'), ...TOTALS_COLUMNS], rows)
}

/** Returns what base units and pyramids made. */
export function unitTable({ result, spell }: TearSheetParts): Html {
  const rows = Object.entries(result.units).map(([number, totals]) => [
    number === '1' ? '1 (base)' : number,
    ...totalsCells(totals, spell),
  ])
  return dataTable('By unit', [words('Unit'), ...TOTALS_COLUMNS], rows)
}

const TOTALS_COLUMNS = [
  ...[number('Trades'), number('Won'), number('Profit factor'), number('Expectancy'), number('in R')],
  ...[number('Gross profit'), number('Fees'), number('Net profit')],
]

function totalsCells(totals: TotalsOfTrades, spell: Speller): Cell[] {
  const { winRate, netPnl } = totals
  return [
    spell.count(totals.trades),
    spell.percent(winRate === null ? null : winRate * 100, 1),
    spell.ratio(totals.profitFactor),
    spell.wholeMoney(totals.expectancy),
    spell.ratio(totals.expectancyR),
    spell.wholeMoney(totals.grossPnl),
    spell.wholeMoney(totals.fees),
    { text: spell.wholeMoney(netPnl), isLoss: netPnl < 0 },
  ]
}

/** Returns which constraint set sizes and which gate refused, and how often; nothing where no rule was applied. */
export function decisionTables({ result, spell }: TearSheetParts): Html {
  const bound = countRows(result.boundBy, spell, BOUND_NAMES)
  const blocked = countRows(result.blockedBy, spell, {})
  if (result.caps === null) return ''
  const tables = [
    bound.length === 0
      ? '<p>No entry was sized.</p>'
      : dataTable('Size set by', [words('Constraint'), number('Times'), number('Share')], bound),
    blocked.length === 0
      ? '<p>No gate refused anything.</p>'
      : dataTable('Refused by', [words('Gate'), number('Times'), number('Share')], blocked),
  ]
  return `<div class="columns">${tables.map((table) => `<div>${table}</div>`).join('')}</div>`
}

const BOUND_NAMES: Readonly<Record<string, string>> = {
  risk: 'Risk (Lot-R)',
  volatility: 'Volatility (Lot-V)',
  margin: 'Margin (Lot-M)',
  geometric: 'Pyramid: geometric',
  riskBudget: 'Pyramid: risk budget',
}

function countRows(
  counts: Readonly<Record<string, number>>,
  spell: Speller,
  names: Readonly<Record<string, string>>,
): Cell[][] {
  const all = Object.entries(counts).filter(([, times]) => times > 0)
  const sum = all.reduce((total, [, times]) => total + times, 0)
  return all
    .sort(([, left], [, right]) => right - left)
    .map(([name, times]) => [names[name] ?? name, spell.count(times), spell.percent((times / sum) * 100, 1)])
}

const MOST_REJECTED_ROWS = 100

/** Returns the rows of the files that were of no use; nothing without one. */
export function rejectedTable({ result, spell }: TearSheetParts): Html {
  const { rejectedRows } = result
  if (rejectedRows.length === 0) return ''
  const shown = rejectedRows.slice(0, MOST_REJECTED_ROWS)
  const rows = shown.map(({ file, line, reason }) => [`${file}:${line}`, reason])
  const more = rejectedRows.length - shown.length
  const rest = more === 0 ? '' : `<p>and ${escapeHtml(spell.count(more))} more, listed in report.json</p>`
  return dataTable('Rows not used', [words('Line'), words('Why')], rows) + rest
}

/** Returns the returns of the months as a table that is painted as a heat map; nothing without a month. */
export function monthlyTable({ result, spell }: TearSheetParts): Html {
  const years = result.years.slice(-MOST_YEARS)
  if (years.length === 0) return ''
  const byMonth = new Map(result.months.map(({ year, month, returnPct }) => [year * 12 + month, returnPct]))
  const scale = scaleOf(result.months.map(({ returnPct }) => returnPct))
  const rows = years.map(({ year, returnPct }) => {
    const months = MONTHS.map((_, index) =>
      heatCell(byMonth.get(year * 12 + index + 1) ?? null, scale, spell),
    )
    const total = `<td class="number total${returnPct < 0 ? ' loss' : ''}">${spell.change(returnPct, 1).replace(' %', '')}</td>`
    return `<tr><th scope="row">${year}</th>${months.join('')}${total}</tr>`
  })
  const head = [...MONTHS, 'Total'].map((name) => `<th scope="col" class="number">${name}</th>`).join('')
  const left = result.years.length - years.length
  const note = left === 0 ? '' : `<p>The ${left} years before are in report.json.</p>`
  return `<div class="scroll" tabindex="0" role="region" aria-label="Monthly returns"><table class="heat">
<caption>Monthly returns in percent</caption>
<thead><tr><th scope="col">Year</th>${head}</tr></thead>
<tbody>${rows.join('\n')}</tbody>
</table></div>${note}`
}

const MOST_YEARS = 40
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The size at which a month is painted in full: one in twenty is larger. */
function scaleOf(returns: readonly number[]): number {
  const sizes = returns.map(Math.abs).sort((left, right) => left - right)
  return Math.max(sizes[Math.floor(sizes.length * 0.95)] ?? 0, 0.1)
}

function heatCell(returnPct: number | null, scale: number, spell: Speller): Html {
  if (returnPct === null) return `<td class="number empty">${NOTHING}</td>`
  const strength = Math.round(Math.min(1, Math.abs(returnPct) / scale) * 100)
  const side = returnPct < 0 ? 'fell' : 'rose'
  return `<td class="number ${side}" style="--share:${strength}%">${spell.change(returnPct, 1).replace(' %', '')}</td>`
}
