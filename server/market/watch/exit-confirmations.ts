import type { PortfolioEvent } from '../../../core/event.js'
import type { Portfolio } from '../../../core/portfolio/portfolio.js'
import type { Unit } from '../../../core/portfolio/unit.js'
import { exitExpectedUntil, isSoldByUs } from '../../../core/strategies/trend/unconfirmed-exit.js'
import { DAY, type Instant } from '../../../core/time.js'
import type { AlarmDesk } from '../../observe/alarms.js'
import { tellMissingExit } from './chart-alarm.js'
import type { Look } from './chart-silence.js'
import type { RaiseOnce } from './raise-once.js'

/** Units that are looked at in one beat. */
const MOST_AT_ONCE = 100
/** After a restart, older sales are not told any more. */
const TOLD_WITHIN = DAY

/** Waits for the strategy's own exits of units that the general sold. */
export class ExitConfirmations {
  readonly #desk: AlarmDesk
  readonly #alarms: RaiseOnce
  /** Ids of units that were closed, and when their confirmation is overdue, once that is known. */
  readonly #closed = new Map<string, Instant | null>()

  constructor(desk: AlarmDesk, alarms: RaiseOnce) {
    this.#desk = desk
    this.#alarms = alarms
  }

  /** Takes note of what was recorded. */
  hear(events: readonly PortfolioEvent[]): void {
    for (const event of events) if (event.type === 'UnitClosed') this.#closed.set(event.positionId, null)
  }

  /** Takes up the units that were closed before anybody listened here. */
  restore({ closedUnits }: Portfolio, now: Instant): void {
    for (const { id, closedAt } of closedUnits.values()) {
      // Two bars may lie on both sides of a long weekend.
      if (closedAt !== null && now - 5 * DAY < closedAt) this.#closed.set(id, null)
    }
  }

  /** Raises STRATEGY_EXIT_MISSING for each unit that we sold and whose exit the strategy did not tell in time. */
  async look(look: Look): Promise<void> {
    const overdue = this.#takeOverdue(look)
    if (overdue.length === 0) return
    const { portfolio, now } = look
    const confirmed = await this.#findConfirmed(portfolio.id, overdue)
    for (const unit of overdue) {
      if (!confirmed.has(unit.id)) await this.#raise(portfolio, unit, now)
      this.#closed.delete(unit.id)
    }
  }

  #takeOverdue({ portfolio, settings, calendar, now }: Look): Unit[] {
    const overdue: Unit[] = []
    for (const [id, known] of this.#closed) {
      if (overdue.length === MOST_AT_ONCE) break
      const unit = portfolio.closedUnits.get(id)
      const instrument = settings.instruments.find(({ name }) => name === unit?.instrument)
      if (unit === undefined || instrument === undefined || !isSoldByUs(unit)) {
        this.#closed.delete(id)
        continue
      }
      const until = known ?? exitExpectedUntil(unit, instrument, calendar)
      if (now < until) this.#closed.set(id, until)
      else if (until < now - TOLD_WITHIN) this.#closed.delete(id)
      else overdue.push(unit)
    }
    return overdue
  }

  /** An exit of an older position with the same label confirms nothing. */
  async #findConfirmed(portfolio: string, units: readonly Unit[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.#desk.pool.query<{ id: string }>(
      `select distinct sold.id
       from unnest($2::text[], $3::text[], $4::text[], $5::float8[]) as sold (id, instrument, label, opened_ms)
       join decisions d on d.portfolio = $1 and d.kind = 'exit' and d.instrument = sold.instrument
         and d.at >= to_timestamp(floor(sold.opened_ms / 1000)) and not d.reasons ? 'OLDER_THAN_POSITION'
       join inbox i on i.alert_id = d.alert_id and i.portfolio = $1
         and i.alert ->> 'label' in (sold.label, 'ALL')`,
      [
        portfolio,
        units.map(({ id }) => id),
        units.map(({ instrument }) => instrument),
        units.map(({ label }) => label),
        units.map(({ openedAt }) => openedAt),
      ],
    )
    return new Set(rows.map(({ id }) => id))
  }

  #raise({ id: portfolio }: Portfolio, unit: Unit, now: Instant): Promise<void> {
    const alarm = {
      code: 'STRATEGY_EXIT_MISSING',
      severity: 'warning',
      message: tellMissingExit(unit),
      at: now,
      portfolio,
      instrument: unit.instrument,
      subject: unit.id,
    } as const
    return this.#alarms.raise(alarm, { since: unit.closedAt ?? 0, bySubject: true })
  }
}
