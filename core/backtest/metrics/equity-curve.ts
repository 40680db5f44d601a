import type { Instant } from '../../time.js'
import { LEAST_EQUITY } from './drawdown.js'

/**
 * What a portfolio looks like at a moment, once everything of it is decided and filled. What is not known is NaN: a run
 * has a million moments, and a field that may hold null costs memory with every one of them.
 */
export interface Moment {
  readonly at: Instant
  /** Closed equity and all of the unrealized profit. */
  readonly equity: number
  /** In percent of the equity that sizing uses; NaN where stops are not known. */
  readonly heatPct: number
  /** One ATR against every unit, in percent of the equity that sizing uses; NaN where no ATR is known. */
  readonly volatilityPct: number
  /** In percent of all equity; NaN where margins are not known. */
  readonly marginPct: number
  readonly openPositions: number
}

/** Equity over a stretch of time: its last value, and the extremes of the stretch. */
export interface CurvePoint {
  /** The first and the last moment of the stretch. */
  readonly from: Instant
  readonly at: Instant
  readonly equity: number
  /** The highest that equity had been by then. */
  readonly highEquity: number
  /** The deepest drawdown in the stretch, in percent. */
  readonly drawdownPct: number
  /** The largest in the stretch, as the moments tell them. */
  readonly heatPct: number | null
  readonly volatilityPct: number | null
  readonly marginPct: number | null
  /** At the end of the stretch. */
  readonly openPositions: number
}

/** Equity over time in a bounded number of points, however many moments it is made of. */
export interface EquityCurve {
  readonly mostPoints: number
  points: CurvePoint[]
  /** Moments that one point stands for; doubles when there are too many points. */
  stride: number
  peak: number
  /** The moments since the last point. */
  pending: number
  from: Instant
  at: Instant
  equity: number
  drawdownPct: number
  heatPct: number
  volatilityPct: number
  marginPct: number
  openPositions: number
}

/** Returns a curve without points that will have at most `mostPoints` (even). */
export function newCurve(mostPoints: number): EquityCurve {
  return {
    mostPoints,
    points: [],
    stride: 1,
    peak: Number.NEGATIVE_INFINITY,
    pending: 0,
    from: 0,
    at: 0,
    equity: 0,
    drawdownPct: 0,
    heatPct: 0,
    volatilityPct: 0,
    marginPct: 0,
    openPositions: 0,
  }
}

/** Adds a moment to `curve`. */
export function addToCurve(curve: EquityCurve, moment: Moment): void {
  const { at, equity } = moment
  if (equity > curve.peak) curve.peak = equity
  const drawdownPct = curve.peak >= LEAST_EQUITY ? ((curve.peak - equity) / curve.peak) * 100 : 0
  if (curve.pending === 0) {
    curve.from = at
    curve.drawdownPct = drawdownPct
    curve.heatPct = moment.heatPct
    curve.volatilityPct = moment.volatilityPct
    curve.marginPct = moment.marginPct
  } else {
    if (drawdownPct > curve.drawdownPct) curve.drawdownPct = drawdownPct
    if (exceeds(moment.heatPct, curve.heatPct)) curve.heatPct = moment.heatPct
    if (exceeds(moment.volatilityPct, curve.volatilityPct)) curve.volatilityPct = moment.volatilityPct
    if (exceeds(moment.marginPct, curve.marginPct)) curve.marginPct = moment.marginPct
  }
  curve.at = at
  curve.equity = equity
  curve.openPositions = moment.openPositions
  curve.pending += 1
  if (curve.pending === curve.stride) flush(curve)
}

/** Returns the points of `curve`, the unfinished last one included. */
export function curvePoints(curve: EquityCurve): readonly CurvePoint[] {
  return curve.pending === 0 ? curve.points : [...curve.points, pendingPoint(curve)]
}

/** Returns whether a value is larger than what was seen; NaN is larger than nothing, and anything larger than NaN. */
export function exceeds(value: number, seen: number): boolean {
  return seen < value || (Number.isNaN(seen) && !Number.isNaN(value))
}

/** Returns a value that may be NaN as one that may be null. */
export function known(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

function pendingPoint(curve: EquityCurve): CurvePoint {
  const { from, at, equity, drawdownPct, openPositions } = curve
  return {
    from,
    at,
    equity,
    highEquity: curve.peak,
    drawdownPct,
    heatPct: known(curve.heatPct),
    volatilityPct: known(curve.volatilityPct),
    marginPct: known(curve.marginPct),
    openPositions,
  }
}

function larger(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right
  return Math.max(left, right)
}

function flush(curve: EquityCurve): void {
  curve.points.push(pendingPoint(curve))
  curve.pending = 0
  if (curve.points.length < curve.mostPoints) return
  const halved: CurvePoint[] = []
  for (let index = 0; index + 1 < curve.points.length; index += 2)
    halved.push(join(curve.points[index]!, curve.points[index + 1]!))
  curve.points = halved
  curve.stride *= 2
}

function join(first: CurvePoint, second: CurvePoint): CurvePoint {
  return {
    ...second,
    from: first.from,
    drawdownPct: Math.max(first.drawdownPct, second.drawdownPct),
    heatPct: larger(first.heatPct, second.heatPct),
    volatilityPct: larger(first.volatilityPct, second.volatilityPct),
    marginPct: larger(first.marginPct, second.marginPct),
  }
}

/** Returns the points of a curve joined to at most `mostPoints`: extremes are kept, two points become one at a time. */
export function coarsenCurve(points: readonly CurvePoint[], mostPoints: number): readonly CurvePoint[] {
  const each = Math.ceil(points.length / mostPoints)
  if (each <= 1) return points
  const joined: CurvePoint[] = []
  for (let index = 0; index < points.length; index += each)
    joined.push(points.slice(index, index + each).reduce(join))
  return joined
}
