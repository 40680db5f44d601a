import type { Alert, EntryAlert, ExitAlert } from '../../alert/alert.js'
import type { PortfolioEvent } from '../../event.js'
import type { AlertAdmitted } from '../../input.js'
import { factsAt, type Instrument } from '../../instrument/instrument.js'
import { type Book, baseUnit } from '../../portfolio/book.js'
import { instrumentOf, type Portfolio } from '../../portfolio/portfolio.js'
import { shutGates } from '../../risk/gate.js'
import type { Instant } from '../../time.js'
import { causeOf, proposeEntry } from './entry.js'
import { instrumentGates, profitBeyondRisk, profitGate, proposePyramid } from './pyramid.js'
import { CONDITION, LONG_ENTRY } from './scout.js'
import { sizePyramid } from './sizing.js'
import { initialStop } from './stop.js'

/*
 * What the strategy asks for at the close of a bar, where bars are all that there is. These are the alerts that
 * TradingView would have sent; the kernel decides them as any other. At one instant they come after the bars of all
 * instruments (close, stops, peel-off), in the order exits, pyramids, entries.
 */

/** A closed bar as the strategy sees it. */
export interface ClosedBar {
  readonly opensAt: Instant
  readonly closesAt: Instant
  readonly close: number
  /** In points; NaN while unknown. */
  readonly atr: number
  /** 0..1; NaN while unknown, and where nothing moved. */
  readonly efficiency: number
  /** Bits of CONDITION. */
  readonly conditions: number
}

/** atr: the units' own stops close them, so nothing is to be asked · supertrend: a close below it closes all. */
export type ExitMode = 'atr' | 'supertrend'

/** Returns the exit of everything that is held, or null: in the mode of the SuperTrend, when the close is below it. */
export function exitSignal(book: Book, bar: ClosedBar, mode: ExitMode): ExitAlert | null {
  if (mode === 'atr' || (bar.conditions & CONDITION.longExit) === 0) return null
  if (book.units.every((unit) => unit.exit !== null)) return null
  return {
    type: 'EXIT',
    instrument: book.instrument,
    label: 'ALL',
    price: bar.close,
    reason: 'BELOW_SUPER_TREND',
    timestamp: bar.closesAt,
    barTime: bar.opensAt,
    flags: [],
  }
}

/**
 * Returns the pyramid that this bar asks for, or null. Asked on every bar, the gates would refuse nearly every time, and
 * each refusal is a decision. So whatever the book alone can tell is looked at first, by the functions of the gates
 * themselves: an open base unit, nothing at work, pyramids left, more than 1R, the spacing, the profit, and at least one
 * lot by B and C. What remains for the gates are the limits of the portfolio: margin, caps, controls, trading state.
 */
export function pyramidSignal(book: Book, instrument: Instrument, bar: ClosedBar): EntryAlert | null {
  if (!mayPyramid(book, instrument, bar)) return null
  return entryAlert('PYRAMID', instrument, bar, `Long_${book.pyramidsOpened + 2}`)
}

function mayPyramid(book: Book, instrument: Instrument, bar: ClosedBar): boolean {
  const { close, atr } = bar
  const { trend } = instrument
  const base = baseUnit(book)
  if (base === undefined || base.exit !== null || book.pyramidsOpened >= trend.maxPyramids) return false
  if (book.entryOrderId !== null || book.exitOrderIds.length > 0 || !(atr > 0)) return false
  const gates = instrumentGates(book, base, close, atr, trend.pyramidSpacingAtr)
  if (!gates.every(({ passed }) => passed) || !profitGate(book, close).passed) return false
  const { pointValue, marginPerLot } = factsAt(instrument, bar.closesAt)
  const { lots } = sizePyramid({
    availableMargin: Number.MAX_VALUE,
    marginPerLot,
    baseLots: base.boughtLots.toNumber(),
    pyramidsOpened: book.pyramidsOpened,
    profitBeyondRisk: profitBeyondRisk(base, close),
    stopDistance: atr * trend.initialAtrMultiple,
    pointValue,
  })
  return lots > 0
}

/**
 * Returns the base entry that this bar asks for, or null. `wasFlat` tells whether nothing was held or at work when the bar
 * closed, before its stops: a bar that closes a unit does not open the next one, since a script, too, knows at the close
 * only what it held then.
 */
export function entrySignal(
  book: Book,
  instrument: Instrument,
  bar: ClosedBar,
  wasFlat: boolean,
): EntryAlert | null {
  if (!wasFlat || bar.conditions !== LONG_ENTRY || !isFlat(book)) return null
  return entryAlert('BASE_ENTRY', instrument, bar, 'Long_1')
}

/** Returns whether an instrument is flat: nothing held, and no order at work. */
export function isFlat(book: Book): boolean {
  return book.units.length === 0 && book.entryOrderId === null && book.exitOrderIds.length === 0
}

function entryAlert(
  type: EntryAlert['type'],
  { name, trend }: Instrument,
  { opensAt, closesAt, close, atr, efficiency }: ClosedBar,
  label: string,
): EntryAlert {
  const isAtrKnown = atr > 0
  return {
    type,
    instrument: name,
    price: close,
    atr: isAtrKnown ? atr : null,
    stop: isAtrKnown ? initialStop(close, atr, trend.initialAtrMultiple) : null,
    er: Number.isNaN(efficiency) ? 'NaN' : efficiency,
    label,
    timestamp: closesAt,
    barTime: opensAt,
  }
}

/**
 * Returns why the portfolio, as it stands, would refuse what a bar asks for: the kind of the alert and the codes of the
 * shut gates; null when it would not. As long as one bar after another is refused for the same, it is decided and
 * recorded once: compare with what this returned for the instrument's bar before, and forget that on a bar that asks
 * for nothing.
 */
export function refusalOf(portfolio: Portfolio, input: AlertAdmitted): string | null {
  const { alert } = input
  const instrument = instrumentOf(portfolio, alert.instrument)
  if (instrument === undefined || !isEntry(alert)) return null
  const propose = alert.type === 'BASE_ENTRY' ? proposeEntry : proposePyramid
  const { gates, sizing } = propose(portfolio, causeOf(portfolio, input), alert, instrument)
  const shut = shutGates(gates)
  return shut.length === 0 && sizing !== null ? null : `${alert.type} ${shut.join(' ')}`
}

/** Returns, in the same words, why what a bar asked for was refused when it was decided; null when it was not refused. */
export function refusalIn(events: readonly PortfolioEvent[], alert: Alert): string | null {
  if (!isEntry(alert)) return null
  for (const event of events) {
    if (event.type === 'DecisionMade' && event.decision.outcome === 'blocked')
      return `${alert.type} ${event.decision.reasons.join(' ')}`
  }
  return null
}

function isEntry(alert: Alert): alert is EntryAlert {
  return alert.type === 'BASE_ENTRY' || alert.type === 'PYRAMID'
}
