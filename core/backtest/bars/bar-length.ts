import { DAY, type Instant, MINUTE } from '../../time.js'
import type { Bars } from './bars.js'

/** Lengths that a TradingView chart can have, in minutes, longest first. */
const LENGTHS = [
  1440, 720, 480, 360, 300, 240, 180, 150, 125, 120, 90, 75, 60, 45, 30, 20, 15, 10, 5, 3, 2, 1,
]
/** A Muhurat session opens off the grid of the other days. */
const SHARE_ON_THE_GRID = 0.95
/** So many rows at one time of day are daily bars, fewer may be chance. */
const ROWS_OF_A_DAILY_CHART = 10

/** Returns the length of the bars in minutes: the most common distance from one to the next. */
export function lengthOfBars(bars: Bars): number | null {
  const distances = new Map<number, number>()
  for (let index = 1; index < bars.opensAt.length; index++) {
    const distance = (bars.opensAt[index]! - bars.opensAt[index - 1]!) / MINUTE
    distances.set(distance, (distances.get(distance) ?? 0) + 1)
  }
  let common: number | null = null
  for (const [distance, count] of distances) {
    const best = common === null ? 0 : distances.get(common)!
    if (count > best || (count === best && distance < common!)) common = distance
  }
  return common
}

/**
 * Returns the length, in minutes, of the bars on which the rows of an export opened, given as chart-local times.
 * Rows are too sparse to measure distances, but all bars of a chart open on one grid: `expected` when the rows fit its
 * grid, else the longest length whose grid they fit.
 */
export function lengthFromRows(localOpens: readonly Instant[], expected: number): number {
  const minutes = new Map<number, number>()
  for (const local of localOpens) {
    const minute = Math.floor((((local % DAY) + DAY) % DAY) / MINUTE)
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
  }
  if (minutes.size === 1 && localOpens.length >= ROWS_OF_A_DAILY_CHART) return 1440
  const fits = (length: number): boolean =>
    shareOnOneGrid(minutes, length, localOpens.length) >= SHARE_ON_THE_GRID
  return fits(expected) ? expected : (LENGTHS.find(fits) ?? expected)
}

function shareOnOneGrid(minutes: ReadonlyMap<number, number>, length: number, rows: number): number {
  const grids = new Map<number, number>()
  for (const [minute, count] of minutes) {
    grids.set(minute % length, (grids.get(minute % length) ?? 0) + count)
  }
  return Math.max(...grids.values()) / rows
}
