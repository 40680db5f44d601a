import type { Pool } from 'pg'
import { type Instant, isoInstant } from '../../core/time.js'
import type { Log } from './log.js'
import type { Metrics } from './metrics.js'

/** What an alarm of the shell can be about; the core's own alarms are events. */
export type ShellAlarmCode =
  | 'ALERT_CONFLICT'
  | 'ALERT_LATE'
  | 'ALERT_QUARANTINED'
  | 'ALERT_RATE'
  | 'BAR_MISSING'
  | 'BROKER_ADDRESS_REFUSED'
  | 'BROKER_CONTRACT'
  | 'BROKER_MODE_WRONG'
  | 'BROKER_ORDER_AMBIGUOUS'
  | 'BROKER_ORDER_QUEUED'
  | 'BROKER_SESSION_LOST'
  | 'BROKER_UNREACHABLE'
  | 'CALENDAR_STALE'
  | 'CLOCK_SKEW'
  | 'CRASH_LOOP'
  | 'LEASE_LOST'
  | 'METRICS_UNREACHABLE'
  | 'NOTIFICATION_FAILED'
  | 'ORDER_ESCALATED'
  | 'REPORT_UNMATCHED'
  | 'RECOVERY_FAILED'
  | 'SCOUT_SILENT'
  | 'STRATEGY_EXIT_MISSING'
  | 'TELEGRAM_STRANGER'

/** An alarm of the shell. */
export interface ShellAlarm {
  readonly code: ShellAlarmCode
  readonly severity: 'warning' | 'critical'
  readonly message: string
  readonly at: Instant
  readonly portfolio?: string
  readonly instrument?: string
  /** The id of what it is about. */
  readonly subject?: string
}

/** What raising an alarm depends on. */
export interface AlarmDesk {
  readonly pool: Pool
  readonly log: Log
  readonly metrics: Metrics
  /** Is told of every alarm; returns at once and never throws. */
  readonly onAlarm?: (alarm: ShellAlarm) => void
}

/**
 * Records an alarm in the table of alarms, in the log and in the metrics. Never throws: an alarm that the database
 * cannot take is still logged and counted.
 */
export async function raiseAlarm(desk: AlarmDesk, alarm: ShellAlarm): Promise<void> {
  const { code, severity, message, portfolio = null, instrument = null, subject = null } = alarm
  const write = severity === 'critical' ? desk.log.error : desk.log.warn
  write.call(desk.log, { alarm: code, portfolio, instrument, subject }, message)
  desk.metrics.alarms.inc({ code, severity })
  desk.onAlarm?.(alarm)
  try {
    await desk.pool.query(
      `insert into alarms (portfolio, code, severity, instrument, subject, message, at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [portfolio, code, severity, instrument, subject, message, isoInstant(alarm.at)],
    )
  } catch (error) {
    desk.log.error({ err: error, alarm: code }, 'An alarm could not be recorded in the database')
  }
}
