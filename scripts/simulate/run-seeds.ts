import { setImmediate } from 'node:timers/promises'
import type { PortfolioSettings } from '../../core/settings.js'
import type { ResendClass } from '../../server/brokers/broker.js'
import type { Ablation } from '../../server/simulation/faults.js'
import { type SimulationCounts, type SimulationOutcome, simulate } from '../../server/simulation/simulate.js'

/** Which runs are to be made. */
export interface SeedRuns {
  readonly classes: readonly ResendClass[]
  /** The first seed, and how many. */
  readonly first: number
  readonly seeds: number
  readonly settings: PortfolioSettings
  readonly ablation: Ablation | null
  /** The safeguard whose faults are as likely as can be. */
  readonly tested: Ablation | null
  readonly isTraced: boolean
  /** A class is over once so many of its seeds were violated; default: never before the last. */
  readonly enough?: number
  readonly onProgress: (done: number, total: number) => void
}

/** What the seeds of one class came to. */
export interface ClassReport {
  readonly venueClass: ResendClass
  readonly seeds: number
  readonly seconds: number
  readonly counts: SimulationCounts
  /** Runs in which something happened that must not. */
  readonly violated: readonly Pick<SimulationOutcome, 'seed' | 'violations'>[]
  /** Of every run in turn; empty unless it was asked for. */
  readonly trace: readonly string[]
}

/** A run does not let the event loop turn, so that signals and the progress have their turn between runs. */
const PROGRESS_EVERY = 20

/** Runs the seeds of each class in turn and returns what they came to. */
export async function runSeeds(runs: SeedRuns): Promise<ClassReport[]> {
  const reports: ClassReport[] = []
  for (const venueClass of runs.classes) reports.push(await runClass(runs, venueClass, reports.length))
  return reports
}

async function runClass(runs: SeedRuns, venueClass: ResendClass, before: number): Promise<ClassReport> {
  const { first, settings, ablation, tested, isTraced, classes, onProgress } = runs
  const { enough = Number.POSITIVE_INFINITY } = runs
  const what = { settings, ablation, tested, isTraced }
  const began = performance.now()
  const violated: Pick<SimulationOutcome, 'seed' | 'violations'>[] = []
  const trace: string[] = []
  let counts = NOTHING
  let seeds = 0
  for (; seeds < runs.seeds && violated.length < enough; seeds++) {
    if (seeds % PROGRESS_EVERY === 0) {
      onProgress(before * runs.seeds + seeds, classes.length * runs.seeds)
      await setImmediate()
    }
    const outcome = await simulate({ seed: first + seeds, venueClass, ...what })
    counts = sum(counts, outcome.counts)
    trace.push(...outcome.trace)
    const { seed, violations } = outcome
    if (violations.length > 0) violated.push({ seed, violations })
  }
  const seconds = (performance.now() - began) / 1000
  return { venueClass, seeds, seconds, counts, violated, trace }
}

const NOTHING: SimulationCounts = {
  ...{ alerts: 0, intents: 0, orders: 0, trades: 0, foreign: 0 },
  ...{ faults: 0, crashes: 0, takeovers: 0, unknown: 0, escalated: 0 },
  settledAfter: 0,
}

/** The longest wait counts, of all else the sum. */
function sum(one: SimulationCounts, other: SimulationCounts): SimulationCounts {
  const settledAfter = Math.max(one.settledAfter, other.settledAfter)
  const names = Object.keys(NOTHING) as (keyof SimulationCounts)[]
  const sums = Object.fromEntries(names.map((name) => [name, one[name] + other[name]]))
  return { ...NOTHING, ...sums, settledAfter }
}
