import type { PortfolioEvent } from '../../core/event.js'
import type { Input } from '../../core/input.js'

/** Every member of a union without a field. */
type Without<Union, Field extends PropertyKey> = Union extends unknown ? Omit<Union, Field> : never

/** An input before it is taken up: the sequencer stamps the instant. */
export type NewInput = Without<Input, 'at'>

/** Something that waits to be decided: an alert of the inbox, or an input that was submitted. */
export interface Work {
  readonly input: NewInput
  /** The alert's row in the inbox; null when it was submitted. */
  readonly inboxId: number | null
}

/** What an input led to. */
export interface StepOutcome {
  readonly seq: number
  readonly input: Input
  readonly events: readonly PortfolioEvent[]
  /** True when an input with this id was recorded before: nothing happened this time. */
  readonly repeated: boolean
}

/** Deciding or recording an input failed; it is put aside and its instrument is locked. */
export class InputFailedError extends Error {
  readonly inputId: string

  constructor(inputId: string, reason: string) {
    super(`The input ${inputId} could not be decided: ${reason}`)
    this.name = 'InputFailedError'
    this.inputId = inputId
  }
}

/** The sequencer takes no more inputs: it was stopped, or another instance holds the portfolio. */
export class SequencerStoppedError extends Error {
  constructor(portfolio: string) {
    super(`Portfolio ${portfolio} is not sequenced here any more`)
    this.name = 'SequencerStoppedError'
  }
}

/** Another instance has taken the portfolio's lease. */
export class LeaseLostError extends Error {
  constructor(portfolio: string, epochs: { readonly ours: number; readonly now: number }) {
    super(`The lease of portfolio ${portfolio} was taken: its epoch is ${epochs.now}, ours is ${epochs.ours}`)
    this.name = 'LeaseLostError'
  }
}
