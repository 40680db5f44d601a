import { type Decimal, ZERO } from '../../decimal.js'
import {
  availableMargin,
  checkMarginLimit,
  type MarginSettings,
  marginRisk,
  marginTargets,
  transferCost,
} from './margin.js'
import type { TargetWeight } from './target-weights.js'
import type { Valuation } from './valuation.js'

/** A valuation whose targets are raised by what may be borrowed. */
export interface BorrowedValuation {
  readonly valuation: Valuation
  /** What all targets borrow together. */
  readonly borrowed: Decimal
}

/** Returns the valuation with every target raised by its margin, within the maximum; as it is without margin. */
export function borrowOn(
  valuation: Valuation,
  weights: readonly TargetWeight[],
  settings: MarginSettings,
): BorrowedValuation {
  if (!settings.enabled) return { valuation, borrowed: ZERO }
  const held = new Set(valuation.members.map(({ symbol }) => symbol))
  const targets = marginTargets(
    valuation.equity,
    weights.filter(({ symbol }) => held.has(symbol)),
    settings,
  )
  const bySymbol = new Map(targets.map((target) => [target.symbol, target]))
  let borrowed = ZERO
  const members = valuation.members.map((member) => {
    const raised = bySymbol.get(member.symbol)
    if (raised === undefined) return member
    borrowed = borrowed.plus(raised.margin)
    return { ...member, target: raised.total, difference: raised.total.minus(member.value) }
  })
  return { valuation: { ...valuation, members }, borrowed }
}

/** What is borrowed once a plan is carried out, against what may be. */
export interface MarginUse {
  readonly used: Decimal
  readonly limit: Decimal
  readonly isWithin: boolean
  readonly level: 'low' | 'medium' | 'high'
  readonly transferCost: Decimal
}

/** Returns what is borrowed when members are worth `values` and the own money is `equity`; null without margin. */
export function marginUse(
  equity: Decimal,
  values: readonly Decimal[],
  settings: MarginSettings,
): MarginUse | null {
  if (!settings.enabled) return null
  const worth = values.reduce((sum, value) => sum.plus(value), ZERO)
  const over = worth.minus(equity)
  const used = over.isPositive() ? over : ZERO
  const { isWithin } = checkMarginLimit([used], settings.maxMarginSize)
  const { level } = marginRisk(used, availableMargin(equity, settings.multiplier))
  const { total } = transferCost(used.isPositive() ? values : [], settings.freeThreshold)
  return { used, limit: settings.maxMarginSize, isWithin, level, transferCost: total }
}
