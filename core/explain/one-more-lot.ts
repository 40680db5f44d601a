import type { BoundBy, EntrySizing, PyramidSizing, Sizing } from '../decision.js'
import type { Gate, GateCode } from '../risk/gate.js'

/** A quantity that a size was computed from. */
export type Measure =
  | 'equity'
  | 'stop'
  | 'atr'
  | 'efficiencyRatio'
  | 'riskPct'
  | 'volatilityPct'
  | 'availableMargin'
  | 'marginPerLot'
  | 'baseLots'
  | 'pyramidsOpened'
  | 'profitBeyondRisk'

/** One change that alone lets a constraint allow the size in question, everything else as it was. */
export interface Need {
  readonly measure: Measure
  readonly comparison: 'atLeast' | 'atMost'
  readonly value: number
  /** What it was. */
  readonly was: number
}

/** What a constraint allowed, whether that is enough, and what would make it enough: each alternative alone does. */
export interface ConstraintNeed {
  readonly constraint: BoundBy
  /** Lots, fractions kept where the constraint keeps them. */
  readonly allows: number
  readonly isEnough: boolean
  /** Empty when it is enough, and when no single change helps. */
  readonly alternatives: readonly Need[]
}

/** A cap as it would have stood with the size in question. */
export interface CapAfter {
  readonly gate: GateCode
  readonly passes: boolean
  readonly measured: number
  readonly limit: number
}

/** What one more lot would have needed: every constraint must be enough, and every cap must pass. */
export interface OneMoreLot {
  /** The size in question. */
  readonly lots: number
  readonly constraints: readonly ConstraintNeed[]
  readonly caps: readonly CapAfter[]
  /** Highest price of the broker, in points, at which the second look had left that size; null where it took off none. */
  readonly brokerPrice: number | null
  /** Lots that a person was asked about, where no more of them were allowed for that reason; null elsewhere. */
  readonly askedLots: number | null
}

/**
 * Returns what would have had to differ for one lot more than `sizing` allowed: its formulas solved for each quantity
 * in turn. `gates` are the decision's own; the caps among them are judged again with the larger size.
 */
export function oneMoreLot(sizing: Sizing, gates: readonly Gate[]): OneMoreLot {
  const lots = sizing.lots + 1
  const constraints = sizing.kind === 'entry' ? entryNeeds(sizing, lots) : pyramidNeeds(sizing, lots)
  return {
    lots,
    constraints,
    caps: capsAfter(sizing, gates, lots),
    brokerPrice: brokerPriceFor(sizing, lots),
    askedLots: sizing.asked !== undefined && sizing.asked.lots < lots ? sizing.asked.lots : null,
  }
}

/** Either the growth of the risk is let pass, or lotsBefore × stop distance ÷ (price − stop) is enough. */
function brokerPriceFor(
  { execution, stop, price, stopDistance, lots, asked }: Sizing,
  wanted: number,
): number | null {
  if (execution === undefined || (asked?.lotsBefore ?? lots) === execution.lotsBefore) return null
  const passes = price + (stopDistance * execution.maxRiskIncreasePct) / 100
  return Math.max(passes, stop + (execution.lotsBefore * stopDistance) / wanted)
}

function entryNeeds(sizing: EntrySizing, lots: number): ConstraintNeed[] {
  const needs: ConstraintNeed[] = []
  if (sizing.constraints.includes('risk')) {
    needs.push(constraintNeed('risk', sizing.riskLots, lots, riskAlternatives(sizing, lots)))
  }
  if (sizing.constraints.includes('volatility')) {
    needs.push(
      constraintNeed('volatility', sizing.volatilityLots, lots, volatilityAlternatives(sizing, lots)),
    )
  }
  if (sizing.constraints.includes('margin')) {
    needs.push(constraintNeed('margin', sizing.marginLots, lots, marginAlternatives(sizing, lots)))
  }
  return needs
}

/** riskLots = equity × risk % ÷ (stop distance × point value) × ER, solved for each factor. */
function riskAlternatives(sizing: EntrySizing, lots: number): Need[] {
  const { equity, price, stop, stopDistance, atr, er, pointValue, riskPct } = sizing
  const scaledRisk = (riskPct / 100) * er
  const distance = (equity * scaledRisk) / (lots * pointValue)
  const needs = [need('equity', 'atLeast', (lots * stopDistance * pointValue) / scaledRisk, equity)]
  if (distance > 0) {
    needs.push(need('stop', 'atLeast', price - distance, stop))
    // The stop is a multiple of the ATR, so a nearer stop is the same as a smaller ATR.
    needs.push(need('atr', 'atMost', (distance / stopDistance) * atr, atr))
  }
  const ratio = (lots * stopDistance * pointValue * 100) / (equity * riskPct)
  if (ratio <= 1) needs.push(need('efficiencyRatio', 'atLeast', ratio, er))
  needs.push(need('riskPct', 'atLeast', (lots * stopDistance * pointValue * 100) / (equity * er), riskPct))
  return needs
}

/** volatilityLots = equity × volatility % ÷ (ATR × point value), solved for each factor. */
function volatilityAlternatives(sizing: EntrySizing, lots: number): Need[] {
  const { equity, atr, pointValue, volatilityPct } = sizing
  const largestAtr = (equity * volatilityPct) / 100 / (lots * pointValue)
  const needs = [need('equity', 'atLeast', (lots * atr * pointValue * 100) / volatilityPct, equity)]
  if (largestAtr > 0) needs.push(need('atr', 'atMost', largestAtr, atr))
  needs.push(need('volatilityPct', 'atLeast', (lots * atr * pointValue * 100) / equity, volatilityPct))
  return needs
}

/** marginLots = available margin ÷ margin per lot, solved for each. */
function marginAlternatives(sizing: Sizing, lots: number): Need[] {
  const { availableMargin, marginPerLot } = sizing
  const needs = [need('availableMargin', 'atLeast', lots * marginPerLot, availableMargin)]
  if (availableMargin > 0) needs.push(need('marginPerLot', 'atMost', availableMargin / lots, marginPerLot))
  return needs
}

function pyramidNeeds(sizing: PyramidSizing, lots: number): ConstraintNeed[] {
  const { marginLots, geometricLots, riskBudgetLots } = sizing
  return [
    constraintNeed('margin', marginLots, lots, marginAlternatives(sizing, lots)),
    constraintNeed('geometric', geometricLots, lots, geometricAlternatives(sizing, lots)),
    constraintNeed('riskBudget', riskBudgetLots, lots, riskBudgetAlternatives(sizing, lots)),
  ]
}

/** geometricLots = base lots × ½^(pyramids opened + 1), solved for the base and for the count of pyramids. */
function geometricAlternatives({ baseLots, pyramidsOpened }: PyramidSizing, lots: number): Need[] {
  const needs = [need('baseLots', 'atLeast', lots * 2 ** (pyramidsOpened + 1), baseLots)]
  const fewest = Math.floor(Math.log2(baseLots / lots)) - 1
  if (fewest >= 0) needs.push(need('pyramidsOpened', 'atMost', fewest, pyramidsOpened))
  return needs
}

/** riskBudgetLots = ½ × profit beyond risk ÷ (stop distance × point value), solved for profit and stop. */
function riskBudgetAlternatives(sizing: PyramidSizing, lots: number): Need[] {
  const { profitBeyondRisk, price, stop, stopDistance, pointValue } = sizing
  const needs = [need('profitBeyondRisk', 'atLeast', 2 * lots * stopDistance * pointValue, profitBeyondRisk)]
  if (profitBeyondRisk > 0) {
    const distance = (profitBeyondRisk * 0.5) / (lots * pointValue)
    needs.push(need('stop', 'atLeast', price - distance, stop))
  }
  return needs
}

function constraintNeed(
  constraint: BoundBy,
  allows: number,
  lots: number,
  alternatives: readonly Need[],
): ConstraintNeed {
  const isEnough = allows >= lots
  const possible = alternatives.filter(({ value }) => Number.isFinite(value))
  return { constraint, allows, isEnough, alternatives: isEnough ? [] : possible }
}

function need(measure: Measure, comparison: Need['comparison'], value: number, was: number): Need {
  return { measure, comparison, value, was }
}

function capsAfter(sizing: Sizing, gates: readonly Gate[], lots: number): CapAfter[] {
  const more = lots - sizing.lots
  const { equity, pointValue, price, stopDistance, atr, marginPerLot } = sizing
  const share = (points: number): number =>
    equity > 0 ? ((more * points * pointValue) / equity) * 100 : Number.POSITIVE_INFINITY
  const caps: CapAfter[] = []
  for (const { gate, measured, limit } of gates) {
    if (typeof measured !== 'number' || typeof limit !== 'number') continue
    const after = (value: number): void => {
      if (Number.isFinite(value)) caps.push({ gate, passes: value <= limit, measured: value, limit })
    }
    if (gate === 'HEAT_CAP') after(measured + share(stopDistance))
    if (gate === 'VOLATILITY_CAP') after(measured + share(atr))
    if (gate === 'MARGIN_CAP') after(measured + more * marginPerLot)
    if (gate === 'ORDER_VALUE') after(measured + more * price * pointValue)
  }
  return caps
}
