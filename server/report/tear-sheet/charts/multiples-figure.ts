import { BIN_WIDTH, type MultipleBin } from '../../../../core/backtest/metrics/multiple-counts.js'
import type { Html } from '../html.js'
import type { TearSheetParts } from '../parts.js'
import { minus } from '../spell.js'
import { INK, labelText, panel, valueAxis } from './axes.js'
import type { ChartOption } from './draw.js'
import { type ChartSize, figure } from './figure.js'

/** Returns how many closed trades made how many R; nothing where no initial risk is known. */
export function multiplesFigure(parts: TearSheetParts): Html {
  const { result, spell, draw } = parts
  const { multiples, metrics } = result
  if (multiples.length === 0) return ''
  const trades = multiples.reduce((sum, bin) => sum + bin.trades, 0)
  const lost = multiples.reduce((sum, { to, trades: count }) => sum + (to !== null && to <= 0 ? count : 0), 0)
  return figure(draw, {
    id: 'multiples',
    title: 'R-multiples of closed trades',
    caption:
      `${spell.count(trades)} closed ${trades === 1 ? 'trade' : 'trades'}, ${spell.count(lost)} of them below 0 R; the mean is ${spell.multiple(metrics.expectancyR)}. ` +
      `R is the loss at the stop that a unit was sized with; a bar is half an R wide.${outerBars(multiples, spell.count)}`,
    heightOf: ({ name }) => (name === 'wide' ? 240 : 210),
    optionOf: (size) => multiplesOption(parts, size),
  })
}

function outerBars(bins: readonly MultipleBin[], count: (value: number) => string): string {
  const below =
    bins[0]?.from === null
      ? ` The first bar holds ${count(bins[0].trades)} below ${spellR(bins[0].to!)}.`
      : ''
  const last = bins.at(-1)
  const above =
    last?.to === null ? ` The last bar holds ${count(last.trades)} of ${spellR(last.from!)} and more.` : ''
  return below + above
}

function multiplesOption({ result }: TearSheetParts, size: ChartSize): ChartOption {
  const { multiples, metrics } = result
  const data = multiples.map(({ from, to, trades }) => {
    const middle = from === null ? to! - BIN_WIDTH / 2 : from + BIN_WIDTH / 2
    return { value: [middle, trades], itemStyle: { color: middle < 0 ? INK.bad : INK.accent } }
  })
  const ends = [data[0]!.value[0]! - BIN_WIDTH / 2, data.at(-1)!.value[0]! + BIN_WIDTH / 2] as const
  const interval = intervalOf(ends[1] - ends[0], size)
  const first = Math.min(0, Math.floor(ends[0] / interval) * interval)
  const last = Math.max(interval, Math.ceil(ends[1] / interval) * interval)
  const plotWidth = size.width - (size.name === 'wide' ? 80 : 68)
  const barWidth = Math.min(36, Math.max(1, (plotWidth / ((last - first) / BIN_WIDTH)) * 0.86))
  const mean = metrics.expectancyR
  return {
    grid: panel(size, 22, size.name === 'wide' ? 184 : 154),
    xAxis: valueAxis({
      spell: spellR,
      more: {
        min: first,
        max: last,
        interval,
        splitLine: { show: false },
        axisLine: { lineStyle: { color: INK.strong }, onZero: true },
      },
    }),
    yAxis: valueAxis({ spell: (value) => String(value), splits: 4, more: { minInterval: 1 } }),
    series: {
      type: 'bar',
      silent: true,
      barWidth,
      data,
      ...(mean === null || mean < first || last < mean ? {} : { markLine: meanLine(mean) }),
    },
  }
}

/** The distance of labels, in R: few enough of them to be read. */
function intervalOf(span: number, { name }: ChartSize): number {
  const most = name === 'wide' ? 14 : 6
  return [1, 2, 5, 10].find((interval) => span / interval <= most) ?? 20
}

function meanLine(mean: number): object {
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    lineStyle: { color: INK.text, width: 1.2, type: [4, 3] },
    label: {
      ...labelText(INK.text),
      formatter: `mean ${minus(mean.toFixed(2))} R`,
      position: 'end',
    },
    data: [{ xAxis: mean }],
  }
}

function spellR(value: number): string {
  return `${minus(String(value))} R`
}
