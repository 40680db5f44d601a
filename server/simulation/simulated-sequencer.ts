import type { Input } from '../../core/input.js'
import { step } from '../../core/kernel.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { stamp } from '../kernel/decide-batch.js'
import type { EventsListener } from '../kernel/publisher.js'
import type { NewInput, StepOutcome } from '../kernel/work.js'
import type { OrderSequencer } from '../orders/desk-options.js'
import type { Chance } from './chance.js'
import type { FaultRates } from './faults.js'
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
  readonly faults: () => FaultRates
  readonly watch: Watch
  /** True tells what was decided before it is recorded. */
  readonly isHasty: boolean
}

interface Waiting {
  readonly input: NewInput
  readonly promise: Promise<StepOutcome>
  readonly settle: (outcome: StepOutcome) => void
}

/** Decides with the real core and records in the simulated store, in batches, one at a time, as the real one does. */
export class SimulatedSequencer implements OrderSequencer {
  readonly #options: SimulatedSequencerOptions
  readonly #epoch: number
  readonly #listeners: EventsListener[] = []
  readonly #waiting = new Map<string, Waiting>()
  #portfolio: Portfolio
  #isOpen = false
  #isBusy = false

  constructor(options: SimulatedSequencerOptions) {
    this.#options = options
    this.#epoch = options.store.epoch
    this.#portfolio = options.store.fold()
  }

  /** Takes alerts of the inbox from here on. */
  open(): void {
    this.#isOpen = true
    this.ring()
  }

  readonly state = (): Portfolio => this.#portfolio

  readonly onEvents = (listener: EventsListener): void => void this.#listeners.push(listener)

  readonly ring = (): void => {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#options.life.later(0, () => this.#turn())
  }

  readonly submit = (input: NewInput): Promise<StepOutcome> => {
    const { life, store } = this.#options
    if (!life.isAlive) return never()
    const recorded = store.find(input.id)
    if (recorded !== undefined) return life.answer(1, () => ({ ...recorded, repeated: true }))
    const present = this.#waiting.get(input.id)
    if (present !== undefined) return present.promise
    let settle: Waiting['settle'] = () => undefined
    const promise = new Promise<StepOutcome>((resolve) => {
      settle = resolve
    })
    this.#waiting.set(input.id, { input, promise, settle })
    this.ring()
    return promise
  }

  #turn(): void {
    const { life, store, time, chance, faults } = this.#options
    const work = this.#takeWork()
    if (work.length === 0) {
      this.#isBusy = false
      return
    }
    const after = store.log.length
    const entries = work.map((input, index) => this.#decide(input, after + index + 1))
    if (this.#options.isHasty) this.#publish(entries)
    if (!life.survives('before a commit')) return
    time.after(chance.happens(faults().slow) ? chance.between(500, 4000) : chance.between(1, 20), () => {
      const commit = chance.happens(faults().commitFailed)
        ? 'failed'
        : store.append({ epoch: this.#epoch, after, entries })
      if (commit === 'recorded' && !life.survives('after a commit')) return
      const isInDoubt = commit === 'recorded' && chance.happens(faults().commitInDoubt)
      life.later(1, () => this.#settle(isInDoubt ? 'failed' : commit, { after, entries }))
    })
  }

  /** What waits in memory and, once open, in the inbox; what turns out to be recorded is answered at once. */
  #takeWork(): NewInput[] {
    const { store } = this.#options
    const work: NewInput[] = []
    for (const { input, settle } of [...this.#waiting.values()]) {
      const recorded = store.find(input.id)
      if (recorded === undefined) work.push(input)
      else {
        this.#waiting.delete(input.id)
        settle({ ...recorded, repeated: true })
      }
    }
    if (this.#isOpen) work.push(...store.inbox.values())
    return work
  }

  #decide(input: NewInput, seq: number): Recorded {
    const { time, watch } = this.#options
    const stamped: Input = stamp(input, Math.max(this.#portfolio.now, time.now()))
    try {
      return { seq, input: stamped, events: step(this.#portfolio, stamped) }
    } catch (error) {
      watch.note(`the core failed at ${input.id}: ${error instanceof Error ? error.message : error}`)
      return { seq, input: stamped, events: [] }
    }
  }

  #settle(commit: Commit, { after, entries }: Omit<Batch, 'epoch'>): void {
    const { life, store, watch } = this.#options
    this.#isBusy = false
    if (commit === 'fenced') {
      life.end('another holds the lease')
      return
    }
    if (commit === 'failed') this.#portfolio = this.#reload(entries, store)
    else {
      // Whoever stood still may hear of his own commit after others have gone on
      if (store.log.length === after + entries.length) watch.compare(this.#portfolio)
      if (!this.#options.isHasty) this.#publish(entries)
    }
    this.ring()
  }

  /** What was recorded after all is told, as its listeners have not heard of it. */
  #reload(entries: readonly Recorded[], store: SimulatedStore): Portfolio {
    this.#portfolio = store.fold()
    const recorded = entries.flatMap(({ input }) => store.find(input.id) ?? [])
    if (!this.#options.isHasty) this.#publish(recorded)
    return this.#portfolio
  }

  #publish(entries: readonly Recorded[]): void {
    for (const entry of entries) {
      this.#waiting.get(entry.input.id)?.settle({ ...entry, repeated: false })
      this.#waiting.delete(entry.input.id)
      for (const listener of this.#listeners) listener(entry.events, entry.input)
    }
  }
}
