import { type Decimal, decimal } from '../../decimal.js'
import type { LedgerPosted, PortfolioEvent } from '../../event.js'
import type { CellCommand } from '../../input.js'
import type { Book } from '../../portfolio/book.js'
import type { DividendWentEx } from '../../portfolio/cell-event.js'
import { type CellDividend, type CellState, exchangeDay, heldBefore } from '../../portfolio/cell-state.js'
import { holdingId } from '../../portfolio/holding.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { DAY, type LocalDate, parseInstant } from '../../time.js'
import { cellOf } from './cell-rules.js'
import { receivableOf, splitShares } from './dividend.js'

/** What a command about a dividend or a split comes to: a refusal, nothing to do, or what happens. */
export interface CorporateAction {
  readonly outcome: 'approved' | 'blocked' | 'ignored'
  readonly reason: string
  readonly events: readonly PortfolioEvent[]
}

type Command<Kind extends CellCommand['kind']> = Extract<CellCommand, { kind: Kind }>

const ONE = decimal(1)

/** Returns the id of an asset's dividend or split: it has one of each on a date. */
export function actionId(kind: 'DIV' | 'SPLIT', instrument: string, exDate: LocalDate): string {
  return `${kind}-${instrument}-${exDate}`
}

/** Returns what an announcement leads to: one dividend of a date, once. */
export function announceDividend(
  { cell, decisionId, now }: ActionPlace,
  command: Command<'announceDividend'>,
): CorporateAction {
  const { instrument, perShare, withholdingRate, exDate, payDate } = command
  if (!perShare.isPositive()) return blocked('AMOUNT_NOT_ABOVE_ZERO')
  if (withholdingRate.isNegative() || ONE.isLessThan(withholdingRate)) return blocked('RATE_NOT_A_FRACTION')
  if (parseInstant(exDate) === null || parseInstant(payDate) === null) return blocked('DATE_UNKNOWN')
  if (payDate < exDate) return blocked('PAID_BEFORE_EX_DATE')
  const dividendId = actionId('DIV', instrument, exDate)
  const known = cell.dividends.find(({ id }) => id === dividendId)
  if (known !== undefined)
    return isSame(known, command) ? ignored('ALREADY_SO') : blocked('ANNOUNCED_OTHERWISE')
  const facts = { perShare, withholdingRate, exDate, payDate }
  return approved('ANNOUNCED', {
    ...{ type: 'DividendAnnounced', instrument, dividendId, decisionId, ...facts, at: now },
  })
}

/** Where a corporate action is decided. */
export interface ActionPlace {
  readonly book: Book
  readonly cell: CellState
  readonly decisionId: string
  readonly now: number
}

/** Returns what an operator's word that a stock trades without its dividend leads to. */
export function goExDividend(
  place: ActionPlace,
  { instrument, exDate }: Command<'goExDividend'>,
): CorporateAction {
  const dividend = place.cell.dividends.find(({ id }) => id === actionId('DIV', instrument, exDate))
  if (dividend === undefined) return blocked('NOT_ANNOUNCED')
  if (dividend.due !== null) return ignored('ALREADY_SO')
  if (exchangeDay(place.cell.zone, place.now) < dayOf(exDate)) return blocked('EX_DATE_TO_COME')
  return approved('EX_DATE', wentEx(place, dividend))
}

/** Returns the dividends of a cell whose ex-date has come as going ex. */
export function goExWhatIsDue(portfolio: Portfolio, instrument: string): readonly PortfolioEvent[] {
  const book = portfolio.books.get(instrument)
  const cell = book?.cell ?? null
  if (book === undefined || cell === null || cell.dividends.length === 0) return NOTHING
  const { now } = portfolio
  const today = exchangeDay(cell.zone, now)
  const due = cell.dividends.filter((dividend) => dividend.due === null && dayOf(dividend.exDate) <= today)
  const events: PortfolioEvent[] = []
  let anchor = cell.anchor
  for (const dividend of due) {
    const event = wentEx({ book, cell: { ...cell, anchor }, decisionId: '', now }, dividend)
    anchor = event.anchor
    events.push(event)
  }
  return events
}

/** Returns what a payment leads to: the receivable becomes cash, once. */
export function payDividend(
  place: ActionPlace,
  { instrument, exDate }: Command<'payDividend'>,
): CorporateAction {
  const dividend = place.cell.dividends.find(({ id }) => id === actionId('DIV', instrument, exDate))
  if (dividend === undefined) return blocked('NOT_ANNOUNCED')
  if (dividend.due === null) return blocked('NOT_EX_YET')
  if (dividend.paidAt !== null) return ignored('ALREADY_SO')
  const { id: dividendId, due } = dividend
  const paid: PortfolioEvent = { type: 'DividendPaid', instrument, dividendId, net: due.net, at: place.now }
  return approved('PAID', paid, ...postings(place, dividendId, due.gross, due.withheld))
}

/**
 * Returns what a correction of a dividend leads to: what is recorded stays, and the difference is recorded beside it. The
 * anchor follows while it still is the one that the dividend lowered.
 */
export function correctDividend(place: ActionPlace, command: Command<'correctDividend'>): CorporateAction {
  const { instrument, exDate, reason } = command
  const { cell, decisionId, now } = place
  const dividend = cell.dividends.find(({ id }) => id === actionId('DIV', instrument, exDate))
  if (dividend === undefined) return blocked('NOT_ANNOUNCED')
  const perShare = command.perShare ?? dividend.perShare
  const withholdingRate = command.withholdingRate ?? dividend.withholdingRate
  const payDate = command.payDate ?? dividend.payDate
  if (!perShare.isPositive()) return blocked('AMOUNT_NOT_ABOVE_ZERO')
  if (withholdingRate.isNegative() || ONE.isLessThan(withholdingRate)) return blocked('RATE_NOT_A_FRACTION')
  if (parseInstant(payDate) === null || payDate < exDate) return blocked('PAID_BEFORE_EX_DATE')
  if (isSame(dividend, { perShare, withholdingRate, payDate })) return ignored('ALREADY_SO')
  const { id: dividendId, due: before } = dividend
  const due =
    before === null ? null : receivableOf(before.shares, { id: dividendId, perShare, withholdingRate })
  const isOwnAnchor = before !== null && cell.anchor !== null && isAnchoredBefore(cell, exDate)
  const anchor = isOwnAnchor ? cell.anchor!.plus(dividend.perShare).minus(perShare) : cell.anchor
  if (anchor !== null && !anchor.isPositive()) return blocked('ANCHOR_NOT_ABOVE_ZERO')
  const facts = { perShare, withholdingRate, payDate, anchor, reason }
  const figures = due === null ? null : { gross: due.gross, withheld: due.withheld, net: due.net }
  const corrected: PortfolioEvent = {
    ...{ type: 'DividendCorrected', instrument, dividendId, decisionId, ...facts, due: figures, at: now },
  }
  if (before === null || due === null || dividend.paidAt === null) return approved('CORRECTED', corrected)
  const gross = due.gross.minus(before.gross)
  const withheld = due.withheld.minus(before.withheld)
  return approved('CORRECTED', corrected, ...postings(place, `correction of ${dividendId}`, gross, withheld))
}

/** Returns what a split leads to, once: shares and anchor change, and no value. */
export function bookSplit(
  { book, cell, decisionId, now }: ActionPlace,
  command: Command<'splitShares'>,
): CorporateAction {
  const { instrument, exDate, ratio } = command
  if (!ratio.isPositive()) return blocked('RATIO_NOT_ABOVE_ZERO')
  if (parseInstant(exDate) === null) return blocked('DATE_UNKNOWN')
  const splitId = actionId('SPLIT', instrument, exDate)
  if (cell.splitIds.includes(splitId)) return ignored('ALREADY_SO')
  if (exchangeDay(cell.zone, now) < dayOf(exDate)) return blocked('EX_DATE_TO_COME')
  if (book.rebalanceOrderIds.length > 0) return blocked('ORDER_AT_WORK')
  const { shares, anchor } = splitShares(cellOf(book)!, ratio)
  const facts = { ratio, shares, anchor }
  return approved('SPLIT', { type: 'SharesSplit', instrument, splitId, decisionId, ...facts, at: now })
}

/** What was held at the close before the ex-date counts, whenever it is told of. */
function wentEx({ book, cell, now: at }: ActionPlace, dividend: CellDividend): DividendWentEx {
  const { id: dividendId, exDate, perShare } = dividend
  const held = cellOf(book)!.shares
  const shares = heldBefore(cell, dayOf(exDate), held)
  const { gross, withheld, net } = receivableOf(shares, dividend)
  const anchor = isAnchoredBefore(cell, exDate) ? loweredAnchor(cell, perShare) : cell.anchor
  const { instrument } = book
  return { type: 'DividendWentEx', instrument, dividendId, shares, gross, withheld, net, anchor, at }
}

/** Returns whether the anchor is a price with the dividend; one of the ex-date or later is without it already. */
function isAnchoredBefore({ zone, anchorAt }: CellState, exDate: LocalDate): boolean {
  return exchangeDay(zone, anchorAt) < dayOf(exDate)
}

/** A dividend of all that the share was worth leaves the anchor alone: it cannot be 0. */
function loweredAnchor({ anchor }: CellState, perShare: Decimal): Decimal | null {
  const lowered = anchor?.minus(perShare) ?? null
  return lowered?.isPositive() === false ? anchor : lowered
}

function postings(
  { book, now: at }: ActionPlace,
  note: string,
  gross: Decimal,
  withheld: Decimal,
): LedgerPosted[] {
  const place = {
    type: 'LedgerPosted',
    at,
    orderId: null,
    positionId: holdingId(book.instrument),
    note,
  } as const
  const posted: LedgerPosted[] = []
  if (!gross.isZero()) posted.push({ ...place, kind: 'dividend', amount: gross })
  if (!withheld.isZero()) posted.push({ ...place, kind: 'tax', amount: withheld.negated() })
  return posted
}

function isSame(
  known: Pick<CellDividend, 'perShare' | 'withholdingRate' | 'payDate'>,
  told: Pick<CellDividend, 'perShare' | 'withholdingRate' | 'payDate'>,
): boolean {
  const isRate = known.withholdingRate.equals(told.withholdingRate)
  return isRate && known.perShare.equals(told.perShare) && known.payDate === told.payDate
}

function dayOf(date: LocalDate): number {
  return (parseInstant(date) ?? Number.NaN) / DAY
}

const NOTHING: readonly PortfolioEvent[] = []

function blocked(reason: string): CorporateAction {
  return { outcome: 'blocked', reason, events: NOTHING }
}

function ignored(reason: string): CorporateAction {
  return { outcome: 'ignored', reason, events: NOTHING }
}

function approved(reason: string, ...events: readonly PortfolioEvent[]): CorporateAction {
  return { outcome: 'approved', reason, events }
}
