import { InputFailedError, type NewInput, type StepOutcome } from '../kernel/work.js'
import type { OrderDeskOptions } from './desk-options.js'

/** How many inputs that failed are remembered. */
const FAILED_MOST = 1_000

/**
 * Has inputs decided. One that was put aside is not submitted again: it would fail again at every beat, and the core has
 * locked its instrument and called a person already.
 */
export class OrderInputs {
  readonly #options: OrderDeskOptions
  readonly #failed = new Set<string>()

  constructor(options: OrderDeskOptions) {
    this.#options = options
  }

  /**
   * Returns what the input came to once that is recorded. When it was put aside, now or before, its parts may be tried
   * one by one; when it was not recorded for another reason the next beat tries again. Never throws.
   */
  async submit(input: NewInput): Promise<StepOutcome | 'putAside' | 'notRecorded'> {
    if (this.#failed.has(input.id)) return 'putAside'
    const { sequencer, log } = this.#options
    try {
      return await sequencer.submit(input)
    } catch (error) {
      log.warn({ err: error, input: input.id, type: input.type }, 'An input about orders was not recorded')
      if (!(error instanceof InputFailedError)) return 'notRecorded'
      this.#remember(input.id)
      return 'putAside'
    }
  }

  #remember(id: string): void {
    if (this.#failed.size === FAILED_MOST) this.#failed.clear()
    this.#failed.add(id)
  }
}
