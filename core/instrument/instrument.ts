import { type Instant, type LocalDate, localDate } from '../time.js'
import { zoneOffsetMinutes, type Zone } from '../calendar/zone.js'

/** Facts of a contract that change on known dates: valid from the start of `from` in the exchange's zone. */
export interface ContractFacts {
  readonly from: LocalDate
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

/** An instrument as a portfolio trades it. */
export interface Instrument {
  readonly name: string
  readonly exchange: string
  readonly zone: Zone
  readonly currency: string
  /** Length of the bar that alerts speak of, in minutes. */
  readonly barMinutes: number
  /** Ascending by date; the first entry also holds before its date. */
  readonly facts: readonly ContractFacts[]
  readonly trend: TrendParameters
}

/** Returns the facts of `instrument` in force at `at`. */
export function factsAt(instrument: Instrument, at: Instant): ContractFacts {
  const facts = instrument.facts
  if (facts.length === 1) return facts[0]!
  const today = localDate(at, zoneOffsetMinutes(instrument.zone, at))
  let inForce = facts[0]!
  for (const candidate of facts) if (candidate.from <= today) inForce = candidate
  return inForce
}
