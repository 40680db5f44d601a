import { decimal } from '../../decimal.js'
import type { Decision } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import { type Book, plannedEntry } from '../../portfolio/book.js'
import { sizingEquity } from '../../portfolio/equity.js'
import { newDecision } from '../../portfolio/new-decision.js'
import { instrumentOf, type Portfolio } from '../../portfolio/portfolio.js'
import { isRolling } from '../../portfolio/roll-run.js'
import { marketHours } from '../../portfolio/sessions.js'
import { type Unit, unitRisk, unitVolatility } from '../../portfolio/unit.js'
import { allowsReductions } from '../../risk/trading-state.js'
import { type Instant, SECOND } from '../../time.js'
import { entryOf, latchEntry } from './exit.js'
import { peelOff } from './peel.js'
import { hasStopAtWork, peelOffOrder } from './protective-stop.js'
import { trailStop } from './stop.js'

/** A confirmed bar, as the deciders of stops and peel-offs take it. */
export interface Bar {
  readonly book: Book
  readonly close: number
  readonly atr: number | null
  readonly at: Instant
}

/** Returns the stops that `bar` raises and the exits of the units whose updated stop is above its close. */
export function decideStops(portfolio: Portfolio, inputId: string, bar: Bar): PortfolioEvent[] {
  // The stops of an instrument that is configured no more stay where they are, and count.
  const multiple =
    instrumentOf(portfolio, bar.book.instrument)?.trend.trailingAtrMultiple ?? Number.POSITIVE_INFINITY
  const events: PortfolioEvent[] = []
  let decisions = 0
  for (const unit of bar.book.units) {
    if (bar.at < Math.floor(unit.openedAt / SECOND) * SECOND) continue
    const atr = bar.atr ?? unit.entryAtr
    const trail = trailStop(unit, bar.close, atr, multiple)
    const { highestClose, stop } = trail
    if (stop > unit.stop || highestClose > unit.highestClose) {
      events.push({ type: 'StopRaised', positionId: unit.id, stop, highestClose })
    }
    if (!trail.hit || (unit.exit !== null && !isRolling(bar.book, unit))) continue
    const decision = stopDecision(portfolio, inputId, ++decisions, unit, bar.close, stop)
    events.push({ type: 'DecisionMade', decision })
    const exit = { decisionId: decision.id, reason: 'STOP_HIT' }
    events.push({ type: 'ExitRequested', positionId: unit.id, ...exit })
    const entry = entryOf(portfolio, bar.book, [unit])
    if (entry?.latch === null) events.push(...latchEntry(portfolio, bar.book, entry, exit))
  }
  return events
}

function stopDecision(
  portfolio: Portfolio,
  inputId: string,
  ordinal: number,
  unit: Unit,
  close: number,
  stop: number,
): Decision {
  return newDecision(portfolio, {
    inputId,
    ordinal,
    kind: 'stop',
    instrument: unit.instrument,
    outcome: 'approved',
    reasons: ['STOP_HIT'],
    lots: unit.heldLots,
    price: close,
    stop,
    positionIds: [unit.id],
  })
}

/**
 * Returns the sales of the lots by which units have outgrown their ongoing risk and volatility.
 * Never with an order of the instrument at work: what that fills would change the measure. While the exchange is
 * closed they wait for the next bar.
 */
export function decidePeelOffs(
  portfolio: Portfolio,
  inputId: string,
  bar: Bar,
  decisionsBefore: number,
): PortfolioEvent[] {
  const { book } = bar
  const instrument = instrumentOf(portfolio, book.instrument)
  const isQuiet = book.entryOrderId === null && book.exitOrderIds.length === 0 && plannedEntry(book) === null
  if (instrument === undefined || !isQuiet || book.lock !== null) return []
  if (!allowsReductions(portfolio.tradingState) || marketHours(portfolio, book.instrument) === 'closed')
    return []
  const equity = sizingEquity(portfolio)
  const events: PortfolioEvent[] = []
  let ordinal = decisionsBefore
  for (const unit of book.units) {
    if (unit.exit !== null || unit.peel !== null) continue
    const peel = peelOff({
      risk: unitRisk(unit),
      volatility: unitVolatility(unit, bar.atr ?? unit.entryAtr),
      lots: unit.heldLots,
      equity,
      maxRiskPct: instrument.trend.ongoingRiskPct,
      maxVolatilityPct: instrument.trend.ongoingVolatilityPct,
    })
    if (peel.lots === 0) continue
    ordinal += 1
    const decision = newDecision(portfolio, {
      inputId,
      ordinal,
      kind: 'peelOff',
      instrument: unit.instrument,
      outcome: 'approved',
      reasons: peelReasons(peel),
      lots: peel.lots,
      price: bar.close,
      stop: unit.stop,
      positionIds: [unit.id],
      notes: [
        `risk is ${peel.riskPct.toFixed(2)} % of equity, the limit ${instrument.trend.ongoingRiskPct} %`,
        `volatility is ${peel.volatilityPct.toFixed(2)} % of equity, the limit ${instrument.trend.ongoingVolatilityPct} %`,
      ],
    })
    events.push({ type: 'DecisionMade', decision })
    const lots = decimal(peel.lots)
    const peeled = { unit, lots, decisionId: decision.id }
    events.push(
      hasStopAtWork(portfolio, book, unit)
        ? { type: 'PeelOffDelayed', positionId: unit.id, decisionId: decision.id, lots }
        : peelOffOrder(portfolio, peeled, bar.close),
    )
  }
  return events
}

function peelReasons(peel: { readonly riskLots: number; readonly volatilityLots: number }): string[] {
  const reasons: string[] = []
  if (peel.riskLots > 0) reasons.push('RISK_ABOVE_ONGOING_LIMIT')
  if (peel.volatilityLots > 0) reasons.push('VOLATILITY_ABOVE_ONGOING_LIMIT')
  return reasons
}
