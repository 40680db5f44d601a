import type { Sizing } from '../decision.js'
import type { Gate, GateCode } from '../risk/gate.js'

/** How a gate compares what it measures with its limit. */
export type GateComparison = 'atMost' | 'atLeast' | 'above' | 'is'

const COMPARISONS: Readonly<Record<GateCode, GateComparison>> = {
  TRADING_STATE: 'is',
  INSTRUMENT_LOCKED: 'is',
  STALE: 'atMost',
  FUTURE: 'atMost',
  ER_INVALID: 'is',
  NO_ATR: 'is',
  STOP_NOT_BELOW_PRICE: 'above',
  NOT_FLAT: 'atMost',
  ORDER_AT_WORK: 'is',
  NO_BASE: 'is',
  MAX_PYRAMIDS: 'atMost',
  ONE_R: 'above',
  ATR_SPACING: 'atLeast',
  NO_PROFIT: 'above',
  HEAT_CAP: 'atMost',
  VOLATILITY_CAP: 'atMost',
  MARGIN_CAP: 'atMost',
  BELOW_ONE_LOT: 'atLeast',
  ORDER_VALUE: 'atMost',
  ORDERS_PER_DAY: 'atMost',
  ORDERS_PER_SECOND: 'atMost',
  DUPLICATE_ORDER: 'atLeast',
  PRICE_COLLAR: 'atMost',
  SESSION: 'is',
  CONDITIONS: 'is',
  SCOUT_CONSISTENT: 'is',
  PRE_CLOSE_TIME: 'above',
  QUOTE_AGE: 'atMost',
  PRICE_DIVERGENCE: 'atMost',
  ABOVE_STOP: 'above',
  AWAITING_APPROVAL: 'is',
  APPROVAL_TIME: 'atMost',
  APPROVAL_PRICE: 'atMost',
}

/** Returns how the gate compares. */
export function comparisonOf(gate: GateCode): GateComparison {
  return COMPARISONS[gate]
}

/** What would have opened a shut gate, everything else as it was. */
export interface GateOpening {
  readonly gate: GateCode
  readonly comparison: GateComparison
  readonly measured: Gate['measured']
  readonly limit: Gate['limit']
  /** Distance from what was measured to the limit, above 0; null where that is no number. */
  readonly shortBy: number | null
  /** The price, in points, at which (for `above`: beyond which) it opens; null where the price does not decide alone. */
  readonly price: number | null
  /** Quote currency by which what the rest of the portfolio has at stake must shrink; null where that is not the point. */
  readonly release: number | null
}

/** Returns what would have opened a shut `gate` of a decision that was sized so, or not at all. */
export function openingOf(gate: Gate, sizing: Sizing | null): GateOpening {
  const { measured, limit } = gate
  const isNumeric = typeof measured === 'number' && typeof limit === 'number'
  const shortBy = isNumeric ? Math.abs(limit - measured) : null
  return {
    gate: gate.gate,
    comparison: comparisonOf(gate.gate),
    measured,
    limit,
    shortBy,
    price: shortBy === null || sizing === null ? null : openingPrice(gate.gate, shortBy, sizing),
    release: shortBy === null || sizing === null ? null : openingRelease(gate.gate, shortBy, sizing),
  }
}

function openingPrice(gate: GateCode, shortBy: number, { price, atr }: Sizing): number | null {
  if (gate === 'ONE_R') return price + shortBy
  if (gate === 'ATR_SPACING' && atr > 0) return price + shortBy * atr
  return null
}

function openingRelease(gate: GateCode, shortBy: number, { equity }: Sizing): number | null {
  const isShareOfEquity = gate === 'HEAT_CAP' || gate === 'VOLATILITY_CAP'
  return isShareOfEquity && equity > 0 ? (shortBy / 100) * equity : null
}
