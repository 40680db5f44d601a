import { evolve, observe } from '../../core/kernel.js'
import { emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import type { NewInput } from '../kernel/work.js'
import { copyState } from './copy-state.js'
import { isSameState } from './same-state.js'
import type { Recorded, Watch } from './watch.js'

/** What becomes of a commit: recorded; nothing recorded; or another holder has the lease. */
export type Commit = 'recorded' | 'failed' | 'fenced'

/** An attempt to record a batch. */
export interface Batch {
  readonly epoch: number
  /** Inputs that were recorded when it was decided. */
  readonly after: number
  readonly entries: readonly Recorded[]
}

/** What stays when a process dies: the inbox, the log, and who may write to it. */
export class SimulatedStore {
  readonly log: Recorded[] = []
  /** Acknowledged alerts that are not decided. */
  readonly inbox = new Map<string, NewInput>()
  epoch = 0
  readonly #byId = new Map<string, Recorded>()
  readonly #watch: Watch
  readonly #isFenced: boolean

  constructor(watch: Watch, isFenced: boolean) {
    this.#watch = watch
    this.#isFenced = isFenced
  }

  /** Returns the recorded input with this id. */
  find(id: string): Recorded | undefined {
    return this.#byId.get(id)
  }

  /** Returns whether nobody has taken the lease since the holder of this epoch did. */
  isHeldUnder(epoch: number): boolean {
    return !this.#isFenced || epoch === this.epoch
  }

  /** Records a batch as a whole, or nothing of it. */
  append({ epoch, after, entries }: Batch): Commit {
    if (this.#isFenced && (!this.isHeldUnder(epoch) || after !== this.log.length)) return 'fenced'
    if (entries.some(({ input }) => this.#byId.has(input.id))) return 'failed'
    const recorded = entries.map((entry, index) => ({ ...entry, seq: this.log.length + index + 1 }))
    for (const entry of recorded) {
      this.log.push(entry)
      this.#byId.set(entry.input.id, entry)
      this.inbox.delete(entry.input.id)
    }
    this.#watch.recorded(recorded)
    return 'recorded'
  }

  /** Returns the state that the log amounts to, as a process that starts finds it. */
  load(): Portfolio {
    return copyState(this.#watch.truth)
  }

  /** Looks whether the log, folded from its beginning, is still the state that processes were started from. */
  check(): void {
    const folded = emptyPortfolio(this.#watch.truth.id)
    try {
      for (const { input, events } of this.log) {
        observe(folded, input)
        for (const event of events) evolve(folded, event)
      }
    } catch (error) {
      this.#watch.note(`the log cannot be folded: ${error instanceof Error ? error.message : error}`)
      return
    }
    if (!isSameState(folded, this.#watch.truth)) this.#watch.note('two folds of the log differ')
  }
}
