import { type Decimal, least, ZERO } from '../decimal.js'
import type { OrderInitialized, PortfolioEvent } from '../event.js'
import { decisionId, exitOrderId } from '../ids.js'
import { isAtWork, mayBeAtVenue, type Order, remainingLots } from '../order/order.js'
import { allowsExits } from '../risk/trading-state.js'
import type { Instant } from '../time.js'
import type { Book } from './book.js'
import { type HoldingExit, holdingId } from './holding.js'
import { newDecision } from './new-decision.js'
import type { Portfolio } from './portfolio.js'
import { marketHours } from './sessions.js'

/** An operator's wish to sell what is held of an asset. */
export interface HoldingExitRequest {
  readonly inputId: string
  /** Which decision of its input it is, from 1. */
  readonly ordinal: number
  readonly reason: string
}

/**
 * Returns the decision on an operator's exit of a holding, and what follows: the exit stands, the asset is locked so that
 * nothing of it is bought until a person unlocks it, and what is to be bought of it, or waits at a limit, is cancelled.
 */
export function requestHoldingExit(
  portfolio: Portfolio,
  book: Book,
  { inputId, ordinal, reason }: HoldingExitRequest,
): PortfolioEvent[] {
  const { instrument, holding } = book
  const isKnown = holding !== null && holding.exit !== null && isExitOpen(book)
  const isFrozen = !allowsExits(portfolio.tradingState)
  const decision = newDecision(portfolio, {
    ...{ inputId, ordinal, kind: 'operatorExit', instrument },
    outcome: isKnown ? 'ignored' : isFrozen ? 'blocked' : 'approved',
    reasons: [isKnown ? 'ALREADY_CLOSING' : isFrozen ? 'TRADING_STATE' : reason],
    lots: isKnown || isFrozen ? 0 : (holding?.quantity ?? ZERO).toNumber(),
    price: book.market.price,
    positionIds: [holdingId(instrument)],
    notes: isFrozen && !isKnown ? [STANDS] : [],
  })
  const events: PortfolioEvent[] = [{ type: 'DecisionMade', decision }]
  if (isKnown) return events
  const id = decisionId(inputId, ordinal)
  events.push(
    { type: 'ExitRequested', positionId: holdingId(instrument), decisionId: id, reason },
    { type: 'InstrumentLocked', instrument, reason: `an operator sold it: ${reason}`, at: portfolio.now },
  )
  for (const order of ordersOfHolding(portfolio, book)) events.push(...takeBack(portfolio, order))
  return events
}

const STANDS = 'the exit stands, and is ordered as soon as the portfolio is no longer frozen'

/** Returns whether an exit has something to do: something is held, or an order may still fill. */
export function isExitOpen({ holding, rebalanceOrderIds }: Book): boolean {
  return rebalanceOrderIds.length > 0 || (holding?.quantity.isPositive() ?? false)
}

/** What never left ends here. A sale at the market that is under way does what the exit wants. */
function takeBack(portfolio: Portfolio, order: Order): PortfolioEvent[] {
  const { id, purpose, side, limitPrice, cancelRequested, state } = order
  if (purpose === 'exit') return []
  const reason = 'an exit came first'
  if (!mayBeAtVenue(state)) return [{ type: 'OrderCanceled', orderId: id, reason, at: portfolio.now }]
  const isInTheWay = side === 'buy' || limitPrice !== null
  return isInTheWay && !cancelRequested ? [{ type: 'OrderCancelRequested', orderId: id, reason }] : []
}

/**
 * Returns the order that a standing exit of the book's holding still needs: for what is held less what sales at work or
 * unknown may still sell. It waits while a refused exit's delay runs, while the exchange is closed, and while frozen.
 */
export function planHoldingExit(portfolio: Portfolio, book: Book): readonly OrderInitialized[] {
  const due = dueExit(portfolio, book, portfolio.now)
  if (due === null) return NO_ORDERS
  const { instrument, holding, market } = book
  const { exit, lots } = due
  const average = (): number => holding!.cost.toNumber() / holding!.quantity.toNumber()
  return [
    {
      type: 'OrderInitialized',
      orderId: exitOrderId(exit.decisionId, exit.orders + 1),
      ...{ decisionId: exit.decisionId, positionId: holdingId(instrument), instrument, side: 'sell' },
      ...{ purpose: 'exit', orderType: 'market', lots, limitPrice: null },
      ...{ referencePrice: market.price ?? average(), at: portfolio.now, unit: null },
    },
  ]
}

const NO_ORDERS: readonly OrderInitialized[] = []

/** Returns whether the book's standing exit needs an order at `now`. */
export function isHoldingExitDue(portfolio: Portfolio, book: Book, now: Instant): boolean {
  return dueExit(portfolio, book, now) !== null
}

interface DueExit {
  readonly exit: HoldingExit
  /** Above 0. */
  readonly lots: Decimal
}

function dueExit(portfolio: Portfolio, book: Book, now: Instant): DueExit | null {
  const { holding, missingLots } = book
  const exit = holding?.exit ?? null
  if (holding === null || exit === null || !holding.quantity.isPositive()) return null
  if (!allowsExits(portfolio.tradingState) || now < exit.notBefore) return null
  let lots = holding.quantity
  for (const order of ordersOfHolding(portfolio, book))
    if (order.side === 'sell' && isAtWork(order.state)) lots = lots.minus(remainingLots(order))
  // What the broker does not hold cannot be sold.
  if (missingLots.isPositive()) lots = least(lots, lots.minus(missingLots))
  if (!lots.isPositive()) return null
  return marketHours(portfolio, book.instrument, now) === 'closed' ? null : { exit, lots }
}

function ordersOfHolding(portfolio: Portfolio, { rebalanceOrderIds }: Book): Order[] {
  return rebalanceOrderIds.flatMap((id) => portfolio.orders.get(id) ?? [])
}
