import { decimal } from '../../decimal.js'
import type { PortfolioEvent } from '../../event.js'
import type { CellCommand } from '../../input.js'
import type { Book } from '../../portfolio/book.js'
import { ordersOfDay } from '../../portfolio/cell-state.js'
import { holdingId } from '../../portfolio/holding.js'
import { newDecision } from '../../portfolio/new-decision.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { type Gate, shutGates } from '../../risk/gate.js'
import { SECOND } from '../../time.js'
import type { Cell } from './cell.js'
import { type CellRules, cellOf, rulesOfCells } from './cell-rules.js'
import { codeOf, orderEvents } from './decide-evaluation.js'
import { describeCell, type Wanted } from './describe-cell.js'
import { limitOfDay } from './guardrails.js'
import { cellOrderGates } from './order-controls.js'
import { sizeOrder } from './size-order.js'
import { isCellOpen } from './trading-hours.js'

/** An operator's order of a cell. */
export interface ManualOrder {
  readonly inputId: string
  readonly book: Book
  readonly command: Extract<CellCommand, { kind: 'cellOrder' }>
}

interface Judged {
  /** Null where nothing refuses it. */
  readonly reasons: readonly string[] | null
  readonly wanted: Wanted
  readonly gates: readonly Gate[]
}

/**
 * Returns what an operator's order leads to. It passes what an order of the strategy passes; what would have to be
 * trimmed is refused with the limit that says so, and its size is the operator's.
 */
export function decideManualOrder(
  portfolio: Portfolio,
  { inputId, book, command }: ManualOrder,
): PortfolioEvent[] {
  const { instrument } = book
  const rules = rulesOfCells(portfolio).get(instrument)
  const cell = cellOf(book)
  const price = book.market.price
  const fields = { inputId, ordinal: 1, kind: 'cellOrder', instrument, notes: [command.reason] } as const
  if (rules === undefined || cell === null || book.cell === null || price === null) {
    const reasons = [price === null ? 'NO_PRICE' : 'NOT_A_CELL']
    return [
      { type: 'DecisionMade', decision: newDecision(portfolio, { ...fields, outcome: 'blocked', reasons }) },
    ]
  }
  const { reasons, wanted, gates } = judgeOrder(portfolio, { book, cell, rules, price, command })
  const outcome = reasons === null ? 'approved' : 'blocked'
  const { priceAt } = book.market
  const moment = { cell, state: book.cell, rules, price, priceAt, now: portfolio.now, attempt: null, wanted }
  const decision = newDecision(portfolio, {
    ...{ ...fields, outcome, reasons: reasons ?? ['OPERATOR'], gates, price },
    evaluation: describeCell(moment),
    lots: reasons === null ? command.shares.toNumber() : 0,
    positionIds: [holdingId(instrument)],
  })
  const events: PortfolioEvent[] = [{ type: 'DecisionMade', decision }]
  if (reasons === null)
    events.push(...orderEvents(portfolio, { book, rules, decision, wanted, attempt: null }))
  return events
}

interface Judging {
  readonly book: Book
  readonly cell: Cell
  readonly rules: CellRules
  readonly price: number
  readonly command: ManualOrder['command']
}

function judgeOrder(portfolio: Portfolio, { book, cell, rules, price, command }: Judging): Judged {
  const { side, shares } = command
  const wanted: Wanted = { side, because: 'operator', rawShares: shares, order: null }
  const refuse = (reason: string): Judged => ({ reasons: [reason], wanted, gates: [] })
  const maxAge = portfolio.settings?.volatility?.priceMaxAgeSeconds ?? 0
  if (!shares.isPositive()) return refuse('AMOUNT_NOT_ABOVE_ZERO')
  if (portfolio.now - book.market.priceAt > maxAge * SECOND) return refuse('PRICE_STALE')
  if (book.rebalanceOrderIds.length > 0) return refuse('ORDER_AT_WORK')
  if (!isCellOpen(portfolio, rules)) return refuse('MARKET_CLOSED')
  // Too small is too small for an operator, too: nothing is raised.
  const orders = { ...rules.settings.orders, belowMinimum: 'reject' } as const
  const sized = sizeOrder(cell, { side, price: decimal(price), shares }, { ...rules.settings, orders })
  if (sized.outcome !== 'order') return refuse(codeOf(sized.reason))
  if (!sized.shares.equals(shares)) return refuse(codeOf(sized.cappedBy.at(-1) ?? 'NOT_A_WHOLE_STEP'))
  const limit = limitOfDay(ordersOfDay(book.cell!, portfolio.now), sized.notional, rules.settings.guardrails)
  if (limit !== null) return refuse(codeOf(limit))
  const ordered: Wanted = { ...wanted, order: sized }
  const gates = cellOrderGates(portfolio, book, { side, notional: sized.notional })
  const shut = shutGates(gates)
  return { reasons: shut.length > 0 ? shut : null, wanted: ordered, gates }
}
