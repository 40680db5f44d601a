import type { Gate } from './risk/gate.js'
import type { AllocationReport, HaltReport } from './strategies/allocation/allocation-report.js'
import type { Instant } from './time.js'

/** What was in force when something was decided. */
export interface DecisionVersions {
  /** Hash of the configuration. */
  readonly configuration: string
  /** Version of the calendar; null where none is used. */
  readonly calendar: string | null
}

/** What a decision was about. */
export type DecisionKind =
  | 'entry'
  | 'pyramid'
  | 'exit'
  | 'stop'
  | 'peelOff'
  | 'operatorExit'
  | 'tradingState'
  | 'cash'
  | 'unlock'
  | 'settleBreak'
  | 'rollover'
  | 'approval'
  | 'evaluation'
  | 'anchor'
  | 'cellOrder'
  | 'funding'
  | 'dividend'
  | 'split'
  | 'rebalance'

/** approved: at least one order or change follows · blocked: a rule refused it · ignored: there was nothing to do. */
export type DecisionOutcome = 'approved' | 'blocked' | 'ignored'

/** The constraint that set the size; geometric and riskBudget are the pyramid's B and C. */
export type BoundBy = 'risk' | 'volatility' | 'margin' | 'geometric' | 'riskBudget'

/** The arithmetic of a base entry: lots that each constraint allows (fractions kept) and what they were computed from. */
export interface EntrySizing {
  readonly kind: 'entry'
  readonly equity: number
  readonly availableMargin: number
  /** What the broker said is free, which availableMargin never exceeds; absent where it told nothing. */
  readonly freeMargin?: number
  readonly price: number
  readonly stop: number
  readonly stopDistance: number
  readonly atr: number
  /** alert, bar or derived from the alert's stop. */
  readonly atrFrom: 'alert' | 'bar' | 'derived'
  readonly er: number
  readonly pointValue: number
  readonly marginPerLot: number
  readonly riskPct: number
  readonly volatilityPct: number
  readonly riskLots: number
  readonly volatilityLots: number
  readonly marginLots: number
  readonly constraints: readonly ('risk' | 'volatility' | 'margin')[]
  readonly lots: number
  readonly boundBy: BoundBy
  readonly execution?: ExecutionLook
  readonly asked?: AskedLots
}

/** Lots that a person was asked about, which an answer does not exceed; absent where nobody was asked. */
export interface AskedLots {
  readonly lots: number
  /** Lots that the constraints and the second look allow at the answer. */
  readonly lotsBefore: number
}

/** How a size looked at the broker's price; absent where the broker told none. */
export interface ExecutionLook {
  /** The broker's price, in points. */
  readonly price: number
  /** From the signal's price, in percent of it; above 0 when the market has run up. */
  readonly divergencePct: number
  /** Growth of the distance to the stop, in percent of it. */
  readonly riskIncreasePct: number
  readonly maxRiskIncreasePct: number
  /** Lots before those that the greater risk took off. */
  readonly lotsBefore: number
}

/** The arithmetic of a pyramid: A margin, B geometric, C half of the base unit's profit beyond its initial risk. */
export interface PyramidSizing {
  readonly kind: 'pyramid'
  readonly equity: number
  readonly availableMargin: number
  /** What the broker said is free, which availableMargin never exceeds; absent where it told nothing. */
  readonly freeMargin?: number
  readonly price: number
  readonly stop: number
  readonly stopDistance: number
  readonly atr: number
  readonly atrFrom: 'alert' | 'bar' | 'derived'
  readonly pointValue: number
  readonly marginPerLot: number
  readonly baseLots: number
  readonly pyramidsOpened: number
  readonly profitBeyondRisk: number
  readonly marginLots: number
  readonly geometricLots: number
  readonly riskBudgetLots: number
  readonly lots: number
  readonly boundBy: BoundBy
  readonly execution?: ExecutionLook
  readonly asked?: AskedLots
}

/** What an evaluation of a cell saw, and what followed: quantities and money exactly, as digits; rates as fractions. */
export interface CellEvaluation {
  readonly kind: 'cell'
  readonly price: number
  readonly priceAt: Instant
  readonly anchor: string | null
  /** From the anchor, in percent of it. */
  readonly movePct: number | null
  readonly upPct: number
  readonly downPct: number
  readonly shares: string
  readonly cash: string
  readonly receivable: string
  readonly value: string
  /** Stock as a share of the value, and what it would be after the order. */
  readonly stockShare: number
  readonly stockShareAfter: number | null
  readonly minStock: number
  readonly maxStock: number
  /** Null: nothing was wanted. */
  readonly side: 'buy' | 'sell' | null
  readonly wantedBecause: 'trigger' | 'auto_guardrail_rebalance' | 'initial_stock' | 'operator' | null
  /** Before any limit. */
  readonly rawShares: string | null
  readonly cappedBy: readonly string[]
  readonly orderShares: string | null
  readonly notional: string | null
  readonly fee: string | null
  readonly commissionRate: string
  readonly commissionScope: string
  /** Before this one. */
  readonly ordersToday: number
  readonly notionalToday: string
  /** How often it was decided again because the price had moved; null for an operator's order. */
  readonly attempt: number | null
}

/** How the lots of a decision came about. */
export type Sizing = EntrySizing | PyramidSizing

/** A decision with all its arithmetic: enough to explain it years later without running anything. */
export interface Decision {
  readonly id: string
  /** The alert, command or bar that caused it. */
  readonly inputId: string
  readonly at: Instant
  readonly kind: DecisionKind
  readonly instrument: string | null
  readonly outcome: DecisionOutcome
  /** Codes: of the gates that are shut, or why it was approved or ignored. */
  readonly reasons: readonly string[]
  readonly gates: readonly Gate[]
  readonly sizing: Sizing | null
  /** What an evaluation of a cell, or an operator's order of one, saw; left out of other decisions. */
  readonly evaluation?: CellEvaluation
  /** What a run of the allocation strategy saw and wants; left out of other decisions. */
  readonly rebalance?: AllocationReport | HaltReport
  readonly boundBy: BoundBy | null
  /** Lots that it asked for; 0 when blocked or ignored. */
  readonly lots: number
  readonly price: number | null
  readonly stop: number | null
  /** Positions that it concerns. */
  readonly positionIds: readonly string[]
  /** What was unusual and did not matter: flags of an exit, an alert's own lots or stop. */
  readonly notes: readonly string[]
  readonly versions: DecisionVersions
}
