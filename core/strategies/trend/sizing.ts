import type { BoundBy } from '../../decision.js'
import type { Constraint } from '../../settings.js'

/** What the three constraints of a base entry are computed from; money in quote currency, prices in points. */
export interface EntryMeasures {
  readonly equity: number
  readonly availableMargin: number
  /** Points from the price to the stop. */
  readonly stopDistance: number
  readonly atr: number
  /** Efficiency ratio, 0..1: scales the risk constraint. */
  readonly er: number
  readonly pointValue: number
  readonly marginPerLot: number
  readonly riskPct: number
  readonly volatilityPct: number
}

/** Lots that each constraint allows, fractions kept; the order's lots; and the constraint that set them. */
export interface EntryLots {
  readonly riskLots: number
  readonly volatilityLots: number
  readonly marginLots: number
  readonly lots: number
  readonly boundBy: 'risk' | 'volatility' | 'margin'
}

/**
 * Returns the size of a base entry by Basso's three constraints (Tom Basso, via seed 003): risk, volatility and margin,
 * the least of those in `constraints`, rounded down, never below 0. A tie names the first of risk, volatility, margin.
 * A stop distance that is not above 0 allows nothing.
 */
export function sizeEntry(measures: EntryMeasures, constraints: readonly Constraint[]): EntryLots {
  const { equity, availableMargin, stopDistance, atr, pointValue } = measures
  if (!(stopDistance > 0)) return { riskLots: 0, volatilityLots: 0, marginLots: 0, lots: 0, boundBy: 'risk' }
  // + 0: nothing times a negative equity is −0, which a record does not keep.
  const riskLots = ((equity * measures.riskPct) / 100 / (stopDistance * pointValue)) * measures.er + 0
  const volatilityLots =
    atr * pointValue > 0 ? (equity * measures.volatilityPct) / 100 / (atr * pointValue) + 0 : 0
  const marginLots = availableMargin / measures.marginPerLot
  let least = Number.POSITIVE_INFINITY
  let boundBy: EntryLots['boundBy'] = 'risk'
  if (constraints.includes('risk') && riskLots < least) [least, boundBy] = [riskLots, 'risk']
  if (constraints.includes('volatility') && volatilityLots < least)
    [least, boundBy] = [volatilityLots, 'volatility']
  if (constraints.includes('margin') && marginLots < least) [least, boundBy] = [marginLots, 'margin']
  return { riskLots, volatilityLots, marginLots, lots: wholeLots(least), boundBy }
}

/** What the three constraints of a pyramid are computed from. */
export interface PyramidMeasures {
  readonly availableMargin: number
  readonly marginPerLot: number
  /** Lots of the base unit, as filled. */
  readonly baseLots: number
  /** Pyramids opened since the instrument was flat. */
  readonly pyramidsOpened: number
  /** The base unit's unrealized profit less its initial risk, in quote currency. */
  readonly profitBeyondRisk: number
  readonly stopDistance: number
  readonly pointValue: number
}

/** Whole lots that each constraint of a pyramid allows, the order's lots, and the constraint that set them. */
export interface PyramidLots {
  readonly marginLots: number
  readonly geometricLots: number
  readonly riskBudgetLots: number
  readonly lots: number
  readonly boundBy: Extract<BoundBy, 'margin' | 'geometric' | 'riskBudget'>
}

/**
 * Returns the size of a pyramid (seed 003): the least of A margin, B base lots × ½^(n+1) and C half of the base unit's
 * profit beyond its initial risk, each rounded down; never below 0. A tie names the first of A, B, C.
 */
export function sizePyramid(measures: PyramidMeasures): PyramidLots {
  const { availableMargin, marginPerLot, baseLots, pyramidsOpened, stopDistance, pointValue } = measures
  const marginLots = Math.floor(availableMargin / marginPerLot)
  const geometricLots = Math.floor(baseLots * 0.5 ** (pyramidsOpened + 1))
  const riskBudgetLots =
    stopDistance > 0 ? Math.floor((measures.profitBeyondRisk * 0.5) / (stopDistance * pointValue)) : 0
  const least = Math.min(marginLots, geometricLots, riskBudgetLots)
  const boundBy = least === marginLots ? 'margin' : least === geometricLots ? 'geometric' : 'riskBudget'
  return { marginLots, geometricLots, riskBudgetLots, lots: wholeLots(least), boundBy }
}

function wholeLots(lots: number): number {
  return Number.isFinite(lots) ? Math.max(0, Math.floor(lots)) : 0
}
