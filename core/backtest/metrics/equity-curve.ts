import type { Instant } from '../../time.js'
import { LEAST_EQUITY } from './drawdown.js'

/** What a portfolio looks like at a moment, once everything of it is decided and filled. */
export interface Moment {
  readonly at: Instant
  /** Closed equity and all of the unrealized profit. */
  readonly equity: number
  /** In percent of the equity that sizing uses; null where stops are not known. */
  readonly heatPct: number | null
  /** One ATR against every unit, in percent of the equity that sizing uses; null where no ATR is known. */
  readonly volatilityPct: number | null
  /** In percent of all equity; null where margins are not known. */
  readonly marginPct: number | null
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
  heatPct: number | null
  volatilityPct: number | null
  marginPct: number | null
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
    heatPct: null,
    volatilityPct: null,
    marginPct: null,
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
    curve.heatPct = larger(curve.heatPct, moment.heatPct)
    curve.volatilityPct = larger(curve.volatilityPct, moment.volatilityPct)
    curve.marginPct = larger(curve.marginPct, moment.marginPct)
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

/** Returns the larger of two values of which either may be unknown. */
export function larger(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right
  return left < right ? right : left
}

function pendingPoint(curve: EquityCurve): CurvePoint {
  const { from, at, equity, peak, drawdownPct, heatPct, volatilityPct, marginPct, openPositions } = curve
  return { from, at, equity, highEquity: peak, drawdownPct, heatPct, volatilityPct, marginPct, openPositions }
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
