import type { Instant } from '../../time.js'

/** Equity over a stretch of time: its last value, and the deepest drawdown in it, in percent. */
export interface CurvePoint {
  readonly at: Instant
  readonly equity: number
  readonly drawdownPct: number
}

/** Equity over time in a bounded number of points, however many values it is made of. */
export interface EquityCurve {
  readonly mostPoints: number
  points: CurvePoint[]
  /** Values that one point stands for; doubles when there are too many points. */
  stride: number
  pending: number
  pendingAt: Instant
  pendingEquity: number
  pendingDrawdownPct: number
  peak: number
}

/** Returns a curve without points that will have at most `mostPoints` (even). */
export function newCurve(mostPoints: number): EquityCurve {
  return {
    mostPoints,
    points: [],
    stride: 1,
    pending: 0,
    pendingAt: 0,
    pendingEquity: 0,
    pendingDrawdownPct: 0,
    peak: Number.NEGATIVE_INFINITY,
  }
}

/** Adds a value to `curve`. */
export function addToCurve(curve: EquityCurve, at: Instant, equity: number): void {
  if (equity > curve.peak) curve.peak = equity
  const drawdownPct = curve.peak > 0 ? ((curve.peak - equity) / curve.peak) * 100 : 0
  curve.pendingDrawdownPct =
    curve.pending === 0 ? drawdownPct : Math.max(curve.pendingDrawdownPct, drawdownPct)
  curve.pendingAt = at
  curve.pendingEquity = equity
  curve.pending += 1
  if (curve.pending === curve.stride) flush(curve)
}

/** Returns the points of `curve`, the unfinished last one included. */
export function curvePoints(curve: EquityCurve): readonly CurvePoint[] {
  return curve.pending === 0 ? curve.points : [...curve.points, pendingPoint(curve)]
}

function pendingPoint(curve: EquityCurve): CurvePoint {
  return { at: curve.pendingAt, equity: curve.pendingEquity, drawdownPct: curve.pendingDrawdownPct }
}

function flush(curve: EquityCurve): void {
  curve.points.push(pendingPoint(curve))
  curve.pending = 0
  if (curve.points.length < curve.mostPoints) return
  const halved: CurvePoint[] = []
  for (let index = 0; index + 1 < curve.points.length; index += 2) {
    const first = curve.points[index]!
    const second = curve.points[index + 1]!
    halved.push({ ...second, drawdownPct: Math.max(first.drawdownPct, second.drawdownPct) })
  }
  curve.points = halved
  curve.stride *= 2
}
