import { type Zone, zoneOffsetMinutes } from '../../calendar/zone.js'
import type { Decimal } from '../../decimal.js'
import { unreachable } from '../../invariant.js'
import { civilDate, DAY, type Instant, MINUTE } from '../../time.js'
import { percentOf } from './percent.js'

/** How far a member may drift: an amount of the quote currency, percent of its target value, or points of the equity. */
export type DriftMeasure =
  | { readonly kind: 'amount'; readonly amount: Decimal }
  | { readonly kind: 'percentOfTarget'; readonly pct: number }
  | { readonly kind: 'points'; readonly points: number }

/** When a run is due by the clock. */
export type RunSchedule =
  | { readonly kind: 'interval'; readonly milliseconds: number }
  | { readonly kind: 'calendar'; readonly period: 'daily' | 'weekly' | 'monthly'; readonly zone: Zone }

/** When a run is due: by the clock, by drift, by one of them, or by drift looked at by the clock alone. */
export type DriftRule =
  | { readonly kind: 'schedule'; readonly schedule: RunSchedule }
  | { readonly kind: 'drift'; readonly measure: DriftMeasure }
  | { readonly kind: 'either'; readonly schedule: RunSchedule; readonly measure: DriftMeasure }
  | { readonly kind: 'both'; readonly schedule: RunSchedule; readonly measure: DriftMeasure }

/** How far one member is from its target. */
export interface Drift {
  /** Target − value, or the other way round. */
  readonly difference: Decimal
  readonly target: Decimal
  readonly equity: Decimal
}

/** Returns whether a member has drifted as far as `measure` or farther; one exactly at it has, one on its target never. */
export function isBeyond(measure: DriftMeasure, { difference, target, equity }: Drift): boolean {
  if (difference.isZero()) return false
  return !difference.abs().isLessThan(allowedDrift(measure, target, equity))
}

function allowedDrift(measure: DriftMeasure, target: Decimal, equity: Decimal): Decimal {
  switch (measure.kind) {
    case 'amount':
      return measure.amount
    case 'percentOfTarget':
      return percentOf(target, measure.pct)
    case 'points':
      return percentOf(equity, measure.points)
    default:
      return unreachable(measure)
  }
}

/** What a rule is asked about: the members' drifts, which hold every target also when it is not held, and the clock. */
export interface RunMoment {
  readonly now: Instant
  /** When the last run was planned; null before the first. */
  readonly lastRunAt: Instant | null
  readonly drifts: readonly Drift[]
}

/** Returns whether a run is due. */
export function isRunDue(rule: DriftRule, { now, lastRunAt, drifts }: RunMoment): boolean {
  const hasDrifted = (measure: DriftMeasure) => drifts.some((drift) => isBeyond(measure, drift))
  switch (rule.kind) {
    case 'schedule':
      return isScheduled(rule.schedule, now, lastRunAt)
    case 'drift':
      return hasDrifted(rule.measure)
    case 'either':
      return isScheduled(rule.schedule, now, lastRunAt) || hasDrifted(rule.measure)
    case 'both':
      return isScheduled(rule.schedule, now, lastRunAt) && hasDrifted(rule.measure)
    default:
      return unreachable(rule)
  }
}

/**
 * Returns whether the clock asks for a run: an interval has passed since the last one, or it was in an earlier local day,
 * week (from Monday) or month. The first run is always due.
 */
export function isScheduled(schedule: RunSchedule, now: Instant, lastRunAt: Instant | null): boolean {
  if (lastRunAt === null) return true
  switch (schedule.kind) {
    case 'interval':
      return now - lastRunAt >= schedule.milliseconds
    case 'calendar':
      return (
        periodOf(schedule.period, schedule.zone, lastRunAt) < periodOf(schedule.period, schedule.zone, now)
      )
    default:
      return unreachable(schedule)
  }
}

/** Returns the number of the local day, week or month that an instant is in; later ones have higher numbers. */
function periodOf(period: 'daily' | 'weekly' | 'monthly', zone: Zone, instant: Instant): number {
  const days = Math.floor((instant + zoneOffsetMinutes(zone, instant) * MINUTE) / DAY)
  switch (period) {
    case 'daily':
      return days
    case 'weekly':
      // 1970-01-01 was a Thursday.
      return Math.floor((days + 3) / 7)
    case 'monthly': {
      const [year, month] = civilDate(days)
      return year * 12 + month
    }
    default:
      return unreachable(period)
  }
}
