import type { EntryAlert } from '../../alert/alert.js'
import type { ExecutionLook, Sizing } from '../../decision.js'
import type { Quote } from '../../input.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import type { PlannedEntry } from '../../portfolio/pre-close-run.js'
import type { EntryCause } from '../../risk/entry-gates.js'
import { above, atMost, type Gate } from '../../risk/gate.js'
import { SECOND } from '../../time.js'

/**
 * Returns `sizing` as it stands at the broker's price, where the broker tells one; adds the gates on how far that has
 * moved from the signal. An old alert may diverge by half as much. The answer to a question is for the lots asked about.
 */
export function lookAgain<Size extends Sizing>(
  portfolio: Portfolio,
  cause: EntryCause,
  alert: EntryAlert,
  sizing: Size,
  gates: Gate[],
): Size {
  if (cause.quote === null) return withinAsked(cause, sizing)
  const age = (portfolio.now - alert.timestamp) / SECOND
  const { lots, execution, gates: looked } = lookAtPrice(portfolio, sizing, cause.quote.price, age)
  gates.push(quoteAge(portfolio, cause.quote), ...looked)
  return withinAsked(cause, { ...sizing, lots, execution })
}

/** A person has approved the lots that were shown, and no more. */
function withinAsked<Size extends Sizing>({ answers }: EntryCause, sizing: Size): Size {
  if (answers === undefined) return sizing
  const { lots } = answers
  return { ...sizing, lots: Math.min(sizing.lots, lots), asked: { lots, lotsBefore: sizing.lots } }
}

/** Returns the gate on the age of the broker's price: what it was long ago says nothing about the order. */
export function quoteAge(portfolio: Portfolio, quote: Quote): Gate {
  const age = Math.max(0, portfolio.now - quote.observedAt) / SECOND
  return atMost('QUOTE_AGE', age, settingsOf(portfolio).validation.quoteMaxAgeSeconds)
}

/** What a look at another price needs of a size. */
interface Sized {
  readonly kind: Sizing['kind']
  readonly lots: number
  readonly price: number
  readonly stop: number
  readonly stopDistance: number
}

/**
 * Returns what `price`, the broker's, makes of a size. It is refused when the price is too far from the signal's, or not
 * above the stop. When the distance to the stop has grown by more than the limit, lots are taken off until no more is at
 * risk than at the signal's price.
 */
function lookAtPrice(
  portfolio: Portfolio,
  sized: Sized,
  price: number,
  ageSeconds: number,
): { readonly lots: number; readonly gates: readonly Gate[]; readonly execution: ExecutionLook } {
  const { validation } = settingsOf(portfolio)
  const isElevated = ageSeconds > validation.elevatedAgeSeconds
  const maxDivergencePct = validation.maxDivergencePct[sized.kind] * (isElevated ? 0.5 : 1)
  const maxRiskIncreasePct = validation.maxRiskIncreasePct[sized.kind]
  const moved = price - sized.price
  // Multiplied first: a quotient that is a limit exactly is then that limit, and not a bit beyond it.
  const divergencePct = (moved * 100) / sized.price
  const riskIncreasePct = (moved * 100) / sized.stopDistance
  const gates = [
    atMost('PRICE_DIVERGENCE', Math.abs(divergencePct), maxDivergencePct),
    above('ABOVE_STOP', price - sized.stop, 0),
  ]
  const lots =
    riskIncreasePct > maxRiskIncreasePct
      ? Math.floor((sized.lots * sized.stopDistance) / (sized.stopDistance + moved))
      : sized.lots
  const execution = { price, divergencePct, riskIncreasePct, maxRiskIncreasePct, lotsBefore: sized.lots }
  return { lots, gates, execution }
}

/** Returns the lots of a planned entry at `price`, with the gates on how far that has moved from the one it was sized at. */
export function lookAtPlan(
  portfolio: Portfolio,
  plan: PlannedEntry,
  price: number,
): { readonly lots: number; readonly gates: readonly Gate[] } {
  const kind = plan.unitNumber === 1 ? 'entry' : 'pyramid'
  const look = lookAtPrice(portfolio, { ...plan, kind }, price, 0)
  return { lots: look.lots, gates: look.gates }
}
