import type { Input, InputType, OperatorCommand } from '../../../core/input.js'
import type { OrderReport } from '../../../core/order/report.js'
import { type CorruptPlace, DataCorruptError } from '../data-corrupt-error.js'
import { rebalanceCommand, reportedMetrics } from './allocation-shapes.js'
import { cellCommands, observedPrice } from './cell-shapes.js'
import { factText } from './fact-text.js'
import { readFact } from './read-fact.js'
import {
  anyOf,
  byKind,
  constant,
  decimal,
  flag,
  list,
  number,
  oneOf,
  orNull,
  record,
  type Shape,
  table,
  text,
  whereGiven,
} from './shape.js'
import {
  alert,
  breakAction,
  calendar,
  decimalOrNull,
  instant,
  numberOrNull,
  preClosePhase,
  quote,
  settings,
  side,
  textOrNull,
  tradingState,
} from './shapes.js'

/** An input as its row holds it; id and type have columns of their own. */
export interface RecordedInput {
  readonly id: string
  readonly type: string
  readonly version: number
  /** JSON. */
  readonly data: unknown
}

/** The version under which every input type is written. A type that changes its shape gets the next one. */
export const INPUT_VERSION = 1

type Fields<T extends InputType> = Omit<Extract<Input, { type: T }>, 'type' | 'id'>

const report = byKind<OrderReport>({
  accepted: record({ kind: constant('accepted'), orderId: text, venueOrderId: text }),
  rejected: record({ kind: constant('rejected'), orderId: text, code: text, message: text }),
  unresolved: record({ kind: constant('unresolved'), orderId: text, cause: text }),
  absent: record({ kind: constant('absent'), orderId: text }),
  canceled: record({ kind: constant('canceled'), orderId: text, reason: text }),
  expired: record({ kind: constant('expired'), orderId: text }),
  fill: record({
    kind: constant('fill'),
    orderId: text,
    tradeId: text,
    lots: decimal,
    price: decimal,
    fee: decimal,
    at: instant,
  }),
})

const command = byKind<OperatorCommand>({
  exit: record({
    kind: constant('exit'),
    target: anyOf<Extract<OperatorCommand, { kind: 'exit' }>['target']>(
      record({ instrument: text }),
      record({ positionId: text }),
      record({ all: constant(true) }),
    ),
    reason: text,
  }),
  tradingState: record({ kind: constant('tradingState'), state: tradingState, reason: text }),
  cash: record({
    kind: constant('cash'),
    movement: oneOf<'deposit' | 'withdrawal'>({ deposit: true, withdrawal: true }),
    amount: decimal,
    note: textOrNull,
  }),
  unlock: record({ kind: constant('unlock'), instrument: text, reason: text }),
  answerApproval: record({
    kind: constant('answerApproval'),
    approvalId: text,
    isApproved: flag,
    reason: text,
    quote: orNull(quote),
  }),
  settleBreak: record({
    kind: constant('settleBreak'),
    breakId: text,
    action: breakAction,
    price: decimalOrNull,
    stop: numberOrNull,
    lots: decimalOrNull,
    fee: decimalOrNull,
    reason: text,
  }),
  ...cellCommands,
  rebalance: rebalanceCommand,
})

const alertAdmitted = { at: instant, alert, conflict: flag, quote: orNull(quote) }

const shapes: { readonly [T in InputType]: Shape<Fields<T>> } = {
  AlertAdmitted: whereGiven(
    'receivedAt',
    record({ ...alertAdmitted, receivedAt: instant }),
    record(alertAdmitted),
  ),
  BarClosed: record({
    at: instant,
    instrument: text,
    close: number,
    atr: numberOrNull,
    barAt: instant,
  }),
  PricesObserved: record({ at: instant, prices: list(observedPrice) }),
  OrdersDue: whereGiven(
    'resendIds',
    record({ at: instant, orderIds: list(text), resendIds: list(text) }),
    record({ at: instant, orderIds: list(text) }),
  ),
  BrokerReported: record({ at: instant, reports: list(report) }),
  AccountObserved: whereGiven(
    'averagePrices',
    record({ at: instant, positions: table(decimal), averagePrices: table(decimal) }),
    record({ at: instant, positions: table(decimal) }),
  ),
  VenueOrdersObserved: record({
    at: instant,
    external: list(record({ venueOrderId: text, instrument: text, side, lots: decimal })),
    missing: list(text),
  }),
  TimerFired: whereGiven('quotes', record({ at: instant, quotes: table(quote) }), record({ at: instant })),
  OperatorCommanded: record({ at: instant, command }),
  ConfigurationActivated: record({ at: instant, hash: text, settings }),
  CalendarImported: record({ at: instant, calendar }),
  PreCloseDue: record({
    at: instant,
    closesAt: instant,
    phase: preClosePhase,
    instruments: list(text),
    quotes: table(quote),
  }),
  RollDue: record({ at: instant, date: text, instruments: list(text), overdue: list(text) }),
  AllocationDue: record({ at: instant, quotes: table(quote) }),
  MetricsImported: record({ at: instant, metrics: list(reportedMetrics) }),
  InputFailed: record({
    at: instant,
    failedInputId: text,
    instrument: textOrNull,
    error: text,
  }),
}

/** Every input type, in the order of core/input.ts. */
export const INPUT_TYPES = Object.keys(shapes) as readonly InputType[]

/** Returns the JSON text of an input without its id and type. Throws UnrecordableError on what JSON cannot carry. */
export function encodeInput(input: Input): string {
  const { type: _type, id: _id, ...fields } = input
  return factText(fields)
}

/** Returns the input of a row. Throws DataCorruptError when its type or version is unknown or its data malformed. */
export function decodeInput(place: CorruptPlace, row: RecordedInput): Input {
  const shape: Shape<object> | undefined = Object.hasOwn(shapes, row.type)
    ? shapes[row.type as InputType]
    : undefined
  if (shape === undefined) throw new DataCorruptError(place, `the input type ${row.type} is not known`)
  if (row.version !== INPUT_VERSION) {
    throw new DataCorruptError(place, `version ${row.version} of the input ${row.type} is not known`)
  }
  const fields = readFact(place, `input ${row.type}`, { shape, data: row.data })
  return { type: row.type, id: row.id, ...fields } as Input
}
