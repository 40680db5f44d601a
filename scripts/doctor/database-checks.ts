import type { Calendar } from '../../core/calendar/calendar.js'
import type { Environment } from '../../server/config/env.js'
import { type Database, openDatabase, patientTimeouts } from '../../server/db/database.js'
import { checkDurability } from '../../server/db/durability.js'
import { listMissingMigrations } from '../../server/db/migrate.js'
import { loadCalendar } from '../../server/market/calendar/effective-calendar.js'
import {
  type ChartHealth,
  type DatabaseHealth,
  type InboxHealth,
  readDatabaseHealth,
} from '../../server/report/health.js'
import { openServiceDatabase, type ServiceDatabase } from '../cli/service-database.js'
import { type Finding, failure, fine, note, reasonOf, warning } from './finding.js'

const mostClockSkewMs = 2000
const mostWaitingSeconds = 30

/** What was found of a database, and the calendar that it holds. */
export interface DatabaseCheck {
  readonly findings: Finding[]
  /** Null where no database has one. */
  readonly calendar: Calendar | null
  /** When charts were last heard of; null where no database tells. */
  readonly charts: readonly ChartHealth[] | null
}

/** Returns what can be known from the database; the first thing that does not work ends it. */
export async function checkDatabase(environment: Environment): Promise<DatabaseCheck> {
  const withoutCalendar = (finding: Finding): DatabaseCheck => ({
    findings: [finding],
    calendar: null,
    charts: null,
  })
  let opened: ServiceDatabase
  try {
    opened = await openServiceDatabase({ environment, mayMake: false })
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'NO_DATABASE'
    const remedy = 'Follow the message, or set DATABASE_URL to another server'
    return withoutCalendar(
      isAbsent
        ? note('database', reasonOf(error), 'The first start of the service makes it')
        : failure('database', reasonOf(error), remedy),
    )
  }
  try {
    return await checkOpened(opened)
  } catch (error) {
    return withoutCalendar(
      failure(
        'database',
        `${opened.name}: ${reasonOf(error)}`,
        'Start the database, or correct DATABASE_URL',
      ),
    )
  } finally {
    await opened.release()
  }
}

async function checkOpened({ connectionString, name, log }: ServiceDatabase): Promise<DatabaseCheck> {
  const database = openDatabase({ connectionString, log, poolSize: 1, timeouts: patientTimeouts })
  try {
    const { rows } = await database.pool.query<{ server_version: string }>('show server_version')
    const findings = [fine('database', `${name}, PostgreSQL ${rows[0]?.server_version}`)]
    findings.push(await checkSettings(database))
    const missing = await listMissingMigrations({ connectionString, log })
    if (missing.length > 0) {
      const remedy = 'Run `general migrate`, or start the service, which migrates by itself'
      findings.push(warning('schema', `it lacks ${missing.join(', ')}`, remedy))
      return { findings, calendar: null, charts: null }
    }
    findings.push(fine('schema', 'up to date'))
    const health = await readDatabaseHealth(database.pool, () => Date.now())
    findings.push(...checkHealth(health))
    return { findings, calendar: await loadCalendar(database.pool), charts: health.charts }
  } finally {
    await database.close()
  }
}

async function checkSettings({ pool }: Database): Promise<Finding> {
  try {
    await checkDurability(pool)
    return fine('durability', 'what is confirmed is on disk: synchronous_commit, fsync, full_page_writes')
  } catch (error) {
    return failure(
      'durability',
      reasonOf(error),
      'Correct the settings on the server; the service refuses to start',
    )
  }
}

function checkHealth({ clockAheadMs, inbox, charts, refusedToday }: DatabaseHealth): Finding[] {
  const findings = [checkClock(clockAheadMs), ...inbox.map(checkInbox)]
  if (charts.length === 0) findings.push(note('alerts', 'none has arrived yet'))
  if (refusedToday > 0) {
    const found = `${refusedToday} refused within a day: a field was wrong, or the token was not allowed it`
    findings.push(warning('alerts', found, 'The table refused_alerts holds them with their problems'))
  }
  return findings
}

function checkClock(aheadMs: number): Finding {
  const found = `the database's clock is ${Math.abs(aheadMs)} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`
  if (Math.abs(aheadMs) <= mostClockSkewMs) return fine('clock', found)
  return warning('clock', found, 'Let both take their time from NTP: the age of alerts is judged by it')
}

function checkInbox({ portfolio, waiting, oldestWaitingSeconds, quarantined }: InboxHealth): Finding {
  const check = `inbox of ${portfolio}`
  if (quarantined > 0) {
    const found = `${quarantined} alerts could not be decided and were put aside; their instruments are locked`
    return failure(check, found, '`general alarms` names them')
  }
  const oldest = `${waiting} alerts wait, the oldest for ${Math.round(oldestWaitingSeconds)} s`
  if (waiting === 0) return fine(check, 'no alert waits')
  if (oldestWaitingSeconds <= mostWaitingSeconds) return fine(check, oldest)
  return failure(check, oldest, 'Start the service; if it runs, look at its /readyz and its log')
}
