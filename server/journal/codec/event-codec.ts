import { z } from 'zod'
import type { Decision } from '../../../core/decision.js'
import type { EventType, PortfolioEvent } from '../../../core/event.js'
import type { PostingKind } from '../../../core/portfolio/ledger.js'
import { type CorruptPlace, DataCorruptError } from '../data-corrupt-error.js'
import { factText } from './fact-text.js'
import {
  code,
  decimal,
  decimalOrNull,
  instant,
  number,
  numberOrNull,
  oneOf,
  orderType,
  purpose,
  settings,
  shown,
  side,
  text,
  textOrNull,
  tradingState,
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

const decision = z.strictObject({
  id: text,
  inputId: text,
  at: instant,
  kind: code<Decision['kind']>(),
  instrument: textOrNull,
  outcome: oneOf<Decision['outcome']>({ approved: true, blocked: true, ignored: true }),
  reasons: z.array(text),
  gates: z.array(shown<Decision['gates'][number]>()),
  sizing: shown<NonNullable<Decision['sizing']>>().nullable(),
  boundBy: code<NonNullable<Decision['boundBy']>>().nullable(),
  lots: number,
  price: numberOrNull,
  stop: numberOrNull,
  positionIds: z.array(text),
  notes: z.array(text),
  versions: z.strictObject({ configuration: text }),
})

const postingKind = oneOf<PostingKind>({ deposit: true, withdrawal: true, realizedPnl: true, fee: true })

const unitPlan = z.strictObject({
  number,
  label: textOrNull,
  stopDistance: number,
  atr: number,
  pointValue: number,
  marginPerLot: number,
})

const schemas: { readonly [T in EventType]: z.ZodType<Fields<T>> } = {
  ConfigurationApplied: z.strictObject({ hash: text, settings }),
  DecisionMade: z.strictObject({ decision }),
  OrderInitialized: z.strictObject({
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
    unit: unitPlan.nullable(),
  }),
  OrderDenied: z.strictObject({ orderId: text, reason: text, at: instant }),
  OrderSubmitted: z.strictObject({ orderId: text, attempt: number, at: instant }),
  OrderAccepted: z.strictObject({ orderId: text, venueOrderId: text }),
  OrderRejected: z.strictObject({ orderId: text, code: text, message: text, at: instant }),
  OrderUnresolved: z.strictObject({ orderId: text, cause: text }),
  OrderProvenAbsent: z.strictObject({ orderId: text }),
  OrderFilled: z.strictObject({
    orderId: text,
    tradeId: text,
    lots: decimal,
    price: decimal,
    fee: decimal,
    at: instant,
  }),
  OrderCancelRequested: z.strictObject({ orderId: text }),
  OrderCanceled: z.strictObject({ orderId: text, reason: text, at: instant }),
  OrderExpired: z.strictObject({ orderId: text, at: instant }),
  UnitOpened: z.strictObject({
    positionId: text,
    orderId: text,
    instrument: text,
    number,
    label: textOrNull,
    stop: number,
    at: instant,
  }),
  UnitClosed: z.strictObject({ positionId: text, realizedPnl: decimal, at: instant }),
  StopRaised: z.strictObject({ positionId: text, stop: number, highestClose: number }),
  ExitRequested: z.strictObject({ positionId: text, decisionId: text, reason: text }),
  ExitLatched: z.strictObject({ instrument: text, orderId: text, decisionId: text, reason: text }),
  ExitDelayed: z.strictObject({ positionId: text, notBefore: instant }),
  LedgerPosted: z.strictObject({
    kind: postingKind,
    amount: decimal,
    at: instant,
    orderId: textOrNull,
    positionId: textOrNull,
    note: textOrNull,
  }),
  TradingStateChanged: z.strictObject({ state: tradingState, reason: text, at: instant }),
  InstrumentLocked: z.strictObject({ instrument: text, reason: text, at: instant }),
  InstrumentUnlocked: z.strictObject({ instrument: text, reason: text }),
  AlarmRaised: z.strictObject({
    code: code<Extract<PortfolioEvent, { type: 'AlarmRaised' }>['code']>(),
    severity: oneOf<'warning' | 'critical'>({ warning: true, critical: true }),
    instrument: textOrNull,
    subject: textOrNull,
    message: text,
    at: instant,
  }),
}

/** Every event type, in the order of core/event.ts. */
export const EVENT_TYPES = Object.keys(schemas) as readonly EventType[]

/** Returns the JSON text of an event without its type. Throws UnrecordableError on what JSON cannot carry. */
export function encodeEvent(event: PortfolioEvent): string {
  const { type: _, ...fields } = event
  return factText(fields)
}

/** Returns the event of a row. Throws DataCorruptError when its type or version is unknown or its data malformed. */
export function decodeEvent(place: CorruptPlace, row: RecordedEvent): PortfolioEvent {
  const schema: z.ZodType<object> | undefined = Object.hasOwn(schemas, row.type)
    ? schemas[row.type as EventType]
    : undefined
  if (schema === undefined) throw new DataCorruptError(place, `the event type ${row.type} is not known`)
  if (row.version !== EVENT_VERSION) {
    throw new DataCorruptError(place, `version ${row.version} of the event ${row.type} is not known`)
  }
  const parsed = schema.safeParse(row.data)
  if (!parsed.success) {
    throw new DataCorruptError(place, `the event ${row.type} is malformed: ${z.prettifyError(parsed.error)}`)
  }
  return { type: row.type, ...parsed.data } as PortfolioEvent
}
