import type {
  AllocationPoint,
  AllocationResult,
} from '../../../core/backtest/allocation/simulate-allocation.js'
import type { Instant } from '../../../core/time.js'
import { INK, LINE, labelText, panel, timeAxis, valueAxis } from '../../report/tear-sheet/charts/axes.js'
import type { ChartOption, DrawChart } from '../../report/tear-sheet/charts/draw.js'
import { type ChartSize, figure, legendEntry } from '../../report/tear-sheet/charts/figure.js'
import { thinPoints } from '../../report/tear-sheet/charts/thin-points.js'
import type { Html } from '../../report/tear-sheet/html.js'
import type { Speller } from '../../report/tear-sheet/spell.js'
import { cashPct } from './allocation-files.js'

/** What the pictures of a page are drawn with. */
export interface Drawing {
  readonly spell: Speller
  /** Returns an instant as the exchange's clock shows it, as if that were UTC. */
  readonly local: (instant: Instant) => Instant
  readonly draw: DrawChart
}

type Column = [at: Instant, value: number][]

const MOST_POINTS = 1500

/** Returns the value beside having bought and held, and the drawdown of the value; nothing for fewer than two points. */
export function valueFigure({ curve, summary }: AllocationResult, { spell, local, draw }: Drawing): Html {
  const [first, last] = [curve[0], curve.at(-1)]
  if (first === undefined || last === undefined || curve.length < 2) return ''
  const points = thinPoints(withDrawdown(curve), MOST_POINTS)
  const column = (read: (point: FallenPoint) => number): Column =>
    points.map((point) => [local(point.at), read(point)])
  const period = { from: local(first.at), to: local(last.at) }
  const percent = (value: number): string => (value === 0 ? '0 %' : `−${Math.abs(value)} %`)
  const line = (data: Column, color: string) => ({ ...LINE, data, lineStyle: { color, width: 1.6 } })
  const optionOf = (size: ChartSize): ChartOption => {
    const [upper, lower] = size.name === 'wide' ? [264, 90] : [206, 80]
    return {
      grid: [panel(size, 12, upper), panel(size, upper + 26, lower)],
      xAxis: [timeAxis({ ...period, isLabelled: false }, size), timeAxis({ ...period, gridIndex: 1 }, size)],
      yAxis: [
        valueAxis({ spell: spell.shortMoney, more: { scale: true } }),
        valueAxis({ gridIndex: 1, spell: percent, splits: 3, more: { max: 0 } }),
      ],
      series: [
        {
          ...{ ...LINE, data: column(({ held }) => held) },
          lineStyle: { color: INK.quiet, width: 1.2, type: [3, 3] },
        },
        line(
          column(({ value }) => value),
          INK.accent,
        ),
        {
          ...line(
            column(({ drawdownPct }) => -drawdownPct),
            INK.bad,
          ),
          ...{ xAxisIndex: 1, yAxisIndex: 1, areaStyle: { color: INK.bad, opacity: 0.18 } },
        },
      ],
    }
  }
  const { initialCapital, buyAndHold, maxDrawdownPct } = summary
  return figure(draw, {
    id: 'value',
    title: 'Kept at its weights, and bought and held',
    caption:
      `From ${spell.wholeMoney(initialCapital)} on ${spell.date(first.at)} the portfolio came to ${spell.wholeMoney(last.value)} ` +
      `on ${spell.date(last.at)}, and holding what the first run bought to ${spell.wholeMoney(buyAndHold.finalEquity)}; ` +
      `the deepest drawdown is ${spell.percent(maxDrawdownPct)}.`,
    legend:
      legendEntry('line-accent', 'Kept at its weights') +
      legendEntry('line-high', 'Bought and held') +
      legendEntry('area-bad', 'Drawdown'),
    heightOf: ({ name }) => (name === 'wide' ? 410 : 340),
    optionOf,
  })
}

type FallenPoint = AllocationPoint & { readonly drawdownPct: number }

function withDrawdown(curve: readonly AllocationPoint[]): FallenPoint[] {
  let highest = 0
  return curve.map((point) => {
    highest = Math.max(highest, point.value)
    return { ...point, drawdownPct: highest > 0 ? (1 - point.value / highest) * 100 : 0 }
  })
}

const TOP = 28
const STEP = 104
const HEIGHT = 64
const MOST_PANELS = 12

interface Weighed {
  readonly name: string
  readonly mean: number
  readonly read: (point: AllocationPoint) => number
}

/** Returns the weight of each asset and of cash over time, the largest first; nothing for fewer than two points. */
export function weightsFigure(
  { curve }: AllocationResult,
  names: readonly string[],
  { spell, local, draw }: Drawing,
): Html {
  const [first, last] = [curve[0], curve.at(-1)]
  if (first === undefined || last === undefined || curve.length < 2) return ''
  const all = [...names.map((name) => weighed(curve, name)), weighedCash(curve)]
  const shown = all.sort((left, right) => right.mean - left.mean).slice(0, MOST_PANELS)
  const points = thinPoints(curve, MOST_POINTS / 3)
  const period = { from: local(first.at), to: local(last.at) }
  const optionOf = (size: ChartSize): ChartOption => ({
    title: shown.map(({ name }, index) => ({
      ...{ text: name, left: 0, top: TOP - 24 + index * STEP, padding: 0 },
      textStyle: { ...labelText(INK.text), fontWeight: 600 },
    })),
    grid: shown.map((_, index) => panel(size, TOP + index * STEP, HEIGHT)),
    xAxis: shown.map((_, index) =>
      timeAxis({ ...period, gridIndex: index, isLabelled: index === shown.length - 1 }, size),
    ),
    yAxis: shown.map((_, index) =>
      valueAxis({ gridIndex: index, spell: (value) => `${value} %`, splits: 3 }),
    ),
    series: shown.map(({ read }, index) => ({
      ...{ ...LINE, step: 'end', xAxisIndex: index, yAxisIndex: index },
      data: points.map((point) => [local(point.at), read(point)]),
      lineStyle: { color: INK.accent, width: 1 },
      areaStyle: { color: INK.accent, opacity: 0.22 },
    })),
  })
  const left = all.length - shown.length
  const said = shown.map(({ name, read }) => `${name} ${spell.percent(read(last))}`).join(', ')
  return figure(draw, {
    id: 'weights',
    title: 'Weights over time',
    caption:
      `At the end: ${said}.${left === 0 ? '' : ` ${left} smaller ones are in weights.csv.`} ` +
      'In percent of the value whenever bars closed, before the orders of a run at that close have filled at the next open.',
    legend: legendEntry('area-accent', 'Share of the value'),
    heightOf: () => TOP + shown.length * STEP - 8,
    optionOf,
  })
}

function weighed(curve: readonly AllocationPoint[], name: string): Weighed {
  return withMean(curve, name, ({ weights }) => weights[name] ?? 0)
}

/** Rounded, since what sums to all but a billionth of a percent is all. */
function weighedCash(curve: readonly AllocationPoint[]): Weighed {
  return withMean(curve, 'Cash', (point) => Math.round(cashPct(point) * 1e6) / 1e6)
}

function withMean(curve: readonly AllocationPoint[], name: string, read: Weighed['read']): Weighed {
  return { name, read, mean: curve.reduce((sum, point) => sum + read(point), 0) / curve.length }
}

/** Returns what all runs had traded by each moment, in percent of the mean value; nothing where none traded. */
export function turnoverFigure(
  { curve, runs, summary }: AllocationResult,
  { spell, local, draw }: Drawing,
): Html {
  const [first, last] = [curve[0], curve.at(-1)]
  if (first === undefined || last === undefined || summary.valueTraded === 0) return ''
  const scale = summary.turnoverPct / summary.valueTraded
  let sum = 0
  const steps: Column = runs.map((run) => {
    sum += run.valueTraded * scale
    return [local(run.at), sum]
  })
  const data: Column = [[local(first.at), 0], ...thinPoints(steps, MOST_POINTS), [local(last.at), sum]]
  return figure(draw, {
    id: 'turnover',
    title: 'Turnover so far',
    caption:
      `${spell.count(summary.runs)} runs traded ${spell.wholeMoney(summary.valueTraded)} one way, ` +
      `${spell.percent(summary.turnoverPct)} of the mean value, for ${spell.money(summary.fees)} in fees. ` +
      'Each run counts with the larger of what it bought and sold.',
    heightOf: () => 220,
    optionOf: (size) => ({
      grid: [panel(size, 12, 170)],
      xAxis: [timeAxis({ from: local(first.at), to: local(last.at) }, size)],
      yAxis: [valueAxis({ spell: (value) => `${value} %`, splits: 4 })],
      series: [
        {
          ...{ ...LINE, step: 'end', data, lineStyle: { color: INK.accent, width: 1.4 } },
          areaStyle: { color: INK.accent, opacity: 0.12 },
        },
      ],
    }),
  })
}
