import { digest } from '../../core/ids.js'
import { stepsOver } from '../../core/order/chase-steps.js'
import type { Order } from '../../core/order/order.js'
import type { OrderReport } from '../../core/order/report.js'
import { pendingApproval } from '../../core/portfolio/book.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { dueStops } from '../../core/strategies/trend/protective-stop.js'

/*
 * Inputs are unique by id, so an id that derives from what the input says makes it safe to say it again: after a crash,
 * after a commit whose answer was lost, from the stream and from a poll at once.
 *
 *   X-…  orders are about to be sent: the orders, each with the attempt that this will be. The input moves each of
 *        them out of `initialized`, so the same id can only come again when the first was recorded after all, and then
 *        nothing is sent. A resend may be declined and asked for again, so each asking has an id of its own.
 *   R-…  reports of an order: the order, its attempt, and of each report what makes it one, which is its kind with the
 *        trade id, the venue's order id or the code. The attempt tells the second lost answer from the first.
 *   T-…  exits are due: each unit with the count of its exit orders and the delay that is over; the questions to a person
 *        that nobody has answered in time; each order whose step of a chase is over; and the orders whose legs are not
 *        settled, each with the count of its leg orders and of those that were told.
 */

/** Legs that are asked about in vain, as the portfolio is frozen in the same moment, are asked about again after this. */
const LEGS_AGAIN = 10_000

/** Returns the id of the input that these orders are about to be sent; `asking` names one that resends some of them. */
export function ordersDueId(orders: readonly Order[], asking: string | null): string {
  const sends = orders.map((order) => `${order.id}#${order.attempt + 1}`)
  return `X-${digest('due', ...sends, ...(asking === null ? [] : [asking]))}`
}

/** Returns the id of an input with reports of one order, of which `attempt` is recorded. */
export function reportId(orderId: string, attempt: number, reports: readonly OrderReport[]): string {
  return `R-${digest('report', orderId, String(attempt), ...reports.map(distinction))}`
}

/**
 * Returns the id of the timer that asks for the exits, and ends the questions, which wait no longer at `now`, and the
 * steps of chases that are over; and that has stops placed.
 */
export function timerId(portfolio: Portfolio, now: number): string {
  const due: string[] = portfolio.tradingState === 'frozen' ? [`frozen#${now}`] : []
  for (const book of portfolio.books.values()) {
    const asked = pendingApproval(book)
    if (asked !== null && asked.expiresAt < now) due.push(asked.id)
    for (const id of book.openLegs) {
      const legs = portfolio.legs.get(id)
      if (legs !== undefined)
        due.push(`${id}#${legs.orderIds.length}#${legs.told}#${Math.floor(now / LEGS_AGAIN)}`)
    }
    for (const unit of book.units) {
      if (unit.exit === null || now < unit.exitNotBefore) continue
      due.push(`${unit.id}#${unit.exitOrders}#${unit.exitNotBefore}`)
    }
    for (const { id } of stepsOver(portfolio, book, now)) due.push(`${id} is over`)
    for (const { unit } of dueStops(portfolio, book, now)) due.push(`${unit.id} stop ${unit.stopOrders}`)
  }
  return `T-${digest('timer', ...due)}`
}

function distinction(report: OrderReport): string {
  switch (report.kind) {
    case 'accepted':
      return `accepted ${report.venueOrderId}`
    case 'fill':
      return `fill ${report.tradeId}`
    case 'rejected':
      return `rejected ${report.code}`
    case 'unresolved':
    case 'absent':
    case 'canceled':
    case 'expired':
      return report.kind
  }
}
