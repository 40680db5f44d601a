import type { Decision } from '../decision.js'
import { decisionId } from '../ids.js'
import { type Portfolio, versionsOf } from './portfolio.js'

/** What a decision cannot be without, and what it has besides. */
export type DecisionFields = Pick<Decision, 'inputId' | 'kind' | 'instrument' | 'outcome' | 'reasons'> &
  Partial<Omit<Decision, 'id' | 'at' | 'versions'>> & {
    /** Which of its input's decisions it is, from 1. */
    readonly ordinal: number
  }

/** Returns a decision made now; what is left out is empty, and its lots are 0. */
export function newDecision(portfolio: Portfolio, fields: DecisionFields): Decision {
  const { inputId, ordinal, kind, instrument, outcome, reasons, ...rest } = fields
  return {
    id: decisionId(inputId, ordinal),
    inputId,
    at: portfolio.now,
    kind,
    instrument,
    outcome,
    reasons,
    gates: [],
    sizing: null,
    boundBy: null,
    lots: 0,
    price: null,
    stop: null,
    positionIds: [],
    notes: [],
    ...rest,
    versions: versionsOf(portfolio),
  }
}
