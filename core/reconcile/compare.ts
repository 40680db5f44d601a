import { type Decimal, ZERO } from '../decimal.js'
import type { AccountObserved, ExternalOrder, VenueOrdersObserved } from '../input.js'
import { underlyingOf } from '../instrument/synthetic.js'
import { isAtWork, remainingLots } from '../order/order.js'
import type { Book } from '../portfolio/book.js'
import type { Portfolio } from '../portfolio/portfolio.js'
import type { Instant } from '../time.js'
import {
  type Break,
  breakId,
  classOfPositions,
  differenceOf,
  orderSubject,
  positionSubject,
  subjectOf,
  surplusSubject,
} from './break.js'
import { countPosition, type SurplusOption } from './count-position.js'

/** What an observation changes of the breaks of a portfolio; nothing is in it that is known already. */
export interface BreakChanges {
  /** New or changed breaks. */
  readonly set: readonly Break[]
  /** Subjects on which the two sides agree again, or of which the first look was mistaken. */
  readonly gone: readonly string[]
  /** Subjects of which an accepted difference is another by now. */
  readonly unaccepted: readonly string[]
  /** Lots of ours that the broker does not count, by instrument, where that changed. */
  readonly missing: readonly { readonly instrument: string; readonly lots: Decimal }[]
  /** Those of `set` that were seen for the second time. */
  readonly confirmed: readonly Break[]
}

interface Draft {
  readonly set: Break[]
  readonly gone: string[]
  readonly unaccepted: string[]
  readonly missing: { readonly instrument: string; readonly lots: Decimal }[]
  readonly confirmed: Break[]
}

const nothing = (): Draft => ({ set: [], gone: [], unaccepted: [], missing: [], confirmed: [] })

/** Returns whether an observation tells nothing that is not known already, so that it need not be recorded. */
export function isNothingNew({ set, gone, unaccepted, missing }: BreakChanges): boolean {
  return set.length + gone.length + unaccepted.length + missing.length === 0
}

/**
 * Compares what the broker holds with the books, of instruments that are at rest: with no order of ours at work. A
 * difference counts when it is seen twice with no fill between, and so does that an accepted one has changed.
 */
export function compareAccount(
  portfolio: Portfolio,
  { positions, averagePrices }: Pick<AccountObserved, 'positions' | 'averagePrices'>,
  now: Instant,
): BreakChanges {
  const draft = nothing()
  const names = [...portfolio.books.keys(), ...Object.keys(positions).map(underlyingOf)]
  for (const instrument of new Set(names)) {
    const book = portfolio.books.get(instrument)
    if (book !== undefined && (!isAtRest(book) || isStopAwaited(portfolio, book))) continue
    const ours = heldLots(book)
    const { lots: theirs, surplus } = countPosition(instrument, positions, book)
    const missing = theirs.isLessThan(ours) ? ours.minus(theirs) : ZERO
    if (book !== undefined && !book.missingLots.equals(missing)) {
      draft.missing.push({ instrument, lots: missing })
    }
    const averagePrice = averagePrices?.[instrument] ?? knownPrice(portfolio, instrument)
    comparePosition(portfolio, draft, { instrument, option: null, ours, theirs, averagePrice, now })
    for (const { option, lots } of withKnown(portfolio, instrument, surplus)) {
      const counts = { ours: ZERO, theirs: lots, averagePrice: null }
      comparePosition(portfolio, draft, { instrument, option, ...counts, now })
    }
  }
  return draft
}

/** A stop rests, and its lots are counted meanwhile; but it may have traded before the answer to it is here. */
function isStopAwaited({ orders }: Portfolio, { stopOrderIds }: Book): boolean {
  return stopOrderIds.some((id) => orders.get(id)?.state === 'submitted')
}

/** A surplus that is gone is told by nobody: what is known of one is compared all the same. */
function withKnown(
  portfolio: Portfolio,
  instrument: string,
  seen: readonly SurplusOption[],
): SurplusOption[] {
  const all = [...seen]
  for (const known of [...portfolio.breaks.values(), ...portfolio.accepted.values()]) {
    const { class: found, orderId } = known
    if (found !== 'surplus' || known.instrument !== instrument || orderId === null) continue
    if (!all.some(({ option }) => option === orderId)) all.push({ option: orderId, lots: ZERO })
  }
  return all
}

/** Prices are told when something differs; that they are not told again changes nothing. */
function knownPrice(portfolio: Portfolio, instrument: string): Decimal | null {
  return portfolio.breaks.get(positionSubject(instrument))?.averagePrice ?? null
}

interface Counted {
  readonly instrument: string
  /** Of a surplus. */
  readonly option: string | null
  readonly ours: Decimal
  readonly theirs: Decimal
  readonly averagePrice: Decimal | null
  readonly now: Instant
}

function comparePosition(portfolio: Portfolio, draft: Draft, counted: Counted): void {
  const { instrument, option, ours, theirs, averagePrice, now } = counted
  const subject = option === null ? positionSubject(instrument) : surplusSubject(option)
  const difference = theirs.minus(ours)
  const known = portfolio.breaks.get(subject)
  const accepted = portfolio.accepted.get(subject)
  if (difference.equals(accepted === undefined ? ZERO : differenceOf(accepted))) {
    if (known !== undefined) draft.gone.push(subject)
    return
  }
  const found = option === null ? classOfPositions(ours, theirs) : ('surplus' as const)
  const facts = { class: found, instrument, orderId: option, side: null }
  const counts = { ours, theirs, averagePrice }
  if (known === undefined || !differenceOf(known).equals(difference)) {
    const id = breakId(portfolio.id, subject, { lots: difference, since: now })
    draft.set.push({ id, ...facts, ...counts, since: now, isConfirmed: false })
    return
  }
  const seen: Break = { id: known.id, ...facts, ...counts, since: known.since, isConfirmed: true }
  if (!known.isConfirmed && accepted !== undefined) draft.unaccepted.push(subject)
  if (difference.isZero()) draft.gone.push(subject)
  else if (!known.isConfirmed) confirm(draft, seen)
  else if (!isSame(known, seen)) draft.set.push(seen)
}

function isSame(a: Break, b: Break): boolean {
  const isPriceSame = a.averagePrice === b.averagePrice || a.averagePrice?.equals(b.averagePrice ?? ZERO)
  return a.ours.equals(b.ours) && a.theirs.equals(b.theirs) && isPriceSame === true
}

function confirm(draft: Draft, found: Break): void {
  draft.set.push(found)
  draft.confirmed.push(found)
}

/**
 * Compares the broker's working orders with ours. One that is not ours, and one of ours that it has accepted and does
 * not show any more, counts when it is seen so twice.
 */
export function compareOrders(
  portfolio: Portfolio,
  { external, missing }: Pick<VenueOrdersObserved, 'external' | 'missing'>,
  now: Instant,
): BreakChanges {
  const draft = nothing()
  const found = [
    ...external.map((order) => externalBreak(portfolio, order, now)),
    ...missing.flatMap((id) => missingBreak(portfolio, id, now)),
  ]
  for (const one of found) compareOrder(portfolio, draft, one)
  const subjects = new Set(found.map(subjectOf))
  for (const one of portfolio.breaks.values()) {
    if (isOfOrders(one) && !subjects.has(subjectOf(one))) draft.gone.push(subjectOf(one))
  }
  for (const one of portfolio.accepted.values()) {
    if (isOfOrders(one) && !subjects.has(subjectOf(one)) && !isUnresolved(portfolio, one)) {
      draft.unaccepted.push(subjectOf(one))
    }
  }
  return draft
}

function compareOrder(portfolio: Portfolio, draft: Draft, found: Break): void {
  const subject = subjectOf(found)
  if (portfolio.accepted.has(subject)) return
  const known = portfolio.breaks.get(subject)
  if (known === undefined) draft.set.push(found)
  else if (!known.isConfirmed)
    confirm(draft, { ...found, id: known.id, since: known.since, isConfirmed: true })
}

/** An order whose fate is unknown need not be missing to be accepted as it is. */
function isUnresolved(portfolio: Portfolio, { class: found, orderId }: Break): boolean {
  return found === 'unknownOrder' && portfolio.orders.get(orderId ?? '')?.state === 'unresolved'
}

function isOfOrders({ class: found }: Break): boolean {
  return found === 'external' || found === 'unknownOrder'
}

function externalBreak(portfolio: Portfolio, order: ExternalOrder, now: Instant): Break {
  const { venueOrderId, instrument, side, lots } = order
  const id = breakId(portfolio.id, orderSubject('external', venueOrderId), { lots, since: now })
  const counts = { ours: ZERO, theirs: lots, averagePrice: null }
  const seen = { since: now, isConfirmed: false }
  return { id, class: 'external', instrument, orderId: venueOrderId, side, ...counts, ...seen }
}

/** An order that has ended meanwhile is missing nowhere. */
function missingBreak(portfolio: Portfolio, orderId: string, now: Instant): Break[] {
  const order = portfolio.orders.get(orderId)
  if (order === undefined || !isAtWork(order.state)) return []
  const { instrument, side } = order
  const ours = remainingLots(order)
  const id = breakId(portfolio.id, orderSubject('unknownOrder', orderId), { lots: ours, since: now })
  const counts = { ours, theirs: ZERO, averagePrice: null }
  return [{ id, class: 'unknownOrder', instrument, orderId, side, ...counts, since: now, isConfirmed: false }]
}

/** Takes the changes into the portfolio's view of its account. */
export function applyChanges(portfolio: Portfolio, changes: BreakChanges): void {
  for (const one of changes.set) portfolio.breaks.set(subjectOf(one), one)
  for (const subject of changes.gone) portfolio.breaks.delete(subject)
  for (const subject of changes.unaccepted) portfolio.accepted.delete(subject)
  for (const { instrument, lots } of changes.missing) {
    const book = portfolio.books.get(instrument)
    if (book !== undefined) book.missingLots = lots
  }
}

/** Forgets what was seen once of an instrument's position: a fill came between the looks. */
export function forgetSuspicion(portfolio: Portfolio, instrument: string): void {
  for (const [subject, found] of portfolio.breaks) {
    if (found.instrument === instrument && !found.isConfirmed && !isOfOrders(found)) {
      portfolio.breaks.delete(subject)
    }
  }
}

/** Forgets every break of an instrument: it counts again when it is seen twice more. */
export function forgetBreaks(portfolio: Portfolio, instrument: string): void {
  for (const [subject, found] of portfolio.breaks) {
    if (found.instrument === instrument) portfolio.breaks.delete(subject)
  }
}

/** Returns the lots of all units of a book, or the quantity of its holding. */
export function heldLots(book: Book | undefined): Decimal {
  let lots = book?.holding?.quantity ?? ZERO
  for (const unit of book?.units ?? []) lots = lots.plus(unit.lots)
  return lots
}

/** Returns whether no order of the instrument is at work, so that its position can be counted. */
export function isAtRest({ entryOrderId, exitOrderIds, rebalanceOrderIds, openLegs }: Book): boolean {
  const atWork = [exitOrderIds, rebalanceOrderIds, openLegs]
  return entryOrderId === null && atWork.every((ids) => ids.length === 0)
}
