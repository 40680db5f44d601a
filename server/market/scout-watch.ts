import type { Calendar } from '../../core/calendar/calendar.js'
import type { Instant } from '../../core/time.js'
import type { Clock } from '../clock.js'
import type { Sequencer } from '../kernel/sequencer.js'
import type { AlarmDesk } from '../observe/alarms.js'
import { loadCalendar } from './calendar/effective-calendar.js'
import { AlertTraffic } from './watch/alert-traffic.js'
import { ChartSilence, type Look } from './watch/chart-silence.js'
import { ExitConfirmations } from './watch/exit-confirmations.js'
import { RaiseOnce } from './watch/raise-once.js'

/** What watching the charts of a portfolio depends on. */
export interface ScoutWatchOptions {
  readonly sequencer: Pick<Sequencer, 'state' | 'onEvents'>
  readonly desk: AlarmDesk
  readonly clock: Clock
}

const lookEveryMs = 1000
const calendarEveryMs = 3_600_000

/**
 * Watches what the charts of one portfolio tell, and raises an alarm where something is missing or wrong: scouts before
 * a close, bars, exits of the strategy, alerts that are too many or too late. It decides nothing.
 */
export class ScoutWatch {
  readonly #options: ScoutWatchOptions
  readonly #silence: ChartSilence
  readonly #traffic: AlertTraffic
  readonly #exits: ExitConfirmations
  #calendar: { readonly calendar: Calendar; readonly loadedAt: Instant } | null = null
  #isRestored = false
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null

  /** Listens from here on; nothing is looked at before the start. */
  constructor(options: ScoutWatchOptions) {
    const { sequencer, desk, clock } = options
    const alarms = new RaiseOnce(desk)
    this.#options = options
    this.#silence = new ChartSilence(desk, alarms, clock.now())
    this.#traffic = new AlertTraffic(desk, alarms)
    this.#exits = new ExitConfirmations(desk, alarms)
    sequencer.onEvents((events, input) => {
      this.#silence.hear(input)
      this.#traffic.hear(input)
      this.#exits.hear(events)
    })
  }

  /** Looks each second. */
  start(): void {
    const look = () => {
      this.#looking ??= this.look().finally(() => {
        this.#looking = null
      })
    }
    this.#timer ??= setInterval(look, lookEveryMs).unref()
  }

  /** Looks no more; resolves when the last look has ended. */
  async stop(): Promise<void> {
    if (this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
    await this.#looking
    const portfolio = this.#options.sequencer.state()
    this.#silence.forget(portfolio)
    this.#traffic.forget(portfolio.id)
  }

  /** Looks once, and raises the alarms that are due. Never throws: what failed is looked at again. */
  async look(): Promise<void> {
    const { sequencer, desk } = this.#options
    const portfolio = sequencer.state()
    try {
      const look = await this.#prepare()
      if (look === null) return
      await this.#silence.look(look)
      await this.#traffic.look(look)
      await this.#exits.look(look)
    } catch (error) {
      desk.log.warn({ err: error, portfolio: portfolio.id }, 'The alerts of a portfolio could not be watched')
    }
  }

  async #prepare(): Promise<Look | null> {
    const { sequencer, clock } = this.#options
    const portfolio = sequencer.state()
    const { settings } = portfolio
    if (settings === null) return null
    const now = clock.now()
    if (!this.#isRestored) {
      await this.#traffic.restore(portfolio.id, now)
      this.#exits.restore(portfolio, now)
      this.#isRestored = true
    }
    return { portfolio, settings, calendar: portfolio.calendar ?? (await this.#ownCalendar(now)), now }
  }

  /** A portfolio that trades at any hour has no calendar in its log; its bars close by one all the same. */
  async #ownCalendar(now: Instant): Promise<Calendar> {
    if (this.#calendar === null || this.#calendar.loadedAt + calendarEveryMs <= now) {
      this.#calendar = { calendar: await loadCalendar(this.#options.desk.pool), loadedAt: now }
    }
    return this.#calendar.calendar
  }
}
