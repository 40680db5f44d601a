import { type Alert, toldAt } from '../alert/alert.js'
import { readBarTimes } from '../alert/misread-time.js'
import type { AlertAdmitted, Input, ObservedPrice, OperatorCommand, Quote } from '../input.js'
import type { Break } from '../reconcile/break.js'
import {
  applyChanges,
  type BreakChanges,
  compareAccount,
  compareOrders,
  isNothingNew,
} from '../reconcile/compare.js'
import { DAY, type Instant } from '../time.js'
import { arrivalOf } from './alert-arrival.js'
import { type Book, isBarFresh } from './book.js'
import { bookOf, instrumentOf, type Portfolio } from './portfolio.js'

/** Ended orders and closed units are kept this long for late reports. */
export const ENDED_KEPT_FOR = 7 * DAY

const FORGOTTEN_TOGETHER = 256

/** What an input changed in the market view, for the deciders to act on. */
export interface Observation {
  /** A confirmed bar that is later than the last one, and believed; null otherwise. */
  readonly bar: {
    readonly book: Book
    readonly close: number
    readonly atr: number | null
    readonly at: Instant
  } | null
  /** A bar that is put aside because its close is too far from the last; null otherwise. */
  readonly suspect: { readonly instrument: string; readonly close: number } | null
  /** Prices that a source told, one of each instrument, and what they are worth. */
  readonly prices: readonly SeenPrice[]
  /** Differences from the broker that were seen for the second time in a row. */
  readonly confirmedBreaks: readonly Break[]
}

/**
 * A price that a source told. seen: it is the last one · older: than the last one · suspect: too far from the last one,
 * until another agrees with it · invalid: not a price · unknown: of nothing that the portfolio trades.
 */
export interface SeenPrice extends ObservedPrice {
  readonly verdict: 'seen' | 'older' | 'suspect' | 'invalid' | 'unknown'
}

const NOTHING: Observation = { bar: null, suspect: null, prices: [], confirmedBreaks: [] }

/**
 * Takes the facts of `input` into the portfolio's view of time, market and account, and returns what is new.
 * This is the part of the state that is a fold of inputs; everything else is a fold of events.
 */
export function observe(portfolio: Portfolio, input: Input): Observation {
  portfolio.now = Math.max(portfolio.now, input.at)
  forgetEnded(portfolio)
  switch (input.type) {
    case 'AlertAdmitted':
      return observeAlert(portfolio, input)
    case 'BarClosed':
      return observeBar(
        bookOf(portfolio, input.instrument),
        input.close,
        input.atr,
        notAhead(portfolio, input.barAt),
      )
    case 'PricesObserved':
      return observePrices(portfolio, input.prices)
    case 'AllocationDue':
      return observePrices(portfolio, pricesOfQuotes(portfolio, input.quotes))
    case 'OperatorCommanded':
      return observePrices(portfolio, pricesOfCommand(portfolio, input.command))
    case 'BrokerReported':
      for (const report of input.reports) {
        if (report.kind !== 'fill') continue
        const order = portfolio.orders.get(report.orderId)
        // The price of an option is none of what it is an option on.
        if (order !== undefined && order.leg === null)
          seePrice(
            bookOf(portfolio, order.instrument),
            report.price.toNumber(),
            notAhead(portfolio, report.at),
          )
      }
      return NOTHING
    case 'TimerFired':
      seeQuotes(portfolio, input.quotes ?? {})
      return NOTHING
    case 'AccountObserved':
      return seeBreaks(portfolio, compareAccount(portfolio, input, portfolio.now))
    case 'VenueOrdersObserved':
      return seeBreaks(portfolio, compareOrders(portfolio, input, portfolio.now))
    default:
      return NOTHING
  }
}

function observeAlert(portfolio: Portfolio, input: AlertAdmitted): Observation {
  const alert = readBar(portfolio, input)
  const book = bookOf(portfolio, alert.instrument)
  const at = notAhead(portfolio, toldAt(alert) ?? input.at)
  switch (alert.type) {
    case 'MARKET_DATA':
      return observeBar(book, alert.price, alert.atr, at)
    case 'EOD_MONITOR':
      seeTold(portfolio, book, alert.price, at)
      if (book.market.scoutAt <= at) {
        book.market.scout = alert
        book.market.scoutAt = at
      }
      return NOTHING
    case 'BASE_ENTRY':
    case 'PYRAMID':
      seeTold(portfolio, book, alert.price, at)
      return NOTHING
    case 'EXIT':
      if (alert.price !== null) seeTold(portfolio, book, alert.price, at)
      return NOTHING
  }
}

/** A bar with a wrong time must not look older than the units that it is to stop out. */
function readBar(portfolio: Portfolio, input: AlertAdmitted): Alert {
  const { alert } = input
  const arrival = alert.type === 'MARKET_DATA' ? arrivalOf(portfolio, input) : null
  return alert.type === 'MARKET_DATA' && arrival !== null ? readBarTimes(alert, arrival) : alert
}

/** A time ahead of us is a wrong clock; taken at its word, it would make every later bar look old. */
function notAhead(portfolio: Portfolio, at: Instant): Instant {
  return Math.min(at, portfolio.now)
}

/** A price that an alert tells moves equity, and with it every size: not while a fresh bar speaks against it. */
function seeTold(portfolio: Portfolio, book: Book, price: number, at: Instant): void {
  const { barClose, atr } = book.market
  if (barClose !== null && !isNear(price, barClose, atr)) {
    const barMinutes = instrumentOf(portfolio, book.instrument)?.barMinutes ?? 0
    if (isBarFresh(book.market, barMinutes, portfolio.now)) return
  }
  seePrice(book, price, at)
}

function seeQuotes(portfolio: Portfolio, quotes: Readonly<Record<string, Quote>>): void {
  for (const [name, { price, observedAt }] of Object.entries(quotes)) {
    const book = portfolio.books.get(name)
    if (book !== undefined) seeTold(portfolio, book, price, notAhead(portfolio, observedAt))
  }
}

function seePrice(book: Book, price: number, at: Instant): void {
  if (at < book.market.priceAt) return
  book.market.price = price
  book.market.priceAt = at
}

/**
 * A close further than max(8 ATR, 10 %) from the last one, and from the last price, waits until the next bar, or
 * another source of the same one, agrees with it. What it says of its own ATR does not count, and it takes no place:
 * nothing looks fresher for it.
 */
function observeBar(book: Book, close: number, atr: number | null, at: Instant): Observation {
  const market = book.market
  if (at <= market.barAt) return NOTHING
  const knownAtr = market.atr ?? atr
  const isBelieved =
    market.price === null ||
    isNear(close, market.price, knownAtr) ||
    (market.barClose !== null && isNear(close, market.barClose, knownAtr)) ||
    (market.suspectClose !== null && isNear(close, market.suspectClose, knownAtr))
  if (!isBelieved) {
    market.suspectClose = close
    return { ...NOTHING, suspect: { instrument: book.instrument, close } }
  }
  seeBar(book, close, atr, at)
  return { ...NOTHING, bar: { book, close, atr: market.atr, at } }
}

function pricesOfCommand(portfolio: Portfolio, command: OperatorCommand): readonly ObservedPrice[] {
  if (command.kind === 'evaluate') return command.prices
  return command.kind === 'rebalance' ? pricesOfQuotes(portfolio, command.quotes) : []
}

function pricesOfQuotes(
  { settings }: Portfolio,
  quotes: Readonly<Record<string, Quote>>,
): readonly ObservedPrice[] {
  const source = settings?.allocation?.prices.source ?? 'mid'
  return Object.entries(quotes).map(([instrument, quote]) => ({
    instrument,
    price: priceOfQuote(quote, source),
    observedAt: quote.observedAt,
  }))
}

/** A crossed book has no middle; a source that tells one price tells that. */
function priceOfQuote({ price, bid, ask, last }: Quote, source: 'mid' | 'last'): number {
  if (source === 'last') return last ?? price
  return bid !== undefined && ask !== undefined && bid <= ask ? bid + (ask - bid) / 2 : price
}

/** Of several prices of one instrument the last counts: they came together. */
function observePrices(portfolio: Portfolio, prices: readonly ObservedPrice[]): Observation {
  const seen = new Map<string, SeenPrice>()
  const nearPct = portfolio.settings?.allocation?.prices.outlierPct ?? NEAR_PCT
  for (const told of prices) {
    const { instrument, price } = told
    const observedAt = notAhead(portfolio, told.observedAt)
    const verdict = judgePrice(portfolio.books.get(instrument), { price, at: observedAt, nearPct })
    seen.set(instrument, { instrument, price, observedAt, verdict })
  }
  return { ...NOTHING, prices: [...seen.values()] }
}

interface ToldPrice {
  readonly price: number
  readonly at: Instant
  readonly nearPct: number
}

/** A price that is too far from the last one waits, as a bar does, until another one agrees with it. */
function judgePrice(book: Book | undefined, { price, at, nearPct }: ToldPrice): SeenPrice['verdict'] {
  if (book === undefined) return 'unknown'
  if (!Number.isFinite(price) || price <= 0) return 'invalid'
  const { market } = book
  if (at < market.priceAt) return 'older'
  const isBelieved =
    market.price === null ||
    isNear(price, market.price, market.atr, nearPct) ||
    (market.suspectClose !== null && isNear(price, market.suspectClose, market.atr, nearPct))
  market.suspectClose = isBelieved ? null : price
  if (!isBelieved) return 'suspect'
  seePrice(book, price, at)
  return 'seen'
}

/** Takes a bar that is later than the last one, and believed, into the view of the market: what is known of an ATR stays. */
export function seeBar(book: Book, close: number, atr: number | null, at: Instant): void {
  const { market } = book
  market.suspectClose = null
  market.barClose = close
  market.barAt = at
  if (atr !== null && atr > 0) {
    market.atr = atr
    market.atrAt = at
  }
  seePrice(book, close, at)
}

const NEAR_PCT = 10

/** Returns whether `price` is within max(8 ATR, 10 %, or so many percent) of `reference`. */
export function isNear(price: number, reference: number, atr: number | null, nearPct = NEAR_PCT): boolean {
  return Math.abs(price - reference) <= Math.max(8 * (atr ?? 0), (nearPct / 100) * reference)
}

function seeBreaks(portfolio: Portfolio, changes: BreakChanges): Observation {
  if (isNothingNew(changes)) return NOTHING
  applyChanges(portfolio, changes)
  return { ...NOTHING, confirmedBreaks: changes.confirmed }
}

/**
 * Forgets, once it is half of all that ended, what ended too long ago. The maps are made anew of what is at work and
 * what is young, not deleted from: a map from which much is deleted keeps its earlier tables alive (V8 links them), and
 * with them all that it ever held.
 */
function forgetEnded(portfolio: Portfolio): void {
  const { ended } = portfolio
  const oldest = portfolio.now - ENDED_KEPT_FOR
  const half = ended[ended.length >>> 1]
  if (half === undefined || ended.length < FORGOTTEN_TOGETHER || half.at >= oldest) return
  const young = ended.filter(({ at }) => at >= oldest)
  const kept = idsAtWork(portfolio)
  for (const { id } of young) kept.push(id)
  portfolio.ended = young
  portfolio.orders = withKeys(portfolio.orders, kept)
  portfolio.unitPlans = withKeys(portfolio.unitPlans, kept)
  portfolio.legs = withKeys(portfolio.legs, kept)
  portfolio.closedUnits = withKeys(portfolio.closedUnits, kept)
}

function idsAtWork({ books, legs, allocation }: Portfolio): string[] {
  const ids: string[] = []
  for (const book of books.values()) {
    const { entryOrderId, exitOrderIds, stopOrderIds, rebalanceOrderIds, openLegs, legOrderIds } = book
    if (entryOrderId !== null) ids.push(entryOrderId)
    ids.push(...exitOrderIds, ...stopOrderIds, ...rebalanceOrderIds, ...legOrderIds)
    for (const id of openLegs) ids.push(id, ...(legs.get(id)?.orderIds ?? []))
  }
  // The sum of a run needs its ended orders, too.
  for (const { orderId } of allocation.run?.orders ?? []) if (orderId !== null) ids.push(orderId)
  return ids
}

function withKeys<Value>(map: ReadonlyMap<string, Value>, keys: readonly string[]): Map<string, Value> {
  const kept = new Map<string, Value>()
  for (const key of keys) {
    const value = map.get(key)
    if (value !== undefined) kept.set(key, value)
  }
  return kept
}
