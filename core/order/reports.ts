import type { Decimal } from '../decimal.js'
import type { PortfolioEvent } from '../event.js'
import { unreachable } from '../invariant.js'
import { alarm } from '../portfolio/alarm.js'
import { findUnit, unitIn } from '../portfolio/evolve.js'
import { bookOf, type Portfolio } from '../portfolio/portfolio.js'
import { profitOfSale, type Unit } from '../portfolio/unit.js'
import { SECOND } from '../time.js'
import { isAtWork, isEntry, type Order, remainingLots } from './order.js'
import type { OrderReport } from './report.js'

/** A refused exit is ordered again after this long. */
export const EXIT_RETRY_DELAY = 30 * SECOND

type Fill = Extract<OrderReport, { kind: 'fill' }>

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
      message: `the broker rejected ${order.side} ${order.lots} ${order.instrument}: ${code} ${message}`,
    }),
    ...delayNextExit(portfolio, order),
  ]
}

/** An exit stands until it is done: the next order for it waits a little, so that a refusing broker is not flooded. */
function delayNextExit(portfolio: Portfolio, order: Order): PortfolioEvent[] {
  const unit = order.purpose === 'exit' ? findUnit(portfolio, order.positionId) : undefined
  if (unit === undefined) return []
  return [{ type: 'ExitDelayed', positionId: unit.id, notBefore: portfolio.now + EXIT_RETRY_DELAY }]
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
  const events: PortfolioEvent[] = [
    {
      type: 'OrderFilled',
      orderId: order.id,
      tradeId: fill.tradeId,
      lots: fill.lots,
      price: fill.price,
      fee: fill.fee,
      at: fill.at,
    },
  ]
  const unit = unitIn(bookOf(portfolio, order.instrument), order.positionId)
  if (isEntry(order)) events.push(...entryFilled(portfolio, order, fill, unit))
  else if (unit !== undefined) events.push(...saleFilled(order, fill, unit))
  events.push(...surprises(portfolio, order, fill))
  return events
}

function entryFilled(
  portfolio: Portfolio,
  order: Order,
  fill: Fill,
  unit: Unit | undefined,
): PortfolioEvent[] {
  const fee = feeOf(order, fill)
  if (unit === undefined) {
    const plan = portfolio.unitPlans.get(order.id)!
    const opened: PortfolioEvent = {
      type: 'UnitOpened',
      positionId: order.positionId,
      orderId: order.id,
      instrument: order.instrument,
      number: plan.number,
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

function averageAfter(unit: Unit, fill: Fill): number {
  const value = unit.boughtValue.plus(fill.price.times(fill.lots)).toNumber()
  return value / unit.boughtLots.plus(fill.lots).toNumber()
}

function saleFilled(order: Order, fill: Fill, unit: Unit): PortfolioEvent[] {
  const profit = profitOfSale(unit, fill.lots, fill.price)
  const events: PortfolioEvent[] = [
    {
      type: 'LedgerPosted',
      kind: 'realizedPnl',
      amount: profit,
      at: fill.at,
      orderId: order.id,
      positionId: unit.id,
      note: null,
    },
    ...feeOf(order, fill),
  ]
  if (unit.lots.equals(fill.lots)) {
    const realizedPnl = unit.realizedPnl.plus(profit)
    events.push({ type: 'UnitClosed', positionId: unit.id, realizedPnl, at: fill.at })
  }
  return events
}

function feeOf(order: Order, fill: Fill): PortfolioEvent[] {
  if (fill.fee.isZero()) return []
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

/** A fill of an ended order, or beyond an order's lots, is real all the same; the instrument is locked until someone looks. */
function surprises(portfolio: Portfolio, order: Order, fill: Fill): PortfolioEvent[] {
  const isOver = remainingLots(order).isLessThan(fill.lots)
  if (isAtWork(order.state) && !isOver) return []
  const code = isOver ? 'OVERFILL' : 'ORDER_RESURRECTED'
  const reason = isOver
    ? `order ${order.id} filled beyond its lots`
    : `order ${order.id} filled after it was ${order.state}`
  return [
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

function lotsText(lots: Decimal): string {
  return `${lots} ${lots.toString() === '1' ? 'lot' : 'lots'}`
}
