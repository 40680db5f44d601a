import type { EntryAlert } from '../../alert/alert.js'
import type { PyramidSizing } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import type { AlertAdmitted, Quote } from '../../input.js'
import { factsAt, type Instrument } from '../../instrument/instrument.js'
import { invariant } from '../../invariant.js'
import { type Book, baseUnit } from '../../portfolio/book.js'
import { equityOf } from '../../portfolio/equity.js'
import { availableMargin, boundByAccount, type Exposure, exposureOf } from '../../portfolio/exposure.js'
import { bookOf, instrumentOf, type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { entryPriceOf, profitFromEntry, type Unit } from '../../portfolio/unit.js'
import { admissionGates, controlGates, type EntryCause } from '../../risk/entry-gates.js'
import { above, atLeast, atMost, type Gate, must } from '../../risk/gate.js'
import { capGates, causeOf, type EntryProposal, recordProposal, stopGates } from './entry.js'
import { confirmEntry } from './pre-close-confirmed.js'
import { lookAgain } from './second-look.js'
import { sizePyramid } from './sizing.js'

/** Returns what follows from a PYRAMID alert: an approved decision and its order, or a refusal with every gate. */
export function decidePyramid(
  portfolio: Portfolio,
  input: AlertAdmitted,
  alert: EntryAlert,
): PortfolioEvent[] {
  const instrument = instrumentOf(portfolio, alert.instrument)
  invariant(instrument !== undefined, () => `portfolio ${portfolio.id} does not trade ${alert.instrument}`)
  const confirmed = confirmEntry(portfolio, input.id, alert, bookOf(portfolio, alert.instrument))
  if (confirmed !== null) return confirmed
  const cause = causeOf(portfolio, input)
  return recordProposal(portfolio, cause, alert, proposePyramid(portfolio, cause, alert, instrument))
}

/**
 * Returns what a pyramid comes to. All gates are evaluated, so that a refusal says everything that stood in the way. A
 * failed cap refuses, it never shrinks.
 */
export function proposePyramid(
  portfolio: Portfolio,
  cause: EntryCause,
  alert: EntryAlert,
  instrument: Instrument,
): EntryProposal {
  const book = bookOf(portfolio, alert.instrument)
  const base = baseUnit(book)
  const gates: Gate[] = admissionGates(portfolio, cause, alert, instrument)
  const unitNumber = book.pyramidsOpened + 2
  gates.push(must('NO_BASE', base !== undefined && base.exit === null, base?.id ?? null, 'an open base unit'))
  gates.push(atMost('MAX_PYRAMIDS', book.pyramidsOpened + 1, instrument.trend.maxPyramids))
  const found = stopGates(alert, instrument, book, portfolio.now, gates)
  if (base === undefined || found === null) return { gates, sizing: null, unitNumber }

  gates.push(...instrumentGates(book, base, alert.price, found.atr, instrument.trend.pyramidSpacingAtr))
  gates.push(profitGate(book, alert.price))
  const exposure = exposureOf(portfolio)
  const measured = measurePyramid(portfolio, alert, { instrument, base, exposure, quote: cause.quote }, found)
  const sizing = lookAgain(portfolio, cause, alert, measured, gates)
  const { caps } = settingsOf(portfolio)
  gates.push(...capGates(exposure, sizing, caps.pyramidMaxHeatPct, caps.pyramidMaxVolatilityPct))
  const value = sizing.lots * sizing.price * sizing.pointValue
  gates.push(...controlGates(portfolio, { instrument: alert.instrument, lots: sizing.lots, value }))
  return { gates, sizing, unitNumber }
}

/** Returns the instrument gate: the price is more than 1R above the base unit's entry, and far enough from the last unit. */
export function instrumentGates(
  book: Pick<Book, 'lastUnitFillPrice'>,
  base: Pick<Unit, 'averagePrice' | 'initialStop' | 'roll'>,
  price: number,
  atr: number,
  spacingAtr: number,
): Gate[] {
  const entry = entryPriceOf(base)
  const initialRisk = entry - base.initialStop
  const last = book.lastUnitFillPrice ?? entry
  return [
    above('ONE_R', price - entry, initialRisk),
    atLeast('ATR_SPACING', atr > 0 ? (price - last) / atr : 0, spacingAtr),
  ]
}

/** Returns the profit gate: the instrument's units together are in profit at `price`. */
export function profitGate(book: Pick<Book, 'units'>, price: number): Gate {
  let profit = 0
  for (const unit of book.units) profit += profitFromEntry(unit, price)
  return above('NO_PROFIT', profit, 0)
}

/** Returns what C is half of, in quote currency: the base unit's unrealized profit at `price` less its initial risk. */
export function profitBeyondRisk(base: Unit, price: number): number {
  const initialRisk = (entryPriceOf(base) - base.initialStop) * base.heldLots * base.pointValue
  return profitFromEntry(base, price) - initialRisk
}

/** What a pyramid is measured against. */
interface PyramidFacts {
  readonly instrument: Instrument
  readonly base: Unit
  readonly exposure: Exposure
  readonly quote: Quote | null
}

function measurePyramid(
  portfolio: Portfolio,
  alert: EntryAlert,
  { instrument, base, exposure, quote }: PyramidFacts,
  found: { atr: number; stopDistance: number; atrFrom: PyramidSizing['atrFrom'] },
): PyramidSizing {
  const settings = settingsOf(portfolio)
  const facts = factsAt(instrument, portfolio.now)
  const equity = equityOf(portfolio)
  const margin = boundByAccount(availableMargin(equity.open, settings.caps.maxMarginPct, exposure), quote)
  const measures = {
    availableMargin: margin.availableMargin,
    marginPerLot: facts.marginPerLot,
    baseLots: base.boughtLots.toNumber(),
    pyramidsOpened: bookOf(portfolio, alert.instrument).pyramidsOpened,
    profitBeyondRisk: profitBeyondRisk(base, alert.price),
    stopDistance: found.stopDistance,
    pointValue: facts.pointValue,
  }
  const size = sizePyramid(measures)
  return {
    kind: 'pyramid',
    equity: equity[settings.equityMode],
    ...margin,
    price: alert.price,
    stop: alert.price - found.stopDistance,
    stopDistance: found.stopDistance,
    atr: found.atr,
    atrFrom: found.atrFrom,
    pointValue: facts.pointValue,
    marginPerLot: facts.marginPerLot,
    baseLots: measures.baseLots,
    pyramidsOpened: measures.pyramidsOpened,
    profitBeyondRisk: measures.profitBeyondRisk,
    marginLots: size.marginLots,
    geometricLots: size.geometricLots,
    riskBudgetLots: size.riskBudgetLots,
    lots: size.lots,
    boundBy: size.boundBy,
  }
}
