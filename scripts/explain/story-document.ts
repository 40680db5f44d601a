import { Decimal } from '../../core/decimal.js'
import type { Decision } from '../../core/decision.js'
import { openingOf } from '../../core/explain/gate-opening.js'
import { oneMoreLot } from '../../core/explain/one-more-lot.js'
import { isoInstant } from '../../core/time.js'
import { type Story, shownOutcome } from '../../server/report/story.js'
import { withNumbers } from '../cli/exact-numbers.js'

const instantFields: ReadonlySet<string> = new Set([
  ...['at', 'receivedAt', 'recordedAt', 'createdAt', 'openedAt', 'closedAt', 'timestamp', 'barTime'],
  ...['notBefore', 'observedAt', 'barAt'],
])

/** Returns a story as one JSON document: numbers are numbers, instants ISO 8601. */
export function storyDocument(story: Story): unknown {
  const { decisions, orders, positions, timeline, laterDecisions, ...cause } = story
  const tell = (decision: Decision): unknown => decisionDocument(story, decision)
  const document = {
    ...cause,
    decisions: decisions.map(tell),
    orders,
    positions,
    timeline,
    laterDecisions: laterDecisions.map(tell),
  }
  return withNumbers(withInstants(document))
}

function decisionDocument(story: Story, decision: Decision): unknown {
  const { gates, sizing } = decision
  const shut = gates.filter(({ passed }) => !passed)
  return {
    ...decision,
    outcome: shownOutcome(story, decision),
    oneMoreLot: sizing === null ? null : oneMoreLot(sizing, gates),
    wouldHaveOpened: shut.map((gate) => openingOf(gate, sizing)),
  }
}

function withInstants(value: unknown): unknown {
  if (value instanceof Decimal) return value.toNumber()
  if (Array.isArray(value)) return value.map(withInstants)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, field]) => {
    const isInstant = typeof field === 'number' && instantFields.has(name)
    return [name, isInstant ? isoInstant(field) : withInstants(field)]
  })
  return Object.fromEntries(entries)
}
