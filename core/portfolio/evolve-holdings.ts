import { least } from '../decimal.js'
import type { LedgerPosted, OrderFilled } from '../event.js'
import type { Order } from '../order/order.js'
import type { Book } from './book.js'
import { rememberHeld, settleFill } from './evolve-cells.js'
import { assetOfHolding, bookIntoHolding, bookOutOfHolding, emptyHolding, isOfHolding } from './holding.js'
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
