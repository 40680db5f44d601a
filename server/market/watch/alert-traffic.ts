import type { Alert, AlertType } from '../../../core/alert/alert.js'
import { findLateness } from '../../../core/alert/lateness.js'
import { countRecent, RATE_ALARM_FROM, RATE_WINDOW, withTime } from '../../../core/alert/rate.js'
import type { Input } from '../../../core/input.js'
import { HOUR, type Instant, isoInstant, SECOND } from '../../../core/time.js'
import type { AlarmDesk } from '../../observe/alarms.js'
import { tellLateness, tellRate } from './chart-alarm.js'
import type { Look } from './chart-silence.js'
import type { RaiseOnce } from './raise-once.js'

/** What fires alerts on a chart: a scout tells of the market, a strategy wants something. */
type Script = 'scout' | 'strategy'

/** An alert on its way in. */
interface Arrival {
  readonly source: string
  readonly instrument: string
  readonly type: AlertType
  readonly receivedAt: Instant
}

/** An alert of which only the log has told so far. */
interface Heard {
  readonly id: string
  readonly alert: Alert
}

interface Rate {
  readonly source: string
  readonly instrument: string
  readonly script: Script
  times: readonly Instant[]
}

/** Alerts of one instrument that are looked at in one beat; in a flood the oldest are left out. */
const MOST_AT_ONCE = 64
/** A wrong clock makes every alert late: it is told once in a while. */
const LATE_TOLD_EVERY = HOUR
/** Alerts of the last minutes are looked for among so many, at the start. */
const RECENT = 1000

/** Follows how many alerts each script fires, and how long they take. */
export class AlertTraffic {
  readonly #desk: AlarmDesk
  readonly #alarms: RaiseOnce
  readonly #rates = new Map<string, Rate>()
  /** By instrument: what was heard of and not looked at. */
  #unseen = new Map<string, Heard[]>()

  constructor(desk: AlarmDesk, alarms: RaiseOnce) {
    this.#desk = desk
    this.#alarms = alarms
  }

  /** Takes note of an input that was recorded. */
  hear(input: Input): void {
    if (input.type !== 'AlertAdmitted') return
    const { id, alert } = input
    const unseen = this.#unseen.get(alert.instrument)
    if (unseen === undefined) this.#unseen.set(alert.instrument, [{ id, alert }])
    else if (unseen.push({ id, alert }) > MOST_AT_ONCE) unseen.shift()
  }

  /** Counts what came in the last minutes, before anybody listened here. */
  async restore(portfolio: string, now: Instant): Promise<void> {
    const { rows } = await this.#desk.pool.query<ArrivalRow>(
      `select alert_id, source, received_at, alert ->> 'type' as type, alert ->> 'instrument' as instrument
       from (select * from inbox order by id desc limit ${RECENT}) as recent
       where portfolio = $1 and received_at > $2 order by received_at`,
      [portfolio, isoInstant(now - RATE_WINDOW)],
    )
    const heard = new Set([...this.#unseen.values()].flat().map(({ id }) => id))
    for (const row of rows) if (!heard.has(row.alert_id)) this.#count(toArrival(row))
  }

  /** Raises ALERT_RATE and ALERT_LATE for what was heard since the last look. */
  async look(look: Look): Promise<void> {
    const heard = this.#unseen
    this.#unseen = new Map()
    if (heard.size > 0) await this.#lookAt(look, heard)
    for (const { source, instrument, script, times } of this.#rates.values()) {
      const labels = { portfolio: look.portfolio.id, source, instrument, script }
      this.#desk.metrics.recentAlerts.set(labels, countRecent(times, look.now))
    }
  }

  /** Takes the counts out of the metrics. */
  forget(portfolio: string): void {
    for (const { source, instrument, script } of this.#rates.values()) {
      this.#desk.metrics.recentAlerts.remove({ portfolio, source, instrument, script })
    }
  }

  async #lookAt(look: Look, heard: ReadonlyMap<string, readonly Heard[]>): Promise<void> {
    const alerts = new Map([...heard.values()].flat().map(({ id, alert }) => [id, alert]))
    const { rows } = await this.#desk.pool.query<ArrivalRow>(
      `select alert_id, source, received_at, alert ->> 'type' as type, alert ->> 'instrument' as instrument
       from inbox where portfolio = $1 and alert_id = any ($2) order by received_at`,
      [look.portfolio.id, [...alerts.keys()]],
    )
    for (const row of rows) {
      const arrival = toArrival(row)
      await this.#checkRate(look, arrival)
      await this.#checkLateness(look, arrival, { id: row.alert_id, alert: alerts.get(row.alert_id)! })
    }
  }

  async #checkRate({ portfolio, now }: Look, arrival: Arrival): Promise<void> {
    const { source, instrument, receivedAt } = arrival
    const { times, script } = this.#count(arrival)
    const count = countRecent(times, receivedAt)
    if (count < RATE_ALARM_FROM) return
    const alarm = {
      code: 'ALERT_RATE',
      severity: 'warning',
      message: tellRate(instrument, source, count),
      at: now,
      portfolio: portfolio.id,
      instrument,
      subject: `${source} ${script}`,
    } as const
    await this.#alarms.raise(alarm, { since: receivedAt - RATE_WINDOW, bySubject: true })
  }

  async #checkLateness(
    { portfolio, settings, now }: Look,
    { receivedAt, type }: Arrival,
    { id, alert }: Heard,
  ): Promise<void> {
    const instrument = settings.instruments.find(({ name }) => name === alert.instrument)
    if (instrument === undefined || alert.timestamp === null) return
    const delay = Math.max(0, receivedAt - alert.timestamp) / SECOND
    this.#desk.metrics.alertDelaySeconds.observe({ type }, delay)
    const { zone, barMinutes } = instrument
    const lateness = findLateness(alert, { receivedAt, zone, barMinutes })
    if (lateness === null) return
    const alarm = {
      code: 'ALERT_LATE',
      severity: 'warning',
      message: tellLateness(type, instrument, lateness),
      at: now,
      portfolio: portfolio.id,
      instrument: instrument.name,
      subject: id,
    } as const
    await this.#alarms.raise(alarm, { since: now - LATE_TOLD_EVERY, bySubject: false })
  }

  #count({ source, instrument, type, receivedAt }: Arrival): Rate {
    const script = scriptOf(type)
    const key = [source, script, instrument].join('\n')
    const rate = this.#rates.get(key) ?? { source, instrument, script, times: [] }
    rate.times = withTime(rate.times, receivedAt)
    this.#rates.set(key, rate)
    return rate
  }
}

interface ArrivalRow {
  readonly alert_id: string
  readonly source: string
  readonly received_at: Date
  readonly type: AlertType
  readonly instrument: string
}

function toArrival({ source, received_at, type, instrument }: ArrivalRow): Arrival {
  return { source, instrument, type, receivedAt: received_at.getTime() }
}

function scriptOf(type: AlertType): Script {
  return type === 'EOD_MONITOR' || type === 'MARKET_DATA' ? 'scout' : 'strategy'
}
