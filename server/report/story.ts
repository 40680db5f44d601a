import type { Alert } from '../../core/alert/alert.js'
import type { Decision } from '../../core/decision.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { Input } from '../../core/input.js'
import type { Instant } from '../../core/time.js'
import type { InboxState } from '../db/column-values.js'

/** What a story can be asked for by. */
export type StoryKind = 'alert' | 'command' | 'decision' | 'order' | 'position'

/** An alert as the inbox keeps it. */
export interface StoryAlert {
  readonly id: string
  readonly source: string
  readonly receivedAt: Instant
  readonly state: InboxState
  readonly conflict: boolean
  readonly alert: Alert
  /** The bytes as they came, read as UTF-8. */
  readonly body: string
  /** Alerts that said something else about the same. */
  readonly conflictingIds: readonly string[]
}

/** The input that was decided, and when it was written down. */
export interface StoryInput {
  readonly seq: number
  readonly input: Input
  readonly recordedAt: Instant
}

/** An order as it is now. */
export interface StoryOrder {
  readonly id: string
  readonly decisionId: string
  readonly positionId: string
  readonly venueOrderId: string | null
  readonly instrument: string
  readonly side: string
  readonly purpose: string
  readonly lots: string
  readonly filledLots: string
  /** Null before the first fill. */
  readonly averagePrice: number | null
  readonly referencePrice: number
  readonly state: string
  readonly reason: string | null
  readonly createdAt: Instant
  /** Which part of another order it is, in words; null for one that stands for itself. */
  readonly leg: string | null
}

/** A position as it is now. */
export interface StoryPosition {
  readonly id: string
  readonly instrument: string
  readonly unit: number
  readonly label: string | null
  readonly state: string
  readonly lots: string
  readonly averagePrice: number | null
  readonly initialStop: number
  readonly stop: number
  readonly highestClose: number
  readonly realizedPnl: string
  readonly fees: string
  readonly exitReason: string | null
  readonly openedAt: Instant
  readonly closedAt: Instant | null
}

/** Something that happened to what the story is about. */
export interface StoryMoment {
  readonly seq: number
  readonly at: Instant
  /** The input that caused it. */
  readonly inputId: string
  readonly event: PortfolioEvent
}

/** Everything that is recorded about one alert, decision, order or position, and what followed from it. */
export interface Story {
  readonly id: string
  readonly kind: StoryKind
  readonly portfolio: string
  readonly currency: string
  readonly alert: StoryAlert | null
  readonly input: StoryInput | null
  /** Those that the story is about. */
  readonly decisions: readonly Decision[]
  readonly orders: readonly StoryOrder[]
  readonly positions: readonly StoryPosition[]
  /** From the input on, in order; the decisions themselves left out. */
  readonly timeline: readonly StoryMoment[]
  /** Decisions that later closed or reduced the positions. */
  readonly laterDecisions: readonly Decision[]
}

/** Returns what became of a decision of the story by now: executed once an order of it has a fill. */
export function shownOutcome(story: Story, decision: Decision): Decision['outcome'] | 'executed' {
  const orders = story.orders.filter(({ decisionId }) => decisionId === decision.id)
  return orders.some(({ filledLots }) => Number(filledLots) > 0) ? 'executed' : decision.outcome
}
