import type { ScoutAlert } from '../../../core/alert/alert.js'
import type { OptionContract } from '../../../core/instrument/synthetic.js'
import type { Legs, LegTrade, LegTrades } from '../../../core/order/legs.js'
import type { ExitIntent, Order, OrderState } from '../../../core/order/order.js'
import type { Approval } from '../../../core/portfolio/approval.js'
import type { Book, MarketView } from '../../../core/portfolio/book.js'
import type { Ledger } from '../../../core/portfolio/ledger.js'
import type { Portfolio } from '../../../core/portfolio/portfolio.js'
import type { Unit } from '../../../core/portfolio/unit.js'
import { type Break, subjectOf } from '../../../core/reconcile/break.js'
import { allocationState } from './allocation-shapes.js'
import { cellState } from './cell-shapes.js'
import { factText } from './fact-text.js'
import { decimal, flag, list, number, oneOf, orNull, pair, record, type Shape, text } from './shape.js'
import {
  approvalOutcome,
  approvalRequest,
  calendar,
  chase,
  decimalOrNull,
  foundBreak,
  instant,
  leg,
  numberOrNull,
  orderType,
  preCloseRun,
  purpose,
  rollRun,
  rollTerms,
  settings,
  shown,
  side,
  textOrNull,
  tradingState,
  unitPlan,
} from './shapes.js'

/** The version under which states are written. A state that changes its shape gets the next one; old ones are folded anew. */
export const STATE_VERSION = 11

const exitIntent: Shape<ExitIntent> = record({ decisionId: text, reason: text })

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

const order: Shape<Order> = record({
  id: text,
  instrument: text,
  side,
  purpose,
  positionId: text,
  decisionId: text,
  type: orderType,
  lots: decimal,
  limitPrice: decimalOrNull,
  triggerPrice: decimalOrNull,
  referencePrice: number,
  createdAt: instant,
  chase: orNull(chase),
  state: orderState,
  attempt: number,
  venueOrderId: textOrNull,
  filledLots: decimal,
  filledValue: decimal,
  tradeIds: list(text),
  reason: textOrNull,
  cancelRequested: flag,
  latch: orNull(exitIntent),
  closedAt: numberOrNull,
  leg: orNull(leg),
  contractMonth: textOrNull,
  hasLegs: flag,
})

const contract: Shape<OptionContract> = record({ strike: number, expiry: text })

const unit: Shape<Unit> = record({
  id: text,
  instrument: text,
  number,
  label: textOrNull,
  entryOrderId: text,
  openedAt: instant,
  pointValue: number,
  stopDistance: number,
  entryAtr: number,
  contract: orNull(contract),
  contractMonth: textOrNull,
  roll: orNull(rollTerms),
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
  exit: orNull(exitIntent),
  exitOrders: number,
  exitNotBefore: instant,
  stopOrders: number,
  stopNotBefore: instant,
  peel: orNull(record({ decisionId: text, lots: decimal })),
  closedAt: numberOrNull,
  heldLots: number,
  averagePrice: number,
})

const market: Shape<MarketView> = record({
  price: numberOrNull,
  priceAt: instant,
  barClose: numberOrNull,
  barAt: instant,
  atr: numberOrNull,
  atrAt: instant,
  suspectClose: numberOrNull,
  scout: orNull(shown<ScoutAlert>()),
  scoutAt: instant,
})

const approval: Shape<Approval> = record({
  ...approvalRequest,
  closed: orNull(record({ outcome: approvalOutcome, reason: text, answerId: textOrNull, at: instant })),
})

const book: Shape<Book> = record({
  instrument: text,
  units: list(unit),
  pyramidsOpened: number,
  baseUnitId: textOrNull,
  lastUnitFillPrice: numberOrNull,
  entryOrderId: textOrNull,
  lastEntry: orNull(record({ lots: decimal, at: instant })),
  exitOrderIds: list(text),
  stopOrderIds: list(text),
  rebalanceOrderIds: list(text),
  holding: orNull(
    record({
      ...{ quantity: decimal, cost: decimal, realizedPnl: decimal, fees: decimal },
      exit: orNull(record({ decisionId: text, reason: text, orders: number, notBefore: instant })),
    }),
  ),
  cell: orNull(cellState),
  legOrderIds: list(text),
  openLegs: list(text),
  lock: orNull(record({ reason: text, since: instant, breakId: textOrNull })),
  missingLots: decimal,
  preClose: orNull(preCloseRun),
  roll: orNull(rollRun),
  approval: orNull(approval),
  market,
})

const ledger: Shape<Ledger> = record({
  balance: decimal,
  deposited: decimal,
  realizedPnl: decimal,
  fees: decimal,
  dividends: decimal,
  taxes: decimal,
  high: decimal,
  closedEquity: number,
  highEquity: number,
})

const legTrade: Shape<LegTrade> = record({
  orderId: text,
  tradeId: text,
  lots: decimal,
  price: decimal,
  fee: decimal,
  at: instant,
})

const legTrades: Shape<LegTrades> = record({ done: list(legTrade), undone: list(legTrade) })

const legs: Shape<Legs> = record({
  orderId: text,
  instrument: text,
  positionId: text,
  contract,
  pointValue: number,
  isOpening: flag,
  orderIds: list(text),
  bought: legTrades,
  sold: legTrades,
  matches: number,
  sentAt: instant,
  told: number,
})

const stored = record({
  id: text,
  now: instant,
  settings: orNull(settings),
  configurationHash: text,
  calendar: orNull(calendar),
  tradingState,
  tradingStateReason: text,
  ledger,
  books: list(book),
  orders: list(order),
  unitPlans: list(pair(text, unitPlan)),
  legs: list(legs),
  closedUnits: list(unit),
  ended: list(record({ id: text, at: instant })),
  entriesOn: record({ day: number, count: number }),
  entriesIn: record({ second: number, count: number }),
  breaks: list(foundBreak),
  accepted: list(foundBreak),
  allocation: allocationState,
})

/** Returns the JSON text of a portfolio's whole state. Throws UnrecordableError on what JSON cannot carry. */
export function encodeState(portfolio: Portfolio): string {
  return factText({
    ...portfolio,
    books: [...portfolio.books.values()],
    orders: [...portfolio.orders.values()],
    unitPlans: [...portfolio.unitPlans],
    legs: [...portfolio.legs.values()],
    closedUnits: [...portfolio.closedUnits.values()],
    breaks: [...portfolio.breaks.values()],
    accepted: [...portfolio.accepted.values()],
  })
}

/** Returns the portfolio that a JSON text holds. Throws an error that says what is malformed. */
export function decodeState(json: string): Portfolio {
  const state = readState(JSON.parse(json))
  return {
    ...state,
    books: new Map(state.books.map((book) => [book.instrument, book])),
    orders: new Map(state.orders.map((order) => [order.id, order])),
    unitPlans: new Map(state.unitPlans),
    legs: new Map(state.legs.map((one) => [one.orderId, one])),
    closedUnits: new Map(state.closedUnits.map((unit) => [unit.id, unit])),
    breaks: bySubject(state.breaks),
    accepted: bySubject(state.accepted),
  }
}

function bySubject(breaks: readonly Break[]): Map<string, Break> {
  return new Map(breaks.map((found) => [subjectOf(found), found]))
}

function readState(state: unknown) {
  try {
    return stored(state)
  } catch (error) {
    throw new Error(`the state is malformed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Returns a copy of a portfolio that shares nothing with it. */
export function copyState(portfolio: Portfolio): Portfolio {
  return decodeState(encodeState(portfolio))
}
