import { decimal } from '../../decimal.js'
import type { Sizing } from '../../decision.js'
import type { OrderInitialized, PortfolioEvent } from '../../event.js'
import { orderId, positionId } from '../../ids.js'
import type { PreCloseDue } from '../../input.js'
import { factsAt, limitAbove } from '../../instrument/instrument.js'
import { marketablePricing, type Pricing } from '../../order/chase.js'
import { mayBeAtVenue, type Order, remainingLots } from '../../order/order.js'
import type { Book } from '../../portfolio/book.js'
import { newDecision } from '../../portfolio/new-decision.js'
import { instrumentOf, type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { isPlacing, type PlannedEntry, type PreCloseRun } from '../../portfolio/pre-close-run.js'
import { marketHours } from '../../portfolio/sessions.js'
import { atLeast, type Gate, must, shutGates } from '../../risk/gate.js'
import { allowsEntries } from '../../risk/trading-state.js'
import { phaseBegins } from './pre-close-due.js'
import { lookAtPlan, quoteAge } from './second-look.js'

/** Returns the order of the run's planned entry at the price of this moment, or the refusal that takes its place. */
export function placeEntry(portfolio: Portfolio, input: PreCloseDue, book: Book): PortfolioEvent[] {
  const run = book.preClose
  const plan = run?.plan ?? null
  if (run === null || plan === null) return []
  const quote = input.quotes[book.instrument] ?? null
  const price = quote?.price ?? book.market.price ?? plan.price
  const look = lookAtPlan(portfolio, plan, price)
  const gates = [
    ...openingGates(portfolio, book),
    ...(quote === null ? [] : [quoteAge(portfolio, quote)]),
    ...look.gates,
    atLeast('BELOW_ONE_LOT', look.lots, 1),
  ]
  const shut = shutGates(gates)
  if (shut.length > 0) return refuse(portfolio, input, book, { run, plan, gates, price, shut })
  return orderPlan(portfolio, book, run, { plan, lots: look.lots, price })
}

/** Returns the plan of an entry that was sized so. */
export function planOf(entry: {
  readonly decisionId: string
  readonly unitNumber: number
  readonly sizing: Sizing
}): PlannedEntry {
  const { decisionId: decision, unitNumber, sizing } = entry
  const { lots, price, stopDistance, atr, pointValue, marginPerLot, stop } = sizing
  const size = { lots, price, stop, stopDistance, atr, pointValue, marginPerLot }
  return { decisionId: decision, unitNumber, ...size }
}

/** Returns the order of a planned entry, and the run that has placed it. */
export function orderPlan(
  portfolio: Portfolio,
  book: Book,
  run: PreCloseRun,
  { plan, lots, price }: { readonly plan: PlannedEntry; readonly lots: number; readonly price: number },
): PortfolioEvent[] {
  const order = entryOrder(portfolio, book, run, { plan, lots, price })
  const placed: PreCloseRun = {
    ...run,
    plan: null,
    entryDecisionId: plan.decisionId,
    entryUnit: plan.unitNumber,
    entryLots: lots,
    isRefused: false,
    detail: lots < plan.lots ? `${lots} of ${plan.lots} lots: the risk has grown since` : null,
  }
  return [{ type: 'PreCloseAdvanced', instrument: book.instrument, run: placed, at: portfolio.now }, order]
}

/** What may have changed since the decision. */
function openingGates(portfolio: Portfolio, book: Book): Gate[] {
  const { tradingState } = portfolio
  const hours = marketHours(portfolio, book.instrument)
  const atWork = book.entryOrderId ?? book.exitOrderIds[0] ?? null
  const closing = book.units.find((unit) => unit.exit !== null)?.id ?? null
  return [
    must('TRADING_STATE', allowsEntries(tradingState), tradingState, 'active'),
    must('INSTRUMENT_LOCKED', book.lock === null, book.lock?.reason ?? null, 'not locked'),
    must('SESSION', hours === 'open', hours, 'open'),
    must('ORDER_AT_WORK', atWork === null && closing === null, atWork ?? closing, 'nothing at work'),
  ]
}

function refuse(
  portfolio: Portfolio,
  input: PreCloseDue,
  book: Book,
  why: {
    readonly run: PreCloseRun
    readonly plan: PlannedEntry
    readonly gates: readonly Gate[]
    readonly price: number
    readonly shut: readonly string[]
  },
): PortfolioEvent[] {
  const { run, plan, gates, price, shut } = why
  const kind = plan.unitNumber === 1 ? 'entry' : 'pyramid'
  const decision = newDecision(portfolio, {
    inputId: input.id,
    // One refusal an instrument: the instruments of an input are told apart by their place in it.
    ordinal: input.instruments.indexOf(book.instrument) + 1,
    kind,
    instrument: book.instrument,
    outcome: 'blocked',
    reasons: shut,
    gates,
    price,
    stop: plan.stop,
    notes: [`decision ${plan.decisionId} had approved ${plan.lots} lots at ${plan.price}`],
  })
  const detail = `${kind} refused: ${shut.join(', ')}`
  const refused: PreCloseRun = { ...run, plan: null, isRefused: true, detail }
  return [
    { type: 'DecisionMade', decision },
    { type: 'PreCloseAdvanced', instrument: book.instrument, run: refused, at: portfolio.now },
  ]
}

function entryOrder(
  portfolio: Portfolio,
  book: Book,
  run: PreCloseRun,
  { plan, lots, price }: { plan: PlannedEntry; lots: number; price: number },
): OrderInitialized {
  const settings = settingsOf(portfolio).preClose!
  const instrument = instrumentOf(portfolio, book.instrument)!
  // A call and a put together have a price, and neither of them has one to be limited to.
  const isAtMarket =
    instrument.synthetic !== undefined || phaseBegins(settings, run.closesAt, 'market') <= portfolio.now
  const { tick } = factsAt(instrument, portfolio.now)
  const id = orderId(plan.decisionId)
  const order = {
    instrument: book.instrument,
    side: 'buy',
    purpose: plan.unitNumber === 1 ? 'entry' : 'pyramid',
  } as const
  const limited: Pricing = {
    orderType: 'limit',
    limitPrice: limitAbove(price, settings.limitBufferPct, tick),
  }
  return {
    type: 'OrderInitialized',
    orderId: id,
    decisionId: plan.decisionId,
    positionId: positionId(id),
    ...order,
    ...(isAtMarket ? marketablePricing(portfolio, order, price) : limited),
    lots: decimal(lots),
    referencePrice: price,
    at: portfolio.now,
    unit: {
      number: plan.unitNumber,
      label: null,
      stopDistance: plan.stopDistance,
      atr: plan.atr,
      pointValue: plan.pointValue,
      marginPerLot: plan.marginPerLot,
    },
  }
}

/** Returns what ends the run's limit orders that are not filled, so that market orders can take their place. */
export function goToMarket(portfolio: Portfolio, book: Book): PortfolioEvent[] {
  const run = book.preClose
  if (run === null) return []
  const events: PortfolioEvent[] = []
  for (const order of ordersOfRun(portfolio, book, run)) {
    if (order.type === 'limit') events.push(...endOrder(portfolio, order, 'it goes to market'))
  }
  return events
}

/** Returns what ends an order: at once when it never left, else by asking the venue. */
export function endOrder(portfolio: Portfolio, order: Order, reason: string): PortfolioEvent[] {
  if (!mayBeAtVenue(order.state))
    return [{ type: 'OrderCanceled', orderId: order.id, reason, at: portfolio.now }]
  return order.cancelRequested ? [] : [{ type: 'OrderCancelRequested', orderId: order.id }]
}

/** Returns the orders at work that the run has placed: its entry, and the exits of its units. */
export function ordersOfRun(portfolio: Portfolio, book: Book, run: PreCloseRun): Order[] {
  const orders: Order[] = []
  for (const id of book.exitOrderIds) {
    const order = portfolio.orders.get(id)!
    if (run.exits.some(({ positionId: sold }) => sold === order.positionId)) orders.push(order)
  }
  const entry = book.entryOrderId === null ? undefined : portfolio.orders.get(book.entryOrderId)
  if (entry !== undefined && entry.decisionId === run.entryDecisionId) orders.push(entry)
  return orders
}

/**
 * Returns the market order for what the run's limit order left open, once that one has ended; nothing when somebody
 * closes what it filled, or when the time is over. It is an order of its own, derived from the first.
 */
export function chaseEntry(portfolio: Portfolio, book: Book): OrderInitialized[] {
  const run = book.preClose
  const settings = portfolio.settings?.preClose
  if (settings == null || !isPlacing(run) || run.phase !== 'market' || run.entryDecisionId === null) return []
  if (book.entryOrderId !== null || phaseBegins(settings, run.closesAt, 'end') <= portfolio.now) return []
  const first = portfolio.orders.get(orderId(run.entryDecisionId))
  const isOver = first?.state === 'canceled' && first.latch === null && first.cancelRequested
  if (first === undefined || !isOver || !allowsEntries(portfolio.tradingState)) return []
  const id = `${first.id}-m`
  const lots = remainingLots(first)
  if (portfolio.orders.has(id) || !lots.isPositive() || book.lock !== null) return []
  return [
    {
      type: 'OrderInitialized',
      orderId: id,
      decisionId: first.decisionId,
      positionId: first.positionId,
      instrument: first.instrument,
      side: 'buy',
      purpose: first.purpose,
      ...marketablePricing(portfolio, first, first.referencePrice),
      lots,
      referencePrice: book.market.price ?? first.referencePrice,
      at: portfolio.now,
      unit: portfolio.unitPlans.get(first.id)!,
    },
  ]
}
