import type { Alert, EntryAlert } from '../../../core/alert/alert.js'
import type { Calendar } from '../../../core/calendar/calendar.js'
import type { Quote } from '../../../core/input.js'
import type { OptionKind } from '../../../core/instrument/synthetic.js'
import type { Leg } from '../../../core/order/legs.js'
import type { Chase, OrderPurpose, OrderType } from '../../../core/order/order.js'
import type { ApprovalOutcome, ApprovalRequest } from '../../../core/portfolio/approval.js'
import type { UnitPlan } from '../../../core/portfolio/portfolio.js'
import type {
  PlannedEntry,
  PreCloseOutcome,
  PreClosePhase,
  PreCloseRun,
} from '../../../core/portfolio/pre-close-run.js'
import type { RollOutcome, RollPhase, RollRun, RollTerms } from '../../../core/portfolio/roll-run.js'
import type { Break, BreakAction, BreakClass } from '../../../core/reconcile/break.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import {
  anyGiven,
  decimal,
  type Fields,
  flag,
  list,
  loose,
  MalformedError,
  number,
  oneOf,
  orNull,
  record,
  type Shape,
  text,
  whereGiven,
} from './shape.js'

/*
 * Shapes that several records share. What a fold or a projection computes with is checked to the last field; what is
 * only shown later (gates, the arithmetic of a size) is let through as it was recorded.
 */

/** A text, or null. */
export const textOrNull = orNull(text)

/** A finite number, or null. */
export const numberOrNull = orNull(number)

/** An exact number, or null. */
export const decimalOrNull = orNull(decimal)

/** Milliseconds since 1970. */
export const instant = number

/** Returns the shape of a union of codes that nothing computes with: any text passes. */
export function code<Name extends string>(): Shape<Name> {
  return text as Shape<Name>
}

/** Returns the shape of an object that is only shown: any object passes, with all its fields. */
export function shown<T extends object>(): Shape<T> {
  return loose<T>({})
}

/** A price that was read before a decision. */
export const quote = anyGiven({ price: number, observedAt: number }, [
  ['freeMargin', number],
  ['bid', number],
  ['ask', number],
  ['last', number],
]) as Shape<Quote>

/** A side of the market. */
export const side = oneOf<'buy' | 'sell'>({ buy: true, sell: true })

/** What is done about a difference from the broker. */
export const breakAction = oneOf<BreakAction>({ adopt: true, book: true, ignore: true })

const breakClass = oneOf<BreakClass>({
  match: true,
  ghost: true,
  orphan: true,
  quantity: true,
  side: true,
  unknownOrder: true,
  external: true,
  surplus: true,
})

/** A difference from the broker. */
export const foundBreak: Shape<Break> = record({
  id: text,
  class: breakClass,
  instrument: text,
  orderId: textOrNull,
  side: orNull(side),
  ours: decimal,
  theirs: decimal,
  averagePrice: decimalOrNull,
  since: instant,
  isConfirmed: flag,
})

/** What an order is for. */
export const purpose = oneOf<OrderPurpose>({
  rebalance: true,
  entry: true,
  pyramid: true,
  exit: true,
  peelOff: true,
  stop: true,
})

/** Which part of another order an order is. */
export const leg: Shape<Leg> = record({
  of: text,
  kind: oneOf<OptionKind>({ call: true, put: true }),
  strike: number,
  expiry: text,
  isRollback: flag,
})

/** How an order is priced. */
export const orderType = oneOf<OrderType>({ market: true, limit: true, stop: true })

/** Where an order stands in its chase. */
export const chase: Shape<Chase> = record({ parentId: text, step: number, referencePrice: number })

/** What a portfolio may do. */
export const tradingState = oneOf<'active' | 'reducing' | 'halted' | 'frozen'>({
  active: true,
  reducing: true,
  halted: true,
  frozen: true,
})

const instrumentSettings = loose({ name: text, facts: (value) => atLeastOne(list(loose({}))(value)) })

/** Settings as they were activated: the configuration's own schema checked them then. */
export const settings = loose<PortfolioSettings>({
  portfolio: text,
  currency: text,
  instruments: list(instrumentSettings),
})

function atLeastOne<T>(values: readonly T[]): readonly T[] {
  if (values.length === 0) throw new MalformedError('expected at least one')
  return values
}

/** An alert as the inbox parsed it. */
export const alert = loose<Alert>({
  type: oneOf<Alert['type']>({
    BASE_ENTRY: true,
    PYRAMID: true,
    EXIT: true,
    EOD_MONITOR: true,
    MARKET_DATA: true,
  }),
  instrument: text,
})

/** How a question to a person ended. */
export const approvalOutcome = oneOf<ApprovalOutcome>({
  approved: true,
  refused: true,
  rejected: true,
  expired: true,
  withdrawn: true,
})

/** The fields of a question to a person. */
export const approvalRequest: Fields<ApprovalRequest> = {
  id: text,
  decisionId: text,
  instrument: text,
  unitNumber: number,
  lots: number,
  price: number,
  stop: number,
  priceBandPct: number,
  askedAt: instant,
  expiresAt: instant,
  closesAt: numberOrNull,
  alert: alert as Shape<EntryAlert>,
}

/** A calendar as it was imported: its own schema checked it then. */
export const calendar = loose<Calendar>({ version: text, exchanges: loose({}) })

/** A part of the run before a close. */
export const preClosePhase = oneOf<PreClosePhase>({
  monitor: true,
  decide: true,
  place: true,
  market: true,
  end: true,
})

const plannedEntry: Shape<PlannedEntry> = record({
  decisionId: text,
  unitNumber: number,
  lots: number,
  price: number,
  stop: number,
  stopDistance: number,
  atr: number,
  pointValue: number,
  marginPerLot: number,
})

const preCloseOutcome = oneOf<PreCloseOutcome>({
  nothing: true,
  refused: true,
  entered: true,
  exited: true,
  partial: true,
  unfilled: true,
  missed: true,
  uncertain: true,
})

const runOfFirstKind: Fields<Omit<PreCloseRun, 'isRefused'>> = {
  closesAt: instant,
  phase: preClosePhase,
  plan: orNull(plannedEntry),
  entryDecisionId: textOrNull,
  entryUnit: number,
  entryLots: number,
  exits: list(record({ positionId: text, label: textOrNull })),
  outcome: orNull(preCloseOutcome),
  detail: textOrNull,
}

/** What a unit takes over from the one that it follows in another contract. */
export const rollTerms: Shape<RollTerms> = record({
  from: text,
  soldAt: number,
  rolledBy: number,
  initialStopBelow: number,
  highestCloseAbove: number,
  heldSince: instant,
})

const rollPhase = oneOf<RollPhase>({
  waiting: true,
  out: true,
  in: true,
  done: true,
  failed: true,
  dropped: true,
})

/** A run by which units leave their contract. */
export const rollRun: Shape<RollRun> = record({
  date: text,
  decisionId: text,
  from: text,
  to: text,
  steps: list(record({ positionId: text, phase: rollPhase, entryOrderId: textOrNull })),
  outcome: orNull(oneOf<RollOutcome>({ rolled: true, incomplete: true, closedOnly: true })),
})

const plan = {
  number,
  label: textOrNull,
  stopDistance: number,
  atr: number,
  pointValue: number,
  marginPerLot: number,
}

/** How an entry's unit was sized. */
export const unitPlan: Shape<UnitPlan> = whereGiven(
  'roll',
  record({ ...plan, roll: rollTerms }),
  record(plan),
)

/** A run before a close; the first ones that were recorded told a refusal in words alone. */
export const preCloseRun: Shape<PreCloseRun> = whereGiven(
  'isRefused',
  record({ ...runOfFirstKind, isRefused: flag }),
  (value) => ({ ...record(runOfFirstKind)(value), isRefused: false }),
)
