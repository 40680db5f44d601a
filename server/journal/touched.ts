import type { PortfolioEvent } from '../../core/event.js'
import type { Input, OperatorCommand } from '../../core/input.js'
import { unreachable } from '../../core/invariant.js'
import type { Order } from '../../core/order/order.js'
import type { Book } from '../../core/portfolio/book.js'
import { findUnit } from '../../core/portfolio/evolve.js'
import { orderOf, type Portfolio } from '../../core/portfolio/portfolio.js'
import type { Unit } from '../../core/portfolio/unit.js'
import { alarmRow, decisionRow, type EventPlace, fillRow, ledgerRow } from './projected-rows.js'
import type { alarmColumns, decisionColumns, fillColumns, ledgerColumns, Row } from './projection-columns.js'

/** An input that was decided, where it stands in the log, and what it caused. */
export interface LogEntry {
  readonly seq: number
  readonly input: Input
  readonly events: readonly PortfolioEvent[]
}

/** A unit and the order that buys it; undefined once the state has forgotten that order. */
export interface TouchedUnit {
  readonly unit: Unit
  readonly entry: Order | undefined
}

/**
 * What a run of log entries touched: rows that are complete with their event, and references to what goes on changing
 * in the state. References, because the state may forget what ended before its row is made.
 */
export interface Touched {
  readonly decisions: Row<typeof decisionColumns>[]
  readonly fills: Row<typeof fillColumns>[]
  readonly ledger: Row<typeof ledgerColumns>[]
  readonly alarms: Row<typeof alarmColumns>[]
  readonly orders: Map<string, Order>
  readonly units: Map<string, TouchedUnit>
  readonly books: Map<string, Book>
  /** Orders and units that the entries made, with the event that made them. */
  readonly madeOrders: Map<string, EventPlace>
  readonly madeUnits: Map<string, EventPlace>
}

/** Returns what nothing touched. */
export function nothingTouched(): Touched {
  return {
    decisions: [],
    fills: [],
    ledger: [],
    alarms: [],
    orders: new Map(),
    units: new Map(),
    books: new Map(),
    madeOrders: new Map(),
    madeUnits: new Map(),
  }
}

/** Adds to `touched` what `entry` touched. `portfolio` is the state right after it. */
export function touch(touched: Touched, portfolio: Portfolio, entry: LogEntry): void {
  touchMarket(touched, portfolio, entry.input)
  const alertId = entry.input.type === 'AlertAdmitted' ? entry.input.id : null
  for (let idx = 0; idx < entry.events.length; idx++) {
    touchEvent(touched, portfolio, entry.events[idx]!, { seq: entry.seq, idx }, alertId)
  }
}

function touchMarket(touched: Touched, portfolio: Portfolio, input: Input): void {
  switch (input.type) {
    case 'AlertAdmitted':
      touchBook(touched, portfolio, input.alert.instrument)
      break
    case 'BarClosed':
      touchBook(touched, portfolio, input.instrument)
      break
    case 'BrokerReported':
      for (const report of input.reports) {
        const order = portfolio.orders.get(report.orderId)
        if (order !== undefined && report.kind === 'fill') touchBook(touched, portfolio, order.instrument)
      }
      break
    case 'PricesObserved':
      for (const { instrument } of input.prices) touchBook(touched, portfolio, instrument)
      break
    case 'AllocationDue':
      for (const instrument of Object.keys(input.quotes)) touchBook(touched, portfolio, instrument)
      break
    case 'OperatorCommanded':
      for (const instrument of pricedBy(input.command)) touchBook(touched, portfolio, instrument)
      break
    case 'TimerFired':
      for (const instrument of Object.keys(input.quotes ?? {})) touchBook(touched, portfolio, instrument)
      break
    default:
  }
}

/** The instruments of which a command brings prices. */
function pricedBy(command: OperatorCommand): readonly string[] {
  if (command.kind === 'evaluate') return command.prices.map(({ instrument }) => instrument)
  return command.kind === 'rebalance' ? Object.keys(command.quotes) : []
}

function touchEvent(
  touched: Touched,
  portfolio: Portfolio,
  event: PortfolioEvent,
  place: EventPlace,
  alertId: string | null,
): void {
  switch (event.type) {
    case 'DecisionMade':
      touched.decisions.push(decisionRow(place, event, alertId))
      break
    case 'OrderInitialized':
      touched.madeOrders.set(event.orderId, place)
      touchOrder(touched, portfolio, event.orderId)
      break
    case 'OrderFilled':
      touched.fills.push(fillRow(place, event))
      touchOrder(touched, portfolio, event.orderId)
      break
    case 'OrderDenied':
    case 'OrderSubmitted':
    case 'OrderAccepted':
    case 'OrderRejected':
    case 'OrderUnresolved':
    case 'OrderProvenAbsent':
    case 'OrderCancelRequested':
    case 'OrderCanceled':
    case 'OrderExpired':
    case 'ExitLatched':
    case 'LegsOpened':
      touchOrder(touched, portfolio, event.orderId)
      break
    case 'UnitOpened':
    case 'UnitAdopted':
      touched.madeUnits.set(event.positionId, place)
      touchUnit(touched, portfolio, event.positionId)
      break
    case 'UnitClosed':
    case 'LotsGivenUp':
    case 'UnitLabelled':
    case 'StopRaised':
    case 'ExitRequested':
    case 'ExitDelayed':
    case 'StopDelayed':
    case 'PeelOffDelayed':
      touchUnit(touched, portfolio, event.positionId)
      break
    case 'LedgerPosted':
      touched.ledger.push(ledgerRow(place, event))
      if (event.positionId !== null) touchUnit(touched, portfolio, event.positionId)
      break
    case 'AlarmRaised':
      touched.alarms.push(alarmRow(place, event))
      break
    case 'LegUnwound':
    case 'LegsImbalanced':
    case 'LegsSettled':
    case 'ConfigurationApplied':
    case 'CalendarApplied':
    case 'PreCloseAdvanced':
    case 'RollAdvanced':
    case 'ApprovalRequested':
    case 'ApprovalClosed':
    case 'TradingStateChanged':
    case 'InstrumentLocked':
    case 'InstrumentUnlocked':
    case 'BreakSettled':
    case 'HoldingAdopted':
    case 'HoldingGivenUp':
    case 'CellOpened':
    case 'CellFunded':
    case 'CellAnchored':
    case 'CellHalted':
    case 'CellOrdered':
    case 'DividendAnnounced':
    case 'DividendWentEx':
    case 'DividendPaid':
    case 'DividendCorrected':
    case 'AllocationRunStarted':
    case 'AllocationAdvanced':
    case 'AllocationRunEnded':
    case 'FundMetricsApplied':
      break
    case 'SharesSplit':
      touchBook(touched, portfolio, event.instrument)
      break
    default:
      unreachable(event)
  }
}

function touchBook(touched: Touched, portfolio: Portfolio, instrument: string): void {
  const book = portfolio.books.get(instrument)
  if (book !== undefined) touched.books.set(instrument, book)
}

/** An order's progress shows on its unit, too: what it bought and sold, and whether its entry may still fill. */
function touchOrder(touched: Touched, portfolio: Portfolio, id: string): void {
  const order = orderOf(portfolio, id)
  touched.orders.set(id, order)
  touchUnit(touched, portfolio, order.positionId)
}

function touchUnit(touched: Touched, portfolio: Portfolio, id: string): void {
  if (touched.units.has(id)) return
  const unit = findUnit(portfolio, id) ?? portfolio.closedUnits.get(id)
  if (unit === undefined) return
  touched.units.set(id, { unit, entry: portfolio.orders.get(unit.entryOrderId) })
}

/** Adds to `touched` everything that the state itself still knows. */
export function touchState(touched: Touched, portfolio: Portfolio): void {
  for (const id of portfolio.orders.keys()) touchOrder(touched, portfolio, id)
  for (const book of portfolio.books.values()) {
    touched.books.set(book.instrument, book)
    for (const unit of book.units) touchUnit(touched, portfolio, unit.id)
  }
  for (const id of portfolio.closedUnits.keys()) touchUnit(touched, portfolio, id)
}
