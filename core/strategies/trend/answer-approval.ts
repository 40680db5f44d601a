import type { EntryAlert } from '../../alert/alert.js'
import type { Decision } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import { decisionId } from '../../ids.js'
import type { AnswerApproval } from '../../input.js'
import type { Instrument } from '../../instrument/instrument.js'
import type { Approval } from '../../portfolio/approval.js'
import type { Book } from '../../portfolio/book.js'
import { bookOf, instrumentOf, type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { closeApproval, findApproval } from '../../risk/approvals.js'
import { commandDecision } from '../../risk/commands.js'
import type { EntryCause } from '../../risk/entry-gates.js'
import { atMost, type Gate, must } from '../../risk/gate.js'
import { isoInstant, SECOND } from '../../time.js'
import { decisionOn, type EntryProposal, entryOrder, proposeEntry } from './entry.js'
import { closeGates, openInRun } from './pre-close-answer.js'
import { proposePyramid } from './pyramid.js'

/** A person's answer, and the input that brings it. */
interface Answer {
  readonly inputId: string
  readonly command: AnswerApproval
}

/**
 * Returns what follows from a person's answer. An approval is a decision of its own, with the price, the equity, the
 * margin and the heat of this moment: every gate is looked at again, and lots may be fewer, never more.
 */
export function answerApproval(portfolio: Portfolio, answer: Answer): PortfolioEvent[] {
  const asked = findApproval(portfolio, answer.command.approvalId)
  if (asked === undefined || asked.closed !== null) return [refuseAnswer(portfolio, answer, asked)]
  return answer.command.isApproved
    ? decideAgain(portfolio, asked, answer)
    : rejectEntry(portfolio, asked, answer)
}

/** Saying no to what is over already does no harm, unless it is at work. */
function refuseAnswer(portfolio: Portfolio, { inputId, command }: Answer, asked?: Approval): PortfolioEvent {
  const closed = asked?.closed ?? null
  const isHarmless = !command.isApproved && closed !== null && closed.outcome !== 'approved'
  const isLate = command.isApproved && closed?.outcome === 'expired'
  const made = commandDecision(portfolio, inputId, 'approval', isHarmless ? 'ignored' : 'blocked', [
    isLate ? 'APPROVAL_TIME' : 'NOT_WAITING',
    command.reason,
  ])
  const note =
    closed === null
      ? `${command.approvalId} does not wait for an answer`
      : `${command.approvalId} was ${closed.outcome} at ${isoInstant(closed.at)}: ${closed.reason}`
  const gates = isLate && asked !== undefined ? [timeGate(portfolio, asked)] : []
  const instrument = asked?.instrument ?? null
  return { type: 'DecisionMade', decision: { ...made, instrument, gates, notes: [note] } }
}

function rejectEntry(portfolio: Portfolio, asked: Approval, { inputId, command }: Answer): PortfolioEvent[] {
  const { reason } = command
  const made = commandDecision(portfolio, inputId, 'approval', 'approved', ['REJECTED', reason])
  const notes = [askedNote(asked)]
  const decision = { ...made, instrument: asked.instrument, price: asked.price, stop: asked.stop, notes }
  const end = { outcome: 'rejected', reason, answerId: decision.id } as const
  return [{ type: 'DecisionMade', decision }, ...closeApproval(portfolio, asked, end)]
}

function decideAgain(portfolio: Portfolio, asked: Approval, { inputId, command }: Answer): PortfolioEvent[] {
  const book = bookOf(portfolio, asked.instrument)
  const instrument = instrumentOf(portfolio, asked.instrument)
  if (instrument === undefined) return [refuseAnswer(portfolio, { inputId, command }, asked)]
  const price = command.quote?.price ?? book.market.price
  const alert: EntryAlert = { ...asked.alert, price: price ?? asked.price, timestamp: portfolio.now }
  const cause: EntryCause = {
    ...{ id: inputId, ordinal: 1, quote: command.quote, answers: asked },
    maxAgeSeconds: settingsOf(portfolio).entryMaxAgeSeconds,
  }
  const proposal = proposeAgain(portfolio, { cause, alert, instrument, book, asked, price })
  const made = decisionOn(portfolio, cause, alert, proposal)
  const approved = `approved by a person: ${command.reason}`
  const decision: Decision = { ...made, notes: [askedNote(asked), approved, ...made.notes] }
  const decided: PortfolioEvent = { type: 'DecisionMade', decision }
  const { sizing } = proposal
  const answerId = decisionId(inputId, 1)
  if (decision.outcome !== 'approved' || sizing === null) {
    const reason = decision.reasons.join(', ')
    return [decided, ...closeApproval(portfolio, asked, { outcome: 'refused', reason, answerId })]
  }
  const closed = closeApproval(portfolio, asked, { outcome: 'approved', reason: command.reason, answerId })
  const { unitNumber } = proposal
  const opened =
    asked.closesAt === null
      ? [entryOrder(portfolio, alert, { decision: answerId, sizing, unitNumber })]
      : openInRun(portfolio, book, { decisionId: answerId, unitNumber, sizing })
  return [decided, ...closed, ...opened]
}

interface Again {
  readonly cause: EntryCause
  readonly alert: EntryAlert
  readonly instrument: Instrument
  readonly book: Book
  readonly asked: Approval
  readonly price: number | null
}

function proposeAgain(portfolio: Portfolio, again: Again): EntryProposal {
  const { cause, alert, instrument, book, asked, price } = again
  const gates: Gate[] = [timeGate(portfolio, asked), priceGate(asked, price)]
  if (asked.closesAt !== null) gates.push(...closeGates(portfolio, book, asked))
  const proposed =
    asked.unitNumber === 1
      ? proposeEntry(portfolio, cause, alert, instrument)
      : proposePyramid(portfolio, cause, alert, instrument)
  return { ...proposed, gates: [...gates, ...proposed.gates] }
}

function timeGate(portfolio: Portfolio, { askedAt, expiresAt }: Approval): Gate {
  return atMost('APPROVAL_TIME', (portfolio.now - askedAt) / SECOND, (expiresAt - askedAt) / SECOND)
}

function priceGate(asked: Approval, price: number | null): Gate {
  if (price === null) return must('APPROVAL_PRICE', false, null, 'a price')
  // Multiplied first: a distance that is the limit exactly is then that limit.
  return atMost('APPROVAL_PRICE', (Math.abs(price - asked.price) * 100) / asked.price, asked.priceBandPct)
}

function askedNote({ decisionId: asking, lots, price }: Approval): string {
  return `decision ${asking} asked for ${lots} lots at ${price}`
}
