import { type Decimal, decimal } from '../../decimal.js'
import type { DecisionKind, DecisionOutcome } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import { decisionId } from '../../ids.js'
import type { CellCommand } from '../../input.js'
import { unreachable } from '../../invariant.js'
import type { Book } from '../../portfolio/book.js'
import type { CellState } from '../../portfolio/cell-state.js'
import { unassignedCash } from '../../portfolio/holding.js'
import { newDecision } from '../../portfolio/new-decision.js'
import type { SeenPrice } from '../../portfolio/observe.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { rulesOfCells } from './cell-rules.js'
import { decideManualOrder } from './decide-manual-order.js'
import { decidePrices } from './decide-prices.js'
import {
  type ActionPlace,
  announceDividend,
  bookSplit,
  type CorporateAction,
  correctDividend,
  goExDividend,
  goExWhatIsDue,
  payDividend,
} from './dividends.js'

/** An operator's command about cells. */
export interface CellCommandRequest {
  readonly inputId: string
  readonly command: CellCommand
  /** Those that the command told. */
  readonly prices: readonly SeenPrice[]
  readonly record: (events: readonly PortfolioEvent[]) => void
}

/** Decides an operator's command about cells; each has one decision at least, a refusal included. */
export function decideCellCommand(portfolio: Portfolio, request: CellCommandRequest): void {
  const { inputId, command, record } = request
  if (command.kind === 'evaluate') {
    evaluate(portfolio, request, command)
    return
  }
  const book = portfolio.books.get(command.instrument)
  const cell = book?.cell ?? null
  if (book === undefined || cell === null) {
    const isConfigured = rulesOfCells(portfolio).has(command.instrument)
    const action = {
      outcome: 'blocked',
      reason: isConfigured ? 'NOT_FUNDED' : 'NOT_A_CELL',
      events: [],
    } as const
    record(decided(portfolio, request, action))
    return
  }
  if (command.kind !== 'goExDividend') record(goExWhatIsDue(portfolio, command.instrument))
  const place: ActionPlace = { book, cell, decisionId: decisionId(inputId, 1), now: portfolio.now }
  switch (command.kind) {
    case 'setAnchor':
      record(decided(portfolio, request, setAnchor(portfolio, place, command.price)))
      break
    case 'cellOrder':
      record(decideManualOrder(portfolio, { inputId, book, command }))
      break
    case 'fundCell':
      record(decided(portfolio, request, fund(portfolio, place, command.amount)))
      break
    case 'announceDividend':
      record(decided(portfolio, request, announceDividend(place, command)))
      break
    case 'goExDividend':
      record(decided(portfolio, request, goExDividend(place, command)))
      break
    case 'payDividend':
      record(decided(portfolio, request, payDividend(place, command)))
      break
    case 'correctDividend':
      record(decided(portfolio, request, correctDividend(place, command)))
      break
    case 'splitShares':
      record(decided(portfolio, request, bookSplit(place, command)))
      break
    default:
      unreachable(command)
  }
}

type Evaluate = Extract<CellCommand, { kind: 'evaluate' }>

/** Cells without a price in the command are evaluated at the last one that was seen, as old as that is. */
function evaluate(portfolio: Portfolio, request: CellCommandRequest, { instruments }: Evaluate): void {
  const { inputId, prices, record } = request
  const told = new Set(prices.map(({ instrument }) => instrument))
  const wanted = instruments ?? [...rulesOfCells(portfolio).keys()]
  const known: SeenPrice[] = []
  const without: string[] = []
  for (const instrument of wanted) {
    if (told.has(instrument)) continue
    const market = portfolio.books.get(instrument)?.market
    if (market === undefined || market.price === null) without.push(instrument)
    else known.push({ instrument, price: market.price, observedAt: market.priceAt, verdict: 'seen' })
  }
  decidePrices(portfolio, { inputId, prices: [...prices, ...known], isAsked: true, record })
  let ordinal = prices.length + known.length
  for (const instrument of without) {
    ordinal += 1
    const reasons = [portfolio.books.has(instrument) ? 'NO_PRICE' : 'NOT_A_CELL']
    const fields = { inputId, ordinal, kind: 'evaluation', instrument, outcome: 'blocked', reasons } as const
    record([{ type: 'DecisionMade', decision: newDecision(portfolio, fields) }])
  }
}

/** An anchor that a person sets ends a halt. */
function setAnchor(portfolio: Portfolio, { book }: ActionPlace, anchor: Decimal): CorporateAction {
  if (!anchor.isPositive()) return refused('PRICE_INVALID')
  if (book.rebalanceOrderIds.length > 0) return refused('ORDER_AT_WORK')
  const { instrument } = book
  const at = portfolio.now
  const event: PortfolioEvent = {
    ...{ type: 'CellAnchored', instrument, anchor, cause: 'operator', orderId: null, at },
  }
  return { outcome: 'approved', reason: 'OPERATOR', events: [event] }
}

/** What an order at work may cost stays in the cell. */
function fund(
  portfolio: Portfolio,
  { book, cell, decisionId: id }: ActionPlace,
  amount: Decimal,
): CorporateAction {
  if (amount.isZero()) return refused('AMOUNT_NOT_ABOVE_ZERO')
  if (amount.isPositive() && unassignedCash(portfolio).isLessThan(amount)) return refused('INSUFFICIENT_CASH')
  if (amount.isNegative() && spendable(book, cell).isLessThan(amount.negated()))
    return refused('INSUFFICIENT_CASH')
  const { instrument } = book
  const at = portfolio.now
  const event: PortfolioEvent = { type: 'CellFunded', instrument, decisionId: id, amount, at }
  return { outcome: 'approved', reason: amount.isPositive() ? 'FUNDED' : 'TAKEN_OUT', events: [event] }
}

function spendable({ rebalanceOrderIds }: Book, { cash, order }: CellState): Decimal {
  if (rebalanceOrderIds.length === 0 || order === null) return cash
  return cash.minus(order.notional.times(order.commissionRate.plus(decimal(1))))
}

function refused(reason: string): CorporateAction {
  return { outcome: 'blocked', reason, events: [] }
}

const KINDS = {
  setAnchor: 'anchor',
  cellOrder: 'cellOrder',
  fundCell: 'funding',
  announceDividend: 'dividend',
  goExDividend: 'dividend',
  payDividend: 'dividend',
  correctDividend: 'dividend',
  splitShares: 'split',
} as const satisfies Record<Exclude<CellCommand['kind'], 'evaluate'>, DecisionKind>

function decided(
  portfolio: Portfolio,
  request: CellCommandRequest,
  action: CorporateAction,
): PortfolioEvent[] {
  const { inputId, command } = request
  if (command.kind === 'evaluate') return []
  const { instrument } = command
  const outcome: DecisionOutcome = action.outcome
  const notes = 'reason' in command ? [command.reason] : []
  const kind = KINDS[command.kind]
  const fields = { inputId, ordinal: 1, kind, instrument, outcome, reasons: [action.reason], notes }
  const price = portfolio.books.get(instrument)?.cell?.anchor ?? null
  const decision = newDecision(portfolio, {
    ...fields,
    ...(command.kind === 'setAnchor' ? { price: command.price.toNumber() } : {}),
    ...(command.kind === 'setAnchor' && price !== null
      ? { notes: [...notes, `the anchor was ${price}`] }
      : {}),
  })
  return [{ type: 'DecisionMade', decision }, ...action.events]
}
