import { type Decimal, least, ZERO } from '../decimal.js'
import type { PortfolioEvent } from '../event.js'
import { unreachable } from '../invariant.js'
import { alarm } from '../portfolio/alarm.js'
import type { Book } from '../portfolio/book.js'
import { findUnit, unitIn } from '../portfolio/evolve.js'
import { costOfHolding, emptyHolding, isOfHolding } from '../portfolio/holding.js'
import { bookOf, orderOf, type Portfolio } from '../portfolio/portfolio.js'
import { profitOfSale, type Unit } from '../portfolio/unit.js'
import { SECOND } from '../time.js'
import { takeBackStep } from './chase-steps.js'
import { tradedName } from './leg-orders.js'
import { isAtWork, isEntry, mayBeAtVenue, type Order, remainingLots } from './order.js'
import type { OrderReport } from './report.js'

/** A refused exit is ordered again after this long. */
export const EXIT_RETRY_DELAY = 30 * SECOND

/** The report of a trade. */
export type Fill = Extract<OrderReport, { kind: 'fill' }>

const NOTHING: readonly PortfolioEvent[] = []

/** Returns what a report means. Reports may be late, repeated or out of order; one that adds nothing decides nothing. */
export function decideReport(portfolio: Portfolio, report: OrderReport): PortfolioEvent[] {
  const order = portfolio.orders.get(report.orderId)
  if (order === undefined) {
    const message = `the broker reports ${report.kind} for order ${report.orderId}, which this portfolio does not know`
    return [
      alarm(portfolio, {
        code: 'UNKNOWN_ORDER',
        severity: 'critical',
        instrument: null,
        subject: report.orderId,
        message,
      }),
    ]
  }
  if (report.kind === 'fill') return decideFill(portfolio, order, report)
  if (!isAtWork(order.state)) return []
  switch (report.kind) {
    case 'accepted':
      if (order.venueOrderId !== null && order.state !== 'unresolved') return []
      return [{ type: 'OrderAccepted', orderId: order.id, venueOrderId: report.venueOrderId }]
    case 'rejected':
      return decideRejection(portfolio, order, report.code, report.message)
    case 'unresolved':
      if (order.state !== 'submitted') return []
      return [
        { type: 'OrderUnresolved', orderId: order.id, cause: report.cause },
        alarm(portfolio, {
          code: 'ORDER_UNRESOLVED',
          severity: 'warning',
          instrument: order.instrument,
          subject: order.id,
          message: `nobody knows whether order ${order.id} exists: ${report.cause}`,
        }),
      ]
    case 'absent':
      return decideAbsence(portfolio, order)
    case 'canceled':
      return [
        { type: 'OrderCanceled', orderId: order.id, reason: report.reason, at: portfolio.now },
        ...delayNextExit(portfolio, order),
      ]
    case 'expired':
      return [
        { type: 'OrderExpired', orderId: order.id, at: portfolio.now },
        ...delayNextExit(portfolio, order),
      ]
    default:
      return unreachable(report)
  }
}

function decideRejection(
  portfolio: Portfolio,
  order: Order,
  code: string,
  message: string,
): PortfolioEvent[] {
  return [
    { type: 'OrderRejected', orderId: order.id, code, message, at: portfolio.now },
    alarm(portfolio, {
      code: order.purpose === 'exit' ? 'EXIT_REFUSED' : 'ORDER_REJECTED',
      severity: order.purpose === 'exit' ? 'critical' : 'warning',
      instrument: order.instrument,
      subject: order.id,
      message: `the broker rejected ${order.side} ${order.lots} ${tradedName(order)}: ${code} ${message}`,
    }),
    ...delayNextExit(portfolio, order),
  ]
}

/**
 * Returns the delay of a unit's next exit after `order`, an exit, ended unfilled: an exit stands until it is done, and a
 * refusing broker is not flooded. The end of a leg delays nothing: what follows it is its whole order's.
 */
export function delayNextExit(portfolio: Portfolio, order: Order): PortfolioEvent[] {
  // A cancel that we asked for is no refusal: what follows it may be ordered at once.
  if (order.cancelRequested || order.leg !== null) return []
  if (isOfHolding(order)) return delayHoldingExit(portfolio, order)
  const isExit = order.purpose === 'exit'
  const unit = isExit || order.purpose === 'stop' ? findUnit(portfolio, order.positionId) : undefined
  if (unit === undefined) return []
  const wait = { positionId: unit.id, notBefore: portfolio.now + EXIT_RETRY_DELAY }
  return [{ type: isExit ? 'ExitDelayed' : 'StopDelayed', ...wait }]
}

function delayHoldingExit(
  portfolio: Portfolio,
  { purpose, instrument, positionId }: Order,
): PortfolioEvent[] {
  const exit = bookOf(portfolio, instrument).holding?.exit ?? null
  if (purpose !== 'exit' || exit === null) return []
  return [{ type: 'ExitDelayed', positionId, notBefore: portfolio.now + EXIT_RETRY_DELAY }]
}

/** What is proven not to exist may be sent again; an entry that somebody wants closed by now is not. */
function decideAbsence(portfolio: Portfolio, order: Order): PortfolioEvent[] {
  if (order.state !== 'submitted' && order.state !== 'unresolved') return []
  if (order.filledLots.isPositive() || order.venueOrderId !== null) return []
  const absent: PortfolioEvent = { type: 'OrderProvenAbsent', orderId: order.id }
  if (order.latch === null && !order.cancelRequested) return [absent]
  return [
    absent,
    { type: 'OrderCanceled', orderId: order.id, reason: 'it never reached the broker', at: portfolio.now },
  ]
}

/** A fill is booked exactly as reported, once per trade id, whatever we thought of its order. */
function decideFill(portfolio: Portfolio, order: Order, fill: Fill): PortfolioEvent[] {
  if (order.tradeIds.includes(fill.tradeId)) return []
  if (order.leg !== null)
    return [...bookFill(portfolio, order, fill), ...surprises(portfolio, order, fill, fill.lots)]
  const held = unitIn(bookOf(portfolio, order.instrument), order.positionId)
  const surprising = order.side === 'buy' ? fill.lots : heldFor(portfolio, order, held)
  return [...bookFill(portfolio, order, fill), ...surprises(portfolio, order, fill, surprising)]
}

/** What a sale may sell: of a unit, or of a holding. */
function heldFor(portfolio: Portfolio, order: Order, unit: Unit | undefined): Decimal {
  if (isOfHolding(order)) return bookOf(portfolio, order.instrument).holding?.quantity ?? ZERO
  return unit?.lots ?? ZERO
}

/** Returns what follows from a fill, whoever tells of it and whatever the state of its order. */
export function bookFill(portfolio: Portfolio, order: Order, fill: Fill): PortfolioEvent[] {
  const filled: PortfolioEvent = {
    type: 'OrderFilled',
    orderId: order.id,
    tradeId: fill.tradeId,
    lots: fill.lots,
    price: fill.price,
    fee: fill.fee,
    at: fill.at,
  }
  // A leg's trade is its own until the other leg's matches it.
  if (order.leg !== null) return [filled]
  const held = unitIn(bookOf(portfolio, order.instrument), order.positionId)
  if (isOfHolding(order)) return [filled, ...holdingFilled(portfolio, order, fill)]
  if (isEntry(order)) {
    // The unit of an entry that fills after it was closed is the same one, held again.
    const unit = held ?? portfolio.closedUnits.get(order.positionId)
    return [filled, ...entryFilled(portfolio, order, fill, unit)]
  }
  return [filled, ...(held === undefined ? feeOf(order, fill) : saleFilled(order, fill, held))]
}

function entryFilled(
  portfolio: Portfolio,
  order: Order,
  fill: Fill,
  unit: Unit | undefined,
): readonly PortfolioEvent[] {
  const fee = feeOf(order, fill)
  if (unit === undefined) {
    const plan = portfolio.unitPlans.get(order.id)!
    const book = bookOf(portfolio, order.instrument)
    const opened: PortfolioEvent = {
      type: 'UnitOpened',
      positionId: order.positionId,
      orderId: order.id,
      instrument: order.instrument,
      // What follows a unit in another contract takes its place.
      number: plan.roll === undefined ? numberOf(book, plan.number) : plan.number,
      label: plan.label,
      stop: fill.price.toNumber() - plan.stopDistance,
      // A wrong clock at the venue must not hide the unit from bars and exits, nor show it to older ones.
      at: Math.min(Math.max(fill.at, order.createdAt), portfolio.now),
    }
    return [opened, ...fee]
  }
  // The stop follows the average up, never down: booking a fill never fails for it.
  const average = averageAfter(unit, fill)
  const stop = Math.max(unit.stop, average - unit.stopDistance)
  const highestClose = Math.max(unit.highestClose, average)
  if (stop === unit.stop && highestClose === unit.highestClose) return fee
  return [{ type: 'StopRaised', positionId: unit.id, stop, highestClose }, ...fee]
}

/** An entry that fills after others took its number gets the next one: no two units share one. */
function numberOf(book: Book, planned: number): number {
  const taken = book.baseUnitId === null ? 0 : book.pyramidsOpened + 1
  return Math.max(planned, taken + 1)
}

function averageAfter(unit: Unit, fill: Fill): number {
  const value = unit.boughtValue.plus(fill.price.times(fill.lots)).toNumber()
  return value / unit.boughtLots.plus(fill.lots).toNumber()
}

/** Nothing is sold that is not held: of a sale beyond that only the held lots make a profit. */
function saleFilled(order: Order, fill: Fill, unit: Unit): readonly PortfolioEvent[] {
  const lots = unit.lots.isLessThan(fill.lots) ? unit.lots : fill.lots
  const profit = profitOfSale(unit, lots, fill.price)
  const posted: PortfolioEvent = {
    type: 'LedgerPosted',
    kind: 'realizedPnl',
    amount: profit,
    at: fill.at,
    orderId: order.id,
    positionId: unit.id,
    note: null,
  }
  if (!unit.lots.equals(lots)) return [posted, ...feeOf(order, fill), ...stopReached(order, unit)]
  const realizedPnl = unit.realizedPnl.plus(profit)
  return [
    posted,
    ...feeOf(order, fill),
    ...stopReached(order, unit),
    { type: 'UnitClosed', positionId: unit.id, realizedPnl, at: fill.at },
  ]
}

/** A stop at the venue that trades is the exit itself: what it leaves open is sold like any other. */
function stopReached({ purpose, decisionId }: Order, unit: Unit): readonly PortfolioEvent[] {
  if (purpose !== 'stop' || unit.exit !== null) return NOTHING
  return [{ type: 'ExitRequested', positionId: unit.id, decisionId, reason: 'STOP_HIT' }]
}

/** Nothing is sold that is not held: of a sale beyond that only what is held makes a profit. */
function holdingFilled(portfolio: Portfolio, order: Order, fill: Fill): readonly PortfolioEvent[] {
  const holding = bookOf(portfolio, order.instrument).holding ?? emptyHolding()
  if (order.side === 'buy' || holding.quantity.isZero()) return feeOf(order, fill)
  const quantity = least(holding.quantity, fill.lots)
  const posted: PortfolioEvent = {
    type: 'LedgerPosted',
    kind: 'realizedPnl',
    amount: fill.price.times(quantity).minus(costOfHolding(holding, quantity)),
    at: fill.at,
    orderId: order.id,
    positionId: order.positionId,
    note: null,
  }
  return [posted, ...feeOf(order, fill)]
}

function feeOf(order: Order, fill: Fill): readonly PortfolioEvent[] {
  if (fill.fee.isZero()) return NOTHING
  return [
    {
      type: 'LedgerPosted',
      kind: 'fee',
      amount: fill.fee.negated(),
      at: fill.at,
      orderId: order.id,
      positionId: order.positionId,
      note: null,
    },
  ]
}

/**
 * A fill of an ended order, beyond an order's lots or beyond the `held` ones is real all the same; the instrument is
 * locked until someone looks, and what is at work to sell the same lots is taken back.
 */
function surprises(portfolio: Portfolio, order: Order, fill: Fill, held: Decimal): readonly PortfolioEvent[] {
  const isOver = remainingLots(order).isLessThan(fill.lots)
  const isOversold = held.isLessThan(fill.lots)
  if (isAtWork(order.state) && !isOver && !isOversold) return NOTHING
  const code = isOver ? 'OVERFILL' : isAtWork(order.state) ? 'OVERSOLD' : 'ORDER_RESURRECTED'
  const happened = isOver
    ? `order ${order.id} filled beyond its lots`
    : `order ${order.id} filled${isAtWork(order.state) ? '' : ` after it was ${order.state}`}`
  const reason = isOversold ? `${happened}: it sold ${fill.lots.minus(held)} more than was held` : happened
  return [
    ...(order.leg !== null || isOfHolding(order)
      ? []
      : isEntry(order)
        ? takeBackStep(portfolio, order, fill.lots)
        : takeBackSales(portfolio, order, isOversold ? ZERO : held.minus(fill.lots))),
    { type: 'InstrumentLocked', instrument: order.instrument, reason, at: portfolio.now },
    alarm(portfolio, {
      code,
      severity: 'critical',
      instrument: order.instrument,
      subject: order.id,
      message: `${reason}: ${lotsText(fill.lots)} at ${fill.price}`,
    }),
  ]
}

/** Returns the ends of the unit's other sales when together they would sell more than is `left`. */
function takeBackSales(portfolio: Portfolio, order: Order, left: Decimal): PortfolioEvent[] {
  const { exitOrderIds, stopOrderIds } = bookOf(portfolio, order.instrument)
  const others = [...exitOrderIds, ...stopOrderIds]
    .map((id) => orderOf(portfolio, id))
    .filter(({ id, positionId }) => positionId === order.positionId && id !== order.id)
  const promised = others.reduce((lots, other) => lots.plus(remainingLots(other)), ZERO)
  if (!left.isLessThan(promised)) return []
  const events: PortfolioEvent[] = []
  for (const { id, state, cancelRequested } of others) {
    const reason = 'what it would sell is sold'
    if (!mayBeAtVenue(state)) events.push({ type: 'OrderCanceled', orderId: id, reason, at: portfolio.now })
    else if (!cancelRequested) events.push({ type: 'OrderCancelRequested', orderId: id })
  }
  return events
}

function lotsText(lots: Decimal): string {
  return `${lots} ${lots.toString() === '1' ? 'lot' : 'lots'}`
}
