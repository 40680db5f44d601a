import type { Decision, DecisionKind } from '../../core/decision.js'
import type {
  AlarmRaised,
  OrderFilled,
  PortfolioEvent,
  PreCloseAdvanced,
  UnitClosed,
} from '../../core/event.js'
import { tradedName } from '../../core/order/leg-orders.js'
import type { ApprovalRequest } from '../../core/portfolio/approval.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { type Instant, isoInstant } from '../../core/time.js'
import type { ShellAlarm } from '../observe/alarms.js'
import type { Notice } from './notice.js'

/** What a broker says may be long; the alarm itself keeps all of it. */
const longestText = 500

/**
 * Returns the notices about recorded events: fills, units opened and closed, decisions that were approved or blocked,
 * alarms, questions to people and their ends, and runs before a close that ended. Of `portfolio` only what never changes is read, since it may be ahead.
 */
export function noticesOf(portfolio: Portfolio, events: readonly PortfolioEvent[]): Notice[] {
  return events.flatMap((event) => noticeOf(portfolio, event) ?? [])
}

/** Returns the notice about an alarm of the shell; its topic is alarms. */
export function noticeOfAlarm(alarm: ShellAlarm): Notice {
  const { portfolio = null, instrument = null, subject = null } = alarm
  return alarmNotice({ ...alarm, instrument, subject }, portfolio)
}

function noticeOf(portfolio: Portfolio, event: PortfolioEvent): Notice | null {
  const { id } = portfolio
  switch (event.type) {
    case 'OrderFilled':
      return fillNotice(portfolio, event)
    case 'UnitOpened': {
      const { positionId, orderId, instrument, number, label, stop, at } = event
      const named = label === null ? '' : ` (${label})`
      const text = `Unit ${number} of ${instrument}${named} is open, stop ${stop}`
      const data = { positionId, orderId, instrument, number, label, stop }
      return { topic: 'units', kind: 'unitOpened', ...placed(id, at), text, data }
    }
    case 'UnitAdopted': {
      const { positionId, instrument, number, stop, at } = event
      const [lots, price] = [`${event.lots}`, `${event.price}`]
      const text = `Unit ${number} of ${instrument}, ${lotsText(lots)} at ${price}, was taken over from the broker, stop ${stop}`
      const data = { positionId, orderId: null, instrument, number, label: null, stop, lots, price }
      return { topic: 'units', kind: 'unitOpened', ...placed(id, at), text, data }
    }
    case 'UnitClosed':
      return closeNotice(portfolio, event)
    case 'DecisionMade':
      return event.decision.outcome === 'ignored' ? null : decisionNotice(id, event.decision)
    case 'ApprovalRequested':
      return askedNotice(id, event.request)
    case 'ApprovalClosed': {
      const { approvalId, decisionId, instrument, outcome, reason, answerId, at } = event
      const text = `The question about ${instrument} was ${outcome}: ${reason}`
      const data = { approvalId, decisionId, instrument, outcome, reason, answerId }
      return { topic: 'approvals', kind: 'approvalClosed', ...placed(id, at), text, data }
    }
    case 'AlarmRaised':
      return alarmNotice(event, id)
    case 'PreCloseAdvanced':
      return preCloseNotice(id, event)
    default:
      return null
  }
}

function closeNotice(portfolio: Portfolio, { positionId, realizedPnl, at }: UnitClosed): Notice {
  const unit = portfolio.closedUnits.get(positionId)
  const named = unit === undefined ? `Position ${positionId}` : `Unit ${unit.number} of ${unit.instrument}`
  const text = `${named} is closed, profit ${realizedPnl} before fees`
  const data = { positionId, instrument: unit?.instrument ?? null, realizedPnl: `${realizedPnl}` }
  return { topic: 'units', kind: 'unitClosed', ...placed(portfolio.id, at), text, data }
}

/** The only notice that says that something was executed. */
function fillNotice(portfolio: Portfolio, { orderId, tradeId, at, ...fill }: OrderFilled): Notice {
  const order = portfolio.orders.get(orderId)
  const { side = null, purpose = null, positionId = null } = order ?? {}
  const instrument = order === undefined ? null : tradedName(order)
  const [lots, price, fee] = [`${fill.lots}`, `${fill.price}`, `${fill.fee}`]
  const done = side === null ? 'Filled' : side === 'buy' ? 'Bought' : 'Sold'
  const text = `${done} ${lotsText(lots)} of ${instrument ?? `order ${orderId}`} at ${price}`
  const data = { orderId, tradeId, positionId, instrument, side, purpose, lots, price, fee }
  return { topic: 'fills', kind: 'fill', ...placed(portfolio.id, at), text, data }
}

const DECIDED: Readonly<Record<DecisionKind, string>> = {
  entry: 'base entry',
  pyramid: 'pyramid',
  exit: 'exit',
  stop: 'exit by the stop',
  peelOff: 'peel-off',
  operatorExit: 'exit by an operator',
  tradingState: 'a change of the trading state',
  cash: 'a posting of cash',
  unlock: 'unlock',
  settleBreak: 'settling a difference from the broker',
  approval: "a person's answer",
  rollover: 'rollover',
  evaluation: 'an order of a cell',
  anchor: 'setting an anchor',
  cellOrder: "an operator's order",
  funding: 'moving cash of a cell',
  dividend: 'a dividend',
  split: 'a split',
  rebalance: 'a run towards the target weights',
}

function decisionNotice(portfolio: string, decision: Decision): Notice {
  const { kind, instrument, outcome, reasons, lots, price, stop, boundBy, positionIds } = decision
  const what = `${DECIDED[kind]}${instrument === null ? '' : ` of ${instrument}`}`
  const why = reasons.length === 0 ? '' : `: ${reasons.join(', ')}`
  const size = lots > 0 ? `, ${lotsText(`${lots}`)}; nothing is filled yet` : why
  const text = outcome === 'approved' ? `Approved ${what}${size}` : `Blocked ${what}${why}`
  const data = {
    ...{ decisionId: decision.id, decision: kind, instrument, outcome, reasons, lots, price, stop, boundBy },
    positionIds,
  }
  return { topic: 'decisions', kind: 'decision', ...placed(portfolio, decision.at), text, data }
}

function askedNotice(portfolio: string, request: ApprovalRequest): Notice {
  const { id: approvalId, decisionId, instrument, unitNumber, price, stop, priceBandPct, askedAt } = request
  const lots = String(request.lots)
  const expiresAt = isoInstant(request.expiresAt)
  const what = unitNumber === 1 ? 'a base entry' : 'a pyramid'
  const size = `${lotsText(lots)} at ${price}, stop ${stop}`
  const text = `Approve ${what} of ${instrument}? ${size}; until ${expiresAt}, within ${priceBandPct} % of that price`
  const asked = { approvalId, decisionId, instrument, unit: unitNumber, lots, price, stop }
  const data = { ...asked, priceBandPct, expiresAt }
  return { topic: 'approvals', kind: 'approvalRequested', ...placed(portfolio, askedAt), text, data }
}

type AnyAlarm = Pick<AlarmRaised, 'severity' | 'instrument' | 'subject' | 'message' | 'at'> & {
  readonly code: string
}

function alarmNotice(alarm: AnyAlarm, portfolio: string | null): Notice {
  const { code, severity, instrument, subject, message, at } = alarm
  const text = `${severity === 'critical' ? 'Critical' : 'Warning'} ${code}: ${message}`.slice(0, longestText)
  const data = { code, severity, instrument, subject }
  return { topic: 'alarms', kind: 'alarm', ...placed(portfolio, at), text, data }
}

function preCloseNotice(portfolio: string, { instrument, run, at }: PreCloseAdvanced): Notice | null {
  const { outcome, detail, closesAt, entryDecisionId } = run
  if (outcome === null) return null
  const because = detail === null ? '' : ` (${detail})`
  const text = `The run before the close of ${instrument} ended: ${outcome}${because}`
  const data = { instrument, outcome, detail, closesAt: isoInstant(closesAt), entryDecisionId }
  return { topic: 'preClose', kind: 'preClose', ...placed(portfolio, at), text, data }
}

function placed(portfolio: string | null, at: Instant): { portfolio: string | null; at: string } {
  return { portfolio, at: isoInstant(at) }
}

function lotsText(lots: string): string {
  return `${lots} ${lots === '1' ? 'lot' : 'lots'}`
}
