import type { PortfolioSettings } from '../../core/settings.js'
import type { ResendClass } from '../../server/brokers/broker.js'
import { ABLATIONS, type Ablation } from '../../server/simulation/faults.js'
import { runSeeds, type SeedRuns } from './run-seeds.js'

/** What taking one safeguard out came to at a venue of one class. */
export interface AblationReport {
  readonly ablation: Ablation
  readonly venueClass: ResendClass
  readonly seeds: number
  /** Seeds at which it was missed. */
  readonly missed: number
  /** The first of them, and what happened there; nulls when it was missed at none. */
  readonly seed: number | null
  readonly violation: string | null
}

/** Which safeguards are to be taken out, one after the other. */
export interface AblationRuns {
  readonly classes: readonly ResendClass[]
  readonly first: number
  readonly seeds: number
  readonly settings: PortfolioSettings
  readonly onProgress: SeedRuns['onProgress']
  /** So many seeds at which it is missed are enough to know it. */
  readonly enough?: number
}

/** Takes each safeguard out at each class and returns where that was noticed. */
export async function runAblations(runs: AblationRuns): Promise<AblationReport[]> {
  const { classes, onProgress } = runs
  const reports: AblationReport[] = []
  const total = ABLATIONS.length * classes.length * runs.seeds
  for (const [index, ablation] of ABLATIONS.entries()) {
    const before = index * classes.length * runs.seeds
    const progress = (done: number): void => onProgress(before + done, total)
    const found = await runSeeds({
      ...runs,
      ...{ ablation, tested: ablation, isTraced: false, onProgress: progress },
    })
    for (const { venueClass, seeds, violated } of found) {
      const [noticed] = violated
      const [seed, violation] = [noticed?.seed ?? null, noticed?.violations[0] ?? null]
      reports.push({ ablation, venueClass, seeds, missed: violated.length, seed, violation })
    }
  }
  return reports
}
