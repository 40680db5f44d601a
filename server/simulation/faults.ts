import type { ResendClass } from '../brokers/broker.js'
import type { Chance } from './chance.js'

/** A safeguard that is taken out, to see that the simulation would notice. */
export const ABLATIONS = ['journal', 'fence', 'dedupe', 'margin'] as const

/** One of the safeguards that can be taken out. */
export type Ablation = (typeof ABLATIONS)[number]

/** The venue classes that can be simulated. */
export const VENUE_CLASSES: readonly ResendClass[] = ['A', 'B', 'C', 'D']

/** How likely each fault is, 0 to 1, each time that it could happen. */
export interface FaultRates {
  /** A request, or its answer, does not arrive. */
  readonly requestLost: number
  readonly answerLost: number
  /** A request arrives long after its sender gave up. */
  readonly late: number
  readonly rejected: number
  /** The adapter's own rate limit holds a request back. */
  readonly notSent: number
  readonly readFailed: number
  readonly slow: number
  /** An order fills in parts, with pauses; the venue ends it by itself. */
  readonly partial: number
  readonly expired: number
  /** A buying order rests unfilled until it is cancelled. */
  readonly resting: number
  readonly reportLost: number
  readonly reportTwice: number
  /** The process dies, at each point where it waits for the store or the venue. */
  readonly crash: number
  /** A commit fails, or its acknowledgement is lost. */
  readonly commitFailed: number
  readonly commitInDoubt: number
  /** The venue hears and tells nothing for up to a minute; drawn each second. */
  readonly outage: number
  /** The process stands still for a while, at each point where it may die; long enough and another takes its place. */
  readonly pause: number
}

/** How likely a fault may be at most; crashes and pauses hit everything at once and are rarer. */
const MOST: FaultRates = {
  requestLost: 0.15,
  answerLost: 0.15,
  late: 0.15,
  rejected: 0.15,
  notSent: 0.15,
  readFailed: 0.15,
  slow: 0.15,
  partial: 0.6,
  expired: 0.1,
  resting: 0.1,
  reportLost: 0.5,
  reportTwice: 0.5,
  crash: 0.03,
  commitFailed: 0.15,
  commitInDoubt: 0.15,
  outage: 0.03,
  pause: 0.02,
}

/** Returns what goes wrong under a seed: each fault is left out half the time, so that seeds differ in kind. */
export function drawFaults(chance: Chance): FaultRates {
  const drawn = Object.entries(MOST).map(([fault, most]) => [
    fault,
    chance.happens(0.5) ? 0 : chance.next() * most,
  ])
  return Object.fromEntries(drawn) as unknown as FaultRates
}

/** Nothing goes wrong any more: what is left must come to its end. */
export const CALM: FaultRates = Object.fromEntries(
  Object.keys(MOST).map((fault) => [fault, 0]),
) as unknown as FaultRates
