import type { Bars } from '../../../core/backtest/bars/bars.js'
import { BENCH_CAPITAL, BENCH_COSTS } from './bench-costs.js'

const CHANNEL = 20
const PERIOD = 10
const STOP_ATRS = 2
const RISK_SHARE = 0.005
const POINT_VALUE = 10

/**
 * The baseline: a loop over typed arrays without objects, as one writes it for a single question. It buys a close above
 * the highest high of 20 bars, sized by its distance to the stop, and trails that stop two ATRs behind the highest close;
 * one unit at a time, no pyramids, caps, decisions or curve. Returns how many times it bought and sold.
 */
export function runPlainLoop({ high, low, close }: Bars): {
  readonly entries: number
  readonly exits: number
} {
  let atr = 0
  let equity = BENCH_CAPITAL
  let lots = 0
  let entry = 0
  let highest = 0
  let stop = 0
  let entries = 0
  let exits = 0
  for (let index = 1; index < close.length; index++) {
    const before = close[index - 1]!
    const top = high[index]!
    const bottom = low[index]!
    const last = close[index]!
    const range = Math.max(top, before) - Math.min(bottom, before)
    atr += (range - atr) / Math.min(index, PERIOD)
    if (index <= CHANNEL) continue
    if (lots > 0) {
      if (last > highest) highest = last
      if (highest - STOP_ATRS * atr > stop) stop = highest - STOP_ATRS * atr
      if (last >= stop) continue
      equity += lots * POINT_VALUE * (last - entry) * (1 - BENCH_COSTS.commissionPct / 100)
      lots = 0
      exits += 1
      continue
    }
    let channel = high[index - 1]!
    for (let back = 2; back <= CHANNEL; back++)
      if (high[index - back]! > channel) channel = high[index - back]!
    if (last <= channel) continue
    lots = Math.floor((equity * RISK_SHARE) / (STOP_ATRS * atr * POINT_VALUE))
    if (lots < 1) continue
    entry = last
    highest = last
    stop = last - STOP_ATRS * atr
    entries += 1
  }
  return { entries, exits }
}
