import type { Decimal } from '../decimal.js'
import type { Decision } from '../decision.js'
import { invariant, unreachable } from '../invariant.js'
import type { Instant } from '../time.js'
import type { Book } from './book.js'
import type {
  CellEvent,
  CellOrdered,
  DividendAnnounced,
  DividendCorrected,
  DividendPaid,
  DividendWentEx,
  SharesSplit,
} from './cell-event.js'
import {
  type CellDividend,
  type CellState,
  exchangeDay,
  newCellState,
  rememberOpening,
} from './cell-state.js'
import { bookOf, type Portfolio } from './portfolio.js'

/** Updates the cell that `event` is about. Throws when there is none: such an event is corrupt data. */
export function evolveCell(portfolio: Portfolio, event: CellEvent): void {
  const book = bookOf(portfolio, event.instrument)
  if (event.type === 'CellOpened') {
    invariant(book.cell === null, () => `${event.instrument} is a cell already`)
    book.cell = newCellState(event.zone, event.cash)
    return
  }
  const cell = cellIn(book)
  switch (event.type) {
    case 'CellFunded':
      cell.cash = cell.cash.plus(event.amount)
      break
    case 'CellAnchored':
      cell.anchor = event.anchor
      cell.anchorAt = event.at
      cell.halt = null
      break
    case 'CellHalted':
      cell.halt = event.reason
      break
    case 'CellOrdered':
      countOrder(cell, event)
      break
    case 'DividendAnnounced':
      announce(cell, event)
      break
    case 'DividendWentEx':
      goEx(cell, event)
      break
    case 'DividendPaid':
      pay(cell, event)
      break
    case 'DividendCorrected':
      correct(cell, event)
      break
    case 'SharesSplit':
      split(book, cell, event)
      break
    default:
      unreachable(event)
  }
}

/** Takes note of what an evaluation came to: the next one that comes to the same is not recorded. */
export function noteEvaluation(portfolio: Portfolio, { kind, instrument, outcome, reasons }: Decision): void {
  if (kind !== 'evaluation' || instrument === null) return
  const cell = portfolio.books.get(instrument)?.cell ?? null
  if (cell !== null) cell.outcome = outcomeKey(outcome, reasons)
}

/** Returns the name of what an evaluation came to. */
export function outcomeKey(outcome: Decision['outcome'], reasons: readonly string[]): string {
  return `${outcome} ${reasons.join(' ')}`
}

/** Books into a cell's cash what a fill of its order paid or brought, its fee apart. */
export function settleFill(book: Book, side: 'buy' | 'sell', value: Decimal): void {
  const { cell } = book
  if (cell === null) return
  cell.cash = side === 'buy' ? cell.cash.minus(value) : cell.cash.plus(value)
}

/** Remembers what a cell held before a fill at `at`. */
export function rememberHeld(book: Book, shares: Decimal, at: Instant): void {
  if (book.cell !== null) rememberOpening(book.cell, shares, at)
}

/** An order that was never sent counts in no day. */
export function forgetDenied({ cell }: Book, orderId: string): void {
  if (cell?.order?.id !== orderId) return
  const { day, count, notional } = cell.today
  cell.today = { day, count: count - 1, notional: notional.minus(cell.order.notional) }
}

function countOrder(cell: CellState, event: CellOrdered): void {
  const { orderId: id, attempt, notional, commissionRate, at } = event
  const day = exchangeDay(cell.zone, at)
  const { today } = cell
  cell.today =
    today.day === day
      ? { day, count: today.count + 1, notional: today.notional.plus(notional) }
      : { day, count: 1, notional }
  cell.order = { id, attempt, notional, commissionRate }
}

function announce(cell: CellState, event: DividendAnnounced): void {
  const { dividendId: id, perShare, withholdingRate, exDate, payDate } = event
  cell.dividends.push({ id, perShare, withholdingRate, exDate, payDate, due: null, paidAt: null })
}

function goEx(cell: CellState, event: DividendWentEx): void {
  const { shares, gross, withheld, net, at } = event
  change(cell, event.dividendId, () => ({ due: { shares, gross, withheld, net, at } }))
  cell.receivable = cell.receivable.plus(net)
  cell.anchor = event.anchor
}

/** The postings of the payment move the cash. */
function pay(cell: CellState, { dividendId, net, at }: DividendPaid): void {
  change(cell, dividendId, () => ({ paidAt: at }))
  cell.receivable = cell.receivable.minus(net)
}

/** Of a dividend that is paid, the postings beside the event move the cash. */
function correct(cell: CellState, event: DividendCorrected): void {
  const { perShare, withholdingRate, payDate, due } = event
  change(cell, event.dividendId, (before) => {
    if (before.due === null || due === null) return { perShare, withholdingRate, payDate }
    if (before.paidAt === null) cell.receivable = cell.receivable.plus(due.net).minus(before.due.net)
    return { perShare, withholdingRate, payDate, due: { ...before.due, ...due } }
  })
  cell.anchor = event.anchor
}

function change(cell: CellState, id: string, to: (before: CellDividend) => Partial<CellDividend>): void {
  const index = cell.dividends.findIndex((dividend) => dividend.id === id)
  const before = cell.dividends[index]
  invariant(before !== undefined, () => `the dividend ${id} was not announced`)
  cell.dividends[index] = { ...before, ...to(before) }
}

/** A halt is over: the split is why the price was so far from the anchor. */
function split(book: Book, cell: CellState, event: SharesSplit): void {
  const { holding, market } = book
  if (holding !== null) {
    rememberOpening(cell, holding.quantity, event.at)
    holding.quantity = event.shares
  }
  cell.anchor = event.anchor
  cell.halt = null
  cell.splitIds.push(event.splitId)
  const ratio = event.ratio.toNumber()
  if (isOfNewShares(market.price, ratio, event.anchor)) return
  const after = (price: number | null): number | null => (price === null ? null : price / ratio)
  market.price = after(market.price)
  market.barClose = after(market.barClose)
  market.atr = after(market.atr)
  market.suspectClose = null
}

/** The last price may have come before the news of the split, or after it: it is one of shares that fit the anchor. */
function isOfNewShares(price: number | null, ratio: number, anchor: Decimal | null): boolean {
  if (price === null || anchor === null) return false
  const from = (candidate: number): number => Math.abs(Math.log(candidate / anchor.toNumber()))
  return from(price) < from(price / ratio)
}

function cellIn({ instrument, cell }: Book): CellState {
  invariant(cell !== null, () => `${instrument} is not a cell`)
  return cell
}
