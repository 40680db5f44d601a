import type { Zone } from '../calendar/zone.js'
import { type Decimal, decimal } from '../decimal.js'
import type { Instant, LocalDate } from '../time.js'
import type { SignalParameters } from './signal-parameters.js'
import type { SyntheticSettings } from './synthetic.js'

/** Facts of a contract that change on known dates: valid from the start of `from` in the exchange's zone. */
export interface ContractFacts {
  readonly from: LocalDate
  /** Start of `from`: when these facts begin to hold. */
  readonly fromInstant: Instant
  /** Units in one lot. */
  readonly lotSize: number
  /** Quote currency per point and lot. */
  readonly pointValue: number
  /** Quote currency that the exchange blocks for one lot. */
  readonly marginPerLot: number
  /** Smallest price step, in points. */
  readonly tick: number
}

/** Numbers of the trend strategy for one instrument; percentages are of equity. */
export interface TrendParameters {
  /** At entry: risk of a unit, and its volatility (ATR × lots × point value). */
  readonly initialRiskPct: number
  readonly initialVolatilityPct: number
  /** While open; beyond them lots are peeled off. */
  readonly ongoingRiskPct: number
  readonly ongoingVolatilityPct: number
  /** Stop distance in ATRs, at entry and behind the highest close. */
  readonly initialAtrMultiple: number
  readonly trailingAtrMultiple: number
  readonly maxPyramids: number
  /** Least distance from the last unit's fill to a pyramid, in ATRs. */
  readonly pyramidSpacingAtr: number
}

/** Something that an order can name. */
export interface Traded {
  readonly name: string
  readonly exchange: string
  readonly zone: Zone
  readonly currency: string
  /** Ascending by date; the first entry also holds before its date. */
  readonly facts: readonly ContractFacts[]
}

/** What is paid for in full and held: a share, a fund, a coin. A lot of it is one, and its price is money. */
export interface Asset extends Traded {
  /** Quantities are whole multiples of it, above 0. */
  readonly quantityStep: number
  /** Least quantity and least value of an order; 0: none. */
  readonly minQuantity: number
  readonly minNotional: number
}

/** An instrument as a portfolio trades it. */
export interface Instrument extends Traded {
  /** Length of the bar that alerts speak of, in minutes. */
  readonly barMinutes: number
  readonly trend: TrendParameters
  /** What the strategy measures on its bars, where the general does so itself. */
  readonly signals: SignalParameters
  /** How it is traded as a call and a put; left out where it is traded as one contract. */
  readonly synthetic?: SyntheticSettings
}

/** Returns the facts of `instrument` in force at `at`. */
export function factsAt(instrument: Traded, at: Instant): ContractFacts {
  const facts = instrument.facts
  for (let index = facts.length - 1; index > 0; index--) {
    if (facts[index]!.fromInstant <= at) return facts[index]!
  }
  return facts[0]!
}

/** Returns a buying limit `bufferPct` percent above `price`, rounded up to the tick: towards being filled. */
export function limitAbove(price: number, bufferPct: number, tick: number): Decimal {
  return onGrid(Math.ceil((price * (1 + bufferPct / 100)) / tick - GRID_TOLERANCE), tick)
}

/** Returns a selling limit `bufferPct` percent below `price`, rounded down to the tick: towards being filled. */
export function limitBelow(price: number, bufferPct: number, tick: number): Decimal {
  return onGrid(Math.floor((price * (1 - bufferPct / 100)) / tick + GRID_TOLERANCE), tick)
}

/** Returns the highest price on the tick that is at most `pct` percent above `price`: a bound of buying limits. */
export function limitAtMost(price: number, pct: number, tick: number): Decimal {
  return onGrid(Math.floor((price * (1 + pct / 100)) / tick + GRID_TOLERANCE), tick)
}

/** Returns the lowest price on the tick that is at most `pct` percent below `price`: a bound of selling limits. */
export function limitAtLeast(price: number, pct: number, tick: number): Decimal {
  return onGrid(Math.ceil((price * (1 - pct / 100)) / tick - GRID_TOLERANCE), tick)
}

/** A price that is on the grid but for the last bits of a double stays where it is. */
const GRID_TOLERANCE = 1e-6

function onGrid(ticks: number, tick: number): Decimal {
  return decimal(Math.max(1, ticks)).times(decimal(tick))
}
