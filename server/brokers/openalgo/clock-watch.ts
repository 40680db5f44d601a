import type { Instant } from '../../../core/time.js'
import type { ApiAnswer } from './api-client.js'
import type { OpenAlgoIncident } from './openalgo-settings.js'

/** Orders are recognized by their time: a clock of the broker's further away from ours, in milliseconds, makes that fail. */
export const MOST_SKEW = 2_000

/** Beyond so many milliseconds nobody can tell how old a signal is: nothing is opened. */
export const MOST_SKEW_FOR_ENTRIES = 30_000

/** Below so many milliseconds clocks that were told to differ agree again. */
const SETTLED_SKEW = 1_000

/** When a request was sent and its answer read, by our clock. */
export interface Asked {
  readonly askedAt: Instant
  readonly heardAt: Instant
}

/**
 * Returns by how many milliseconds the server's clock is at least ahead of ours, below 0 when it is behind; null when the
 * answer does not tell its time. That has no parts of a second, and it was written at any moment between question and
 * answer, so that only what neither explains counts.
 */
export function clockSkew(answer: ApiAnswer, { askedAt, heardAt }: Asked): number | null {
  if (answer.kind !== 'answered' || answer.servedAt === undefined) return null
  const { servedAt } = answer
  return Math.max(0, servedAt - heardAt) + Math.min(0, servedAt + 1_000 - askedAt)
}

/** Returns in words how far OpenAlgo's clock is from ours. */
export function describeSkew(skew: number): string {
  return `OpenAlgo's clock is ${(Math.abs(skew) / 1_000).toFixed(1)} s ${skew < 0 ? 'behind' : 'ahead of'} ours`
}

type Distance = 'near' | 'off' | 'far'

/** Compares the server's clock with ours on each answer, and tells once when they come apart. */
export class ClockWatch {
  readonly #onIncident: (incident: OpenAlgoIncident) => void
  #skew = 0
  #told: Distance = 'near'

  constructor(onIncident: (incident: OpenAlgoIncident) => void) {
    this.#onIncident = onIncident
  }

  /** Takes up what an answer says about the server's time. */
  note(answer: ApiAnswer, asked: Asked): void {
    const skew = clockSkew(answer, asked)
    if (skew === null) return
    this.#skew = skew
    const distance = distanceOf(skew)
    if (Math.abs(skew) < SETTLED_SKEW) this.#told = 'near'
    else if (distance === 'far' && this.#told !== 'far') this.#tell(distance)
    else if (distance === 'off' && this.#told === 'near') this.#tell(distance)
  }

  /** Returns why nothing is opened at present; null when nothing speaks against it. */
  obstacleToEntries(): string | null {
    if (distanceOf(this.#skew) !== 'far') return null
    return `${describeSkew(this.#skew)}: beyond ${MOST_SKEW_FOR_ENTRIES / 1_000} s no entry is sent`
  }

  #tell(distance: Exclude<Distance, 'near'>): void {
    this.#told = distance
    const found = describeSkew(this.#skew)
    const message =
      distance === 'far'
        ? `${found}. No entry is sent, exits go on, until both clocks are synchronized`
        : `${found}. Synchronize both: an order whose answer is lost is found by its time, and beyond ${MOST_SKEW_FOR_ENTRIES / 1_000} s no entry is sent`
    this.#onIncident({ code: 'CLOCK_SKEW', severity: distance === 'far' ? 'critical' : 'warning', message })
  }
}

function distanceOf(skew: number): Distance {
  const apart = Math.abs(skew)
  if (apart <= MOST_SKEW) return 'near'
  return apart <= MOST_SKEW_FOR_ENTRIES ? 'off' : 'far'
}
