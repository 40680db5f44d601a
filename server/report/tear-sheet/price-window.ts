import type { BarClose } from '../../../core/backtest/bars/bar-close.js'
import { type Bars, firstBarFrom } from '../../../core/backtest/bars/bars.js'
import type { TradePath } from '../../../core/backtest/trade-paths.js'
import type { Instant } from '../../../core/time.js'

/** A price, in points, at an instant. */
export type PricePoint = readonly [at: Instant, price: number]

/** The bars of an instrument, and when they closed. */
export interface PriceHistory {
  readonly bars: Bars
  readonly barClose: BarClose
}

/** Prices around some trades. */
export interface PriceWindow {
  readonly from: Instant
  readonly to: Instant
  /** When the last of the trades ended, or is known to have lasted. */
  readonly last: Instant
  readonly prices: readonly PricePoint[]
  /** Every bar's close, else only where trades began and ended. */
  readonly isOfBars: boolean
}

/** Points of a picture that is 960 pixels wide. */
const MOST_POINTS = 1000

/**
 * Returns the prices around these trades, of the bars where there are some; `margin` is the share of the trades' span
 * that is shown before and after them.
 */
export function priceWindow(
  paths: readonly TradePath[],
  history: PriceHistory | null,
  margin: number,
): PriceWindow {
  const points = pointsOfTrades(paths)
  const first = points[0]?.[0] ?? 0
  const last = points.at(-1)?.[0] ?? first
  const around = (last - first) * margin
  const [from, to] = [first - around, last + around]
  const closes = history === null ? [] : closesBetween(history, { from, to })
  const isOfBars = closes.length > 1
  return { from, to, last, prices: isOfBars ? closes : points, isOfBars }
}

function pointsOfTrades(paths: readonly TradePath[]): PricePoint[] {
  const points: PricePoint[] = []
  for (const { trade, stops } of paths) {
    points.push([trade.entryTime, trade.entryPrice])
    if (trade.exitTime !== null && trade.exitPrice !== null) points.push([trade.exitTime, trade.exitPrice])
    const lastStop = stops.at(-1)
    if (trade.exitTime === null && lastStop !== undefined && trade.exitPrice !== null)
      points.push([Math.max(lastStop.at, trade.entryTime), trade.exitPrice])
  }
  return points.sort(([left], [right]) => left - right)
}

/** Closes in the order of time; where there are too many, the lowest and the highest of each stretch. */
function closesBetween(
  { bars, barClose }: PriceHistory,
  { from, to }: { readonly from: Instant; readonly to: Instant },
): PricePoint[] {
  const { opensAt, close } = bars
  const begin = firstBarFrom(bars, from)
  const points: PricePoint[] = []
  let end = begin
  while (end < opensAt.length && opensAt[end]! <= to) end += 1
  const each = Math.max(1, Math.ceil((end - begin) / (MOST_POINTS / 2)))
  for (let start = begin; start < end; start += each) {
    let low = start
    let high = start
    for (let index = start; index < Math.min(end, start + each); index++) {
      if (close[index]! < close[low]!) low = index
      if (close[index]! > close[high]!) high = index
    }
    for (const index of low === high ? [low] : [Math.min(low, high), Math.max(low, high)])
      points.push([barClose(opensAt[index]!), close[index]!])
  }
  return points
}

/**
 * Returns the trades of the position that made the most, from its base entry to the exit of its last pyramid; none where
 * no position is whole or none made anything.
 */
export function bestPosition(paths: readonly TradePath[]): readonly TradePath[] {
  const inOrder = [...paths].sort(
    ({ trade: left }, { trade: right }) => left.entryTime - right.entryTime || left.unit - right.unit,
  )
  const positions: TradePath[][] = []
  for (const path of inOrder) {
    if (path.trade.unit === 1) positions.push([path])
    else positions.at(-1)?.push(path)
  }
  let best: readonly TradePath[] = []
  let most = 0
  for (const position of positions) {
    const net = position.reduce((sum, { trade }) => sum + trade.netPnl.toNumber(), 0)
    if (net <= most) continue
    best = position
    most = net
  }
  return best
}
