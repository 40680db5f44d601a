import type { DecisionMade, PortfolioEvent } from '../../event.js'
import { alarm } from '../../portfolio/alarm.js'
import { newDecision } from '../../portfolio/new-decision.js'
import type { SeenPrice } from '../../portfolio/observe.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { rulesOfCells } from './cell-rules.js'
import { decideEvaluation } from './decide-evaluation.js'
import { goExWhatIsDue } from './dividends.js'

/** Prices, and for whom they are looked at. */
export interface PricesRequest {
  readonly inputId: string
  readonly prices: readonly SeenPrice[]
  /** Whether somebody wants to be told what comes of each, whatever that is. */
  readonly isAsked: boolean
  readonly record: (events: readonly PortfolioEvent[]) => void
}

/**
 * Evaluates each cell at its price. Dividends that are due go ex first, so that a price without the dividend meets an
 * anchor without it. What is recorded is recorded at once: cells do not depend on one another, and there may be thousands.
 */
export function decidePrices(
  portfolio: Portfolio,
  { inputId, prices, isAsked, record }: PricesRequest,
): void {
  if (rulesOfCells(portfolio).size === 0) return
  for (const { instrument } of prices) record(goExWhatIsDue(portfolio, instrument))
  const events: PortfolioEvent[] = []
  let decisions = 0
  for (const seen of prices) {
    const more = decidePrice(portfolio, { seen, inputId, isAsked, ordinal: decisions + 1 })
    for (const event of more) {
      if (event.type === 'DecisionMade') decisions += 1
      events.push(event)
    }
  }
  record(events)
}

interface OnePrice {
  readonly seen: SeenPrice
  readonly inputId: string
  readonly isAsked: boolean
  readonly ordinal: number
}

/** What a price that is not taken is told as, where somebody asked. */
const REFUSALS = {
  older: 'PRICE_OLDER_THAN_LAST',
  suspect: 'PRICE_SUSPECT',
  invalid: 'PRICE_INVALID',
  unknown: 'NOT_A_CELL',
} as const satisfies Record<Exclude<SeenPrice['verdict'], 'seen'>, string>

function decidePrice(portfolio: Portfolio, { seen, inputId, isAsked, ordinal }: OnePrice): PortfolioEvent[] {
  const { instrument, price, observedAt, verdict } = seen
  const book = portfolio.books.get(instrument)
  if (verdict === 'seen' && book !== undefined) {
    return decideEvaluation(portfolio, {
      book,
      price,
      priceAt: observedAt,
      inputId,
      ordinal,
      isAsked,
      attempt: 0,
    })
  }
  const reason = REFUSALS[verdict === 'seen' ? 'unknown' : verdict]
  const events: PortfolioEvent[] = isAsked
    ? [refuse(portfolio, { inputId, ordinal, instrument, reason, price })]
    : []
  if (verdict === 'suspect') events.push(suspect(portfolio, inputId, { instrument, price }))
  return events
}

interface Refused {
  readonly inputId: string
  readonly ordinal: number
  readonly instrument: string
  readonly reason: string
  readonly price: number
}

function refuse(
  portfolio: Portfolio,
  { inputId, ordinal, instrument, reason, price }: Refused,
): DecisionMade {
  const decision = newDecision(portfolio, {
    ...{ inputId, ordinal, kind: 'evaluation', instrument, outcome: 'blocked', reasons: [reason] },
    // What is no number cannot be recorded as one.
    price: Number.isFinite(price) ? price : null,
  })
  return { type: 'DecisionMade', decision }
}

function suspect(
  portfolio: Portfolio,
  subject: string,
  { instrument, price }: { readonly instrument: string; readonly price: number },
): PortfolioEvent {
  const message = `a price of ${price} is too far from the last of ${instrument}; it waits until another one agrees`
  return alarm(portfolio, { code: 'PRICE_SUSPECT', severity: 'critical', instrument, subject, message })
}
