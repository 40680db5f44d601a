import type { CapAfter, ConstraintNeed, Measure, Need, OneMoreLot } from '../../core/explain/one-more-lot.js'
import { formatLots, formatMoney, formatNumber, formatPoints } from '../cli/format.js'
import { gateTitle, gateValue } from './gate-words.js'

const names: Readonly<Record<Measure, string>> = {
  equity: 'equity',
  stop: 'a stop',
  atr: 'an ATR',
  efficiencyRatio: 'an efficiency ratio',
  riskPct: 'a risk per unit',
  volatilityPct: 'a volatility per unit',
  availableMargin: 'available margin',
  marginPerLot: 'a margin per lot',
  baseLots: 'a base unit',
  pyramidsOpened: 'pyramids before this one',
  profitBeyondRisk: "the base unit's profit beyond its risk",
}

/** Returns the lines that say what one more lot would have needed. */
export function describeOneMoreLot(more: OneMoreLot, currency: string): string[] {
  const lines = more.constraints.map((need) => describeConstraint(need, currency))
  const caps = more.caps.map((cap) => describeCap(cap, more.lots, currency))
  if (more.askedLots !== null)
    caps.push(`a person was asked about ${formatLots(more.askedLots)}: an answer leads to no more`)
  if (more.brokerPrice === null) return [...lines, ...caps]
  const price = formatNumber(roundOutward(more.brokerPrice, 'atMost', 'stop'), currency)
  return [...lines, `the second look needed a broker's price of at most ${price}`, ...caps]
}

function describeConstraint(need: ConstraintNeed, currency: string): string {
  const { constraint, allows, isEnough, alternatives } = need
  const allowed = `${constraint} allowed ${formatNumber(allows, currency)}`
  if (isEnough) return `${allowed}: enough`
  if (alternatives.length === 0) return `${allowed}: no single change would have been enough`
  return `${allowed}: it needed ${alternatives.map((each) => describeNeed(each, currency)).join(', or ')}`
}

function describeNeed({ measure, comparison, value, was }: Need, currency: string): string {
  const bound = comparison === 'atLeast' ? 'at least' : 'at most'
  const shown = showMeasure(measure, roundOutward(value, comparison, measure), currency)
  return `${names[measure]} of ${bound} ${shown} (it was ${showMeasure(measure, was, currency)})`
}

/** What is shown must be enough: it is rounded to the side that the comparison asks for. */
function roundOutward(value: number, comparison: Need['comparison'], measure: Measure): number {
  const scale = 10 ** digitsOf(measure)
  // A bound that is whole but for the last bits of a double is whole.
  const scaled = value * scale
  const nearest = Math.round(scaled)
  if (Math.abs(scaled - nearest) < 1e-6) return nearest / scale
  return (comparison === 'atLeast' ? Math.ceil(scaled) : Math.floor(scaled)) / scale
}

function digitsOf(measure: Measure): number {
  return measure === 'efficiencyRatio' || measure === 'riskPct' || measure === 'volatilityPct' ? 4 : 2
}

function showMeasure(measure: Measure, value: number, currency: string): string {
  switch (measure) {
    case 'equity':
    case 'availableMargin':
    case 'marginPerLot':
    case 'profitBeyondRisk':
      return formatMoney(value, currency)
    case 'baseLots':
      return formatLots(value)
    case 'riskPct':
    case 'volatilityPct':
      return `${formatNumber(value, currency, 4)} % of equity`
    case 'atr':
      return formatPoints(value, currency)
    default:
      return formatNumber(value, currency, 4)
  }
}

function describeCap({ gate, passes, measured, limit }: CapAfter, lots: number, currency: string): string {
  const limited = `${gateValue(gate, measured, currency)} of at most ${gateValue(gate, limit, currency)}`
  return `with ${formatLots(lots)} the ${gateTitle(gate)} is ${limited}: ${passes ? 'passes' : 'refused'}`
}
