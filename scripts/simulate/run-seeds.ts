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
  readonly isTraced: boolean
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
  const { first, seeds, settings, ablation, isTraced, classes, onProgress } = runs
  const began = performance.now()
  const violated: Pick<SimulationOutcome, 'seed' | 'violations'>[] = []
  const trace: string[] = []
  let counts: SimulationCounts = { alerts: 0, orders: 0, trades: 0, lives: 0, escalated: 0 }
  for (let done = 0; done < seeds; done++) {
    if (done % PROGRESS_EVERY === 0) {
      onProgress(before * seeds + done, classes.length * seeds)
      await setImmediate()
    }
    const outcome = await simulate({ seed: first + done, venueClass, settings, ablation, isTraced })
    counts = sum(counts, outcome.counts)
    trace.push(...outcome.trace)
    const { seed, violations } = outcome
    if (violations.length > 0) violated.push({ seed, violations })
  }
  const seconds = (performance.now() - began) / 1000
  return { venueClass, seeds, seconds, counts, violated, trace }
}

function sum(one: SimulationCounts, other: SimulationCounts): SimulationCounts {
  return {
    alerts: one.alerts + other.alerts,
    orders: one.orders + other.orders,
    trades: one.trades + other.trades,
    lives: one.lives + other.lives,
    escalated: one.escalated + other.escalated,
  }
}
