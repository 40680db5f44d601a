import type { Instrument } from '../../instrument/instrument.js'
import { type Book, baseUnit, plannedEntry } from '../../portfolio/book.js'
import { isNear } from '../../portfolio/observe.js'
import { bookOf, instrumentOf, type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { entryPriceOf, type Unit, unitRisk, unrealizedProfit } from '../../portfolio/unit.js'

/*
 * Most bars change nothing: no stop rises, none is hit, nothing has outgrown its limits, no pyramid is in reach. A
 * watch says in a few numbers between which prices that is so. It may be too narrow, never too wide: within it a step
 * returns no events, and beyond it a step may return some. Bounds that are computed, rather than copied from a unit, are
 * drawn in by a billionth, which is far more than rounding can differ from the deciders' own arithmetic.
 */

/** A price that depends on the ATR: `points` + `atrs` × ATR. */
export interface PriceLine {
  readonly points: number
  readonly atrs: number
}

/** Between what closes and ATRs a bar of an instrument changes nothing. It holds until the instrument's book changes. */
export interface Watch {
  /** nothing: only a close that is not believed matters · bounds: the numbers below · always: step on every bar. */
  readonly steps: 'nothing' | 'bounds' | 'always'
  /** A close below it hits a stop. */
  readonly lowest: number
  /** A close above it is a unit's highest. */
  readonly highest: number
  /** An ATR below it raises a stop. */
  readonly leastAtr: number
  /** Below this equity for sizing, or below `leastEquityPerAtr` × ATR, a unit has outgrown its limits. */
  readonly leastEquity: number
  readonly leastEquityPerAtr: number
  /** A close above all of these lines may ask for a pyramid; null where none can be asked for. */
  readonly pyramidAbove: readonly PriceLine[] | null
}

const MARGIN = 1e-9
const TIGHTER = 1 + MARGIN

const UNBOUNDED = {
  lowest: Number.NEGATIVE_INFINITY,
  highest: Number.POSITIVE_INFINITY,
  leastAtr: Number.NEGATIVE_INFINITY,
  leastEquity: Number.NEGATIVE_INFINITY,
  leastEquityPerAtr: 0,
  pyramidAbove: null,
} as const

/** Returns the bounds beyond which a bar of the instrument could lead to events, or to an alert of the strategy. */
export function watch(portfolio: Portfolio, instrument: string): Watch {
  const book = bookOf(portfolio, instrument)
  const configured = instrumentOf(portfolio, instrument)
  const isAtWork = book.entryOrderId !== null || book.exitOrderIds.length > 0 || plannedEntry(book) !== null
  // What stands may be due by time alone, so no price tells when.
  if (configured === undefined || isAtWork || book.units.some(({ exit }) => exit !== null))
    return { ...UNBOUNDED, steps: 'always' }
  if (book.units.length === 0) return { ...UNBOUNDED, steps: 'nothing' }
  return {
    steps: 'bounds',
    ...unitBounds(book.units, configured),
    pyramidAbove: pyramidLines(book, configured),
  }
}

type Bounds = Omit<Watch, 'steps' | 'pyramidAbove'>

/** Returns the bounds of a watch after a bar that has raised stops and done nothing else. */
export function watchRaised(before: Watch, book: Book, instrument: Instrument): Watch {
  const { steps, pyramidAbove } = before
  const { lowest, highest, leastAtr, leastEquity, leastEquityPerAtr } = unitBounds(book.units, instrument)
  return { steps, lowest, highest, leastAtr, leastEquity, leastEquityPerAtr, pyramidAbove }
}

/**
 * Returns whether the strategy could ask for a pyramid at this close and ATR (points, NaN while unknown): it is for the
 * book that was watched, and stands while nothing but its stops changes.
 */
export function isPyramidNear({ steps, pyramidAbove }: Watch, close: number, atr: number): boolean {
  return steps === 'always' || (atr > 0 && isAboveAll(pyramidAbove, close, atr))
}

function unitBounds(units: readonly Unit[], { trend }: Instrument): Bounds {
  let lowest: number = UNBOUNDED.lowest
  let highest: number = UNBOUNDED.highest
  let leastAtr: number = UNBOUNDED.leastAtr
  let leastEquity: number = UNBOUNDED.leastEquity
  let leastEquityPerAtr = 0
  for (const unit of units) {
    const { stop, highestClose, heldLots, pointValue } = unit
    lowest = Math.max(lowest, stop)
    highest = Math.min(highest, highestClose)
    leastAtr = Math.max(leastAtr, (highestClose - stop + MARGIN * highestClose) / trend.trailingAtrMultiple)
    leastEquity = Math.max(leastEquity, ((unitRisk(unit) * 100) / trend.ongoingRiskPct) * TIGHTER)
    const volatility = heldLots * pointValue * 100
    leastEquityPerAtr = Math.max(leastEquityPerAtr, (volatility / trend.ongoingVolatilityPct) * TIGHTER)
  }
  return { lowest, highest, leastAtr, leastEquity, leastEquityPerAtr }
}

/** The conditions of pyramidSignal that are lines in close and ATR, solved for the close. */
function pyramidLines(book: Book, { trend, facts }: Instrument): PriceLine[] | null {
  const base = baseUnit(book)
  if (base === undefined || book.pyramidsOpened >= trend.maxPyramids) return null
  if (base.boughtLots.toNumber() * 0.5 ** (book.pyramidsOpened + 1) < 1) return null
  const { initialStop, heldLots } = base
  const entry = entryPriceOf(base)
  const initialRisk = entry - initialStop
  // A later contract may be smaller, and one lot of it nearer.
  const leastPointValue = Math.min(...facts.map(({ pointValue }) => pointValue))
  const distanceForOneLot = (2 * trend.initialAtrMultiple * leastPointValue) / (heldLots * base.pointValue)
  return [
    { points: entry + initialRisk, atrs: 0 },
    { points: book.lastUnitFillPrice ?? entry, atrs: trend.pyramidSpacingAtr },
    { points: entry + initialRisk, atrs: distanceForOneLot },
  ]
}

/** What a bar can do at most: nothing but be seen · raise stops · anything, so that the kernel must be stepped. */
export type BarReach = 'nothing' | 'stops' | 'anything'

/**
 * Returns what a bar of the watched instrument can do at most, besides what it tells of its market: it closes at `close`
 * with `atr` points (NaN while unknown). What the strategy asks for by its conditions is not looked at. Where only stops
 * can rise, decideStops still tells whether one that does is hit at once.
 */
export function reachOf(
  portfolio: Portfolio,
  book: Book,
  bounds: Watch,
  close: number,
  atr: number,
): BarReach {
  const { price, atr: lastAtr } = book.market
  if (bounds.steps === 'always' || price === null || !isNear(close, price, lastAtr ?? atr)) return 'anything'
  if (bounds.steps === 'nothing') return 'nothing'
  const usedAtr = atr > 0 ? atr : lastAtr
  if (
    usedAtr === null ||
    close < bounds.lowest ||
    isAboveAll(bounds.pyramidAbove, close, usedAtr) ||
    !(equityAt(portfolio, book, close) >= Math.max(bounds.leastEquity, bounds.leastEquityPerAtr * usedAtr))
  )
    return 'anything'
  // A stop that rises lowers the risk, so what was no peel-off before is none after it.
  return close <= bounds.highest && usedAtr >= bounds.leastAtr ? 'nothing' : 'stops'
}

function isAboveAll(lines: readonly PriceLine[] | null, close: number, atr: number): boolean {
  if (lines === null) return false
  for (const { points, atrs } of lines) if (close * TIGHTER < points + atrs * atr) return false
  return true
}

/** The equity that sizing uses, were `close` the last price of the book. */
function equityAt(portfolio: Portfolio, book: Book, close: number): number {
  const { equityMode, blendedWeight } = settingsOf(portfolio)
  const { closedEquity, highEquity } = portfolio.ledger
  if (equityMode === 'high') return highEquity
  if (equityMode === 'closed') return closedEquity
  let unrealized = 0
  for (const other of portfolio.books.values()) {
    const price = other === book ? close : other.market.price
    if (price === null) continue
    for (const unit of other.units) unrealized += unrealizedProfit(unit, price)
  }
  return closedEquity + (equityMode === 'open' ? 1 : blendedWeight) * unrealized
}
