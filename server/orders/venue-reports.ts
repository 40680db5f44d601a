import { unreachable } from '../../core/invariant.js'
import { isAtWork, type Order } from '../../core/order/order.js'
import type { OrderReport } from '../../core/order/report.js'
import type { SubmitOutcome, VenueFill, VenueOrder, VenueReport } from '../brokers/broker.js'

/** Returns what an order's state at the venue says about our order: that it is there, its trades, and its end. */
export function reportsOfOrder(orderId: string, shown: VenueOrder): OrderReport[] {
  const { status, venueOrderId } = shown
  const code = shown.code ?? status.toUpperCase()
  const present: OrderReport[] = [
    { kind: 'accepted', orderId, venueOrderId },
    ...shown.fills.map((fill) => reportOfFill(orderId, fill)),
  ]
  switch (status) {
    case 'working':
    case 'filled':
      return present
    case 'canceled':
      return [...present, { kind: 'canceled', orderId, reason: code }]
    case 'expired':
      return [...present, { kind: 'expired', orderId }]
    case 'rejected':
      return [{ kind: 'rejected', orderId, code, message: shown.message ?? '' }]
    default:
      return unreachable(status)
  }
}

/** Returns what a report of the venue says about our order. */
export function reportOf(orderId: string, report: VenueReport): OrderReport {
  switch (report.kind) {
    case 'accepted':
      return { kind: 'accepted', orderId, venueOrderId: report.venueOrderId }
    case 'rejected':
      return { kind: 'rejected', orderId, code: report.code, message: report.message }
    case 'fill':
      return reportOfFill(orderId, report.fill)
    case 'canceled':
      return { kind: 'canceled', orderId, reason: report.reason }
    case 'expired':
      return { kind: 'expired', orderId }
    default:
      return unreachable(report)
  }
}

/** Returns what the outcome of a send says about our order. A request that certainly did not leave proves absence. */
export function reportsOfOutcome(orderId: string, outcome: SubmitOutcome): OrderReport[] {
  switch (outcome.kind) {
    case 'accepted': {
      const accepted: OrderReport = { kind: 'accepted', orderId, venueOrderId: outcome.venueOrderId }
      return [accepted, ...outcome.fills.map((fill) => reportOfFill(orderId, fill))]
    }
    case 'refused':
      return [{ kind: 'rejected', orderId, code: outcome.code, message: outcome.message }]
    case 'unknown':
      return [{ kind: 'unresolved', orderId, cause: outcome.cause }]
    case 'notSent':
      return [{ kind: 'absent', orderId }]
    default:
      return unreachable(outcome)
  }
}

/** Returns those of `reports` that tell something which the order does not have yet. */
export function newReports(order: Order, reports: readonly OrderReport[]): OrderReport[] {
  return reports.filter((report) => isNew(order, report))
}

function isNew(order: Order, report: OrderReport): boolean {
  switch (report.kind) {
    case 'fill':
      return !order.tradeIds.includes(report.tradeId)
    case 'accepted':
      return isAtWork(order.state) && (order.venueOrderId === null || order.state === 'unresolved')
    case 'unresolved':
      return order.state === 'submitted'
    case 'absent':
      return order.state === 'submitted' || order.state === 'unresolved'
    case 'rejected':
    case 'canceled':
    case 'expired':
      return isAtWork(order.state)
    default:
      return unreachable(report)
  }
}

function reportOfFill(orderId: string, fill: VenueFill): OrderReport {
  const { tradeId, lots, price, fee, at } = fill
  return { kind: 'fill', orderId, tradeId, lots, price, fee, at }
}
