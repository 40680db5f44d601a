import type { Decision } from '../../../core/decision.js'
import type { EventType, PortfolioEvent } from '../../../core/event.js'
import type { LegSide } from '../../../core/order/legs.js'
import type { PostingKind } from '../../../core/portfolio/ledger.js'
import { type CorruptPlace, DataCorruptError } from '../data-corrupt-error.js'
import { allocationEvents } from './allocation-shapes.js'
import { cellEvents } from './cell-shapes.js'
import { factText } from './fact-text.js'
import { readFact } from './read-fact.js'
import {
  anyGiven,
  decimal,
  list,
  number,
  oneOf,
  orNull,
  record,
  type Shape,
  text,
  whereGiven,
} from './shape.js'
import {
  approvalOutcome,
  approvalRequest,
  breakAction,
  calendar,
  chase,
  code,
  decimalOrNull,
  foundBreak,
  instant,
  leg,
  numberOrNull,
  orderType,
  preCloseRun,
  purpose,
  rollRun,
  settings,
  shown,
  side,
  textOrNull,
  tradingState,
  unitPlan,
} from './shapes.js'

/** An event as its row holds it; the type has a column of its own. */
export interface RecordedEvent {
  readonly type: string
  readonly version: number
  /** JSON. */
  readonly data: unknown
}

/** The version under which every event type is written. A type that changes its shape gets the next one. */
export const EVENT_VERSION = 1

type Fields<T extends EventType> = Omit<Extract<PortfolioEvent, { type: T }>, 'type'>

const decided = {
  id: text,
  inputId: text,
  at: instant,
  kind: code<Decision['kind']>(),
  instrument: textOrNull,
  outcome: oneOf<Decision['outcome']>({ approved: true, blocked: true, ignored: true }),
  reasons: list(text),
  gates: list(shown<Decision['gates'][number]>()),
  sizing: orNull(shown<NonNullable<Decision['sizing']>>()),
  boundBy: orNull(code<NonNullable<Decision['boundBy']>>()),
  lots: number,
  price: numberOrNull,
  stop: numberOrNull,
  positionIds: list(text),
  notes: list(text),
  versions: record({ configuration: text, calendar: textOrNull }),
}

const decision = anyGiven(decided, [
  ['evaluation', shown<NonNullable<Decision['evaluation']>>()],
  ['rebalance', shown<NonNullable<Decision['rebalance']>>()],
]) as Shape<Decision>

const correctionOfHolding = {
  instrument: text,
  decisionId: text,
  quantity: decimal,
  price: decimal,
  at: instant,
}

const postingKind = oneOf<PostingKind>({
  deposit: true,
  withdrawal: true,
  realizedPnl: true,
  fee: true,
  dividend: true,
  tax: true,
})

const initialized = {
  orderId: text,
  decisionId: text,
  positionId: text,
  instrument: text,
  side,
  purpose,
  orderType,
  lots: decimal,
  limitPrice: decimalOrNull,
  referencePrice: number,
  at: instant,
  unit: orNull(unitPlan),
}

const legSide = oneOf<LegSide>({ bought: true, sold: true })

const shapes: { readonly [T in EventType]: Shape<Fields<T>> } = {
  ConfigurationApplied: record({ hash: text, settings }),
  CalendarApplied: record({ calendar }),
  DecisionMade: record({ decision }),
  ApprovalRequested: record({ request: record(approvalRequest) }),
  ApprovalClosed: record({
    approvalId: text,
    decisionId: text,
    instrument: text,
    outcome: approvalOutcome,
    reason: text,
    answerId: textOrNull,
    at: instant,
  }),
  OrderInitialized: anyGiven(initialized, [
    ['leg', leg],
    ['chase', chase],
    ['contractMonth', text],
    ['triggerPrice', decimal],
  ]) as Shape<Fields<'OrderInitialized'>>,
  LegsOpened: record({ orderId: text, strike: number, expiry: text, pointValue: number, at: instant }),
  LegUnwound: record({ orderId: text, side: legSide, lots: decimal, at: instant }),
  LegsImbalanced: record({ orderId: text, lots: decimal, at: instant }),
  LegsSettled: record({ orderId: text, at: instant }),
  OrderDenied: record({ orderId: text, reason: text, at: instant }),
  OrderSubmitted: record({ orderId: text, attempt: number, at: instant }),
  OrderAccepted: record({ orderId: text, venueOrderId: text }),
  OrderRejected: record({ orderId: text, code: text, message: text, at: instant }),
  OrderUnresolved: record({ orderId: text, cause: text }),
  OrderProvenAbsent: record({ orderId: text }),
  OrderFilled: record({
    orderId: text,
    tradeId: text,
    lots: decimal,
    price: decimal,
    fee: decimal,
    at: instant,
  }),
  OrderCancelRequested: whereGiven(
    'reason',
    record({ orderId: text, reason: text }),
    record({ orderId: text }),
  ),
  OrderCanceled: record({ orderId: text, reason: text, at: instant }),
  OrderExpired: record({ orderId: text, at: instant }),
  RollAdvanced: record({ instrument: text, run: rollRun, at: instant }),
  UnitOpened: record({
    positionId: text,
    orderId: text,
    instrument: text,
    number,
    label: textOrNull,
    stop: number,
    at: instant,
  }),
  UnitLabelled: record({ positionId: text, label: text }),
  PreCloseAdvanced: record({ instrument: text, run: preCloseRun, at: instant }),
  UnitClosed: record({ positionId: text, realizedPnl: decimal, at: instant }),
  StopRaised: record({ positionId: text, stop: number, highestClose: number }),
  ExitRequested: record({ positionId: text, decisionId: text, reason: text }),
  ExitLatched: record({ instrument: text, orderId: text, decisionId: text, reason: text }),
  ExitDelayed: record({ positionId: text, notBefore: instant }),
  StopDelayed: record({ positionId: text, notBefore: instant }),
  PeelOffDelayed: record({ positionId: text, decisionId: text, lots: decimal }),
  LedgerPosted: record({
    kind: postingKind,
    amount: decimal,
    at: instant,
    orderId: textOrNull,
    positionId: textOrNull,
    note: textOrNull,
  }),
  TradingStateChanged: record({ state: tradingState, reason: text, at: instant }),
  InstrumentLocked: whereGiven(
    'breakId',
    record({ instrument: text, reason: text, at: instant, breakId: text }),
    record({ instrument: text, reason: text, at: instant }),
  ),
  InstrumentUnlocked: record({ instrument: text, reason: text }),
  BreakSettled: record({
    decisionId: text,
    action: breakAction,
    settled: foundBreak,
    reason: text,
    at: instant,
  }),
  UnitAdopted: record({
    positionId: text,
    decisionId: text,
    instrument: text,
    number,
    lots: decimal,
    price: decimal,
    stop: number,
    stopDistance: number,
    atr: number,
    pointValue: number,
    at: instant,
  }),
  LotsGivenUp: record({
    positionId: text,
    decisionId: text,
    lots: decimal,
    price: decimal,
    at: instant,
  }),
  HoldingAdopted: record(correctionOfHolding),
  HoldingGivenUp: record(correctionOfHolding),
  AlarmRaised: record({
    code: code<Extract<PortfolioEvent, { type: 'AlarmRaised' }>['code']>(),
    severity: oneOf<'warning' | 'critical'>({ warning: true, critical: true }),
    instrument: textOrNull,
    subject: textOrNull,
    message: text,
    at: instant,
  }),
  ...cellEvents,
  ...allocationEvents,
}

/** Every event type, in the order of core/event.ts. */
export const EVENT_TYPES = Object.keys(shapes) as readonly EventType[]

/** Returns the JSON text of an event without its type. Throws UnrecordableError on what JSON cannot carry. */
export function encodeEvent(event: PortfolioEvent): string {
  const { type: _, ...fields } = event
  return factText(fields)
}

/** Returns the event of a row. Throws DataCorruptError when its type or version is unknown or its data malformed. */
export function decodeEvent(place: CorruptPlace, row: RecordedEvent): PortfolioEvent {
  const shape: Shape<object> | undefined = Object.hasOwn(shapes, row.type)
    ? shapes[row.type as EventType]
    : undefined
  if (shape === undefined) throw new DataCorruptError(place, `the event type ${row.type} is not known`)
  if (row.version !== EVENT_VERSION) {
    throw new DataCorruptError(place, `version ${row.version} of the event ${row.type} is not known`)
  }
  return {
    type: row.type,
    ...readFact(place, `event ${row.type}`, { shape, data: row.data }),
  } as PortfolioEvent
}
