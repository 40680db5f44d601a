import type { EntryAlert } from '../alert/alert.js'
import type { Quote } from '../input.js'
import type { Instrument } from '../instrument/instrument.js'
import type { Approval } from '../portfolio/approval.js'
import { type Book, isBarFresh, pendingApproval, plannedEntry } from '../portfolio/book.js'
import { bookOf, type Portfolio, settingsOf } from '../portfolio/portfolio.js'
import { activeRoll } from '../portfolio/roll-run.js'
import { marketHours } from '../portfolio/sessions.js'
import { DAY, SECOND } from '../time.js'
import { atLeast, atMost, type Gate, must } from './gate.js'
import { allowsEntries } from './trading-state.js'

/** What asks for an entry: an alert, or the run before a close. */
export interface EntryCause {
  /** Id of the input. */
  readonly id: string
  /** Which of the input's decisions it is, from 1. */
  readonly ordinal: number
  /** The broker's own price, where there is one. */
  readonly quote: Quote | null
  /** What is told may be this old. */
  readonly maxAgeSeconds: number
  /** The question that a person's approval answers; left out where nobody was asked. */
  readonly answers?: Approval
}

/** Returns the gates that any entry passes before it is measured: trading state, lock, age, one order at work, price. */
export function admissionGates(
  portfolio: Portfolio,
  cause: EntryCause,
  alert: EntryAlert,
  instrument: Instrument,
): Gate[] {
  const settings = settingsOf(portfolio)
  const book = bookOf(portfolio, alert.instrument)
  const age = (portfolio.now - alert.timestamp) / SECOND
  const atWork = entryAtWork(book, cause.answers) ?? book.exitOrderIds[0] ?? null
  return [
    must('TRADING_STATE', allowsEntries(portfolio.tradingState), portfolio.tradingState, 'active'),
    must('INSTRUMENT_LOCKED', book.lock === null, book.lock?.reason ?? null, 'not locked'),
    ...sessionGate(portfolio, instrument),
    atMost('STALE', age, cause.maxAgeSeconds),
    atMost('FUTURE', (alert.timestamp - portfolio.now) / SECOND, settings.entryMaxAheadSeconds),
    must('ORDER_AT_WORK', atWork === null, atWork, 'nothing at work'),
    ...collarGate(portfolio, cause.quote, alert, instrument),
  ]
}

/** What waits for a person counts as at work, unless this is the answer: what is being looked at stays what it is. */
function entryAtWork(book: Book, answers: Approval | undefined): string | null {
  const asked = pendingApproval(book)?.id ?? null
  const planned = plannedEntry(book)?.decisionId ?? activeRoll(book)?.decisionId
  return book.entryOrderId ?? planned ?? (asked === answers?.id ? null : asked)
}

/** A portfolio that keeps the hours of exchanges opens nothing while they are closed, or while nobody knows. */
function sessionGate(portfolio: Portfolio, instrument: Instrument): Gate[] {
  if (settingsOf(portfolio).hours !== 'exchange') return []
  const hours = marketHours(portfolio, instrument.name)
  return [must('SESSION', hours === 'open', hours, 'open')]
}

/**
 * A broker's quote bounds the price by the configured collar. Without one, the last bar's close bounds it by
 * max(8 ATR, 10 %), as long as that bar is fresh: a slip of a digit must not become an order.
 */
function collarGate(
  portfolio: Portfolio,
  quote: Quote | null,
  alert: EntryAlert,
  instrument: Instrument,
): Gate[] {
  if (quote !== null) {
    const away = (Math.abs(alert.price - quote.price) / quote.price) * 100
    return [atMost('PRICE_COLLAR', away, settingsOf(portfolio).controls.priceCollarPct)]
  }
  const { market } = bookOf(portfolio, alert.instrument)
  const { barClose, atr } = market
  if (barClose === null || !isBarFresh(market, instrument.barMinutes, portfolio.now)) return []
  const away = (Math.abs(alert.price - barClose) / barClose) * 100
  return [atMost('PRICE_COLLAR', away, Math.max((800 * (atr ?? 0)) / barClose, 10))]
}

/** An order that passes the controls. */
interface ControlledOrder {
  readonly instrument: string
  readonly lots: number
  /** Price × lots × point value, in quote currency. */
  readonly value: number
}

/** Returns the pre-trade controls of an order. */
export function controlGates(portfolio: Portfolio, order: ControlledOrder): Gate[] {
  const { maxOrderValue, maxOrdersPerDay, maxOrdersPerSecond } = settingsOf(portfolio).controls
  const { entriesOn, entriesIn, now } = portfolio
  const today = entriesOn.day === Math.floor(now / DAY) ? entriesOn.count : 0
  const gates = [atMost('ORDERS_PER_DAY', today + 1, maxOrdersPerDay), ...duplicateGate(portfolio, order)]
  if (maxOrdersPerSecond != null) {
    const inSecond = entriesIn.second === Math.floor(now / SECOND) ? entriesIn.count : 0
    gates.push(atMost('ORDERS_PER_SECOND', inSecond + 1, maxOrdersPerSecond))
  }
  if (maxOrderValue !== null) gates.push(atMost('ORDER_VALUE', order.value, maxOrderValue))
  return gates
}

/** Another alert that asks for the same again within seconds is the same wish, whatever became of the first order. */
function duplicateGate(portfolio: Portfolio, { instrument, lots }: ControlledOrder): Gate[] {
  const { duplicateGuardSeconds } = settingsOf(portfolio).controls
  const { lastEntry } = bookOf(portfolio, instrument)
  if (duplicateGuardSeconds == null || lastEntry === null || lastEntry.lots.toNumber() !== lots) return []
  return [atLeast('DUPLICATE_ORDER', (portfolio.now - lastEntry.at) / SECOND, duplicateGuardSeconds)]
}
