import { ZERO } from '../../core/decimal.js'
import { isAtWork, isEntry, type Order } from '../../core/order/order.js'
import type { Book } from '../../core/portfolio/book.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { countPosition } from '../../core/reconcile/count-position.js'
import { isAccepted } from '../orders/strangers.js'
import type { SimulatedStore } from './simulated-store.js'
import type { SimulatedVenue } from './simulated-venue.js'
import type { Watch } from './watch.js'

/** What a run came to, for those who look whether it is at its end. */
export interface Outlook {
  readonly watch: Watch
  readonly store: SimulatedStore
  readonly venue: SimulatedVenue
  /** Alerts and commands that were acknowledged. */
  readonly acknowledged: ReadonlySet<string>
  /** Orders about which a person was called. */
  readonly escalated: ReadonlySet<string>
}

/** Returns, as sentences, what must have come to its end, or be known to a person, when all has been calm for long enough. */
export function findUnfinished(outlook: Outlook): string[] {
  const { watch, store, acknowledged } = outlook
  const found: string[] = []
  for (const id of acknowledged) {
    if (store.find(id) === undefined) found.push(`${id} was acknowledged and is not decided`)
  }
  const doubtful = findAtWork(outlook, found)
  for (const book of watch.truth.books.values()) {
    if (!doubtful.has(book.instrument)) findInBook(outlook, book, found)
  }
  findUnflagged(outlook, doubtful, found)
  return found
}

/** Returns the instruments with an order that only a person can find out about. */
function findAtWork({ watch, escalated }: Outlook, found: string[]): ReadonlySet<string> {
  const doubtful = new Set<string>()
  for (const order of watch.truth.orders.values()) {
    if (!isAtWork(order.state)) continue
    const mayRest = isEntry(order) || order.purpose === 'stop'
    const isResting = mayRest && isAccepted(order) && !order.cancelRequested
    if (isResting || isCarriedOut(watch.truth, order)) continue
    if (escalated.has(order.id)) doubtful.add(order.instrument)
    else found.push(`${order.id} is still ${order.state}, and nobody was called`)
  }
  return doubtful
}

/** An order that its legs carry out is judged by theirs. */
function isCarriedOut({ legs, orders }: Portfolio, { id }: Order): boolean {
  return legs.get(id)?.orderIds.some((leg) => isAtWork(orders.get(leg)?.state ?? 'denied')) ?? false
}

function findInBook({ watch, venue }: Outlook, book: Book, found: string[]): void {
  const { instrument, lock, units } = book
  const { lots: held, surplus } = countPosition(instrument, Object.fromEntries(venue.held), book)
  const booked = units.reduce((lots, unit) => lots.plus(unit.lots), ZERO)
  if (!held.equals(booked)) found.push(`${instrument}: the venue holds ${held}, the books ${booked}`)
  for (const { option, lots } of surplus) found.push(`the venue holds ${lots} of ${option} alone`)
  if (lock !== null && watch.alarmed.has(instrument)) return
  for (const unit of units) {
    if (unit.exit !== null) found.push(`the exit of ${unit.id} is not done`)
  }
}

/** What somebody else does in the account is noticed: his orders while they work, what he bought once nothing is at work there. */
function findUnflagged({ watch, venue }: Outlook, doubtful: ReadonlySet<string>, found: string[]): void {
  const breaks = [...watch.truth.breaks.values()].filter(({ isConfirmed }) => isConfirmed)
  for (const { isForeign, status, venueOrderId, request } of venue.orders) {
    if (!isForeign || status !== 'working' || doubtful.has(request.instrument)) continue
    if (!breaks.some(({ orderId }) => orderId === venueOrderId))
      found.push(`nobody was told of ${venueOrderId}, an order of somebody else`)
  }
  for (const [instrument, lots] of venue.heldByOthers) {
    const book = watch.truth.books.get(instrument)
    const isBusy = book !== undefined && (book.entryOrderId !== null || book.exitOrderIds.length > 0)
    if (isBusy || breaks.some((one) => one.instrument === instrument && one.orderId === null)) continue
    found.push(`nobody was told that somebody else holds ${lots} ${instrument}`)
  }
}
