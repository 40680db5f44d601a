import { ZERO } from '../decimal.js'
import type {
  ApprovalClosed,
  ExitLatched,
  LedgerPosted,
  OrderFilled,
  OrderInitialized,
  PortfolioEvent,
} from '../event.js'
import { invariant, unreachable } from '../invariant.js'
import { type ExitIntent, isAtWork, isEntry, type Order, type OrderState } from '../order/order.js'
import { isLegalTransition } from '../order/transitions.js'
import { forgetBreaks, forgetSuspicion } from '../reconcile/compare.js'
import { DAY, type Instant, SECOND } from '../time.js'
import type { Book } from './book.js'
import { evolveAllocation } from './evolve-allocation.js'
import { evolveCell, forgetDenied, noteEvaluation } from './evolve-cells.js'
import { addSale, correctHolding, endSale, fillHolding, noteSale, postToHolding } from './evolve-holdings.js'
import { beginLeg, evolveLegs, fillLeg, matchLegs, noteSent, removeFrom } from './evolve-legs.js'
import { lockBook, settleBreak } from './evolve-locks.js'
import { adoptUnit, bookLaterPurchase, closeUnit, openUnit, raiseStop, reopenUnit } from './evolve-units.js'
import { assetOfHolding, isOfHolding } from './holding.js'
import { post } from './ledger.js'
import { bookOf, orderOf, type Portfolio } from './portfolio.js'
import { bookSale, type Unit } from './unit.js'

/**
 * Returns `portfolio` after `event`, updated in place. An event that does not fit the state is corrupt data: it throws
 * rather than leaves the books in doubt.
 */
export function evolve(portfolio: Portfolio, event: PortfolioEvent): Portfolio {
  switch (event.type) {
    case 'ConfigurationApplied':
      portfolio.settings = event.settings
      portfolio.configurationHash = event.hash
      for (const { name } of event.settings.instruments) bookOf(portfolio, name)
      for (const { name } of event.settings.assets ?? []) bookOf(portfolio, name)
      break
    case 'CalendarApplied':
      portfolio.calendar = event.calendar
      break
    case 'DecisionMade':
      noteEvaluation(portfolio, event.decision)
      break
    case 'CellOpened':
    case 'CellFunded':
    case 'CellAnchored':
    case 'CellHalted':
    case 'CellOrdered':
    case 'DividendAnnounced':
    case 'DividendWentEx':
    case 'DividendPaid':
    case 'DividendCorrected':
    case 'SharesSplit':
      evolveCell(portfolio, event)
      break
    case 'ApprovalRequested':
      bookOf(portfolio, event.request.instrument).approval = { ...event.request, closed: null }
      break
    case 'ApprovalClosed':
      closeQuestion(portfolio, event)
      break
    case 'PreCloseAdvanced':
      bookOf(portfolio, event.instrument).preClose = event.run
      break
    case 'RollAdvanced':
      bookOf(portfolio, event.instrument).roll = event.run
      break
    case 'UnitLabelled':
      unitOf(portfolio, event.positionId).label = event.label
      break
    case 'OrderInitialized':
      initializeOrder(portfolio, event)
      break
    case 'OrderSubmitted':
      submitOrder(orderOf(portfolio, event.orderId), event.attempt)
      noteSent(portfolio, event)
      break
    case 'OrderAccepted':
      acceptOrder(orderOf(portfolio, event.orderId), event.venueOrderId)
      break
    case 'OrderUnresolved':
      moveOrder(orderOf(portfolio, event.orderId), 'unresolved', event.cause)
      break
    case 'OrderProvenAbsent':
      moveOrder(orderOf(portfolio, event.orderId), 'initialized', null)
      break
    case 'OrderDenied':
      endOrder(portfolio, orderOf(portfolio, event.orderId), 'denied', event.reason, event.at)
      break
    case 'OrderRejected': {
      const reason = `${event.code}: ${event.message}`
      endOrder(portfolio, orderOf(portfolio, event.orderId), 'rejected', reason, event.at)
      break
    }
    case 'OrderCanceled':
      endOrder(portfolio, orderOf(portfolio, event.orderId), 'canceled', event.reason, event.at)
      break
    case 'OrderExpired':
      endOrder(portfolio, orderOf(portfolio, event.orderId), 'expired', null, event.at)
      break
    case 'OrderCancelRequested':
      orderOf(portfolio, event.orderId).cancelRequested = true
      break
    case 'OrderFilled':
      fillOrder(portfolio, event)
      break
    case 'LegsOpened':
    case 'LegUnwound':
    case 'LegsImbalanced':
    case 'LegsSettled':
      evolveLegs(portfolio, event)
      break
    case 'UnitOpened':
      openUnit(portfolio, event)
      break
    case 'UnitClosed':
      closeUnit(portfolio, unitOf(portfolio, event.positionId), event.at)
      break
    case 'StopRaised':
      raiseStop(unitOf(portfolio, event.positionId), event.stop, event.highestClose)
      break
    case 'ExitRequested':
      if (assetOfHolding(event.positionId) !== null) noteSale(portfolio, event)
      else closeByWish(unitOf(portfolio, event.positionId), event)
      break
    case 'ExitLatched':
      latchOrder(portfolio, event)
      break
    case 'ExitDelayed':
      if (assetOfHolding(event.positionId) !== null) noteSale(portfolio, event)
      else unitOf(portfolio, event.positionId).exitNotBefore = event.notBefore
      break
    case 'StopDelayed':
      unitOf(portfolio, event.positionId).stopNotBefore = event.notBefore
      break
    case 'PeelOffDelayed':
      unitOf(portfolio, event.positionId).peel = { decisionId: event.decisionId, lots: event.lots }
      break
    case 'LedgerPosted': {
      post(portfolio.ledger, event.kind, event.amount)
      const unit = unitOfPosting(portfolio, event)
      if (unit === undefined) postToHolding(portfolio, event)
      if (unit !== undefined && event.kind === 'realizedPnl')
        unit.realizedPnl = unit.realizedPnl.plus(event.amount)
      if (unit !== undefined && event.kind === 'fee') unit.fees = unit.fees.minus(event.amount)
      break
    }
    case 'TradingStateChanged':
      portfolio.tradingState = event.state
      portfolio.tradingStateReason = event.reason
      break
    case 'InstrumentLocked':
      lockBook(portfolio, event)
      break
    case 'InstrumentUnlocked':
      bookOf(portfolio, event.instrument).lock = null
      endSale(portfolio, event.instrument)
      forgetBreaks(portfolio, event.instrument)
      break
    case 'BreakSettled':
      settleBreak(portfolio, event)
      break
    case 'UnitAdopted':
      adoptUnit(portfolio, event)
      break
    case 'LotsGivenUp':
      bookSale(unitOf(portfolio, event.positionId), event.lots, event.price.times(event.lots))
      break
    case 'HoldingAdopted':
    case 'HoldingGivenUp':
      correctHolding(portfolio, event)
      break
    case 'AlarmRaised':
      break
    case 'AllocationRunStarted':
    case 'AllocationAdvanced':
    case 'AllocationRunEnded':
    case 'FundMetricsApplied':
      evolveAllocation(portfolio.allocation, event)
      break
    default:
      return unreachable(event)
  }
  return portfolio
}

function closeQuestion(portfolio: Portfolio, event: ApprovalClosed): void {
  const { approval } = bookOf(portfolio, event.instrument)
  const isOpen = approval?.id === event.approvalId && approval.closed === null
  invariant(isOpen, () => `the question ${event.approvalId} does not wait for an answer`)
  const { outcome, reason, answerId, at } = event
  approval.closed = { outcome, reason, answerId, at }
}

function initializeOrder(portfolio: Portfolio, event: OrderInitialized): void {
  invariant(!portfolio.orders.has(event.orderId), () => `order ${event.orderId} exists already`)
  const order: Order = {
    id: event.orderId,
    instrument: event.instrument,
    side: event.side,
    purpose: event.purpose,
    positionId: event.positionId,
    decisionId: event.decisionId,
    type: event.orderType,
    lots: event.lots,
    limitPrice: event.limitPrice,
    triggerPrice: event.triggerPrice ?? null,
    referencePrice: event.referencePrice,
    createdAt: event.at,
    chase: event.chase ?? null,
    state: 'initialized',
    attempt: 0,
    venueOrderId: null,
    filledLots: ZERO,
    filledValue: ZERO,
    tradeIds: [],
    reason: null,
    cancelRequested: false,
    latch: null,
    closedAt: null,
    leg: event.leg ?? null,
    contractMonth: event.contractMonth ?? null,
    hasLegs: false,
  }
  portfolio.orders.set(order.id, order)
  const book = bookOf(portfolio, order.instrument)
  if (order.leg !== null) {
    beginLeg(portfolio, order.id, order.leg)
  } else if (isEntry(order)) {
    invariant(
      book.entryOrderId === null,
      () => `${order.instrument} has the entry ${book.entryOrderId} at work`,
    )
    invariant(event.unit !== null, () => `entry ${order.id} has no plan for its unit`)
    book.entryOrderId = order.id
    portfolio.unitPlans.set(order.id, event.unit)
    if (order.chase === null || order.chase.step === 0) countEntry(portfolio, book, event)
  } else if (isOfHolding(order)) {
    book.rebalanceOrderIds.push(order.id)
    if (order.purpose === 'exit') addSale(book)
  } else if (order.purpose === 'stop') {
    book.stopOrderIds.push(order.id)
    heldUnit(book, order.positionId).stopOrders += 1
  } else {
    book.exitOrderIds.push(order.id)
    if (order.purpose === 'exit') heldUnit(book, order.positionId).exitOrders += 1
    if (order.purpose === 'peelOff') heldUnit(book, order.positionId).peel = null
  }
}

/** What the entry has bought so far is closed, too; the unit may have been opened by an earlier step. */
function latchOrder(portfolio: Portfolio, { orderId, instrument, decisionId, reason }: ExitLatched): void {
  const order = orderOf(portfolio, orderId)
  order.latch = { decisionId, reason }
  const unit = unitIn(bookOf(portfolio, instrument), order.positionId)
  if (unit !== undefined) closeByWish(unit, { decisionId, reason })
}

/** A unit that is to be closed is not reduced before. */
function closeByWish(unit: Unit, { decisionId, reason }: ExitIntent): void {
  unit.exit = { decisionId, reason }
  unit.peel = null
}

function countEntry(portfolio: Portfolio, book: Book, { at, lots }: OrderInitialized): void {
  const { entriesOn, entriesIn } = portfolio
  const day = Math.floor(at / DAY)
  const second = Math.floor(at / SECOND)
  portfolio.entriesOn = { day, count: entriesOn.day === day ? entriesOn.count + 1 : 1 }
  portfolio.entriesIn = { second, count: entriesIn.second === second ? entriesIn.count + 1 : 1 }
  book.lastEntry = { lots, at }
}

function submitOrder(order: Order, attempt: number): void {
  const { state } = order
  invariant(
    state === 'initialized' || state === 'unresolved',
    () => `order ${order.id} is ${state}, it cannot be submitted`,
  )
  moveOrder(order, 'submitted', null)
  order.attempt = attempt
}

function acceptOrder(order: Order, venueOrderId: string): void {
  order.venueOrderId = venueOrderId
  moveOrder(order, order.filledLots.isPositive() ? 'partiallyFilled' : 'accepted', null)
}

function moveOrder(order: Order, state: OrderState, reason: string | null): void {
  enterState(order, state)
  order.reason = reason
}

function enterState(order: Order, state: OrderState): void {
  const from = order.state
  invariant(isLegalTransition(from, state), () => `order ${order.id} is ${from}, it cannot become ${state}`)
  order.state = state
}

function endOrder(
  portfolio: Portfolio,
  order: Order,
  state: OrderState,
  reason: string | null,
  at: Instant,
): void {
  moveOrder(order, state, reason)
  order.closedAt = at
  portfolio.ended.push({ id: order.id, at: portfolio.now })
  const book = bookOf(portfolio, order.instrument)
  if (state === 'denied') forgetDenied(book, order.id)
  if (book.entryOrderId === order.id) book.entryOrderId = null
  else removeFrom(atWorkBeside(book, order), order.id)
}

/** The list of the orders at work that are none of the one entry. */
function atWorkBeside(book: Book, order: Order): string[] {
  if (order.leg !== null) return book.legOrderIds
  if (order.purpose === 'stop') return book.stopOrderIds
  return isOfHolding(order) ? book.rebalanceOrderIds : book.exitOrderIds
}

function fillOrder(portfolio: Portfolio, event: OrderFilled): void {
  const order = orderOf(portfolio, event.orderId)
  const value = event.price.times(event.lots)
  order.tradeIds = [...order.tradeIds, event.tradeId]
  order.filledLots = order.filledLots.plus(event.lots)
  order.filledValue = order.filledValue.plus(value)
  if (portfolio.breaks.size > 0) forgetSuspicion(portfolio, order.instrument)
  const book = bookOf(portfolio, order.instrument)
  const held = unitIn(book, order.positionId)
  if (order.hasLegs) matchLegs(portfolio, event)
  if (order.leg !== null) {
    fillLeg(portfolio, order.leg, event)
  } else if (isOfHolding(order)) {
    fillHolding(book, order, event)
  } else if (order.side === 'buy') {
    const unit = held ?? reopenUnit(portfolio, book, order.positionId)
    if (unit !== undefined) bookLaterPurchase(unit, event.lots, value)
  } else if (held !== undefined) {
    // Never below nothing: that a venue sold more than was held is for a person to settle.
    if (held.lots.isLessThan(event.lots)) bookSale(held, held.lots, event.price.times(held.lots))
    else bookSale(held, event.lots, value)
  }
  const isFilled = !order.filledLots.isLessThan(order.lots)
  if (!isAtWork(order.state)) {
    if (isFilled) enterState(order, 'filled')
  } else if (isFilled) {
    endOrder(portfolio, order, 'filled', null, event.at)
  } else {
    enterState(order, 'partiallyFilled')
  }
}

function unitOfPosting(portfolio: Portfolio, event: LedgerPosted): Unit | undefined {
  if (event.positionId === null) return undefined
  const order = event.orderId === null ? undefined : portfolio.orders.get(event.orderId)
  if (order === undefined) return findUnit(portfolio, event.positionId)
  return unitIn(bookOf(portfolio, order.instrument), event.positionId)
}

/** Returns the book's open unit with this id, or undefined. */
export function unitIn(book: Book, id: string): Unit | undefined {
  const { units } = book
  for (let index = 0; index < units.length; index++) if (units[index]!.id === id) return units[index]
  return undefined
}

/** So few books are looked through sooner than the order of a unit is found by its id. */
const FEW_BOOKS = 8

/** Returns the open unit with this id, or undefined. */
export function findUnit(portfolio: Portfolio, id: string): Unit | undefined {
  if (assetOfHolding(id) !== null) return undefined
  const entry = portfolio.books.size > FEW_BOOKS ? portfolio.orders.get(`O${id.slice(1)}`) : undefined
  if (entry !== undefined) return unitIn(bookOf(portfolio, entry.instrument), id)
  for (const book of portfolio.books.values()) {
    const unit = unitIn(book, id)
    if (unit !== undefined) return unit
  }
  return undefined
}

/** Returns the open unit with this id. Throws when there is none. */
export function unitOf(portfolio: Portfolio, id: string): Unit {
  return known(findUnit(portfolio, id), id)
}

function heldUnit(book: Book, id: string): Unit {
  return known(unitIn(book, id), id)
}

function known(unit: Unit | undefined, id: string): Unit {
  invariant(unit !== undefined, () => `${id} is not an open position`)
  return unit
}
