import type { Calendar } from '../calendar/calendar.js'
import type { DecisionVersions } from '../decision.js'
import type { Asset, Instrument, Traded } from '../instrument/instrument.js'
import { invariant } from '../invariant.js'
import type { Legs } from '../order/legs.js'
import type { Order } from '../order/order.js'
import type { Break } from '../reconcile/break.js'
import type { TradingState } from '../risk/trading-state.js'
import type { PortfolioSettings } from '../settings.js'
import type { Instant } from '../time.js'
import { type AllocationState, emptyAllocation } from './allocation-state.js'
import { type Book, emptyBook } from './book.js'
import { emptyLedger, type Ledger } from './ledger.js'
import type { RollTerms } from './roll-run.js'
import type { Unit } from './unit.js'

/** How an entry order's unit was sized; kept while the order can fill. */
export interface UnitPlan {
  readonly number: number
  readonly label: string | null
  readonly stopDistance: number
  readonly atr: number
  readonly pointValue: number
  readonly marginPerLot: number
  /** What it takes over from the unit that it follows in another contract; left out where it follows none. */
  readonly roll?: RollTerms
}

/**
 * The state of one portfolio: one account, one currency, one ledger. A fold of its events, the market views apart,
 * which are a fold of its inputs. It is updated in place by the one fold that owns it.
 */
export interface Portfolio {
  readonly id: string
  /** The latest instant of any input: decisions never see time go back. */
  now: Instant
  settings: PortfolioSettings | null
  configurationHash: string
  calendar: Calendar | null
  tradingState: TradingState
  tradingStateReason: string
  readonly ledger: Ledger
  /** By instrument, in the order of the configuration. */
  readonly books: Map<string, Book>
  /** Orders at work, and ended ones for as long as a late report may come. */
  orders: Map<string, Order>
  unitPlans: Map<string, UnitPlan>
  /** Legs by the order that they carry out, kept as long as that. */
  legs: Map<string, Legs>
  /** Closed units, kept as long as ended orders. */
  closedUnits: Map<string, Unit>
  /** Ids of ended orders and closed units with the instant when we heard of their end, oldest first: what is forgotten next. */
  ended: { readonly id: string; readonly at: Instant }[]
  /** Entry orders made on a day, counted in days since 1970 (UTC). */
  entriesOn: { day: number; count: number }
  /** Entry orders made in a second, counted in seconds since 1970. */
  entriesIn: { second: number; count: number }
  /** Differences from the broker, by their subject. */
  readonly breaks: Map<string, Break>
  /** Differences that an operator has accepted until they change, by their subject. */
  readonly accepted: Map<string, Break>
  /** Its runs towards target weights, and what is known of its funds. */
  readonly allocation: AllocationState
}

/** Returns a portfolio in which nothing has happened. */
export function emptyPortfolio(id: string): Portfolio {
  return {
    id,
    now: 0,
    settings: null,
    configurationHash: '',
    calendar: null,
    tradingState: 'active',
    tradingStateReason: '',
    ledger: emptyLedger(),
    books: new Map(),
    orders: new Map(),
    unitPlans: new Map(),
    legs: new Map(),
    closedUnits: new Map(),
    ended: [],
    entriesOn: { day: 0, count: 0 },
    entriesIn: { second: 0, count: 0 },
    breaks: new Map(),
    accepted: new Map(),
    allocation: emptyAllocation(),
  }
}

/** Returns the settings in force. Throws before the first configuration. */
export function settingsOf(portfolio: Portfolio): PortfolioSettings {
  invariant(portfolio.settings !== null, () => `portfolio ${portfolio.id} has no configuration yet`)
  return portfolio.settings
}

/** Returns what a decision made now names as in force. */
export function versionsOf(portfolio: Portfolio): DecisionVersions {
  return { configuration: portfolio.configurationHash, calendar: portfolio.calendar?.version ?? null }
}

/** Returns the instrument's configuration, or undefined when the portfolio does not trade it. */
export function instrumentOf(portfolio: Portfolio, name: string): Instrument | undefined {
  return portfolio.settings?.instruments.find((instrument) => instrument.name === name)
}

/** Returns the configured asset, or undefined when the portfolio does not hold it. */
export function assetOf(portfolio: Portfolio, name: string): Asset | undefined {
  return portfolio.settings?.assets?.find((asset) => asset.name === name)
}

/** Returns what an order of this name trades, an instrument or an asset; undefined when neither is configured. */
export function tradedOf(portfolio: Portfolio, name: string): Traded | undefined {
  return instrumentOf(portfolio, name) ?? assetOf(portfolio, name)
}

/** Returns the instrument's book, made empty on first use. */
export function bookOf(portfolio: Portfolio, instrument: string): Book {
  let book = portfolio.books.get(instrument)
  if (book === undefined) {
    book = emptyBook(instrument)
    portfolio.books.set(instrument, book)
  }
  return book
}

/** Returns the order. Throws when the portfolio does not know it. */
export function orderOf(portfolio: Portfolio, id: string): Order {
  const order = portfolio.orders.get(id)
  invariant(order !== undefined, () => `portfolio ${portfolio.id} has no order ${id}`)
  return order
}
