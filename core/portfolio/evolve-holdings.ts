import { least } from '../decimal.js'
import type { ExitDelayed, ExitRequested, LedgerPosted, OrderFilled } from '../event.js'
import { invariant } from '../invariant.js'
import type { Order } from '../order/order.js'
import type { Book } from './book.js'
import { rememberHeld, settleFill } from './evolve-cells.js'
import { assetOfHolding, bookIntoHolding, bookOutOfHolding, emptyHolding, isOfHolding } from './holding.js'
import type { HoldingEvent } from './holding-event.js'
import { bookOf, type Portfolio } from './portfolio.js'

/** Books a fill into what is held, never below nothing: that a venue sold more than was held is for a person to settle. */
export function fillHolding(book: Book, order: Order, { lots, price, at }: OrderFilled): void {
  book.holding ??= emptyHolding()
  const { holding } = book
  rememberHeld(book, holding.quantity, at)
  const quantity = order.side === 'buy' ? lots : least(holding.quantity, lots)
  settleFill(book, order.side, price.times(quantity))
  if (order.side === 'buy') bookIntoHolding(holding, quantity, price.times(quantity))
  else bookOutOfHolding(holding, quantity)
}

/** Takes up what the broker holds besides, or gives up what it does not hold; of a cell that brings cash. */
export function correctHolding(portfolio: Portfolio, event: HoldingEvent): void {
  const { instrument, quantity, price, at } = event
  const book = bookOf(portfolio, instrument)
  book.holding ??= emptyHolding()
  rememberHeld(book, book.holding.quantity, at)
  const value = price.times(quantity)
  if (event.type === 'HoldingAdopted') {
    bookIntoHolding(book.holding, quantity, value)
  } else {
    settleFill(book, 'sell', value)
    bookOutOfHolding(book.holding, quantity)
  }
}

/** What is held of the asset is to be sold, and what is bought of it before a person unlocks it; or the next order waits. */
export function noteSale(portfolio: Portfolio, event: ExitRequested | ExitDelayed): void {
  const { positionId } = event
  const book = bookOf(portfolio, assetOfHolding(positionId)!)
  book.holding ??= emptyHolding()
  const { holding } = book
  if (event.type === 'ExitRequested') {
    const { decisionId, reason } = event
    holding.exit = { decisionId, reason, orders: 0, notBefore: 0 }
    return
  }
  invariant(holding.exit !== null, () => `${positionId} is not to be sold`)
  holding.exit.notBefore = event.notBefore
}

/** Counts an order of the exit. */
export function addSale({ instrument, holding }: Book): void {
  const exit = holding?.exit ?? null
  invariant(exit !== null, () => `${instrument} is not to be sold`)
  exit.orders += 1
}

/** A person lets the asset trade again: nothing more is sold for the exit. */
export function endSale(portfolio: Portfolio, instrument: string): void {
  const { holding } = bookOf(portfolio, instrument)
  if (holding !== null) holding.exit = null
}

/** Adds a posting to the holding that it is about, and what moves the cash of a cell to that cell. */
export function postToHolding(portfolio: Portfolio, posting: LedgerPosted): void {
  const { kind, amount } = posting
  const asset = assetOfPosting(portfolio, posting)
  if (asset === null) return
  const book = bookOf(portfolio, asset)
  book.holding ??= emptyHolding()
  // What a sale made is in its value already.
  if (kind === 'realizedPnl') book.holding.realizedPnl = book.holding.realizedPnl.plus(amount)
  else if (book.cell !== null) book.cell.cash = book.cell.cash.plus(amount)
  if (kind === 'fee') book.holding.fees = book.holding.fees.minus(amount)
  if (kind === 'fee') noteFeeOfRun(portfolio, posting)
}

function noteFeeOfRun({ allocation, orders }: Portfolio, { orderId, amount }: LedgerPosted): void {
  const { run } = allocation
  if (run === null || orderId === null || orders.get(orderId)?.decisionId !== run.decisionId) return
  allocation.runFees = allocation.runFees.minus(amount)
}

function assetOfPosting(portfolio: Portfolio, { orderId, positionId }: LedgerPosted): string | null {
  const order = orderId === null ? undefined : portfolio.orders.get(orderId)
  if (order !== undefined) return isOfHolding(order) ? order.instrument : null
  return positionId === null ? null : assetOfHolding(positionId)
}
