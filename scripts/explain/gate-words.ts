import type { GateComparison } from '../../core/explain/gate-opening.js'
import type { Gate, GateCode } from '../../core/risk/gate.js'
import { formatMoney, formatNumber, formatPercent, formatPoints } from '../cli/format.js'

type Unit = 'percent' | 'seconds' | 'money' | 'points' | 'atr' | 'count' | 'text'

interface GateWords {
  readonly title: string
  readonly unit: Unit
  /** What someone can do about it, where that is not plain from the limit. */
  readonly hint?: string
}

const words: Readonly<Record<GateCode, GateWords>> = {
  TRADING_STATE: {
    title: 'trading state',
    unit: 'text',
    hint: '`general resume` lets entries through again',
  },
  INSTRUMENT_LOCKED: {
    title: 'lock of the instrument',
    unit: 'text',
    hint: 'someone has to decide what locked it',
  },
  STALE: { title: 'age of the alert', unit: 'seconds' },
  FUTURE: { title: 'alert ahead of our clock', unit: 'seconds' },
  ER_INVALID: { title: 'efficiency ratio', unit: 'text' },
  NO_ATR: { title: 'ATR', unit: 'text' },
  STOP_NOT_BELOW_PRICE: { title: "price above the alert's own stop", unit: 'points' },
  NOT_FLAT: { title: 'units held', unit: 'count', hint: 'a base entry is for a flat instrument only' },
  ORDER_AT_WORK: { title: 'order at work', unit: 'text' },
  NO_BASE: { title: 'open base unit', unit: 'text', hint: 'the instrument must be flat and entered anew' },
  MAX_PYRAMIDS: { title: 'pyramids with this one', unit: 'count' },
  ONE_R: { title: "move from the base unit's entry", unit: 'points' },
  ATR_SPACING: { title: "distance from the last unit's fill", unit: 'atr' },
  NO_PROFIT: { title: 'profit of the instrument', unit: 'money' },
  HEAT_CAP: { title: 'portfolio heat with this order', unit: 'percent' },
  VOLATILITY_CAP: { title: 'portfolio volatility with this order', unit: 'percent' },
  MARGIN_CAP: { title: 'portfolio margin with this order', unit: 'percent' },
  BELOW_ONE_LOT: { title: 'lots', unit: 'count', hint: 'what one lot would have needed is below' },
  ORDER_VALUE: { title: 'value of the order', unit: 'money' },
  ORDERS_PER_DAY: { title: 'entry orders of the day with this one', unit: 'count' },
  ORDERS_PER_SECOND: { title: 'entry orders of the second with this one', unit: 'count' },
  DUPLICATE_ORDER: {
    title: 'time since an entry of as many lots',
    unit: 'seconds',
    hint: 'an equal entry so soon after another is taken for the same one',
  },
  PRICE_COLLAR: { title: 'distance from the reference price', unit: 'percent' },
  SESSION: {
    title: 'session of the exchange',
    unit: 'text',
    hint: '`general doctor` shows when it opens, and how far the calendar reaches',
  },
  CONDITIONS: { title: 'entry conditions of the scout', unit: 'text' },
  SCOUT_CONSISTENT: {
    title: 'verdict of the scout',
    unit: 'text',
    hint: 'the script does not say what its own conditions add up to: look at it',
  },
  PRE_CLOSE_TIME: { title: 'time left until the close', unit: 'seconds' },
  QUOTE_AGE: { title: "age of the broker's price", unit: 'seconds' },
  PRICE_DIVERGENCE: { title: "the broker's price from the signal's", unit: 'percent' },
  ABOVE_STOP: { title: "the broker's price above the stop", unit: 'points' },
  AWAITING_APPROVAL: {
    title: 'approval by a person',
    unit: 'text',
    hint: '`general approve` lists what waits, and answers it',
  },
  APPROVAL_TIME: { title: 'time until the answer', unit: 'seconds' },
  APPROVAL_PRICE: { title: 'distance from the price that was asked about', unit: 'percent' },
}

const comparisons: Readonly<Record<GateComparison, string>> = {
  atMost: 'at most',
  atLeast: 'at least',
  above: 'above',
  is: 'must be',
}

/** Returns what a gate measures, in words. */
export function gateTitle(gate: GateCode): string {
  return words[gate].title
}

/** Returns what someone can do about a shut gate, or null where the limit says it all. */
export function gateHint(gate: GateCode): string | null {
  return words[gate].hint ?? null
}

/** Returns how a comparison is read: "at most". */
export function comparisonWords(comparison: GateComparison): string {
  return comparisons[comparison]
}

/** Returns what a gate measured, or its limit, with its unit. */
export function gateValue(gate: GateCode, value: Gate['measured'], currency: string): string {
  if (value === null) return 'none'
  if (typeof value === 'string') return value
  if (Math.abs(value) === Number.MAX_VALUE) return 'without equity: no end'
  switch (words[gate].unit) {
    case 'percent':
      return formatPercent(value)
    case 'seconds':
      return `${formatNumber(value, currency, 1)} s`
    case 'money':
      return formatMoney(value, currency)
    case 'points':
      return formatPoints(value, currency)
    case 'atr':
      return `${formatNumber(value, currency)} ATR`
    default:
      return formatNumber(value, currency, 4)
  }
}
