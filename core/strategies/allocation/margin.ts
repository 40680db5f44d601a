import { type Decimal, decimal, least, ZERO } from '../../decimal.js'
import { unreachable } from '../../invariant.js'
import { MINUTE } from '../../time.js'
import { percentOf } from './percent.js'
import type { TargetWeight } from './target-weights.js'

/** How a portfolio may borrow; money in its currency. */
export interface MarginSettings {
  readonly enabled: boolean
  /** Times the own money that positions may be worth, 1 or above. */
  readonly multiplier: number
  /** A position up to this value is carried over night for nothing. */
  readonly freeThreshold: Decimal
  /** Most that may be borrowed in all; at least the free threshold. */
  readonly maxMarginSize: Decimal
  readonly strategy: MarginStrategy
}

/** What becomes of margin before the close: always paid back, never, or unless the positions are small. */
export type MarginStrategy = 'remove' | 'keep' | 'keep_if_small'

/** A member's target with margin. */
export interface MarginTarget {
  readonly symbol: string
  /** Paid with own money. */
  readonly base: Decimal
  readonly margin: Decimal
  readonly total: Decimal
}

/** Digits that a quotient of money keeps. */
const DIGITS = 12
const ONE = decimal(1)

/** Returns what may be borrowed against own money: value × (multiplier − 1) (seed 000). */
export function availableMargin(value: Decimal, multiplier: number): Decimal {
  return value.times(decimal(multiplier).minus(ONE))
}

/**
 * Returns every member's target value: its share of the equity, and as much again as the multiplier allows. Their margin
 * together never exceeds the maximum: above it every part is made smaller by maximum ÷ sum (seed 000, which only warns).
 */
export function marginTargets(
  equity: Decimal,
  weights: readonly TargetWeight[],
  settings: Pick<MarginSettings, 'enabled' | 'multiplier'> & { readonly maxMarginSize: Decimal | null },
): readonly MarginTarget[] {
  const { enabled, multiplier, maxMarginSize } = settings
  const drafts = weights.map(({ symbol, pct }) => {
    const base = percentOf(equity, pct)
    const margin = enabled && multiplier > 1 ? availableMargin(base, multiplier) : ZERO
    return { symbol, base, margin }
  })
  const sum = drafts.reduce((total, { margin }) => total.plus(margin), ZERO)
  const shared = maxMarginSize?.isLessThan(sum) === true ? maxMarginSize : null
  return drafts.map(({ symbol, base, margin: wanted }) => {
    const margin = shared === null ? wanted : wanted.times(shared).dividedBy(sum, DIGITS, 'floor')
    return { symbol, base, margin, total: base.plus(margin) }
  })
}

/** Returns the borrowed part of a position of `value` that was bought with the multiplier: value − value ÷ multiplier. */
export function marginPart(value: Decimal, multiplier: number): Decimal {
  if (!value.isPositive() || !(multiplier > 1)) return ZERO
  return value.minus(value.dividedBy(decimal(multiplier), DIGITS, 'halfEven'))
}

/** Margin in use against its maximum. */
export interface MarginLimit {
  readonly isWithin: boolean
  readonly used: Decimal
  /** Used − maximum; 0 when within. */
  readonly exceeded: Decimal
}

/** Returns whether the margin parts of all positions stay within the maximum; exactly at it they do. */
export function checkMarginLimit(parts: readonly Decimal[], maxMarginSize: Decimal): MarginLimit {
  const used = parts.reduce((sum, part) => sum.plus(part), ZERO)
  const exceeded = used.minus(maxMarginSize)
  return exceeded.isPositive()
    ? { isWithin: false, used, exceeded }
    : { isWithin: true, used, exceeded: ZERO }
}

/** How much of the available margin is in use. */
export interface MarginRisk {
  readonly level: 'low' | 'medium' | 'high'
  readonly remaining: Decimal
}

const HIGH_PCT = 80
const MEDIUM_PCT = 60

/** Returns how near margin in use is to what is available: above 80 % high, above 60 % medium, else low (seed 000). */
export function marginRisk(used: Decimal, available: Decimal): MarginRisk {
  const isAbove = (pct: number) => percentOf(available, pct).isLessThan(used)
  const level = isAbove(HIGH_PCT) ? 'high' : isAbove(MEDIUM_PCT) ? 'medium' : 'low'
  return { level, remaining: available.minus(used) }
}

/** What carrying positions over night costs. */
export interface TransferCost {
  readonly total: Decimal
  readonly free: number
  readonly paid: number
}

const TRANSFER_FEE_PCT = 1

/** Returns the cost of carrying positions over night: 1 % of each whole one that is worth more than the threshold (seed 000). */
export function transferCost(values: readonly Decimal[], freeThreshold: Decimal): TransferCost {
  const paid = values.filter((value) => freeThreshold.isLessThan(value))
  const total = paid.reduce((sum, value) => sum.plus(percentOf(value, TRANSFER_FEE_PCT)), ZERO)
  return { total, free: values.length - paid.length, paid: paid.length }
}

const LEAST_NOTICE_MS = 15 * MINUTE

/**
 * Returns whether margin is to be looked at now, because no other run comes before the close: at or after it, nearer than
 * the interval between runs, or nearer than 15 minutes (seed 000).
 */
export function isMarginDue(untilCloseMs: number, intervalMs: number): boolean {
  return untilCloseMs <= 0 || untilCloseMs < intervalMs || untilCloseMs < LEAST_NOTICE_MS
}

/** Returns whether margin is paid back before the close; `positions` is what all margin positions are worth. */
export function shouldRemoveMargin(
  strategy: MarginStrategy,
  positions: Decimal,
  maxMarginSize: Decimal,
): boolean {
  switch (strategy) {
    case 'remove':
      return true
    case 'keep':
      return false
    case 'keep_if_small':
      return maxMarginSize.isLessThan(positions)
    default:
      return unreachable(strategy)
  }
}

/** Why margin settings cannot be used; null when they can. */
export type MarginProblem = 'multiplier' | 'maxMarginSize' | 'freeThreshold' | null

/** Returns what is wrong with enabled margin: a multiplier outside 1..4, no maximum above 0, or one below the free threshold. */
export function checkMarginSettings(settings: MarginSettings): MarginProblem {
  const { enabled, multiplier, freeThreshold, maxMarginSize } = settings
  if (!enabled) return null
  if (!(multiplier >= 1 && multiplier <= MOST_MULTIPLIER)) return 'multiplier'
  if (!maxMarginSize.isPositive()) return 'maxMarginSize'
  return least(maxMarginSize, freeThreshold).equals(freeThreshold) ? null : 'freeThreshold'
}

const MOST_MULTIPLIER = 4
