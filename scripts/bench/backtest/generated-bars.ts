import type { Bars } from '../../../core/backtest/bars/bars.js'
import { DAY, MINUTE } from '../../../core/time.js'
import { seededRandom } from '../random.js'
import { INDIA_OFFSET_MINUTES } from './signals.js'

/** An instrument of which bars are generated. */
export interface BenchMarket {
  readonly instrument: string
  /** First price, in points, and smallest step. */
  readonly start: number
  readonly tick: number
  /** Minutes after midnight in India at which a session opens, and how long it is. */
  readonly opensAfter: number
  readonly sessionMinutes: number
}

/** By name: one that the strategy trades often, and one that it trades seldom. */
export const BENCH_MARKETS = {
  BANK_NIFTY: {
    instrument: 'BANK_NIFTY',
    start: 52_000,
    tick: 0.05,
    opensAfter: 9 * 60 + 15,
    sessionMinutes: 375,
  },
  GOLD_MINI: { instrument: 'GOLD_MINI', start: 72_000, tick: 1, opensAfter: 9 * 60, sessionMinutes: 870 },
} as const satisfies Readonly<Record<string, BenchMarket>>

/** Minutes of a generated bar. */
export const BENCH_BAR_MINUTES = 5

const FIRST_MONDAY = Date.UTC(1975, 0, 6)
/** Largest move of a bar, as a share of the price. */
const SIZE = 0.002
/** Of a trend, as a share of that: with more of it, or less, the strategy grows rich or poor beyond all measure. */
const DRIFT = 0.04

/**
 * Returns `count` bars of five minutes, Monday to Friday, the same ones every time: prices in ticks that trend up and
 * down for hours, mostly go nowhere, gap now and then, and come back to where they began in the long run.
 */
export function generateBars({ start, tick, ...market }: BenchMarket, count: number): Bars {
  const random = seededRandom(20_261_121)
  const bars = {
    opensAt: new Float64Array(count),
    open: new Float64Array(count),
    high: new Float64Array(count),
    low: new Float64Array(count),
    close: new Float64Array(count),
  }
  const toTick = (value: number): number => Math.round(value / tick) * tick
  let price: number = start
  let left = 0
  let drift = 0
  for (let index = 0; index < count; index++) {
    if (left-- === 0) {
      left = 20 + Math.floor(random() * 200)
      drift = driftOf(random())
    }
    const size = price * SIZE
    const open = toTick(price + (random() < 0.02 ? (random() - 0.5) * 4 * size : 0))
    const homeward = (start / price - 1) * 0.01
    const close = toTick(open + (drift + homeward + (random() - 0.5) * 2) * size)
    bars.opensAt[index] = opensAt(market, index)
    bars.open[index] = open
    bars.close[index] = close
    bars.high[index] = toTick(Math.max(open, close) + random() * 0.5 * size)
    bars.low[index] = toTick(Math.min(open, close) - random() * 0.5 * size)
    price = close
  }
  return bars
}

/** Half of the time there is no trend. */
function driftOf(chance: number): number {
  if (chance < 0.5) return 0
  return chance < 0.75 ? DRIFT : -DRIFT
}

function opensAt(market: Pick<BenchMarket, 'opensAfter' | 'sessionMinutes'>, index: number): number {
  const barsOfADay = market.sessionMinutes / BENCH_BAR_MINUTES
  const session = Math.floor(index / barsOfADay)
  const day = FIRST_MONDAY + (Math.floor(session / 5) * 7 + (session % 5)) * DAY
  const minutes = market.opensAfter - INDIA_OFFSET_MINUTES + (index % barsOfADay) * BENCH_BAR_MINUTES
  return day + minutes * MINUTE
}
