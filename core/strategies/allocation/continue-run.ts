import { decimal, least, ZERO } from '../../decimal.js'
import type { OrderInitialized, PortfolioEvent } from '../../event.js'
import { runOrderId } from '../../ids.js'
import { mayBeAtVenue, type Order } from '../../order/order.js'
import type { RunOrderChange } from '../../portfolio/allocation-event.js'
import type { AllocationRun, RunOrder } from '../../portfolio/allocation-state.js'
import { holdingId } from '../../portfolio/holding.js'
import { assetOf, bookOf, type Portfolio } from '../../portfolio/portfolio.js'
import { allowsEntries, allowsReductions } from '../../risk/trading-state.js'
import { type Instant, SECOND } from '../../time.js'
import { tradeRulesOf } from './allocation-rules.js'
import { endRun } from './end-run.js'
import { releaseBuys } from './funding.js'
import { ordersOf } from './gather-books.js'
import { normalizeQuantity, type TradeRules, wholeLots } from './order-size.js'
import type { PlannedOrder } from './plan.js'
import { allocationOf } from './plan-allocation.js'
import { isOver, isWaiting, progressOf } from './run-progress.js'

/** A price that moved is decided again so often. */
const MOST_ATTEMPTS = 3

type Recorder = (events: readonly PortfolioEvent[]) => void

/**
 * Brings the run in progress as far as the state allows, whatever changed it: orders go out, sells before buys and each buy
 * once it is paid for; what has rested too long is cancelled; and when nothing waits or is at work, the run is over. It
 * looks at nothing but the state, so a run goes on after a crash where the log ends.
 */
export function continueRun(portfolio: Portfolio, record: Recorder): void {
  if (allocationOf(portfolio) !== null) record(cancelAged(portfolio))
  const { run } = portfolio.allocation
  if (run === null) return
  record(release(portfolio, run))
  if (isOver(portfolio, run)) record(endRun(portfolio, run))
}

/** Returns whether time alone brings a run further at `now`, or ends an order that rests. */
export function hasRunDue(portfolio: Portfolio, now: Instant): boolean {
  const { run } = portfolio.allocation
  const isPaused = run !== null && run.pauseMs > 0 && run.notBefore <= now
  return (isPaused && run.orders.some(isWaiting)) || agedOrders(portfolio, now).length > 0
}

/** Also those of runs that are over: the next one plans around what rests. */
function agedOrders(portfolio: Portfolio, now: Instant): Order[] {
  const style = allocationOf(portfolio)?.style
  if (style === undefined || style.kind === 'market' || style.maxAgeSeconds === null) return []
  const oldest = now - style.maxAgeSeconds * SECOND
  const aged: Order[] = []
  for (const book of portfolio.books.values()) {
    for (const order of ordersOf(portfolio, book)) {
      if (
        order.purpose === 'rebalance' &&
        order.createdAt <= oldest &&
        !order.cancelRequested &&
        mayBeAtVenue(order.state)
      )
        aged.push(order)
    }
  }
  return aged
}

function cancelAged(portfolio: Portfolio): PortfolioEvent[] {
  return agedOrders(portfolio, portfolio.now).map(({ id }) => ({
    type: 'OrderCancelRequested',
    orderId: id,
    reason: 'aged_out',
  }))
}

/** With a pause between orders one goes out at a time; without, all that may. */
function release(portfolio: Portfolio, run: AllocationRun): PortfolioEvent[] {
  if (portfolio.now < run.notBefore) return []
  const waiting = run.orders.filter(isWaiting)
  if (waiting.length === 0) return []
  const paused = run.pauseMs > 0
  const sells = waiting.filter(({ side }) => side === 'sell')
  const looked = sells.length > 0 && paused ? sells.slice(0, 1) : sells
  const changes: RunOrderChange[] = looked.map((order) => sellNow(portfolio, run, order))
  if (sells.length === 0 || !paused) {
    const buys = waiting.filter(({ side }) => side === 'buy')
    const sellsAtOnce = looked.length > 0
    changes.push(...buyNow(portfolio, run, { buys: paused ? buys.slice(0, 1) : buys, sellsAtOnce }))
  }
  if (changes.length === 0) return []
  const orders = changes.flatMap((change) => initialize(portfolio, run, change))
  const notBefore = orders.length > 0 ? portfolio.now + run.pauseMs : run.notBefore
  return [{ type: 'AllocationAdvanced', runId: run.id, changes, notBefore }, ...orders]
}

function sellNow(portfolio: Portfolio, run: AllocationRun, order: RunOrder): RunOrderChange {
  const decided = decideAgain(portfolio, run, order)
  return decided.skipped === null ? withId(run, decided) : decided
}

interface Buying {
  readonly buys: readonly RunOrder[]
  /** Sells go out with this very event: they have brought nothing yet. */
  readonly sellsAtOnce: boolean
}

/** Buys whose turn it is, and those that nothing is left to pay for. */
function buyNow(portfolio: Portfolio, run: AllocationRun, { buys, sellsAtOnce }: Buying): RunOrderChange[] {
  if (buys.length === 0) return []
  const decided = buys.map((order) => decideAgain(portfolio, run, order))
  const changes: RunOrderChange[] = decided.filter(({ skipped }) => skipped !== null)
  const wanted = decided.filter(({ skipped }) => skipped === null)
  const rules = new Map<string, TradeRules>()
  for (const { symbol } of wanted) rules.set(symbol, tradeRulesOf(assetOf(portfolio, symbol)!, portfolio.now))
  const progress = progressOf(portfolio, run)
  const { released, dropped } = releaseBuys(
    wanted.map(asPlanned),
    { ...progress, sellsEnded: progress.sellsEnded && !sellsAtOnce },
    { feePct: run.feePct, rules },
  )
  const bySymbol = new Map(wanted.map((change) => [change.symbol, change]))
  for (const { symbol, quantity } of released)
    changes.push(withId(run, { ...bySymbol.get(symbol)!, quantity }))
  for (const { symbol } of dropped) changes.push({ ...bySymbol.get(symbol)!, skipped: 'NOT_FUNDED' })
  return changes
}

function asPlanned({ symbol, quantity, price }: RunOrderChange): PlannedOrder {
  return {
    symbol,
    side: 'buy',
    quantity,
    limitPrice: null,
    price,
    value: quantity.times(price),
    difference: ZERO,
  }
}

/** Returns the order as it is wanted at the present price, or why it is not wanted any more. */
function decideAgain(portfolio: Portfolio, run: AllocationRun, order: RunOrder): RunOrderChange {
  const { symbol, side, quantity, price, attempt } = order
  const same: RunOrderChange = { symbol, quantity, price, orderId: null, attempt, skipped: null }
  const state = portfolio.tradingState
  const isAllowed = side === 'buy' ? allowsEntries(state) : allowsReductions(state)
  if (!isAllowed) return { ...same, skipped: 'TRADING_STATE' }
  const asset = assetOf(portfolio, symbol)
  if (asset === undefined) return { ...same, skipped: 'NOT_TRADED' }
  const book = bookOf(portfolio, symbol)
  if (book.lock !== null) return { ...same, skipped: 'INSTRUMENT_LOCKED' }
  if (book.rebalanceOrderIds.length > 0) return { ...same, skipped: 'ORDER_AT_WORK' }
  const present = book.market.price
  if (present === null || !hasDrifted(run, order, present)) return same
  if (attempt >= MOST_ATTEMPTS) return { ...same, skipped: 'PRICE_DRIFT' }
  const again = quantityAt(portfolio, order, { price: present, rules: tradeRulesOf(asset, portfolio.now) })
  const decided = { ...same, price: decimal(present), quantity: again, attempt: attempt + 1 }
  return again.isPositive() ? decided : { ...decided, skipped: 'ON_TARGET' }
}

/** Returns whether the market has moved from what an order at the market was decided at by more than the run allows. */
export function hasDrifted(run: AllocationRun, { price, limitPrice }: RunOrder, present: number): boolean {
  if (run.maxDriftBps === null || limitPrice !== null) return false
  return Math.abs(present / price.toNumber() - 1) * 10_000 > run.maxDriftBps
}

/** The target stands; never another side, and a buy costs no more than was planned. */
function quantityAt(
  portfolio: Portfolio,
  { symbol, side, target, quantity, price: planned }: RunOrder,
  { price, rules }: { readonly price: number; readonly rules: TradeRules },
) {
  const held = bookOf(portfolio, symbol).holding?.quantity ?? ZERO
  const exact = decimal(price)
  const wanted = wholeLots(target, exact, rules.lot)
  if (side === 'sell') return normalizeQuantity(least(held.minus(wanted), held), rules.lot)
  const affordable = wholeLots(quantity.times(planned), exact, rules.lot)
  return normalizeQuantity(least(wanted.minus(held), affordable), rules.lot)
}

function withId(run: AllocationRun, change: RunOrderChange): RunOrderChange {
  const ordinal = run.orders.findIndex(({ symbol }) => symbol === change.symbol) + 1
  return { ...change, orderId: runOrderId(run.decisionId, ordinal, change.attempt) }
}

function initialize(
  portfolio: Portfolio,
  run: AllocationRun,
  { symbol, quantity, price, orderId }: RunOrderChange,
): OrderInitialized[] {
  if (orderId === null) return []
  const planned = run.orders.find((order) => order.symbol === symbol)!
  const { side, limitPrice } = planned
  const market = bookOf(portfolio, symbol).market.price
  return [
    {
      ...{ type: 'OrderInitialized', orderId, decisionId: run.decisionId, positionId: holdingId(symbol) },
      ...{ instrument: symbol, side, purpose: 'rebalance', limitPrice, lots: quantity },
      orderType: limitPrice === null ? 'market' : 'limit',
      referencePrice: limitPrice === null ? price.toNumber() : (market ?? price.toNumber()),
      ...{ at: portfolio.now, unit: null },
    },
  ]
}
