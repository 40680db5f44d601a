import type { ResendClass } from '../brokers/broker.js'
import type { Chance } from './chance.js'

/** A safeguard that is taken out, to see that the simulation would notice. */
export const ABLATIONS = ['journal', 'fence', 'dedupe', 'margin'] as const

/** One of the safeguards that can be taken out. */
export type Ablation = (typeof ABLATIONS)[number]

/** The venue classes that can be simulated. */
export const VENUE_CLASSES: readonly ResendClass[] = ['A', 'B', 'C', 'D']

/** How likely each fault may be at most, 0 to 1, each time that it could happen. Those that hit everything at once are rarer. */
const MOST = {
  /** A request, or its answer, does not arrive. */
  requestLost: 0.15,
  answerLost: 0.15,
  /** A request arrives long after its sender gave up. */
  late: 0.15,
  rejected: 0.15,
  /** The adapter's own rate limit holds a request back. */
  notSent: 0.15,
  readFailed: 0.15,
  slow: 0.15,
  /** What happened at the venue is not shown at once. */
  lagging: 0.3,
  /** An order fills in parts, with pauses; the venue ends it by itself. */
  partial: 0.6,
  expired: 0.1,
  /** A buying order rests unfilled until it is cancelled. */
  resting: 0.1,
  reportLost: 0.5,
  reportTwice: 0.5,
  /** The ring that tells of an alert gets lost, comes late, or twice. */
  ringLost: 0.5,
  ringLate: 0.5,
  ringTwice: 0.5,
  /** The process dies, at each point where it waits for the store or the venue, and each second. */
  crash: 0.03,
  /** A commit fails, or its acknowledgement is lost. */
  commitFailed: 0.15,
  commitInDoubt: 0.15,
  /** The venue hears and tells nothing for up to a minute; drawn each second. */
  outage: 0.03,
  /** The process stands still for a while, whenever it may die; long enough and another takes its place. */
  pause: 0.02,
  /** Somebody else buys in the same account; drawn each second. */
  stranger: 0.01,
} as const

/** Something that goes wrong. */
export type Fault = keyof typeof MOST

/** What makes a safeguard matter: without these a run may well do without it. */
const TESTS: Readonly<Record<Ablation, readonly Fault[]>> = {
  journal: ['commitFailed', 'commitInDoubt'],
  fence: ['pause', 'slow'],
  dedupe: ['reportTwice', 'partial'],
  margin: ['answerLost', 'late', 'lagging', 'crash'],
}

/**
 * What goes wrong in one run. Each fault is left out half the time, so that runs differ in kind; those that test a
 * safeguard are as likely as can be.
 */
export class Faults {
  readonly #chance: Chance
  readonly #rates = new Map<Fault, number>()
  #struck = 0
  #areOver = false

  constructor(chance: Chance, tested: Ablation | null) {
    this.#chance = chance
    const certain = tested === null ? [] : TESTS[tested]
    for (const fault of Object.keys(MOST) as Fault[]) {
      const rate = chance.happens(0.5) ? 0 : chance.next() * MOST[fault]
      if (certain.includes(fault)) this.#rates.set(fault, MOST[fault])
      else if (rate > 0) this.#rates.set(fault, rate)
    }
  }

  /** Returns whether `fault` happens where it could. */
  strikes(fault: Fault): boolean {
    const rate = this.#rates.get(fault)
    if (rate === undefined || !this.#chance.happens(rate)) return false
    this.#struck += 1
    return true
  }

  /** Returns whether `fault`, which is drawn each second, happens in one of so many of them. */
  strikesWithin(seconds: number, fault: Fault): boolean {
    const rate = this.#rates.get(fault)
    if (rate === undefined || !this.#chance.happens(1 - (1 - rate) ** seconds)) return false
    this.#struck += 1
    return true
  }

  /** Nothing goes wrong from here on: what is left must come to its end. */
  end(): void {
    this.#rates.clear()
    this.#areOver = true
  }

  /** Whether nothing goes wrong any more. */
  get areOver(): boolean {
    return this.#areOver
  }

  /** How often one struck. */
  get struck(): number {
    return this.#struck
  }
}
