import { z } from 'zod'
import type { ScoutConditions } from '../../../core/alert/alert.js'
import type { ExitIntent, Order, OrderState } from '../../../core/order/order.js'
import type { Book, MarketView } from '../../../core/portfolio/book.js'
import type { Ledger } from '../../../core/portfolio/ledger.js'
import type { Portfolio, UnitPlan } from '../../../core/portfolio/portfolio.js'
import type { Unit } from '../../../core/portfolio/unit.js'
import { factText } from './fact-text.js'
import {
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

/** The version under which states are written. A state that changes its shape gets the next one; old ones are folded anew. */
export const STATE_VERSION = 1

const exitIntent: z.ZodType<ExitIntent> = z.strictObject({ decisionId: text, reason: text })

const orderState = oneOf<OrderState>({
  initialized: true,
  submitted: true,
  unresolved: true,
  accepted: true,
  partiallyFilled: true,
  filled: true,
  canceled: true,
  rejected: true,
  expired: true,
  denied: true,
})

const order: z.ZodType<Order> = z.strictObject({
  id: text,
  instrument: text,
  side,
  purpose,
  positionId: text,
  decisionId: text,
  type: orderType,
  lots: decimal,
  limitPrice: decimalOrNull,
  referencePrice: number,
  createdAt: instant,
  state: orderState,
  attempt: number,
  venueOrderId: textOrNull,
  filledLots: decimal,
  filledValue: decimal,
  tradeIds: z.array(text),
  reason: textOrNull,
  cancelRequested: z.boolean(),
  latch: exitIntent.nullable(),
  closedAt: numberOrNull,
})

const unit: z.ZodType<Unit> = z.strictObject({
  id: text,
  instrument: text,
  number,
  label: textOrNull,
  entryOrderId: text,
  openedAt: instant,
  pointValue: number,
  stopDistance: number,
  entryAtr: number,
  lots: decimal,
  cost: decimal,
  boughtLots: decimal,
  boughtValue: decimal,
  soldLots: decimal,
  soldValue: decimal,
  realizedPnl: decimal,
  fees: decimal,
  initialStop: number,
  stop: number,
  highestClose: number,
  exit: exitIntent.nullable(),
  exitOrders: number,
  exitNotBefore: instant,
  closedAt: numberOrNull,
  heldLots: number,
  averagePrice: number,
})

const market: z.ZodType<MarketView> = z.strictObject({
  price: numberOrNull,
  priceAt: instant,
  barClose: numberOrNull,
  barAt: instant,
  atr: numberOrNull,
  atrAt: instant,
  suspectClose: numberOrNull,
  scout: shown<ScoutConditions>().nullable(),
  scoutAt: instant,
})

const book: z.ZodType<Book> = z.strictObject({
  instrument: text,
  units: z.array(unit),
  pyramidsOpened: number,
  baseUnitId: textOrNull,
  lastUnitFillPrice: numberOrNull,
  entryOrderId: textOrNull,
  exitOrderIds: z.array(text),
  lock: z.strictObject({ reason: text, since: instant }).nullable(),
  missingLots: decimal,
  market,
})

const ledger: z.ZodType<Ledger> = z.strictObject({
  balance: decimal,
  deposited: decimal,
  realizedPnl: decimal,
  fees: decimal,
  high: decimal,
  closedEquity: number,
  highEquity: number,
})

const unitPlan: z.ZodType<UnitPlan> = z.strictObject({
  number,
  label: textOrNull,
  stopDistance: number,
  atr: number,
  pointValue: number,
  marginPerLot: number,
})

const stored = z.strictObject({
  id: text,
  now: instant,
  settings: settings.nullable(),
  configurationHash: text,
  tradingState,
  tradingStateReason: text,
  ledger,
  books: z.array(book),
  orders: z.array(order),
  unitPlans: z.array(z.tuple([text, unitPlan])),
  closedUnits: z.array(unit),
  ended: z.array(z.strictObject({ id: text, at: instant })),
  entriesOn: z.strictObject({ day: number, count: number }),
  suspectedBreaks: z.array(z.tuple([text, text])),
})

/** Returns the JSON text of a portfolio's whole state. Throws UnrecordableError on what JSON cannot carry. */
export function encodeState(portfolio: Portfolio): string {
  return factText({
    ...portfolio,
    books: [...portfolio.books.values()],
    orders: [...portfolio.orders.values()],
    unitPlans: [...portfolio.unitPlans],
    closedUnits: [...portfolio.closedUnits.values()],
    suspectedBreaks: [...portfolio.suspectedBreaks],
  })
}

/** Returns the portfolio that a JSON text holds. Throws an error that says what is malformed. */
export function decodeState(json: string): Portfolio {
  const parsed = stored.safeParse(JSON.parse(json))
  if (!parsed.success) throw new Error(`the state is malformed: ${z.prettifyError(parsed.error)}`)
  const state = parsed.data
  return {
    ...state,
    books: new Map(state.books.map((book) => [book.instrument, book])),
    orders: new Map(state.orders.map((order) => [order.id, order])),
    unitPlans: new Map(state.unitPlans),
    closedUnits: new Map(state.closedUnits.map((unit) => [unit.id, unit])),
    suspectedBreaks: new Map(state.suspectedBreaks),
  }
}

/** Returns a copy of a portfolio that shares nothing with it. */
export function copyState(portfolio: Portfolio): Portfolio {
  return decodeState(encodeState(portfolio))
}
