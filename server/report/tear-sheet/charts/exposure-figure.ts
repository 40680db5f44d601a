import { type CurvePoint, coarsenCurve } from '../../../../core/backtest/metrics/equity-curve.js'
import type { Html } from '../html.js'
import type { TearSheetParts } from '../parts.js'
import { INK, LINE, labelText, panel, timeAxis, valueAxis } from './axes.js'
import type { ChartOption } from './draw.js'
import { type ChartSize, figure, legendEntry } from './figure.js'

interface Measure {
  readonly name: string
  readonly read: (point: CurvePoint) => number | null
  readonly largest: number
  readonly cap: number | null
}

const TOP = 28
const STEP = 132
const HEIGHT = 92

/** Returns heat, volatility and margin over time against their caps; nothing where none of them is known. */
export function exposureFigure(parts: TearSheetParts): Html {
  const { result, spell, draw } = parts
  const measures = measuresOf(parts)
  if (result.curve.length < 2 || measures.length === 0) return ''
  const said = measures.map(({ name, largest, cap }) => {
    const of = cap === null ? '' : ` (cap ${cap} %)`
    return `${name.toLowerCase()} ${spell.percent(largest)}${of}`
  })
  return figure(draw, {
    id: 'exposure',
    title: measures.map(({ name }) => name).join(', '),
    caption: `Largest values: ${said.join(', ')}. Heat and volatility are in percent of the equity that sizing uses, margin in percent of all equity; each point is the largest value of its stretch of time.`,
    legend:
      legendEntry('area-accent', 'In use') + (result.caps === null ? '' : legendEntry('line-cap', 'Cap')),
    heightOf: () => TOP + measures.length * STEP - 8,
    optionOf: (size) => exposureOption(parts, measures, size),
  })
}

function measuresOf({ result }: TearSheetParts): Measure[] {
  const { metrics, caps } = result
  const all: [string, (point: CurvePoint) => number | null, number | null, number | null][] = [
    ['Heat', ({ heatPct }) => heatPct, metrics.maxHeatPct, caps?.heatPct ?? null],
    [
      'Volatility',
      ({ volatilityPct }) => volatilityPct,
      metrics.maxVolatilityPct,
      caps?.volatilityPct ?? null,
    ],
    ['Margin', ({ marginPct }) => marginPct, metrics.maxMarginPct, caps?.marginPct ?? null],
  ]
  return all.flatMap(([name, read, largest, cap]) => (largest === null ? [] : [{ name, read, largest, cap }]))
}

function exposureOption(
  { result, local }: TearSheetParts,
  measures: Measure[],
  size: ChartSize,
): ChartOption {
  const points = coarsenCurve(result.curve, size.name === 'wide' ? 700 : 250)
  const period = { from: local(points[0]!.from), to: local(points.at(-1)!.at) }
  const percent = (value: number): string => `${value} %`
  return {
    title: measures.map(({ name }, index) => ({
      text: name,
      left: 0,
      top: TOP - 24 + index * STEP,
      padding: 0,
      textStyle: { ...labelText(INK.text), fontWeight: 600 },
    })),
    grid: measures.map((_, index) => panel(size, TOP + index * STEP, HEIGHT)),
    xAxis: measures.map((_, index) =>
      timeAxis({ ...period, gridIndex: index, isLabelled: index === measures.length - 1 }, size),
    ),
    yAxis: measures.map(({ largest, cap }, index) => {
      const more = { min: 0, max: roundUp(Math.max(largest, cap ?? 0) * 1.08) }
      return valueAxis({ gridIndex: index, spell: percent, splits: 3, more })
    }),
    series: measures.map(({ read, cap }, index) => ({
      ...LINE,
      xAxisIndex: index,
      yAxisIndex: index,
      data: outline(points, read, local),
      lineStyle: { color: INK.accent, width: 1 },
      areaStyle: { color: INK.accent, opacity: 0.22 },
      ...(cap === null ? {} : { markLine: capLine(cap) }),
    })),
  }
}

/** Returns the next of 1, 1.5, 2, 3, 4, 5, 6 or 8 times a power of ten; 1 for nothing. */
function roundUp(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((candidate) => candidate * power >= value)!
  return factor * power
}

function capLine(cap: number): object {
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    lineStyle: { color: INK.cap, width: 1.4, type: [6, 3] },
    label: { ...labelText(INK.cap), formatter: `cap ${cap} %`, position: 'insideEndTop' },
    data: [{ yAxis: cap }],
  }
}

/** A value lasts until the next stretch, or falls to nothing at the end of its own when nothing is held any more. */
function outline(
  points: readonly CurvePoint[],
  read: (point: CurvePoint) => number | null,
  local: TearSheetParts['local'],
): [number, number][] {
  const outlined: [number, number][] = []
  let before = 0
  for (const point of points) {
    const value = read(point) ?? 0
    outlined.push([local(point.from), before], [local(point.from), value])
    if (point.at > point.from) outlined.push([local(point.at), value])
    before = point.openPositions === 0 ? 0 : value
    if (before === 0 && value > 0) outlined.push([local(point.at), 0])
  }
  return outlined
}
