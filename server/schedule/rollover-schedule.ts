import { digest } from '../../core/ids.js'
import { type DueRoll, rollsDue } from '../../core/strategies/trend/roll-due.js'
import { MINUTE } from '../../core/time.js'
import type { Clock } from '../clock.js'
import type { Sequencer } from '../kernel/sequencer.js'
import type { Log } from '../observe/log.js'

/** What the schedule of rollovers depends on. */
export interface RolloverScheduleOptions {
  readonly sequencer: Pick<Sequencer, 'submit' | 'state'>
  readonly clock: Clock
  readonly log: Log
}

/** A contract is left on a date, and not at a second. */
const beatMs = 2_000

/**
 * Gives the portfolio what of its units is to leave a contract. What is due follows from the calendar, the runs that the
 * log holds and the time: the schedule itself remembers nothing, so that a restart goes on where the log ends.
 */
export class RolloverSchedule {
  readonly #options: RolloverScheduleOptions
  #timer: NodeJS.Timeout | null = null
  #beat: Promise<void> | null = null

  constructor(options: RolloverScheduleOptions) {
    this.#options = options
  }

  /** Looks now, and then every two seconds. */
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

  /** Gives what is due at present; a failure is told, and it is given again later. */
  async look(): Promise<void> {
    const { sequencer, clock, log } = this.#options
    try {
      for (const due of rollsDue(sequencer.state(), clock.now())) await this.#give(due)
    } catch (error) {
      log.error({ err: error }, 'A rollover was not recorded; it is tried again')
    }
  }

  async #give({ date, instruments, overdue }: DueRoll): Promise<void> {
    const { sequencer, clock } = this.#options
    // What was not begun, as an order was at work just then, is given again a minute later
    const minute = String(Math.floor(clock.now() / MINUTE))
    const id = `C-${digest('roll', date, minute, ...instruments, ...overdue)}`
    await sequencer.submit({ type: 'RollDue', id, date, instruments, overdue })
  }
}
