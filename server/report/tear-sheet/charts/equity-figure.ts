import { type CurvePoint, coarsenCurve } from '../../../../core/backtest/metrics/equity-curve.js'
import type { Html } from '../html.js'
import type { TearSheetParts } from '../parts.js'
import { INK, LINE, panel, timeAxis, valueAxis } from './axes.js'
import type { ChartOption } from './draw.js'
import { type ChartSize, figure, legendEntry } from './figure.js'

/** Returns equity with its high watermark, and the drawdown below it; nothing for fewer than two points. */
export function equityFigure(parts: TearSheetParts): Html {
  const { result, spell, draw } = parts
  const { curve } = result
  const last = curve.at(-1)
  if (curve.length < 2 || last === undefined) return ''
  const lowest = Math.max(...curve.map(({ drawdownPct }) => drawdownPct))
  return figure(draw, {
    id: 'equity',
    title: 'Equity and drawdown',
    caption:
      `Equity went from ${spell.wholeMoney(result.summary.initialCapital)} to ${spell.wholeMoney(last.equity)} ` +
      `between ${spell.date(curve[0]!.from)} and ${spell.date(last.at)}; its high watermark is ${spell.wholeMoney(last.highEquity)}, ` +
      `and the deepest drawdown below the watermark ${spell.percent(lowest)}.`,
    legend:
      legendEntry('line-accent', 'Equity') +
      legendEntry('line-high', 'High watermark') +
      legendEntry('area-bad', 'Drawdown'),
    heightOf: ({ name }) => (name === 'wide' ? 410 : 340),
    optionOf: (size) => equityOption(parts, size),
  })
}

function equityOption({ result, spell, local }: TearSheetParts, size: ChartSize): ChartOption {
  const points = coarsenCurve(result.curve, size.name === 'wide' ? 2000 : 500)
  const column = (read: (point: CurvePoint) => number): [number, number][] =>
    points.map((point) => [local(point.at), read(point)])
  const period = { from: local(points[0]!.at), to: local(points.at(-1)!.at) }
  const [upper, lower] = size.name === 'wide' ? [264, 90] : [206, 80]
  const percent = (value: number): string => (value === 0 ? '0 %' : `−${Math.abs(value)} %`)
  return {
    grid: [panel(size, 12, upper), panel(size, upper + 26, lower)],
    xAxis: [timeAxis({ ...period, isLabelled: false }, size), timeAxis({ ...period, gridIndex: 1 }, size)],
    yAxis: [
      valueAxis({ spell: spell.shortMoney, more: { scale: true } }),
      valueAxis({ gridIndex: 1, spell: percent, splits: 3, more: { max: 0 } }),
    ],
    series: [
      {
        ...LINE,
        step: 'end',
        data: column(({ highEquity }) => highEquity),
        lineStyle: { color: INK.quiet, width: 1, type: [3, 3] },
      },
      {
        ...LINE,
        data: column(({ equity }) => equity),
        lineStyle: { color: INK.accent, width: 1.8, join: 'round' },
        areaStyle: { color: INK.accent, opacity: 0.09, origin: 'start' },
      },
      {
        ...LINE,
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: column(({ drawdownPct }) => -drawdownPct),
        lineStyle: { color: INK.bad, width: 1 },
        areaStyle: { color: INK.bad, opacity: 0.18 },
      },
    ],
  }
}
