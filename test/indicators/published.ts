import type { Bars } from '../../core/backtest/bars/bars.js'

/*
 * The indicators once more, each over whole arrays and from its published formula, as slow and as plain as can be. They
 * share nothing with the code under test; where there is a second way to write a formula, this is that way.
 */

/** Returns the values that `at` gives for each bar. */
function each(bars: number, at: (index: number) => number): number[] {
  return Array.from({ length: bars }, (_, index) => at(index))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Wilder's average as he wrote it: (average before × (n − 1) + value) ÷ n; `from` is the first value that counts. */
function wilder(values: readonly number[], period: number, from: number): number[] {
  const averages: number[] = []
  for (const [index, value] of values.entries()) {
    const first = from + period - 1
    if (index < first) averages.push(Number.NaN)
    else if (index === first) averages.push(mean(values.slice(from, first + 1)))
    else averages.push((averages[index - 1]! * (period - 1) + value) / period)
  }
  return averages
}

function ranges({ high, low, close }: Bars): number[] {
  return each(close.length, (index) => {
    const before = index === 0 ? close[0]! : close[index - 1]!
    // The extent of the bar and the close before it; the first bar has its own extent alone.
    const top = index === 0 ? high[0]! : Math.max(high[index]!, before)
    const bottom = index === 0 ? low[0]! : Math.min(low[index]!, before)
    return top - bottom
  })
}

/** Relative strength: 100 × gains ÷ (gains + losses), which is the same as 100 − 100 ÷ (1 + gains ÷ losses). */
export function publishedRsi({ close }: Bars, period: number): number[] {
  const changes = each(close.length, (index) => (index === 0 ? 0 : close[index]! - close[index - 1]!))
  const gains = wilder(
    changes.map((change) => (change > 0 ? change : 0)),
    period,
    1,
  )
  const losses = wilder(
    changes.map((change) => (change < 0 ? -change : 0)),
    period,
    1,
  )
  return each(close.length, (index) => (100 * gains[index]!) / (gains[index]! + losses[index]!))
}

/** Exponential average: average before + 2 ÷ (n + 1) × (close − average before), from the plain mean of n closes on. */
export function publishedEma({ close }: Bars, period: number): number[] {
  const averages: number[] = []
  for (const [index, price] of close.entries()) {
    if (index < period - 1) averages.push(Number.NaN)
    else if (index === period - 1) averages.push(mean([...close.subarray(0, period)]))
    else averages.push(averages[index - 1]! + (2 / (period + 1)) * (price - averages[index - 1]!))
  }
  return averages
}

/** Average true range. */
export function publishedAtr(bars: Bars, period: number): number[] {
  return wilder(ranges(bars), period, 0)
}

/** Highest high of the n bars before. */
export function publishedDonchian({ high }: Bars, period: number): number[] {
  return each(high.length, (index) =>
    index < period ? Number.NaN : Math.max(...high.subarray(index - period, index)),
  )
}

/** ADX with the sums of Wilder's own table: sum − sum ÷ n + value, where the averages are sums ÷ n. */
export function publishedAdx(bars: Bars, period: number): number[] {
  const { high, low } = bars
  const movement = (index: number): [number, number] => {
    if (index === 0) return [0, 0]
    const up = high[index]! - high[index - 1]!
    const down = low[index - 1]! - low[index]!
    if (up > down && up > 0) return [up, 0]
    return down > up && down > 0 ? [0, down] : [0, 0]
  }
  const moves = each(high.length, (index) => index).map(movement)
  const sums = (values: readonly number[]): number[] => {
    const found: number[] = []
    for (const [index, value] of values.entries()) {
      if (index < period) found.push(Number.NaN)
      else if (index === period) found.push(values.slice(1, period + 1).reduce((sum, one) => sum + one, 0))
      else found.push(found[index - 1]! - found[index - 1]! / period + value)
    }
    return found
  }
  const range = sums(ranges(bars))
  const up = sums(moves.map(([value]) => value))
  const down = sums(moves.map(([, value]) => value))
  const index = each(high.length, (at) => {
    const plus = up[at]! / range[at]!
    const minus = down[at]! / range[at]!
    return plus + minus === 0 ? 0 : (100 * Math.abs(plus - minus)) / (plus + minus)
  })
  return wilder(index, period, period)
}

/** Way gone ÷ way walked; nothing walked gives nothing known. */
export function publishedEfficiency({ close }: Bars, period: number): number[] {
  return each(close.length, (index) => {
    if (index < period) return Number.NaN
    const walked = each(period, (back) => Math.abs(close[index - back]! - close[index - back - 1]!))
    const path = walked.reduce((sum, step) => sum + step, 0)
    return path === 0 ? Number.NaN : Math.abs(close[index]! - close[index - period]!) / path
  })
}

/** SuperTrend after the text of TradingView's manual, with whole columns of bands and directions. */
export function publishedSuperTrend(bars: Bars, factor: number, period: number): [number[], number[]] {
  const { high, low, close } = bars
  const weight = 1 / period
  const atr = wilder(ranges(bars), period, 0)
  for (const [index, range] of ranges(bars).entries()) {
    // As ta.rma writes it: where the bands meet, the last digit decides.
    if (index >= period) atr[index] = weight * range + (1 - weight) * atr[index - 1]!
  }
  const known = (value: number | undefined): number =>
    value === undefined || Number.isNaN(value) ? 0 : value
  const uppers: number[] = []
  const lowers: number[] = []
  const values: number[] = []
  const directions: number[] = []
  for (let index = 0; index < close.length; index++) {
    const middle = (high[index]! + low[index]!) / 2
    const before = close[index - 1] ?? Number.NaN
    const lastUpper = known(uppers[index - 1])
    const lastLower = known(lowers[index - 1])
    const upper = middle + factor * atr[index]!
    const lower = middle - factor * atr[index]!
    uppers.push(upper < lastUpper || before > lastUpper ? upper : lastUpper)
    lowers.push(lower > lastLower || before < lastLower ? lower : lastLower)
    let direction: number
    if (index === 0 || Number.isNaN(atr[index - 1])) direction = 1
    else if (values[index - 1] === lastUpper) direction = close[index]! > uppers[index]! ? -1 : 1
    else direction = close[index]! < lowers[index]! ? 1 : -1
    directions.push(direction)
    values.push(direction === -1 ? lowers[index]! : uppers[index]!)
  }
  return [values.map((value, index) => (index < period - 1 ? Number.NaN : value)), directions]
}

/** Change over n bars in percent of the close then. */
export function publishedRoc({ close }: Bars, period: number): number[] {
  return each(close.length, (index) =>
    index < period ? Number.NaN : (close[index]! / close[index - period]! - 1) * 100,
  )
}
