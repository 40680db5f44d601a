import { type Decimal, decimal, ZERO } from '../../decimal.js'
import { isAtWork, type Order, remainingLots } from '../../order/order.js'
import type { Book } from '../../portfolio/book.js'
import { bookOf, type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { allowsEntries } from '../../risk/trading-state.js'
import { SECOND } from '../../time.js'
import type { AllocationSettings } from './allocation-settings.js'
import { withFee } from './funding.js'
import type { AllocationHalt } from './halt.js'
import type { ClosedReason } from './plan.js'
import { choosePrices, type MarketQuote } from './pricing.js'
import type { Holding } from './symbols.js'

/** Returns what is held of the portfolio's assets, and how much of that no order at work is selling. */
export function holdingsOf(portfolio: Portfolio): Holding[] {
  const holdings: Holding[] = []
  for (const { name: symbol } of settingsOf(portfolio).assets ?? []) {
    const book = portfolio.books.get(symbol)
    const quantity = book?.holding?.quantity ?? ZERO
    if (book === undefined || quantity.isZero()) continue
    const promised = ordersOf(portfolio, book)
      .filter(({ side }) => side === 'sell')
      .reduce((sum, order) => sum.plus(remainingLots(order)), ZERO)
    const sellable = quantity.isLessThan(promised) ? ZERO : quantity.minus(promised)
    holdings.push({ symbol, quantity, sellable })
  }
  return holdings
}

/** Returns the orders at work that buy or sell the holding of a book. */
export function ordersOf(portfolio: Portfolio, { rebalanceOrderIds }: Book): Order[] {
  if (rebalanceOrderIds.length === 0) return []
  return rebalanceOrderIds.flatMap((id) => portfolio.orders.get(id) ?? [])
}

/** Returns what the orders at work may still spend, fees included. */
export function promisedCash(portfolio: Portfolio, feePct: number): Decimal {
  let promised = ZERO
  for (const book of portfolio.books.values())
    for (const order of ordersOf(portfolio, book)) promised = promised.plus(promisedBy(order, feePct))
  return promised
}

/** Returns what a buy at work may still cost with its fee; 0 for a sell. */
export function promisedBy(order: Order, feePct: number): Decimal {
  if (order.side === 'sell' || !isAtWork(order.state)) return ZERO
  const price = order.limitPrice ?? referenceOf(order)
  return withFee(remainingLots(order).times(price), feePct)
}

function referenceOf({ referencePrice }: Order): Decimal {
  return decimal(referencePrice)
}

/**
 * Returns the price of each symbol, as it was last seen: one source for every number of a run. Broker quotes, imported
 * prices, bars and fills all come there first.
 */
export function pricesOf(
  portfolio: Portfolio,
  symbols: readonly string[],
  { maxAgeSeconds }: AllocationSettings['prices'],
): ReadonlyMap<string, number> | AllocationHalt {
  const quotes = new Map<string, MarketQuote>()
  const outliers: string[] = []
  for (const symbol of symbols) {
    const market = portfolio.books.get(symbol)?.market
    if (market === undefined || market.price === null) continue
    if (market.suspectClose !== null) outliers.push(symbol)
    quotes.set(symbol, { bid: null, ask: null, last: market.price, observedAt: market.priceAt })
  }
  if (outliers.length > 0) return { halt: 'price', problem: 'outlier', symbols: outliers }
  const maxAgeMs = maxAgeSeconds * SECOND
  const rule = { source: 'last', now: portfolio.now, maxAgeMs, outlierPct: null } as const
  return choosePrices({ symbols, quotes, previous: new Map(), rule })
}

/** Returns why nothing may be ordered of an asset on a side at present; null when it may. */
export function closedReason(
  portfolio: Portfolio,
  symbol: string,
  side: 'buy' | 'sell',
): ClosedReason | null {
  const book = bookOf(portfolio, symbol)
  if (book.rebalanceOrderIds.length > 0) return 'order_at_work'
  if (book.lock !== null) return 'locked'
  return side === 'buy' && !allowsEntries(portfolio.tradingState) ? 'only_reductions' : null
}
