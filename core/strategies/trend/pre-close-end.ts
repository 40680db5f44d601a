import type { AlarmCode } from '../../alarm-code.js'
import type { PortfolioEvent } from '../../event.js'
import { orderId } from '../../ids.js'
import { isUnknown } from '../../order/leg-orders.js'
import { isAtWork, isEntry, type Order } from '../../order/order.js'
import { alarm } from '../../portfolio/alarm.js'
import type { Book } from '../../portfolio/book.js'
import { unitIn } from '../../portfolio/evolve.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { hasReached, type PreCloseOutcome, type PreCloseRun } from '../../portfolio/pre-close-run.js'
import { endOrder, ordersOfRun } from './pre-close-orders.js'

/** How a run ended, in words. */
interface Verdict {
  readonly outcome: PreCloseOutcome
  readonly detail: string
  readonly alarm: AlarmCode | null
}

/**
 * Returns the end of a run: what it came to, the cancels of entries that are still open, and an alarm where a person
 * should look. An exit that is not filled stays the wish that it is, first in line at the next open.
 */
export function endRun(portfolio: Portfolio, book: Book, run: PreCloseRun): PortfolioEvent[] {
  const verdict = hasReached(run, 'decide') ? judge(portfolio, book, run) : MISSED
  const { outcome, detail } = verdict
  const events: PortfolioEvent[] = []
  for (const order of ordersOfRun(portfolio, book, run)) {
    if (isEntry(order)) events.push(...endOrder(portfolio, order, 'the close is near'))
  }
  const ended: PreCloseRun = { ...run, phase: 'end', plan: null, outcome, detail }
  events.push({ type: 'PreCloseAdvanced', instrument: book.instrument, run: ended, at: portfolio.now })
  if (verdict.alarm !== null) {
    const { instrument } = book
    const message = `${instrument} before the close: ${detail}`
    const severity = 'critical'
    events.push(alarm(portfolio, { code: verdict.alarm, severity, instrument, subject: null, message }))
  }
  return events
}

const MISSED: Verdict = {
  outcome: 'missed',
  detail: 'nobody was there to decide in time',
  alarm: 'PRE_CLOSE_MISSED',
}

function judge(portfolio: Portfolio, book: Book, run: PreCloseRun): Verdict {
  const unknown = ordersOfRun(portfolio, book, run).filter((order) => isUnknown(portfolio, order))
  if (unknown.length > 0) {
    const ids = unknown.map(({ id }) => id).join(', ')
    const detail = `the broker has not told what became of ${ids}`
    return { outcome: 'uncertain', detail, alarm: 'PRE_CLOSE_UNCERTAIN' }
  }
  if (run.exits.length > 0) return judgeExits(book, run)
  if (run.plan !== null) {
    const detail = `${run.plan.lots} lots were approved and not placed in time`
    return { outcome: 'missed', detail, alarm: 'PRE_CLOSE_MISSED' }
  }
  if (run.entryDecisionId !== null) return judgeEntry(portfolio, run)
  return {
    outcome: run.isRefused ? 'refused' : 'nothing',
    detail: run.detail ?? 'nothing to do',
    alarm: null,
  }
}

function judgeExits(book: Book, { exits }: PreCloseRun): Verdict {
  const left = exits.filter(({ positionId }) => unitIn(book, positionId) !== undefined)
  if (left.length === 0) return { outcome: 'exited', detail: `${exits.length} units sold`, alarm: null }
  const sold = exits.length - left.length
  const detail = `${left.length} of ${exits.length} units are not sold: they are first in line at the next open`
  return { outcome: sold > 0 ? 'partial' : 'unfilled', detail, alarm: 'PRE_CLOSE_EXIT_UNFILLED' }
}

function judgeEntry(portfolio: Portfolio, run: PreCloseRun): Verdict {
  const first = orderId(run.entryDecisionId!)
  const orders = [first, `${first}-m`].flatMap((id) => portfolio.orders.get(id) ?? [])
  const filled = orders.reduce((lots, { filledLots }) => lots + filledLots.toNumber(), 0)
  const detail = `${filled} of ${run.entryLots} lots filled${whyNot(orders)}`
  if (filled >= run.entryLots) return { outcome: 'entered', detail, alarm: null }
  return { outcome: filled > 0 ? 'partial' : 'unfilled', detail, alarm: null }
}

function whyNot(orders: readonly Order[]): string {
  const last = orders.at(-1)
  if (last === undefined || last.state === 'filled') return ''
  return isAtWork(last.state)
    ? ', the rest is cancelled'
    : `, the last order is ${last.state}${reasonOf(last)}`
}

function reasonOf({ reason }: Order): string {
  return reason === null ? '' : ` (${reason})`
}
