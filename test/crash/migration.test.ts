import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { migrations } from '../../migrations/index.js'
import { AlertSender } from '../helpers/alert-sender.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { databaseUrl } from '../helpers/postgres-service.js'
import { ServiceProcess, servicePlace, startProcess } from '../helpers/service-process.js'
import { postgresAddress } from '../helpers/services.js'
import { type StrikePoint, strikeProxy } from '../helpers/strike-proxy.js'
import { withClient } from '../helpers/with-client.js'
import { describeRow, reportCrash } from './crash-report.js'

/** Where a migration is killed: at its first table, in its midst, at what it notes, and around its commit. */
const POINTS: readonly StrikePoint[] = [
  { statement: 'create table positions', moment: 'inDoubt' },
  { statement: 'commit', moment: 'before' },
  { statement: 'create table portfolios', moment: 'before' },
  { statement: 'insert into "kysely_migration"', moment: 'unheard' },
  { statement: 'create table inbox', moment: 'unheard' },
]
const PATIENCE = { timeoutMs: 60_000, intervalMs: 5 }

/** A database without anything in it; dropped when the test ends. */
async function emptyDatabase(t: Test): Promise<string> {
  const { url } = await postgresAddress()
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`
  await withClient(url, (client) => client.query(`create database ${name}`))
  t.teardown(() => withClient(url, (client) => client.query(`drop database ${name} with (force)`)))
  return databaseUrl(url, name)
}

/** Returns how many tables there are, and how many migrations are noted; the migrator's own tables apart. */
async function schemaOf(url: string): Promise<{ readonly tables: number; readonly noted: number }> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ tables: number; present: boolean }>(
      `select to_regclass('kysely_migration') is not null as present, (select count(*)::int from pg_tables
         where schemaname in ('public', 'paper') and tablename not like 'kysely%') as tables`,
    )
    const { tables, present } = rows[0]!
    if (!present) return { tables, noted: 0 }
    const noted = await client.query('select name from kysely_migration')
    return { tables, noted: noted.rows.length }
  })
}

t.test(
  'K23: a kill during a migration leaves all of it or nothing, and the next start goes on',
  async (t) => {
    const rounds = counts.pointRounds
    const findings: string[] = []
    const all = Object.keys(migrations).length
    const address = await emptyDatabase(t)
    const proxy = await strikeProxy(t, address)
    const place = await servicePlace(t, {}, { DATABASE_URL: proxy.url, LOG_LEVEL: 'error' })
    for (let kill = 0; kill < rounds; kill++) {
      const point = POINTS[kill % POINTS.length]!
      const service = new ServiceProcess(place)
      let isStruck = false
      void proxy.arm(point, () => {
        service.signal('SIGKILL')
        isStruck = true
      })
      await eventually(`the migration passes ${point.statement}`, () => isStruck, PATIENCE)
      await service.gone()
      const { tables, noted } = await eventually('the server has let go of it', () => schemaOf(address))
      if (tables > 0 || noted > 0)
        findings.push(`${tables} tables and ${noted} notes after ${point.statement}`)
    }
    // Killed once more when it is all committed and the process does not know
    const last = new ServiceProcess(place)
    const heard = proxy.arm({ statement: 'commit', moment: 'unheard' }, () => last.signal('SIGKILL'))
    await Promise.race([heard, last.ready()])
    await last.gone()
    t.match(await schemaOf(address), { noted: all }, 'what was committed is there')
    const service = startProcess(t, place)
    const readyAfter = [await service.ready()]
    const sender = new AlertSender(place.webhookUrl)
    t.teardown(() => sender.close())
    const alert = { type: 'MARKET_DATA', instrument: 'COPPER', price: 800, atr: 8 }
    const { status } = await sender.send({ ...alert, timestamp: new Date().toISOString() })
    t.equal(status, 200, 'and the service runs on it')
    const row = {
      suite: 'migration',
      what: 'K23 during a migration',
      kills: rounds + 1,
      restarts: rounds + 1,
      readyAfter,
      findings,
    }
    reportCrash(row)
    t.comment(describeRow(row))
    t.strictSame(findings, [], 'nothing was left half done')
  },
)
