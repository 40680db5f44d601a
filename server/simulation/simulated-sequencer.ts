import type { Input } from '../../core/input.js'
import { step } from '../../core/kernel.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { stamp } from '../kernel/decide-batch.js'
import type { EventsListener } from '../kernel/publisher.js'
import { Submissions } from '../kernel/submissions.js'
import type { NewInput, StepOutcome } from '../kernel/work.js'
import type { OrderSequencer } from '../orders/desk-options.js'
import type { Chance } from './chance.js'
import type { Faults } from './faults.js'
import { type Life, never } from './life.js'
import type { Batch, Commit, SimulatedStore } from './simulated-store.js'
import type { VirtualTime } from './virtual-time.js'
import type { Recorded, Watch } from './watch.js'

/** What a simulated sequencer depends on. */
export interface SimulatedSequencerOptions {
  readonly life: Life
  readonly store: SimulatedStore
  readonly time: VirtualTime
  readonly chance: Chance
  readonly faults: Faults
  readonly watch: Watch
  /** True tells what was decided before it is recorded. */
  readonly isHasty: boolean
}

/**
 * Decides with the real core and records in the simulated store, in batches, one at a time, as the real one does. Like
 * that one it knows only what it has loaded and decided itself: that others have gone on shows when it records.
 */
export class SimulatedSequencer implements OrderSequencer {
  readonly #options: SimulatedSequencerOptions
  readonly #epoch: number
  readonly #listeners: EventsListener[] = []
  readonly #submissions = new Submissions()
  #portfolio: Portfolio
  /** Inputs that its memory holds, and up to which the listeners were told. */
  #seq: number
  #toldSeq: number
  #isOpen = false
  #isBusy = false

  constructor(options: SimulatedSequencerOptions) {
    this.#options = options
    this.#epoch = options.store.epoch
    this.#portfolio = options.store.load()
    this.#seq = options.store.log.length
    this.#toldSeq = this.#seq
  }

  /** Takes alerts of the inbox from here on. */
  open(): void {
    this.#isOpen = true
    this.ring()
  }

  readonly state = (): Portfolio => this.#portfolio

  readonly onEvents = (listener: EventsListener): void => void this.#listeners.push(listener)

  readonly ring = (): void => {
    if (this.#isBusy || !this.#hasWork()) return
    this.#isBusy = true
    this.#options.life.later(0, () => this.#turn())
  }

  readonly submit = (input: NewInput): Promise<StepOutcome> => {
    if (!this.#options.life.isAlive) return never()
    const outcome = this.#submissions.add(input)
    this.ring()
    return outcome
  }

  #hasWork(): boolean {
    return this.#submissions.size > 0 || (this.#isOpen && this.#options.store.inbox.size > 0)
  }

  #turn(): void {
    const { life, store, time, chance, faults } = this.#options
    const work = this.#submissions.peek(Number.POSITIVE_INFINITY, NONE)
    if (this.#isOpen) work.push(...store.inbox.values())
    const after = this.#seq
    const entries = work.map((input) => this.#decide(input))
    if (this.#options.isHasty) this.#publish(entries)
    if (!life.survives('before a commit')) return
    time.afterAlone(faults.strikes('slow') ? chance.between(500, 4000) : chance.between(1, 20), () => {
      const commit = faults.strikes('commitFailed')
        ? 'failed'
        : store.append({ epoch: this.#epoch, after, entries })
      if (commit === 'recorded' && !life.survives('after a commit')) return
      const isInDoubt = commit === 'recorded' && faults.strikes('commitInDoubt')
      life.later(1, () => this.#settle(isInDoubt ? 'failed' : commit, { after, entries }))
    })
  }

  #decide(input: NewInput): Recorded {
    const { time, watch } = this.#options
    const stamped: Input = stamp(input, Math.max(this.#portfolio.now, time.now()))
    this.#seq += 1
    try {
      return { seq: this.#seq, input: stamped, events: step(this.#portfolio, stamped) }
    } catch (error) {
      watch.note(`the core failed at ${input.id}: ${error instanceof Error ? error.message : error}`)
      return { seq: this.#seq, input: stamped, events: [] }
    }
  }

  #settle(commit: Commit, { after, entries }: Omit<Batch, 'epoch'>): void {
    const { life, store, watch } = this.#options
    this.#isBusy = false
    if (commit === 'fenced' || (commit === 'failed' && !store.isHeldUnder(this.#epoch))) {
      life.end('another holds the lease')
      return
    }
    if (commit === 'failed') this.#reload(entries)
    else {
      // Whoever stood still may hear of his own commit after others have gone on
      if (store.log.length === after + entries.length) watch.compare(this.#portfolio)
      if (!this.#options.isHasty) this.#publish(entries)
    }
    this.ring()
  }

  /** Starts again from what is recorded. What of a batch in doubt is recorded after all is told, the rest goes on waiting. */
  #reload(entries: readonly Recorded[]): void {
    const { store, isHasty } = this.#options
    this.#portfolio = store.load()
    this.#seq = store.log.length
    if (!isHasty) this.#publish(entries.flatMap(({ input }) => store.find(input.id) ?? []))
  }

  /** The listeners hear of each input once, however often it is found in the log. */
  #publish(entries: readonly Recorded[]): void {
    for (const { seq, input, events } of entries) {
      const repeated = seq <= this.#toldSeq
      this.#submissions.settle(input.id, { seq, input, events, repeated })
      if (repeated) continue
      this.#toldSeq = seq
      for (const listener of this.#listeners) listener(events, input)
    }
  }
}

const NONE: ReadonlySet<string> = new Set()
