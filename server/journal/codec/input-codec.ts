import { z } from 'zod'
import type { Input, InputType, OperatorCommand } from '../../../core/input.js'
import type { OrderReport } from '../../../core/order/report.js'
import { type CorruptPlace, DataCorruptError } from '../data-corrupt-error.js'
import { factText } from './fact-text.js'
import {
  alert,
  decimal,
  instant,
  number,
  numberOrNull,
  oneOf,
  settings,
  text,
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

const report: z.ZodType<OrderReport> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('accepted'), orderId: text, venueOrderId: text }),
  z.strictObject({ kind: z.literal('rejected'), orderId: text, code: text, message: text }),
  z.strictObject({ kind: z.literal('unresolved'), orderId: text, cause: text }),
  z.strictObject({ kind: z.literal('absent'), orderId: text }),
  z.strictObject({ kind: z.literal('canceled'), orderId: text, reason: text }),
  z.strictObject({ kind: z.literal('expired'), orderId: text }),
  z.strictObject({
    kind: z.literal('fill'),
    orderId: text,
    tradeId: text,
    lots: decimal,
    price: decimal,
    fee: decimal,
    at: instant,
  }),
])

const command: z.ZodType<OperatorCommand> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('exit'),
    target: z.union([
      z.strictObject({ instrument: text }),
      z.strictObject({ positionId: text }),
      z.strictObject({ all: z.literal(true) }),
    ]),
    reason: text,
  }),
  z.strictObject({ kind: z.literal('tradingState'), state: tradingState, reason: text }),
  z.strictObject({
    kind: z.literal('cash'),
    movement: oneOf<'deposit' | 'withdrawal'>({ deposit: true, withdrawal: true }),
    amount: decimal,
    note: textOrNull,
  }),
  z.strictObject({ kind: z.literal('unlock'), instrument: text, reason: text }),
])

const schemas: { readonly [T in InputType]: z.ZodType<Fields<T>> } = {
  AlertAdmitted: z.strictObject({
    at: instant,
    alert,
    conflict: z.boolean(),
    quote: z.strictObject({ price: number, observedAt: instant }).nullable(),
  }),
  BarClosed: z.strictObject({
    at: instant,
    instrument: text,
    close: number,
    atr: numberOrNull,
    barAt: instant,
  }),
  OrdersDue: z.strictObject({ at: instant, orderIds: z.array(text) }),
  BrokerReported: z.strictObject({ at: instant, reports: z.array(report) }),
  AccountObserved: z.strictObject({ at: instant, positions: z.record(text, decimal) }),
  TimerFired: z.strictObject({ at: instant }),
  OperatorCommanded: z.strictObject({ at: instant, command }),
  ConfigurationActivated: z.strictObject({ at: instant, hash: text, settings }),
  InputFailed: z.strictObject({
    at: instant,
    failedInputId: text,
    instrument: textOrNull,
    error: text,
  }),
}

/** Every input type, in the order of core/input.ts. */
export const INPUT_TYPES = Object.keys(schemas) as readonly InputType[]

/** Returns the JSON text of an input without its id and type. Throws UnrecordableError on what JSON cannot carry. */
export function encodeInput(input: Input): string {
  const { type: _type, id: _id, ...fields } = input
  return factText(fields)
}

/** Returns the input of a row. Throws DataCorruptError when its type or version is unknown or its data malformed. */
export function decodeInput(place: CorruptPlace, row: RecordedInput): Input {
  const schema: z.ZodType<object> | undefined = Object.hasOwn(schemas, row.type)
    ? schemas[row.type as InputType]
    : undefined
  if (schema === undefined) throw new DataCorruptError(place, `the input type ${row.type} is not known`)
  if (row.version !== INPUT_VERSION) {
    throw new DataCorruptError(place, `version ${row.version} of the input ${row.type} is not known`)
  }
  const parsed = schema.safeParse(row.data)
  if (!parsed.success) {
    throw new DataCorruptError(place, `the input ${row.type} is malformed: ${z.prettifyError(parsed.error)}`)
  }
  return { type: row.type, id: row.id, ...parsed.data } as Input
}
