import type { CellPoint, CellResult } from '../../../core/backtest/cells/simulate-cells.js'
import { type Instant, MINUTE } from '../../../core/time.js'
import { INK, LINE, panel, timeAxis, valueAxis } from '../../report/tear-sheet/charts/axes.js'
import { type ChartOption, type DrawChart, loadDrawing } from '../../report/tear-sheet/charts/draw.js'
import { type ChartSize, figure, legendEntry } from '../../report/tear-sheet/charts/figure.js'
import { thinPoints } from '../../report/tear-sheet/charts/thin-points.js'
import { type Cell, type Column, dataTable, type Html, section } from '../../report/tear-sheet/html.js'
import { type KeyFigure, keyFigureList } from '../../report/tear-sheet/key-figures.js'
import { newSpeller, type Speller } from '../../report/tear-sheet/spell.js'
import { page, type TearSheetSubject } from '../../report/tear-sheet/tear-sheet.js'

/** What a page about cells is made of. */
export interface CellPageRequest {
  readonly subject: TearSheetSubject
  readonly result: CellResult
  /** Minutes east of UTC of the exchange at an instant. */
  readonly offsetMinutes: (instant: Instant) => number
}

/** Returns a simulation of cells as one HTML page that needs nothing else. */
export async function renderCellPage({ subject, result, offsetMinutes }: CellPageRequest): Promise<Html> {
  const spell = newSpeller(subject.currency, offsetMinutes)
  const local = (instant: Instant): Instant => instant + offsetMinutes(instant) * MINUTE
  const draw = await loadDrawing()
  return page(subject, [
    keyFigures(result, spell),
    section('Value', valueFigure(result, { spell, local, draw })),
    section('Cells', cellTable(result, spell), moneyTable(result, spell)),
    section('Decisions', blockedTable(result, spell)),
  ])
}

function keyFigures({ summary }: CellResult, spell: Speller): Html {
  const { netPnl, returnPct, maxDrawdownPct, buyAndHold } = summary
  const figures: readonly KeyFigure[] = [
    ['Net profit', spell.wholeMoney(netPnl), netPnl < 0],
    ['Return', spell.change(returnPct), returnPct < 0],
    ['Bought and held', spell.change(buyAndHold.returnPct), buyAndHold.returnPct < 0],
    ['Maximum drawdown', spell.percent(-maxDrawdownPct), false],
  ]
  return keyFigureList(figures)
}

interface Drawing {
  readonly spell: Speller
  readonly local: (instant: Instant) => Instant
  readonly draw: DrawChart
}

const MOST_POINTS = 1500

function valueFigure({ curve, summary }: CellResult, { spell, local, draw }: Drawing): Html {
  const [first, last] = [curve[0], curve.at(-1)]
  if (first === undefined || last === undefined || curve.length < 2) return ''
  const points = thinPoints(curve, MOST_POINTS)
  const column = (read: (point: CellPoint) => number): [number, number][] =>
    points.map((point) => [local(point.at), read(point)])
  const line = (data: [number, number][], color: string) => ({
    ...LINE,
    data,
    lineStyle: { color, width: 1.6 },
  })
  const optionOf = (size: ChartSize): ChartOption => ({
    grid: [panel(size, 12, size.name === 'wide' ? 300 : 230)],
    xAxis: [timeAxis({ from: local(first.at), to: local(last.at) }, size)],
    yAxis: [valueAxis({ spell: spell.shortMoney, more: { scale: true } })],
    series: [
      line(
        column(({ held }) => held),
        INK.quiet,
      ),
      line(
        column(({ value }) => value),
        INK.accent,
      ),
    ],
  })
  const { buyAndHold, initialCapital } = summary
  return figure(draw, {
    id: 'value',
    title: 'Cells, and buying once and holding',
    caption:
      `From ${spell.wholeMoney(initialCapital)} on ${spell.date(first.at)} the cells came to ${spell.wholeMoney(last.value)} ` +
      `on ${spell.date(last.at)}, and buying once and holding to ${spell.wholeMoney(buyAndHold.finalEquity)}.`,
    legend: legendEntry('line-accent', 'Cells') + legendEntry('line-high', 'Bought and held'),
    heightOf: ({ name }) => (name === 'wide' ? 350 : 280),
    optionOf,
  })
}

const number = (title: string): Column => ({ title, kind: 'number' })
const words = (title: string): Column => ({ title, kind: 'words' })

function cellTable({ cells }: CellResult, spell: Speller): Html {
  const columns = [
    words('Cell'),
    ...[
      number('Began with'),
      number('Came to'),
      number('Return'),
      number('Held came to'),
      number('Held return'),
    ],
    ...[number('Trades'), number('Fees'), number('Dividends')],
  ]
  const rows = cells.map((cell): Cell[] => [
    cell.instrument,
    spell.money(cell.initialCash),
    spell.money(cell.finalValue),
    { text: spell.change(cell.returnPct), isLoss: cell.returnPct < 0 },
    spell.money(cell.heldValue),
    { text: spell.change(cell.heldReturnPct), isLoss: cell.heldReturnPct < 0 },
    spell.count(cell.trades),
    spell.money(cell.fees),
    spell.money(cell.dividends),
  ])
  return dataTable('By cell', columns, rows)
}

function moneyTable({ cells }: CellResult, spell: Speller): Html {
  const columns = [
    words('Cell'),
    number('Shares'),
    number('Cash'),
    number('Anchor'),
    number('Bought'),
    number('Sold'),
  ]
  const rows = cells.map((cell): Cell[] => [
    cell.instrument,
    cell.shares.toLocaleString('en-US', { maximumFractionDigits: 6 }),
    spell.money(cell.cash),
    cell.anchor === null ? '–' : cell.anchor.toLocaleString('en-US', { maximumFractionDigits: 4 }),
    spell.money(cell.bought),
    spell.money(cell.sold),
  ])
  return dataTable('At the end', columns, rows)
}

function blockedTable({ blockedBy }: CellResult, spell: Speller): Html {
  const rows = Object.entries(blockedBy).sort(([, left], [, right]) => right - left)
  if (rows.length === 0) return '<p>Nothing that was wanted was left undone.</p>'
  const columns = [words('Reason'), number('Times')]
  return dataTable(
    'What was not done',
    columns,
    rows.map(([reason, times]) => [reason, spell.count(times)]),
  )
}
