import type { Calendar } from '../../../core/calendar/calendar.js'
import type { Input } from '../../../core/input.js'
import type { Instrument } from '../../../core/instrument/instrument.js'
import { type Book, emptyBook } from '../../../core/portfolio/book.js'
import type { Portfolio } from '../../../core/portfolio/portfolio.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import { findMissingBar } from '../../../core/strategies/trend/missing-bar.js'
import {
  fewestScouts,
  isScouted,
  type ScoutWindow,
  scoutWindowAt,
  silentSince,
} from '../../../core/strategies/trend/scout-silence.js'
import { type Instant, isoInstant, SECOND } from '../../../core/time.js'
import type { AlarmDesk } from '../../observe/alarms.js'
import { tellFewScouts, tellMissingBar, tellSilence } from './chart-alarm.js'
import type { RaiseOnce } from './raise-once.js'

/** The facts of one look. */
export interface Look {
  readonly portfolio: Portfolio
  readonly settings: PortfolioSettings
  /** Null while none is known. */
  readonly calendar: Calendar | null
  readonly now: Instant
}

/** Scouts of a window are looked for among so many alerts: days of them. */
const RECENT = 5000

/** Finds out which scouts and which bars of an instrument do not come. */
export class ChartSilence {
  readonly #desk: AlarmDesk
  readonly #alarms: RaiseOnce
  readonly #listeningSince: Instant
  readonly #heard = { scout: new Map<string, Instant>(), bar: new Map<string, Instant>() }
  /** The last close whose window was judged as a whole, by instrument. */
  readonly #judged = new Map<string, Instant>()

  constructor(desk: AlarmDesk, alarms: RaiseOnce, listeningSince: Instant) {
    this.#desk = desk
    this.#alarms = alarms
    this.#listeningSince = listeningSince
  }

  /** Takes note of an input that was recorded. */
  hear(input: Input): void {
    if (input.type === 'BarClosed') this.#heard.bar.set(input.instrument, input.at)
    if (input.type !== 'AlertAdmitted') return
    const { type, instrument } = input.alert
    if (type === 'EOD_MONITOR') this.#heard.scout.set(instrument, input.at)
    if (type === 'MARKET_DATA') this.#heard.bar.set(instrument, input.at)
  }

  /** Raises SCOUT_SILENT and BAR_MISSING where something is missing, once for each silence. */
  async look(look: Look): Promise<void> {
    for (const instrument of look.settings.instruments) {
      const book = look.portfolio.books.get(instrument.name) ?? emptyBook(instrument.name)
      this.#show(look, book)
      await this.#lookForScouts(look, instrument, book)
      await this.#lookForBars(look, instrument, book)
    }
  }

  /** Takes the instruments out of the metrics: another instance may tell of them from here on. */
  forget({ id, books }: Portfolio): void {
    const { lastScout, lastBar } = this.#desk.metrics
    for (const instrument of books.keys()) {
      lastScout.remove({ portfolio: id, instrument })
      lastBar.remove({ portfolio: id, instrument })
    }
  }

  #show({ portfolio }: Look, { instrument, market }: Book): void {
    const { lastScout, lastBar } = this.#desk.metrics
    const labels = { portfolio: portfolio.id, instrument }
    lastScout.set(labels, (this.#heard.scout.get(instrument) ?? market.scoutAt) / SECOND)
    lastBar.set(labels, (this.#heard.bar.get(instrument) ?? market.barAt) / SECOND)
  }

  async #lookForScouts(look: Look, instrument: Instrument, book: Book): Promise<void> {
    const { settings, calendar, portfolio, now } = look
    const window = isScouted(book) ? scoutWindowAt(settings, calendar, instrument, now) : null
    if (window === null) return
    if (window.closesAt <= now) {
      await this.#judge(look, instrument, book, window)
      return
    }
    const lastScoutAt = this.#heard.scout.get(instrument.name) ?? book.market.scoutAt
    const since = silentSince(window, { lastScoutAt, listeningSince: this.#listeningSince }, now)
    if (since === null) return
    const message = tellSilence(instrument, since, window.closesAt, now)
    await this.#raiseSilence(portfolio, book, { message, at: now }, since)
  }

  async #judge(
    { portfolio, now }: Look,
    instrument: Instrument,
    book: Book,
    window: ScoutWindow,
  ): Promise<void> {
    const { name } = instrument
    if (this.#judged.get(name) === window.closesAt) return
    const came = await this.#countScouts(portfolio.id, name, window)
    const fewest = fewestScouts(window)
    if (came < fewest) {
      const message = tellFewScouts(instrument, came, fewest)
      await this.#raiseSilence(portfolio, book, { message, at: now }, window.opensAt)
    }
    this.#judged.set(name, window.closesAt)
  }

  #raiseSilence(
    { id: portfolio }: Portfolio,
    { instrument, units }: Book,
    text: { readonly message: string; readonly at: Instant },
    since: Instant,
  ): Promise<void> {
    const severity = units.length > 0 ? 'critical' : 'warning'
    const alarm = { code: 'SCOUT_SILENT', severity, portfolio, instrument, ...text } as const
    return this.#alarms.raise(alarm, { since, bySubject: false })
  }

  async #countScouts(portfolio: string, instrument: string, window: ScoutWindow): Promise<number> {
    const { rows } = await this.#desk.pool.query<{ came: number }>(
      `select count(*)::int as came from (select * from inbox order by id desc limit ${RECENT}) as recent
       where portfolio = $1 and alert ->> 'type' = 'EOD_MONITOR' and alert ->> 'instrument' = $2
         and received_at between $3 and $4`,
      [portfolio, instrument, isoInstant(window.opensAt), isoInstant(window.closesAt)],
    )
    return rows[0]!.came
  }

  async #lookForBars(
    { portfolio, settings, calendar, now }: Look,
    instrument: Instrument,
    book: Book,
  ): Promise<void> {
    if (calendar === null) return
    const heardAt = this.#heard.bar.get(instrument.name) ?? null
    const heldSince = book.units.length === 0 ? null : Math.min(...book.units.map((unit) => unit.openedAt))
    const { barAt } = book.market
    const facts = { hours: settings.hours, calendar, heldSince, barAt, heardAt }
    const missing = findMissingBar(instrument, { ...facts, listeningSince: this.#listeningSince }, now)
    if (missing === null) return
    const alarm = {
      code: 'BAR_MISSING',
      severity: missing.isHeld ? 'critical' : 'warning',
      message: tellMissingBar(instrument, missing),
      at: now,
      portfolio: portfolio.id,
      instrument: instrument.name,
    } as const
    await this.#alarms.raise(alarm, { since: missing.since, bySubject: false })
  }
}
