import { digest } from '../../core/ids.js'
import type { Quote } from '../../core/input.js'
import { type DuePreClose, preCloseDue } from '../../core/strategies/trend/pre-close-due.js'
import type { Clock } from '../clock.js'
import type { Sequencer } from '../kernel/sequencer.js'
import type { Log } from '../observe/log.js'

/** What the schedule of the runs before the close depends on. */
export interface PreCloseScheduleOptions {
  readonly sequencer: Pick<Sequencer, 'submit' | 'state'>
  readonly clock: Clock
  readonly log: Log
  /** Returns the broker's prices of instruments, as far as it tells them in time; never rejects. */
  readonly quotesOf: (instruments: readonly string[]) => Promise<Readonly<Record<string, Quote>>>
}

/** The parts of a run are seconds apart: this is how late one may begin. */
const beatMs = 250

/**
 * Gives the parts of the runs before the close to the portfolio when they are due. What is due follows from the calendar
 * and the runs that the log holds, and from the time: the schedule itself remembers nothing, so that a restart at any
 * second goes on where the log ends, and no part is done twice.
 */
export class PreCloseSchedule {
  readonly #options: PreCloseScheduleOptions
  #timer: NodeJS.Timeout | null = null
  #beat: Promise<void> | null = null

  constructor(options: PreCloseScheduleOptions) {
    this.#options = options
  }

  /** Looks now, and then four times a second. */
  start(): void {
    const look = () => {
      this.#beat ??= this.look().finally(() => {
        this.#beat = null
      })
    }
    this.#timer ??= setInterval(look, beatMs)
    look()
  }

  /** Looks no more; resolves when what is being decided is recorded. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    await this.#beat
  }

  /** Gives what is due at present, one part after the other; a failure is told, and the part given again later. */
  async look(): Promise<void> {
    const { sequencer, clock, log } = this.#options
    try {
      for (const due of preCloseDue(sequencer.state(), clock.now())) await this.#give(due)
    } catch (error) {
      log.error({ err: error }, 'A part of the run before the close was not recorded; it is tried again')
    }
  }

  async #give({ closesAt, phase, instruments }: DuePreClose): Promise<void> {
    const { sequencer, quotesOf } = this.#options
    const isOrdering = phase === 'decide' || phase === 'place'
    const quotes = isOrdering ? await quotesOf(instruments) : {}
    const id = `C-${digest('preClose', String(closesAt), phase, ...instruments)}`
    await sequencer.submit({ type: 'PreCloseDue', id, closesAt, phase, instruments, quotes })
  }
}
