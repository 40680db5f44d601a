import type { StopStep, TradePath } from '../../../../core/backtest/trade-paths.js'
import type { Html } from '../html.js'
import type { TearSheetParts } from '../parts.js'
import { bestPosition, type PriceWindow, priceWindow } from '../price-window.js'
import { INK, LINE, panel, timeAxis, valueAxis } from './axes.js'
import type { ChartOption } from './draw.js'
import { type ChartSize, figure, legendEntry } from './figure.js'

/** Instruments with a picture of their own; a page with more of them is not read. */
const MOST_INSTRUMENTS = 12

/**
 * Returns for each instrument the price around its last trades with entries, pyramids, exits and the way of the stop, and
 * closely the position of those that made the most.
 */
export function priceFigures(parts: TearSheetParts): Html {
  const { paths } = parts.result
  return [...paths]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .slice(0, MOST_INSTRUMENTS)
    .flatMap(([instrument, trades], index) => {
      const id = `price-${index + 1}`
      const best = bestPosition(trades)
      // Without bars a closer look shows nothing more.
      const isWorthACloserLook =
        best.length > 0 && best.length < trades.length && parts.prices.has(instrument)
      return [
        lastTradesFigure(parts, { instrument, trades, id }),
        isWorthACloserLook ? bestPositionFigure(parts, { instrument, trades: best, id: `${id}-best` }) : '',
      ]
    })
    .filter((html) => html !== '')
    .join('\n')
}

interface Pictured {
  readonly instrument: string
  readonly trades: readonly TradePath[]
  readonly id: string
}

function lastTradesFigure(parts: TearSheetParts, pictured: Pictured): Html {
  const { result, spell } = parts
  const { instrument, trades } = pictured
  const all = result.instruments[instrument]?.trades ?? trades.length
  const which = all > trades.length ? `the last ${trades.length} of ${spell.count(all)} trades` : 'all trades'
  const window = priceWindow(trades, parts.prices.get(instrument) ?? null, 0.02)
  return priceFigure(parts, { ...pictured, window, title: `${instrument}: ${which}`, sentence: '' })
}

function bestPositionFigure(parts: TearSheetParts, pictured: Pictured): Html {
  const { instrument, trades } = pictured
  const window = priceWindow(trades, parts.prices.get(instrument) ?? null, 0.12)
  const net = trades.reduce((sum, { trade }) => sum + trade.netPnl.toNumber(), 0)
  const sentence = `It made ${parts.spell.wholeMoney(net)}. `
  return priceFigure(parts, {
    ...pictured,
    window,
    title: `${instrument}: the best position of those`,
    sentence,
  })
}

interface PriceFigure extends Pictured {
  readonly window: PriceWindow
  readonly title: string
  readonly sentence: string
}

function priceFigure(parts: TearSheetParts, { id, trades, window, title, sentence }: PriceFigure): Html {
  const { spell, draw } = parts
  const hasStops = trades.some(({ stops }) => stops.length > 0)
  const line = window.isOfBars
    ? 'The line is the close of the bars.'
    : 'There are no bars: the dotted line joins the prices of the trades.'
  return figure(draw, {
    id,
    title,
    caption:
      `${sentence}${spellMarks(trades)} between ${spell.date(trades[0]!.trade.entryTime)} and ${spell.date(window.last)}. ` +
      `${line} An exit is drawn at the average price of all sales of its unit.${hasStops ? '' : ' No stops are known.'}`,
    legend:
      legendEntry('up good', 'Entry') +
      legendEntry('up hollow', 'Pyramid') +
      legendEntry('down good', 'Exit with profit') +
      legendEntry('down bad', 'Exit with loss') +
      (hasStops ? legendEntry('line-stop', 'Stop') : ''),
    heightOf: ({ name }) => (name === 'wide' ? 350 : 300),
    optionOf: (size) => priceOption(parts, { trades, window }, size),
  })
}

function spellMarks(trades: readonly TradePath[]): string {
  const bases = trades.filter(({ trade }) => trade.unit === 1).length
  const closed = trades.filter(({ trade }) => !trade.open).length
  return [
    counted(bases, 'base entry', 'base entries'),
    counted(trades.length - bases, 'pyramid', 'pyramids'),
    counted(closed, 'exit', 'exits'),
  ].join(', ')
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

function priceOption(
  { local }: TearSheetParts,
  { trades, window }: { readonly trades: readonly TradePath[]; readonly window: PriceWindow },
  size: ChartSize,
): ChartOption {
  const closed = trades.filter(({ trade }) => !trade.open && trade.exitTime !== null)
  const entries = (isBase: boolean): [number, number][] =>
    trades
      .filter(({ trade }) => (trade.unit === 1) === isBase)
      .map(({ trade }) => [local(trade.entryTime), trade.entryPrice])
  const exits = (isLoss: boolean): [number, number][] =>
    closed
      .filter(({ trade }) => trade.netPnl.isNegative() === isLoss)
      .map(({ trade }) => [local(trade.exitTime!), trade.exitPrice!])
  const marks = { type: 'scatter', silent: true, symbol: 'triangle', animation: false, z: 5 } as const
  const edge = { opacity: 1, borderColor: INK.paper, borderWidth: 1 }
  return {
    grid: panel(size, 14, size.name === 'wide' ? 300 : 250),
    xAxis: timeAxis({ from: local(window.from), to: local(window.to) }, size),
    yAxis: valueAxis({
      spell: (value) => value.toLocaleString('en-US'),
      splits: size.name === 'wide' ? 6 : 4,
      more: { scale: true },
    }),
    series: [
      {
        ...LINE,
        data: window.prices.map(([at, price]) => [local(at), price]),
        lineStyle: { color: INK.strong, width: 1.1, type: window.isOfBars ? 'solid' : [2, 3] },
      },
      {
        ...LINE,
        step: 'end',
        data: trades.flatMap((path) => stopLine(path, window, local)),
        lineStyle: { color: INK.cap, width: 1.4 },
      },
      { ...marks, data: entries(true), symbolSize: [11, 10], itemStyle: { ...edge, color: INK.good } },
      {
        ...marks,
        data: entries(false),
        symbolSize: [9, 8],
        itemStyle: { opacity: 1, color: INK.paper, borderColor: INK.good, borderWidth: 1.6 },
      },
      {
        ...marks,
        data: exits(false),
        symbolSize: [10, 9],
        symbolRotate: 180,
        itemStyle: { ...edge, color: INK.accent },
      },
      {
        ...marks,
        data: exits(true),
        symbolSize: [10, 9],
        symbolRotate: 180,
        itemStyle: { ...edge, color: INK.bad },
      },
    ],
  }
}

/** The stop from entry to exit, and a gap after it. */
function stopLine(
  { trade, stops }: TradePath,
  window: PriceWindow,
  local: TearSheetParts['local'],
): [number, number | null][] {
  const last = stops.at(-1)
  if (last === undefined) return []
  const end = trade.exitTime ?? window.to
  const steps: [number, number | null][] = visibleSteps(stops, window).map(({ at, stop }) => [
    local(at),
    stop,
  ])
  return [...steps, [local(end), last.stop], [local(end), null]]
}

/** Steps that follow each other within half a pixel are not told apart. */
function visibleSteps(stops: readonly StopStep[], { from, to }: PriceWindow): readonly StopStep[] {
  const least = (to - from) / 2000
  let before = Number.NEGATIVE_INFINITY
  return stops.filter(({ at }) => {
    if (at - before < least) return false
    before = at
    return true
  })
}
