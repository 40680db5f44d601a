import type { Clock } from '../../clock.js'
import { type AlarmDesk, raiseAlarm } from '../../observe/alarms.js'
import { loadCalendar } from './effective-calendar.js'
import { findStaleness } from './staleness.js'

/** What watching the calendar depends on. */
export interface CalendarWatchOptions {
  readonly desk: AlarmDesk
  readonly clock: Clock
  /** Exchanges whose sessions decide something here. */
  readonly exchanges: readonly string[]
}

const lookEveryMs = 3_600_000

/** Looks each hour whether the calendar ends soon, and raises the alarm CALENDAR_STALE once a day while it does. */
export class CalendarWatch {
  readonly #options: CalendarWatchOptions
  #timer: NodeJS.Timeout | null = null
  #look: Promise<void> = Promise.resolve()

  constructor(options: CalendarWatchOptions) {
    this.#options = options
  }

  /** Looks at once, and then each hour. */
  start(): void {
    if (this.#options.exchanges.length === 0) return
    const look = () => {
      this.#look = alarmIfStale(this.#options).catch((error: unknown) => {
        this.#options.desk.log.warn({ err: error }, 'Whether the calendar is stale could not be found out')
      })
    }
    this.#timer = setInterval(look, lookEveryMs).unref()
    look()
  }

  /** Ends the looks; resolves when the last one has ended. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#look
  }
}

/** Raises CALENDAR_STALE for each exchange that needs an import, unless that was done within a day, here or elsewhere. */
export async function alarmIfStale({ desk, clock, exchanges }: CalendarWatchOptions): Promise<void> {
  const calendar = await loadCalendar(desk.pool)
  const now = clock.now()
  for (const exchange of new Set(exchanges)) {
    const reason = findStaleness(calendar, exchange, now)
    if (reason === null) continue
    const { rowCount } = await desk.pool.query(
      `select 1 from alarms where code = 'CALENDAR_STALE' and subject = $1
        and at > to_timestamp($2::float8 / 1000) - interval '1 day' limit 1`,
      [exchange, now],
    )
    if (rowCount !== 0) continue
    const message = `Import the next calendar: ${reason}`
    await raiseAlarm(desk, {
      code: 'CALENDAR_STALE',
      severity: 'warning',
      message,
      at: now,
      subject: exchange,
    })
  }
}
