import type { Style } from '../cli/style.js'
import { checkDay, type DemoCheck } from './checks.js'
import { bodyOf, DEMO_DAY, instantOf } from './day.js'
import type { DemoService } from './demo-service.js'
import { explainDecision } from './explain-decision.js'
import { type DemoMoment, momentTeller } from './moment.js'
import { type DemoSummary, readSummary } from './summary.js'

/** The decision whose whole story is told at the end. */
const EXPLAINED_STEP = 'margin-binds'

/** A day that was played to its end. */
export interface PlayedDay {
  readonly moments: readonly DemoMoment[]
  readonly summary: DemoSummary
  readonly checks: readonly DemoCheck[]
  /** A decision of the day, and what `general explain` says about it. */
  readonly explained: { readonly id: string; readonly text: string }
}

/** Plays the day through a service; `onMoment` is told of every alert once everything that it led to is on record. */
export async function playDay(
  service: DemoService,
  onMoment: (moment: DemoMoment) => void,
): Promise<PlayedDay> {
  const moments: DemoMoment[] = []
  const tell = momentTeller(service)
  for (const step of DEMO_DAY) {
    const moment = await tell(step, bodyOf(step), instantOf(step.at))
    moments.push(moment)
    onMoment(moment)
  }
  const summary = await readSummary(service.admin)
  const checks = checkDay(moments, summary.ledger)
  const id = moments.find(({ step }) => step.name === EXPLAINED_STEP)!.decisions[0]!.id
  return { moments, summary, checks, explained: { id, text: await explainDecision(service.home, id) } }
}

/** Returns what the checks found, for people. */
export function describeChecks(checks: readonly DemoCheck[], style: Style): string {
  const failed = checks.filter(({ passed }) => !passed)
  if (failed.length === 0) {
    return style.good(`Everything happened as it should: ${checks.length} checks passed.`)
  }
  const lines = failed.map(({ name }) => `  not so: ${name}`)
  return [style.bad(`${failed.length} of ${checks.length} checks failed:`), ...lines].join('\n')
}
