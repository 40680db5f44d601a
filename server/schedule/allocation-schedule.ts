import { digest } from '../../core/ids.js'
import type { AllocationDue, Quote } from '../../core/input.js'
import type { AllocationSettings } from '../../core/strategies/allocation/allocation-settings.js'
import { isLookDue } from '../../core/strategies/allocation/check-allocation.js'
import { allocationOf } from '../../core/strategies/allocation/plan-allocation.js'
import { SECOND } from '../../core/time.js'
import type { Clock } from '../clock.js'
import type { Sequencer } from '../kernel/sequencer.js'
import type { NewInput } from '../kernel/work.js'
import type { Log } from '../observe/log.js'
import { assetsOf } from '../service/preview-run.js'

/** What the schedule of runs towards target weights depends on. */
export interface AllocationScheduleOptions {
  readonly sequencer: Pick<Sequencer, 'submit' | 'state' | 'whatIf'>
  readonly clock: Clock
  readonly log: Log
  /** Returns the broker's prices of instruments, as far as it tells them in time; never rejects. */
  readonly quotesOf: (instruments: readonly string[]) => Promise<Readonly<Record<string, Quote>>>
}

const beatMs = 1_000
/** A look costs prices and a plan: it is taken no more often. */
const lookEveryMs = 30 * SECOND

/**
 * Begins runs when they are due. What is due follows from the log, the calendar and the time, so that a restart asks the
 * same question and gets the same answer. A look that would change nothing is not recorded: drift is looked at every 30
 * seconds, and the log would hold little else.
 */
export class AllocationSchedule {
  readonly #options: AllocationScheduleOptions
  #timer: NodeJS.Timeout | null = null
  #turn: Promise<void> | null = null
  #nextLookAt = 0

  constructor(options: AllocationScheduleOptions) {
    this.#options = options
  }

  /** Looks each second whether a run, or a look at how far positions have drifted, is due. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.#turn ??= this.look().finally(() => {
        this.#turn = null
      })
    }, beatMs)
  }

  /** Looks no more; resolves when what is being decided is recorded. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    await this.#turn
  }

  /** Gives what is due at present; a failure is told, and it is given again later. */
  async look(): Promise<void> {
    const { sequencer, clock, log, quotesOf } = this.#options
    const now = clock.now()
    const settings = allocationOf(sequencer.state())
    if (settings === null || now < this.#nextLookAt || !isLookDue(sequencer.state(), settings, now)) return
    this.#nextLookAt = now + pauseOf(settings)
    try {
      const quotes = await quotesOf(assetsOf(sequencer.state()))
      const id = `C-${digest('allocation', sequencer.state().id, String(now))}`
      const due: NewInput = { type: 'AllocationDue', id, quotes }
      if (this.#changesSomething(due)) await sequencer.submit(due)
    } catch (error) {
      log.error({ err: error }, 'A run towards the target weights was not recorded; it is given again')
    }
  }

  /** An ended run that found what the last one found would be recorded for nothing. */
  #changesSomething(due: Omit<AllocationDue, 'at'>): boolean {
    const { sequencer } = this.#options
    const { allocation, settings } = sequencer.state()
    const { last } = allocation
    const rule = settings?.allocation?.rule
    // A day, a week or a month is over with its run, whatever that found.
    const isByCalendar = rule !== undefined && rule.kind !== 'drift' && rule.schedule.kind === 'calendar'
    const { events } = sequencer.whatIf(due)
    return events.some((event) => {
      if (event.type === 'DecisionMade') return false
      if (event.type !== 'AllocationRunEnded') return true
      const { outcome, reason } = event.ended
      return (event.counts && isByCalendar) || outcome !== last?.outcome || reason !== last?.reason
    })
  }
}

/** An interval is kept also where its looks are not recorded. */
function pauseOf({ rule }: AllocationSettings): number {
  if (rule.kind !== 'schedule' && rule.kind !== 'both') return lookEveryMs
  return rule.schedule.kind === 'interval' ? rule.schedule.seconds * SECOND : lookEveryMs
}
