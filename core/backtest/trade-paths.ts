import type { Instant } from '../time.js'
import type { BacktestTrade } from './backtest-trade.js'

/** A stop, in points, and since when it is there. */
export interface StopStep {
  readonly at: Instant
  readonly stop: number
}

/** A trade and the way of its stop, ascending in time. */
export interface TradePath {
  readonly trade: BacktestTrade
  readonly stops: readonly StopStep[]
}

/** The last trades of each instrument: what a chart can show. Constant memory for any number of trades. */
export interface TradePaths {
  /** By position, of the units that are held. */
  readonly held: Map<string, StopStep[]>
  readonly recent: Map<string, TradePath[]>
}

/** Trades of an instrument that are kept: more of them in one picture can not be told apart. */
const MOST_TRADES = 40
/** Steps of a stop that are kept. */
const MOST_STEPS = 400

/** Returns the paths of no trades. */
export function newTradePaths(): TradePaths {
  return { held: new Map(), recent: new Map() }
}

/** Takes a stop of a unit that is held, its first one or a higher one. */
export function noteStop(paths: TradePaths, positionId: string, at: Instant, stop: number): void {
  const steps = paths.held.get(positionId)
  if (steps === undefined) {
    paths.held.set(positionId, [{ at, stop }])
    return
  }
  if (steps.at(-1)!.stop === stop) return
  steps.push({ at, stop })
  if (steps.length > MOST_STEPS) thinOut(steps)
}

/** Returns the stops of a unit that is not held any more, or whose trade is told, and forgets them. */
export function takeStops(paths: TradePaths, positionId: string): readonly StopStep[] {
  const stops = paths.held.get(positionId) ?? []
  paths.held.delete(positionId)
  return stops
}

/** Takes a trade that is over, or that is still open at the end. */
export function notePath(paths: TradePaths, trade: BacktestTrade, stops: readonly StopStep[]): void {
  let recent = paths.recent.get(trade.instrument)
  if (recent === undefined) {
    recent = []
    paths.recent.set(trade.instrument, recent)
  }
  recent.push({ trade, stops })
  if (recent.length >= 2 * MOST_TRADES) recent.splice(0, recent.length - MOST_TRADES)
}

/** Returns the last trades of an instrument, oldest first; those that are still open are the last. */
export function recentPaths(paths: TradePaths, instrument: string): readonly TradePath[] {
  return paths.recent.get(instrument)?.slice(-MOST_TRADES) ?? []
}

/** Keeps the first step, every second one after it, and the last. */
function thinOut(steps: StopStep[]): void {
  const last = steps.length - 1
  const kept = steps.filter((_, index) => index % 2 === 0 || index === last)
  steps.splice(0, steps.length, ...kept)
}
