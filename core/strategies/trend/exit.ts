import { type ExitAlert, toldAt } from '../../alert/alert.js'
import type { DecisionKind } from '../../decision.js'
import type { AlarmRaised, PortfolioEvent } from '../../event.js'
import { decisionId } from '../../ids.js'
import type { AlertAdmitted } from '../../input.js'
import { orderedSince } from '../../order/chase-steps.js'
import { isUnknown } from '../../order/leg-orders.js'
import { type ExitIntent, mayBeAtVenue, type Order } from '../../order/order.js'
import { alarm } from '../../portfolio/alarm.js'
import { type Book, pendingApproval, plannedEntry } from '../../portfolio/book.js'
import { newDecision } from '../../portfolio/new-decision.js'
import { bookOf, instrumentOf, orderOf, type Portfolio } from '../../portfolio/portfolio.js'
import { isRolling } from '../../portfolio/roll-run.js'
import { heldSince, type Unit } from '../../portfolio/unit.js'
import { closeApproval } from '../../risk/approvals.js'
import { allowsExits } from '../../risk/trading-state.js'
import { type Instant, isoInstant, MINUTE, SECOND } from '../../time.js'
import { confirmExit } from './pre-close-confirmed.js'
import { exitExpectedUntil, isSoldByUs } from './unconfirmed-exit.js'

const NO_ALARMS: readonly AlarmRaised[] = []

/** What an exit applies to: units to close, and the entry at work that must close what it fills. */
export interface ExitTarget {
  readonly units: readonly Unit[]
  readonly entry: Order | null
}

/** Returns what follows from an EXIT alert. Nothing but its own time and label can make it do nothing. */
export function decideExit(portfolio: Portfolio, input: AlertAdmitted, alert: ExitAlert): PortfolioEvent[] {
  const book = bookOf(portfolio, alert.instrument)
  const confirmed = confirmExit(portfolio, input.id, alert, book)
  if (confirmed !== null) return confirmed
  const named = namedBy(portfolio, book, alert.label)
  const target = notYoungerThan(portfolio, named, exitTime(portfolio, alert))
  const reason = alert.reason ?? 'EXIT'
  const isWhole = alert.label === 'ALL'
  const request = { inputId: input.id, kind: 'exit', reason, alert, book, target, named, isWhole } as const
  const events = requestExits(portfolio, request)
  const isAsked = events.some(({ type }) => type === 'ApprovalClosed')
  events.push(...alarmsOf(portfolio, input, alert, { named, target, isAsked }))
  return events
}

function namedBy(portfolio: Portfolio, book: Book, label: string): ExitTarget {
  const entry = book.entryOrderId === null ? null : orderOf(portfolio, book.entryOrderId)
  if (label === 'ALL') return { units: book.units, entry }
  const entryLabel = entry === null ? null : (portfolio.unitPlans.get(entry.id)?.label ?? null)
  return {
    units: book.units.filter((unit) => unit.label === label),
    entry: entryLabel === label ? entry : null,
  }
}

/** An exit without a time of its own speaks for all of its bar, which may be named by its open. */
function exitTime(portfolio: Portfolio, alert: ExitAlert): Instant | null {
  if (alert.timestamp !== null || alert.barTime === null) return toldAt(alert)
  const barMinutes = instrumentOf(portfolio, alert.instrument)?.barMinutes ?? 0
  return alert.barTime + barMinutes * MINUTE
}

/**
 * An exit speaks of what was held at its time: a unit first filled later, or an entry made later, is not meant.
 * Alerts tell time to the second, so a fill within the exit's own second is not proven to be younger.
 */
function notYoungerThan(portfolio: Portfolio, target: ExitTarget, at: Instant | null): ExitTarget {
  if (at === null) return target
  const isMeant = (since: Instant): boolean => Math.floor(since / SECOND) * SECOND <= at
  const { units, entry } = target
  const follows = entry === null ? undefined : portfolio.unitPlans.get(entry.id)?.roll
  const isEntryMeant = entry !== null && isMeant(follows?.heldSince ?? orderedSince(portfolio, entry))
  return {
    units: units.every((unit) => isMeant(heldSince(unit)))
      ? units
      : units.filter((unit) => isMeant(heldSince(unit))),
    entry: isEntryMeant ? entry : null,
  }
}

/** What asks for exits, and of what. */
export interface ExitRequest {
  readonly inputId: string
  readonly kind: Extract<DecisionKind, 'exit' | 'operatorExit'>
  readonly reason: string
  readonly alert: ExitAlert | null
  readonly book: Book
  readonly target: ExitTarget
  /** What was named before younger units were left out. */
  readonly named: ExitTarget
  /** Whether it closes the instrument: then nothing that is planned is opened either. */
  readonly isWhole: boolean
  readonly ordinal?: number
}

/** Returns the decision on an exit, the standing intents of its units, and the latch and cancel of an entry at work. */
export function requestExits(portfolio: Portfolio, request: ExitRequest): PortfolioEvent[] {
  const { book, target, reason, named } = request
  const id = decisionId(request.inputId, request.ordinal ?? 1)
  const units = target.units.filter((unit) => unit.exit === null || isRolling(book, unit))
  const atWork = target.entry ?? entryOf(portfolio, book, target.units)
  const entry = atWork?.latch === null ? atWork : null
  const isFrozen = !allowsExits(portfolio.tradingState)
  const planned = request.isWhole ? plannedEntry(book) : null
  const asked = request.isWhole || isAskedAs(book, request.alert?.label) ? pendingApproval(book) : null
  const isNothing = units.length === 0 && entry === null && planned === null && asked === null
  const decision = newDecision(portfolio, {
    inputId: request.inputId,
    ordinal: request.ordinal ?? 1,
    kind: request.kind,
    instrument: book.instrument,
    outcome: isNothing ? 'ignored' : isFrozen ? 'blocked' : 'approved',
    reasons: [isNothing ? whyNothing(named, target) : isFrozen ? 'TRADING_STATE' : reason],
    lots: isNothing || isFrozen ? 0 : units.reduce((lots, unit) => lots + unit.heldLots, 0),
    price: request.alert?.price ?? book.market.price,
    positionIds: positionIdsOf(units, entry),
    notes: [...(request.alert?.flags ?? []), ...(isFrozen && !isNothing ? [STANDS] : [])],
  })
  const events: PortfolioEvent[] = [{ type: 'DecisionMade', decision }]
  for (const unit of units) {
    events.push({ type: 'ExitRequested', positionId: unit.id, decisionId: id, reason })
  }
  if (entry !== null) events.push(...latchEntry(portfolio, book, entry, { decisionId: id, reason }))
  if (planned !== null) events.push(...dropPlan(portfolio, book, reason))
  if (asked !== null) {
    const end = { outcome: 'withdrawn', reason: `an exit came first: ${reason}` } as const
    events.push(...closeApproval(portfolio, asked, end))
  }
  return events
}

function isAskedAs(book: Book, label: string | undefined): boolean {
  return label !== undefined && pendingApproval(book)?.alert.label === label
}

function dropPlan(portfolio: Portfolio, book: Book, reason: string): PortfolioEvent[] {
  const run = book.preClose
  if (run === null) return []
  const dropped = { ...run, plan: null, detail: `the planned entry was dropped: ${reason}` }
  return [{ type: 'PreCloseAdvanced', instrument: book.instrument, run: dropped, at: portfolio.now }]
}

/** Returns the entry at work that still fills one of the units: closing that one means cancelling it. */
export function entryOf(portfolio: Portfolio, book: Book, units: readonly Unit[]): Order | null {
  const id = book.entryOrderId
  if (id === null) return null
  const entry = orderOf(portfolio, id)
  return units.some((unit) => unit.id === entry.positionId) ? entry : null
}

function positionIdsOf(units: readonly Unit[], entry: Order | null): string[] {
  const ids = units.map((unit) => unit.id)
  if (entry !== null && !ids.includes(entry.positionId)) ids.push(entry.positionId)
  return ids
}

const STANDS = 'the exit stands, and is ordered as soon as the portfolio is no longer frozen'

function whyNothing(named: ExitTarget, target: ExitTarget): string {
  const isKnown = named.units.length > 0 || named.entry !== null
  if (!isKnown) return 'NOTHING_HELD'
  const isYounger = target.units.length === 0 && target.entry === null
  return isYounger ? 'OLDER_THAN_POSITION' : 'ALREADY_CLOSING'
}

/** An entry that never left ends here; one that may be at the venue is cancelled there, and closed when it has ended. */
export function latchEntry(
  portfolio: Portfolio,
  book: Book,
  entry: Order,
  exit: ExitIntent,
): PortfolioEvent[] {
  const events: PortfolioEvent[] = [
    { type: 'ExitLatched', instrument: book.instrument, orderId: entry.id, ...exit },
  ]
  if (!mayBeAtVenue(entry.state)) {
    events.push({ type: 'OrderCanceled', orderId: entry.id, reason: 'an exit came first', at: portfolio.now })
    return events
  }
  events.push({ type: 'OrderCancelRequested', orderId: entry.id })
  if (isUnknown(portfolio, entry)) {
    const message = `an exit of ${book.instrument} waits for the fate of order ${entry.id}, which is unknown`
    events.push(
      alarm(portfolio, {
        code: 'LATCH_WAITS_FOR_UNKNOWN_ENTRY',
        severity: 'critical',
        instrument: book.instrument,
        subject: entry.id,
        message,
      }),
    )
  }
  return events
}

function alarmsOf(
  portfolio: Portfolio,
  input: AlertAdmitted,
  alert: ExitAlert,
  {
    named,
    target,
    isAsked,
  }: { readonly named: ExitTarget; readonly target: ExitTarget; readonly isAsked: boolean },
): readonly AlarmRaised[] {
  const { instrument, label } = alert
  const isNamed = named.units.length > 0 || named.entry !== null
  const isMeant = target.units.length > 0 || target.entry !== null || isAsked
  if (isMeant && alert.flags.length === 0 && !input.conflict) return NO_ALARMS
  const alarms: AlarmRaised[] = []
  const add = (code: AlarmRaised['code'], message: string): void => {
    alarms.push(alarm(portfolio, { code, severity: 'warning', instrument, subject: input.id, message }))
  }
  const sold = isNamed || label === 'ALL' ? null : lastSold(portfolio, instrument, label)
  if (!isNamed && !isAsked && label !== 'ALL' && !confirmsSale(portfolio, sold)) {
    add('EXIT_UNMATCHED', unmatched(portfolio, alert, sold))
  }
  if (isNamed && !isMeant)
    add('EXIT_OLDER_THAN_POSITION', `the exit of ${instrument} ${label} is older than what is held`)
  if (alert.flags.length > 0)
    add('EXIT_FLAGGED', `an exit of ${instrument} was admitted with: ${alert.flags.join('; ')}`)
  if (input.conflict)
    add('EXIT_CONFLICT', `an exit of ${instrument} has the key of an earlier alert and other content`)
  return alarms
}

function lastSold(portfolio: Portfolio, instrument: string, label: string): Unit | null {
  let last: Unit | null = null
  for (const unit of portfolio.closedUnits.values()) {
    if (unit.instrument === instrument && unit.label === label) last = unit
  }
  return last
}

/** The strategy tells what a rule of ours has done already: nothing unusual, and waited for. */
function confirmsSale(portfolio: Portfolio, sold: Unit | null): boolean {
  if (sold === null || !isSoldByUs(sold)) return false
  const instrument = instrumentOf(portfolio, sold.instrument)
  return instrument !== undefined && portfolio.now <= exitExpectedUntil(sold, instrument, portfolio.calendar)
}

function unmatched(portfolio: Portfolio, { instrument, label }: ExitAlert, sold: Unit | null): string {
  const labels = bookOf(portfolio, instrument).units.map((unit) => unit.label ?? 'a unit without a label')
  const held = labels.length === 0 ? 'nothing is held' : `held: ${labels.join(', ')}`
  const before =
    sold === null || sold.closedAt === null
      ? ''
      : `; ${label} was sold at ${isoInstant(sold.closedAt)} (${sold.exit?.reason ?? 'without a reason'})`
  return `the strategy wants to exit ${label} of ${instrument}, and no unit is called so; ${held}${before}`
}
