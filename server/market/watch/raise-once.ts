import { type Instant, isoInstant } from '../../../core/time.js'
import { type AlarmDesk, raiseAlarm, type ShellAlarm } from '../../observe/alarms.js'

/** An alarm about an instrument of a portfolio. */
export interface InstrumentAlarm extends ShellAlarm {
  readonly portfolio: string
  readonly instrument: string
}

/** What makes an alarm the same as an earlier one. */
export interface Sameness {
  /** An earlier one counts from here on. */
  readonly since: Instant
  /** Whether it must also have the same subject, and not only the same code, portfolio and instrument. */
  readonly bySubject: boolean
}

/**
 * Raises each alarm once for as long as what it tells lasts, also over restarts and in several instances: the table of
 * alarms is asked before. A critical alarm is raised although there was a warning, and not the other way round.
 */
export class RaiseOnce {
  readonly #desk: AlarmDesk
  readonly #raisedAt = new Map<string, Instant>()

  constructor(desk: AlarmDesk) {
    this.#desk = desk
  }

  /** Raises the alarm unless the same was raised since. */
  async raise(alarm: InstrumentAlarm, { since, bySubject }: Sameness): Promise<void> {
    const { code, portfolio, instrument, severity, at } = alarm
    const subject = bySubject ? (alarm.subject ?? null) : null
    const key = [code, portfolio, instrument, subject ?? ''].join('\n')
    const known = this.#known(key, severity)
    if (known !== undefined && since <= known) return
    const raised = await this.#isRaised(alarm, { since, subject })
    if (!raised) await raiseAlarm(this.#desk, alarm)
    this.#raisedAt.set(`${key}\n${severity}`, at)
  }

  #known(key: string, severity: ShellAlarm['severity']): Instant | undefined {
    const critical = this.#raisedAt.get(`${key}\ncritical`)
    return severity === 'critical' ? critical : (critical ?? this.#raisedAt.get(`${key}\nwarning`))
  }

  async #isRaised(
    { code, portfolio, instrument, severity }: InstrumentAlarm,
    { since, subject }: { readonly since: Instant; readonly subject: string | null },
  ): Promise<boolean> {
    const { rowCount } = await this.#desk.pool.query(
      `select 1 from alarms where portfolio = $1 and code = $2 and instrument = $3
         and (subject = $4 or $4::text is null) and (severity = 'critical' or severity = $5) and at >= $6 limit 1`,
      [portfolio, code, instrument, subject, severity, isoInstant(since)],
    )
    return rowCount !== 0
  }
}
