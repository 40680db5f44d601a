import type { Calendar } from '../../core/calendar/calendar.js'
import { digest } from '../../core/ids.js'
import type { Sequencer } from '../kernel/sequencer.js'
import { calendarOf } from '../market/calendar/calendar-version.js'
import { loadCalendar } from '../market/calendar/effective-calendar.js'
import type { AlarmDesk } from '../observe/alarms.js'

/** What following the calendar depends on. */
export interface CalendarFollowerOptions {
  readonly sequencer: Pick<Sequencer, 'submit' | 'state'>
  readonly desk: AlarmDesk
}

/** An import that another instance took is found this much later at the latest. */
const lookEveryMs = 60_000

/** Keeps the calendar that a portfolio's log holds equal to the one in force. */
export class CalendarFollower {
  readonly #options: CalendarFollowerOptions
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> = Promise.resolve()

  constructor(options: CalendarFollowerOptions) {
    this.#options = options
  }

  /** Brings the calendar in force, and from then on looks each minute whether there is another. */
  async start(): Promise<void> {
    const { sequencer, desk } = this.#options
    if (sequencer.state().settings?.hours !== 'exchange') return
    await this.#bring()
    const look = () => {
      this.#looking = this.#bring().catch((error: unknown) => {
        desk.log.warn({ err: error }, 'The calendar in force could not be read; it is read again in a minute')
      })
    }
    this.#timer ??= setInterval(look, lookEveryMs).unref()
  }

  /** Looks no more. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#looking
  }

  async #bring(): Promise<void> {
    await bringCalendar(this.#options.sequencer, await loadCalendar(this.#options.desk.pool))
  }
}

/**
 * Records `calendar`, as far as it concerns the portfolio, with one that keeps the hours of exchanges, unless it has it
 * already. Its decisions are made, and can be replayed, by the calendar that its own log holds.
 */
export async function bringCalendar(
  sequencer: Pick<Sequencer, 'submit' | 'state'>,
  calendar: Calendar,
): Promise<void> {
  const { id, settings, calendar: present, now } = sequencer.state()
  if (settings?.hours !== 'exchange') return
  const own = calendarOf(
    calendar,
    [...settings.instruments, ...(settings.assets ?? [])].map(({ exchange }) => exchange),
  )
  if (present?.version === own.version) return
  const inputId = `C-${digest('calendar', id, own.version, String(now))}`
  await sequencer.submit({ type: 'CalendarImported', id: inputId, calendar: own })
}
