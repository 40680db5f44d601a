import type { DrawdownPeriod } from '../../../core/backtest/metrics/drawdown.js'
import type { BacktestResult } from '../../../core/backtest/summary.js'
import { type Cell, type Html, valueTable } from './html.js'
import type { TearSheetParts } from './parts.js'
import { NOTHING, type Speller } from './spell.js'

/** Returns the headline: the numbers by which a backtest is judged, in tables. */
export function headline(parts: TearSheetParts): Html {
  const tables = [returnTable(parts), riskTable(parts), tradesTable(parts), costsTable(parts)]
  return `<section class="headline" aria-label="Headline">\n${tables.join('\n')}\n</section>`
}

function returnTable({ result, spell }: TearSheetParts): Html {
  const { summary, metrics } = result
  return valueTable('Return', [
    ['Net profit', signed(summary.netPnl, spell.money)],
    ['Return', signed(summary.returnPct, (value) => spell.change(value))],
    ['CAGR', signed(metrics.cagrPct, (value) => spell.change(value))],
    ['Sharpe', signed(metrics.sharpe, spell.ratio)],
    ['Sortino', signed(metrics.sortino, spell.ratio)],
    ['Calmar', signed(metrics.calmar, spell.ratio)],
    ['Initial capital', spell.money(summary.initialCapital)],
    ['Final equity', spell.money(summary.finalEquity)],
  ])
}

function riskTable({ result, spell }: TearSheetParts): Html {
  const { summary, metrics } = result
  return valueTable('Risk', [
    ['Maximum drawdown', signed(-summary.maxDrawdownPct, (value) => spell.percent(value))],
    ...drawdownDates(metrics.maxDrawdown, spell),
    ['Volatility a year', spell.percent(metrics.annualVolatilityPct)],
    ['Best day', dayCell(metrics.bestDay?.returnPct ?? null, spell)],
    ['Worst day', dayCell(metrics.worstDay?.returnPct ?? null, spell)],
    ['Largest heat', ofCap(summary.maxHeatPct, result.caps?.heatPct, spell)],
  ])
}

function drawdownDates(period: DrawdownPeriod | null, spell: Speller): [string, Cell][] {
  if (period === null) return [['From, lowest, recovered', NOTHING]]
  const { peakAt, troughAt, recoveredAt } = period
  return [
    ['from its high of', spell.date(peakAt)],
    ['to its low of', spell.date(troughAt)],
    ['recovered', recoveredAt === null ? 'not yet' : spell.date(recoveredAt)],
  ]
}

function tradesTable({ result, spell }: TearSheetParts): Html {
  const { summary, metrics } = result
  return valueTable('Trades', [
    ['Profit factor', spell.ratio(summary.profitFactor)],
    ['Expectancy', signed(metrics.expectancy, spell.wholeMoney)],
    ['Expectancy in R', signed(metrics.expectancyR, spell.multiple)],
    ['SQN', signed(metrics.sqn, spell.ratio)],
    ['Trades', countOfTrades(result, spell)],
    ['Won', spell.percent(summary.winRate === null ? null : summary.winRate * 100)],
    ['Average win', spell.wholeMoney(metrics.averageWin)],
    ['Average loss', signed(metrics.averageLoss, spell.wholeMoney)],
  ])
}

function countOfTrades({ summary }: BacktestResult, spell: Speller): string {
  const { trades, openTrades } = summary
  return openTrades === 0 ? spell.count(trades) : `${spell.count(trades)}, ${spell.count(openTrades)} open`
}

function costsTable({ result, spell }: TearSheetParts): Html {
  const { summary, metrics } = result
  const { entries, pyramids } = summary
  const did = (done: number, blocked: number): string => `${spell.count(done)} / ${spell.count(blocked)}`
  return valueTable('Exposure and costs', [
    ['Time in the market', spell.percent(metrics.exposurePct)],
    ['Most units at one time', spell.count(summary.maxOpenPositions)],
    ['Gross profit', signed(summary.grossPnl, spell.wholeMoney)],
    ['Fees', spell.wholeMoney(metrics.fees)],
    ['Slippage', spell.wholeMoney(metrics.slippage)],
    ['Entries executed / blocked', did(entries.executed, entries.blocked)],
    ['Pyramids executed / blocked', did(pyramids.executed, pyramids.blocked)],
    ['Years', spell.ratio(metrics.years)],
  ])
}

function signed(value: number | null, spell: (value: number) => string): Cell {
  return value === null ? NOTHING : { text: spell(value), isLoss: value < 0 }
}

function dayCell(returnPct: number | null, spell: Speller): Cell {
  return signed(returnPct, (value) => spell.change(value))
}

function ofCap(value: number | null, cap: number | undefined, spell: Speller): string {
  return value === null || cap === undefined ? spell.percent(value) : `${spell.percent(value)} of ${cap} %`
}
