import type { Bars } from '../../core/backtest/bars/bars.js'
import { MINUTE } from '../../core/time.js'
import { randomFrom } from './random.js'

/** What a generated price path looks like. */
export interface PathShape {
  readonly seed: number
  readonly bars: number
  /** First price and smallest step, in points. */
  readonly start: number
  readonly tick: number
  readonly barMinutes: number
}

type Regime = 'up' | 'down' | 'aimless' | 'still'

/** Chances of a regime, out of 20: most of the time a market goes nowhere. */
const REGIMES: readonly Regime[] = [
  ...Array<Regime>(6).fill('up'),
  ...Array<Regime>(4).fill('down'),
  ...Array<Regime>(9).fill('aimless'),
  'still',
]

/**
 * Returns bars of a price that trends up and down, goes nowhere and at times stands still (no range, equal closes), with
 * gaps between bars and missing bars. The same shape gives the same bars; prices are multiples of the tick, above 0.
 */
export function pricePath({ seed, bars, start, tick, barMinutes }: PathShape): Bars {
  const chance = randomFrom(seed)
  const path = {
    opensAt: new Float64Array(bars),
    open: new Float64Array(bars),
    high: new Float64Array(bars),
    low: new Float64Array(bars),
    close: new Float64Array(bars),
  }
  const toTick = (price: number): number => Math.round(price / tick) * tick
  let regime: Regime = 'aimless'
  let left = 0
  let at = Date.UTC(2020, 0, 1)
  let price = start
  for (let index = 0; index < bars; index++) {
    if (left-- <= 0) {
      regime = REGIMES[Math.floor(chance() * REGIMES.length)]!
      left = regime === 'still' ? Math.floor(chance() * 60) : 20 + Math.floor(chance() * 200)
    }
    at += barMinutes * MINUTE * (chance() < 0.05 ? 10 : 1)
    const size = regime === 'still' ? 0 : price * 0.004
    const drift = regime === 'up' ? 0.25 : regime === 'down' ? -0.25 : (start / price - 1) * 0.02
    const gap = chance() < 0.04 ? (chance() - 0.5) * 4 : 0
    const open = Math.max(toTick(price + gap * size), tick)
    const close = Math.max(toTick(open + (drift + (chance() - 0.5) * 2) * size), tick)
    path.opensAt[index] = at
    path.open[index] = open
    path.close[index] = close
    path.high[index] = toTick(Math.max(open, close) + chance() * 0.5 * size)
    path.low[index] = Math.max(toTick(Math.min(open, close) - chance() * 0.5 * size), tick)
    price = close
  }
  return path
}
