import type { EntryAlert } from '../../alert/alert.js'
import { decimal } from '../../decimal.js'
import type { Decision, EntrySizing, Sizing } from '../../decision.js'
import type { OrderInitialized, PortfolioEvent } from '../../event.js'
import { decisionId, orderId, positionId } from '../../ids.js'
import type { AlertAdmitted, Quote } from '../../input.js'
import { factsAt, type Instrument } from '../../instrument/instrument.js'
import { invariant } from '../../invariant.js'
import { firstStep } from '../../order/chase.js'
import type { Book } from '../../portfolio/book.js'
import { equityOf } from '../../portfolio/equity.js'
import { availableMargin, boundByAccount, type Exposure, exposureOf } from '../../portfolio/exposure.js'
import { newDecision } from '../../portfolio/new-decision.js'
import { bookOf, instrumentOf, type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { askFirst, isAsking, requestApproval } from '../../risk/approvals.js'
import { admissionGates, controlGates, type EntryCause } from '../../risk/entry-gates.js'
import { above, atLeast, atMost, type Gate, must, shutGates } from '../../risk/gate.js'
import { SECOND } from '../../time.js'
import { entryAtr } from './atr.js'
import { confirmEntry } from './pre-close-confirmed.js'
import { lookAgain } from './second-look.js'
import { sizeEntry } from './sizing.js'

/** Everything that the decision on an entry or a pyramid is made of. */
export interface EntryProposal {
  readonly gates: readonly Gate[]
  readonly sizing: Decision['sizing']
  readonly unitNumber: number
}

/** Returns what follows from a BASE_ENTRY alert: an approved decision and its order, or a refusal with every gate. */
export function decideEntry(portfolio: Portfolio, input: AlertAdmitted, alert: EntryAlert): PortfolioEvent[] {
  const instrument = instrumentOf(portfolio, alert.instrument)
  invariant(instrument !== undefined, () => `portfolio ${portfolio.id} does not trade ${alert.instrument}`)
  const confirmed = confirmEntry(portfolio, input.id, alert, bookOf(portfolio, alert.instrument))
  if (confirmed !== null) return confirmed
  const cause = causeOf(portfolio, input)
  return recordProposal(portfolio, cause, alert, proposeEntry(portfolio, cause, alert, instrument))
}

/** Returns what an alert asks with. */
export function causeOf(portfolio: Portfolio, input: AlertAdmitted): EntryCause {
  const maxAgeSeconds = settingsOf(portfolio).entryMaxAgeSeconds
  return { id: input.id, ordinal: 1, quote: input.quote, maxAgeSeconds }
}

/** Returns what a base entry comes to: every gate, and its size where it can be computed. */
export function proposeEntry(
  portfolio: Portfolio,
  cause: EntryCause,
  alert: EntryAlert,
  instrument: Instrument,
): EntryProposal {
  const book = bookOf(portfolio, alert.instrument)
  const gates: Gate[] = admissionGates(portfolio, cause, alert, instrument)
  gates.push(atMost('NOT_FLAT', book.units.length, 0))
  const exposure = exposureOf(portfolio)
  const measured = measureEntry(portfolio, alert, { instrument, book, exposure, quote: cause.quote }, gates)
  const sizing = measured === null ? null : lookAgain(portfolio, cause, alert, measured, gates)
  if (sizing !== null) {
    const { caps, constraints } = settingsOf(portfolio)
    gates.push(...capGates(exposure, sizing, caps.maxHeatPct, caps.maxVolatilityPct))
    if (!constraints.includes('margin')) gates.push(marginGate(sizing))
    const value = sizing.lots * sizing.price * sizing.pointValue
    gates.push(...controlGates(portfolio, { instrument: alert.instrument, lots: sizing.lots, value }))
  }
  return { gates, sizing, unitNumber: 1 }
}

/** What an entry is measured against. */
interface EntryFacts {
  readonly instrument: Instrument
  readonly book: Book
  readonly exposure: Exposure
  readonly quote: Quote | null
}

/** Returns the sizing of a base entry, or null when it cannot be computed; adds the gates that say why. */
function measureEntry(
  portfolio: Portfolio,
  alert: EntryAlert,
  { instrument, book, exposure, quote }: EntryFacts,
  gates: Gate[],
): EntrySizing | null {
  const settings = settingsOf(portfolio)
  const er = alert.er ?? settings.defaultEr
  const erIsValid = typeof er === 'number' && er >= 0 && er <= 1
  gates.push(must('ER_INVALID', erIsValid, er, '0..1'))
  const found = stopGates(alert, instrument, book, portfolio.now, gates)
  if (!erIsValid || found === null) return null
  const facts = factsAt(instrument, portfolio.now)
  const equity = equityOf(portfolio)
  const own = availableMargin(equity.open, settings.caps.maxMarginPct, exposure)
  const margin = boundByAccount(own, quote)
  const measures = {
    equity: equity[settings.equityMode],
    availableMargin: margin.availableMargin,
    stopDistance: found.stopDistance,
    atr: found.atr,
    er,
    pointValue: facts.pointValue,
    marginPerLot: facts.marginPerLot,
    riskPct: instrument.trend.initialRiskPct,
    volatilityPct: instrument.trend.initialVolatilityPct,
  }
  const size = sizeEntry(measures, settings.constraints)
  return {
    kind: 'entry',
    equity: measures.equity,
    ...margin,
    price: alert.price,
    stop: alert.price - found.stopDistance,
    stopDistance: found.stopDistance,
    atr: found.atr,
    atrFrom: found.atrFrom,
    er,
    pointValue: facts.pointValue,
    marginPerLot: facts.marginPerLot,
    riskPct: measures.riskPct,
    volatilityPct: measures.volatilityPct,
    riskLots: size.riskLots,
    volatilityLots: size.volatilityLots,
    marginLots: size.marginLots,
    constraints: settings.constraints,
    lots: size.lots,
    boundBy: size.boundBy,
  }
}

/** Returns the ATR and the distance to the stop, or null when there is none; adds the gates that say why. */
export function stopGates(
  alert: EntryAlert,
  instrument: Instrument,
  book: Book,
  now: number,
  gates: Gate[],
): { atr: number; stopDistance: number; atrFrom: EntrySizing['atrFrom'] } | null {
  const found = entryAtr(alert, instrument, book, now)
  gates.push(must('NO_ATR', found !== null, found?.atr ?? null, 'an ATR or a stop'))
  if (alert.stop !== null) gates.push(above('STOP_NOT_BELOW_PRICE', alert.price - alert.stop, 0))
  if (found === null) return null
  const stopDistance = found.atr * instrument.trend.initialAtrMultiple
  return stopDistance > 0 ? { atr: found.atr, stopDistance, atrFrom: found.from } : null
}

/** Returns the gates of size and of the portfolio's heat and volatility after this order, orders at work included. */
export function capGates(
  exposure: Exposure,
  sizing: NonNullable<Decision['sizing']>,
  maxHeatPct: number,
  maxVolatilityPct: number,
): Gate[] {
  const { lots, stopDistance, atr, pointValue, equity } = sizing
  const risk = exposure.risk + lots * stopDistance * pointValue
  const volatility = exposure.volatility + lots * atr * pointValue
  return [
    atLeast('BELOW_ONE_LOT', lots, 1),
    atMost('HEAT_CAP', percentOf(risk, equity), maxHeatPct),
    atMost('VOLATILITY_CAP', percentOf(volatility, equity), maxVolatilityPct),
  ]
}

/** The cap on margin holds also where it does not size: then it refuses. */
function marginGate({ lots, marginPerLot, availableMargin }: EntrySizing): Gate {
  return atMost('MARGIN_CAP', lots * marginPerLot, availableMargin)
}

/** Returns `amount` in percent of `equity`; without equity everything is too much. */
export function percentOf(amount: number, equity: number): number {
  return equity > 0 ? (amount / equity) * 100 : amount > 0 ? Number.MAX_VALUE : 0
}

/** Returns the decision that a proposal leads to and, when every gate is open, the order or the question to a person. */
export function recordProposal(
  portfolio: Portfolio,
  cause: EntryCause,
  alert: EntryAlert,
  proposal: EntryProposal,
): PortfolioEvent[] {
  const asked = askFirst(portfolio, proposal)
  const decision = decisionOn(portfolio, cause, alert, asked)
  const decided: PortfolioEvent = { type: 'DecisionMade', decision }
  const { sizing, unitNumber } = proposal
  if (sizing === null) return [decided]
  if (isAsking(decision))
    return [decided, requestApproval(portfolio, decision, { alert, sizing, unitNumber }, null)]
  if (decision.outcome !== 'approved') return [decided]
  return [decided, entryOrder(portfolio, alert, { decision: decision.id, sizing, unitNumber })]
}

/** Returns the decision that a proposal leads to: approved when every gate is open. */
export function decisionOn(
  portfolio: Portfolio,
  cause: EntryCause,
  alert: EntryAlert,
  proposal: EntryProposal,
): Decision {
  const { gates, sizing, unitNumber } = proposal
  const shut = shutGates(gates)
  const isApproved = shut.length === 0 && sizing !== null
  const id = decisionId(cause.id, cause.ordinal)
  return newDecision(portfolio, {
    inputId: cause.id,
    ordinal: cause.ordinal,
    kind: unitNumber === 1 ? 'entry' : 'pyramid',
    instrument: alert.instrument,
    outcome: isApproved ? 'approved' : 'blocked',
    reasons: isApproved ? ['ALL_GATES_PASSED'] : shut,
    gates,
    sizing,
    boundBy: sizing?.boundBy ?? null,
    lots: isApproved ? sizing.lots : 0,
    price: alert.price,
    stop: sizing?.stop ?? alert.stop,
    positionIds: isApproved ? [positionId(orderId(id))] : [],
    notes: notesOn(portfolio, alert, sizing),
  })
}

function notesOn(portfolio: Portfolio, alert: EntryAlert, sizing: Sizing | null): string[] {
  const notes: string[] = []
  const age = (portfolio.now - alert.timestamp) / SECOND
  const { warnAgeSeconds } = settingsOf(portfolio).validation
  if (age > warnAgeSeconds) notes.push(`it is ${age} s old, more than ${warnAgeSeconds} s`)
  const look = sizing?.execution
  if (sizing != null && look !== undefined && sizing.lots < look.lotsBefore) {
    const grown = `the broker's price is ${look.riskIncreasePct.toFixed(2)} % further from the stop`
    notes.push(`${grown} (at most ${look.maxRiskIncreasePct} %): ${sizing.lots} of ${look.lotsBefore} lots`)
  }
  if (alert.er === null) notes.push('the alert carries no efficiency ratio: the configured one is used')
  if (alert.stop !== null) notes.push(`the alert's own stop is ${alert.stop}`)
  return notes
}

/** Returns the market order of an entry that was decided and sized so. */
export function entryOrder(
  portfolio: Portfolio,
  alert: EntryAlert,
  { decision, sizing, unitNumber }: { decision: string; sizing: Sizing; unitNumber: number },
): OrderInitialized {
  const id = orderId(decision)
  const order = {
    instrument: alert.instrument,
    side: 'buy',
    purpose: unitNumber === 1 ? 'entry' : 'pyramid',
  } as const
  return {
    type: 'OrderInitialized',
    orderId: id,
    decisionId: decision,
    positionId: positionId(id),
    ...order,
    ...firstStep(portfolio, id, order, alert.price),
    lots: decimal(sizing.lots),
    referencePrice: alert.price,
    at: portfolio.now,
    unit: {
      number: unitNumber,
      label: alert.label,
      stopDistance: sizing.stopDistance,
      atr: sizing.atr,
      pointValue: sizing.pointValue,
      marginPerLot: sizing.marginPerLot,
    },
  }
}
