import type { Chance } from './chance.js'
import type { Faults } from './faults.js'
import type { VirtualTime } from './virtual-time.js'
import type { Trace } from './watch.js'

/** What a life depends on. */
export interface LifeOptions {
  readonly number: number
  readonly time: VirtualTime
  readonly chance: Chance
  readonly faults: Faults
  readonly trace: Trace
  /** Is told that this life stands still for so many milliseconds. */
  readonly onStill: (life: Life, ms: number) => void
  /** Is told that this life has ended. */
  readonly onEnd: (life: Life) => void
}

/**
 * One process from its start to its end. What it waits for comes late while it stands still, and never once it is dead:
 * a promise that nobody will resolve is all that a killed process leaves.
 */
export class Life {
  readonly number: number
  readonly #options: LifeOptions
  #isAlive = true
  #stillUntil = 0

  constructor(options: LifeOptions) {
    this.#options = options
    this.number = options.number
  }

  /** Whether it has not ended. */
  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Calls `act` in this life after `ms` milliseconds. */
  later(ms: number, act: () => void): void {
    const { time } = this.#options
    const arrive = (): void => {
      if (!this.#isAlive) return
      if (time.elapsed < this.#stillUntil) time.after(this.#stillUntil - time.elapsed, arrive)
      else act()
    }
    time.after(ms, arrive)
  }

  /** Resolves to what `tell` returns after `ms` milliseconds, or rejects with what it throws. */
  answer<Told>(ms: number, tell: () => Told): Promise<Told> {
    return new Promise((resolve, reject) => {
      this.later(ms, () => {
        try {
          resolve(tell())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** Resolves to what `tell` returned after `ms` milliseconds, or rejects with what it threw, `delay` milliseconds after that. */
  read<Told>(ms: number, delay: number, tell: () => Told): Promise<Told> {
    return new Promise((resolve, reject) => {
      this.#options.time.afterAlone(ms, () => {
        if (!this.#isAlive) return
        try {
          const told = tell()
          this.later(delay, () => resolve(told))
        } catch (error) {
          this.later(delay, () => reject(error))
        }
      })
    })
  }

  /** Returns whether this life goes on beyond `point`, where it may be killed, or stand still after it. */
  survives(point: string): boolean {
    const { faults } = this.#options
    if (this.#isAlive && faults.strikes('crash')) this.end(`killed ${point}`)
    if (this.#isAlive && faults.strikes('pause')) this.standStill()
    return this.#isAlive
  }

  /** Nothing reaches this life for a while. */
  standStill(): void {
    if (!this.#isAlive) return
    const { time, chance, trace, onStill } = this.#options
    const ms = chance.between(1_000, 40_000)
    this.#stillUntil = time.elapsed + ms
    trace(() => `life ${this.number} stands still for ${ms} ms`)
    onStill(this, ms)
  }

  /** Ends this life. */
  end(why: string): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#options.trace(() => `life ${this.number} ends: ${why}`)
    this.#options.onEnd(this)
  }
}

/** Returns what a dead process waits for. */
export function never<Told>(): Promise<Told> {
  return new Promise(() => undefined)
}
