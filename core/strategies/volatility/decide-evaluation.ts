import { type Decimal, decimal } from '../../decimal.js'
import type { DecisionOutcome } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import { orderId } from '../../ids.js'
import { unreachable } from '../../invariant.js'
import { alarm } from '../../portfolio/alarm.js'
import type { Book } from '../../portfolio/book.js'
import { type CellState, ordersOfDay } from '../../portfolio/cell-state.js'
import { outcomeKey } from '../../portfolio/evolve-cells.js'
import { holdingId } from '../../portfolio/holding.js'
import { newDecision } from '../../portfolio/new-decision.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { type Gate, shutGates } from '../../risk/gate.js'
import { type Instant, SECOND } from '../../time.js'
import type { Cell } from './cell.js'
import { type CellRules, cellOf, rulesOfCells } from './cell-rules.js'
import { describeCell, type Wanted } from './describe-cell.js'
import { type Evaluation, evaluateCell } from './evaluate.js'
import { sharesTowards } from './guardrails.js'
import { cellOrderGates } from './order-controls.js'
import { sizeOrder } from './size-order.js'
import { isCellOpen } from './trading-hours.js'

/** What a cell is evaluated at, and for whom. */
export interface EvaluationRequest {
  readonly book: Book
  readonly price: number
  readonly priceAt: Instant
  readonly inputId: string
  /** Which decision of its input it is, from 1. */
  readonly ordinal: number
  /** Whether somebody wants to be told what comes of it, whatever that is. */
  readonly isAsked: boolean
  /** How often it was decided again because the price had moved before it was sent. */
  readonly attempt: number
}

/** A cell that can be evaluated. */
interface Subject {
  readonly request: EvaluationRequest
  readonly cell: Cell
  readonly state: CellState
  readonly rules: CellRules
}

/** What an evaluation came to. */
interface Verdict {
  readonly outcome: DecisionOutcome
  readonly reasons: readonly string[]
  readonly wanted: Wanted | null
  readonly gates: readonly Gate[]
  /** What follows besides the decision and its order. */
  readonly effects: readonly PortfolioEvent[]
}

/**
 * Returns what a price leads to in one cell: an order, an anchor, or nothing. What leads to nothing is recorded when it
 * is another nothing than the last one, or when somebody asked.
 */
export function decideEvaluation(portfolio: Portfolio, request: EvaluationRequest): PortfolioEvent[] {
  const { book, inputId, ordinal, isAsked } = request
  const rules = rulesOfCells(portfolio).get(book.instrument)
  const cell = cellOf(book)
  if (rules === undefined || cell === null || book.cell === null) {
    if (!isAsked) return []
    const reasons = [rules === undefined ? 'NOT_A_CELL' : 'NOT_FUNDED']
    const fields = { inputId, ordinal, kind: 'evaluation', instrument: book.instrument } as const
    return [
      { type: 'DecisionMade', decision: newDecision(portfolio, { ...fields, outcome: 'blocked', reasons }) },
    ]
  }
  const subject: Subject = { request, cell, state: book.cell, rules }
  return record(portfolio, subject, judge(portfolio, subject))
}

function judge(portfolio: Portfolio, subject: Subject): Verdict {
  const { request, cell, state, rules } = subject
  const { book, price, priceAt } = request
  const { settings } = portfolio
  const maxAge = settings?.volatility?.priceMaxAgeSeconds ?? 0
  if (state.halt !== null) return nothing('blocked', 'CELL_HALTED')
  if (portfolio.now - priceAt > maxAge * SECOND) return nothing('blocked', 'PRICE_STALE')
  const exact = decimal(price)
  const start = startOf(subject, exact)
  const circumstances = {
    price: exact,
    isOpen: isCellOpen(portfolio, rules),
    hasOrderAtWork: book.rebalanceOrderIds.length > 0,
    today: ordersOfDay(state, portfolio.now),
  }
  if (start !== null) return startVerdict(portfolio, subject, { exact, start, ...circumstances })
  return verdictOf(portfolio, subject, evaluateCell(cell, circumstances, rules.settings))
}

/** The shares that a cell which has never ordered is to start with; null where there are none. */
function startOf({ cell, state, rules }: Subject, price: Decimal): Decimal | null {
  const { initialStock, settings } = rules
  if (initialStock === null || state.order !== null || cell.shares.isPositive()) return null
  const towards = { side: 'buy', price, bound: initialStock } as const
  return sharesTowards(cell, towards, settings.commissionRate, 'floor')
}

/** The first purchase is no trade of the strategy: the largest trade does not hold it back, all else does. */
function startVerdict(
  portfolio: Portfolio,
  subject: Subject,
  at: {
    readonly exact: Decimal
    readonly start: Decimal
    readonly isOpen: boolean
    readonly hasOrderAtWork: boolean
  },
): Verdict {
  const { request, cell, rules } = subject
  const { exact, start, isOpen, hasOrderAtWork } = at
  const anchored = cell.anchor === null ? [anchorAt(portfolio, request.book.instrument, exact)] : NO_EVENTS
  const wanted: Wanted = { side: 'buy', because: 'initial_stock', rawShares: start, order: null }
  if (hasOrderAtWork || !isOpen) {
    const reasons = [...(anchored.length > 0 ? ['ANCHORED'] : []), isOpen ? 'ORDER_AT_WORK' : 'MARKET_CLOSED']
    return { ...nothing('ignored', ...reasons), wanted, effects: anchored }
  }
  const guardrails = { ...rules.settings.guardrails, maxTrade: null }
  const settings = { ...rules.settings, guardrails }
  const sized = sizeOrder(cell, { side: 'buy', price: exact, shares: start }, settings)
  if (sized.outcome !== 'order')
    return { ...nothing('blocked', codeOf(sized.reason)), wanted, effects: anchored }
  const verdict = orderVerdict(portfolio, subject, { ...wanted, order: sized })
  return { ...verdict, effects: anchored }
}

function verdictOf(portfolio: Portfolio, subject: Subject, evaluation: Evaluation): Verdict {
  const { request, cell } = subject
  const { instrument } = request.book
  switch (evaluation.outcome) {
    case 'anchored': {
      const effects = [anchorAt(portfolio, instrument, evaluation.anchor)]
      return { ...nothing('approved', 'ANCHORED'), effects }
    }
    case 'held':
      return nothing('ignored', 'WITHIN_TRIGGERS')
    case 'halted':
      return { ...nothing('blocked', codeOf(evaluation.reason)), effects: halt(portfolio, subject) }
    case 'skipped':
    case 'blocked': {
      const { side, reason } = evaluation
      const outcome = evaluation.outcome === 'skipped' ? 'ignored' : 'blocked'
      const because = cell.anchor === null ? 'initial_stock' : ('trigger' as const)
      return {
        ...nothing(outcome, codeOf(reason)),
        wanted: { side, because, rawShares: null, order: null },
      }
    }
    case 'order': {
      const { side, reason: because, rawShares, order } = evaluation
      return orderVerdict(portfolio, subject, { side, because, rawShares, order })
    }
    default:
      return unreachable(evaluation)
  }
}

function orderVerdict(portfolio: Portfolio, { request }: Subject, wanted: Wanted): Verdict {
  const { side } = wanted
  const gates = cellOrderGates(portfolio, request.book, { side, notional: wanted.order!.notional })
  const shut = shutGates(gates)
  if (shut.length > 0) return { outcome: 'blocked', reasons: shut, wanted, gates, effects: NO_EVENTS }
  const reasons = [codeOf(wanted.because)]
  return { outcome: 'approved', reasons, wanted, gates, effects: NO_EVENTS }
}

function record(portfolio: Portfolio, subject: Subject, verdict: Verdict): PortfolioEvent[] {
  const { request, cell, state, rules } = subject
  const { book, price, priceAt, inputId, ordinal, isAsked, attempt } = request
  const { outcome, reasons, wanted, gates, effects } = verdict
  const isOrder = outcome === 'approved' && wanted?.order != null
  const isSame = state.outcome === outcomeKey(outcome, reasons)
  if (!isOrder && !isAsked && isSame && effects.length === 0) return NO_EVENTS
  const { instrument } = book
  const seen = describeCell({ cell, state, rules, price, priceAt, now: portfolio.now, attempt, wanted })
  const positionId = holdingId(instrument)
  const decision = newDecision(portfolio, {
    ...{ inputId, ordinal, kind: 'evaluation', instrument, outcome, reasons, gates, price },
    lots: isOrder ? wanted!.order!.shares.toNumber() : 0,
    positionIds: [positionId],
    // A price that is not looked at leads to no arithmetic.
    ...(reasons.includes('PRICE_STALE') ? {} : { evaluation: seen }),
  })
  const events: PortfolioEvent[] = [{ type: 'DecisionMade', decision }, ...effects]
  if (isOrder) events.push(...orderEvents(portfolio, { book, rules, decision, wanted: wanted!, attempt }))
  return events
}

/** An order of a cell, and what made it. */
export interface CellOrderRequest {
  readonly book: Book
  readonly rules: CellRules
  readonly decision: { readonly id: string; readonly price: number | null }
  readonly wanted: Wanted
  /** Null for an operator's order. */
  readonly attempt: number | null
}

/** Returns the events of a new order of a cell: it exists, and it counts in its day. */
export function orderEvents(portfolio: Portfolio, request: CellOrderRequest): PortfolioEvent[] {
  const { book, rules, decision, wanted, attempt } = request
  const { side, order } = wanted
  const { instrument } = book
  const { shares, notional } = order!
  const id = orderId(decision.id)
  const { commissionRate } = rules.settings
  const at = portfolio.now
  return [
    {
      ...{ type: 'OrderInitialized', orderId: id, decisionId: decision.id, instrument, side },
      ...{ positionId: holdingId(instrument), purpose: 'rebalance', orderType: 'market', lots: shares },
      ...{ limitPrice: null, referencePrice: decision.price!, at, unit: null },
    },
    { type: 'CellOrdered', instrument, orderId: id, attempt, notional, commissionRate, at },
  ]
}

function halt(portfolio: Portfolio, { request, cell }: Subject): PortfolioEvent[] {
  const { instrument } = request.book
  const reason = `the price ${request.price} is more than 50 % from the anchor ${cell.anchor}`
  const message = `the cell ${instrument} trades no more: ${reason}. Book the split, or set the anchor, once it is known why`
  return [
    { type: 'CellHalted', instrument, reason, at: portfolio.now },
    alarm(portfolio, {
      ...{ code: 'CELL_HALTED', severity: 'critical', instrument, subject: instrument, message },
    }),
  ]
}

function anchorAt(portfolio: Portfolio, instrument: string, anchor: Decimal): PortfolioEvent {
  return {
    ...{ type: 'CellAnchored', instrument, anchor, cause: 'firstPrice', orderId: null, at: portfolio.now },
  }
}

const NO_EVENTS: PortfolioEvent[] = []

function nothing(outcome: DecisionOutcome, ...reasons: readonly string[]): Verdict {
  return { outcome, reasons, wanted: null, gates: [], effects: NO_EVENTS }
}

/** Returns a reason of the arithmetic as the code that decisions carry. */
export function codeOf(reason: string): string {
  return reason.toUpperCase()
}
