import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { sendAdminCommand } from '../helpers/admin-command.js'
import { AlertMix, type MixedPortfolio, mixedPortfolio } from '../helpers/alert-mix.js'
import { findWrongBooks } from '../helpers/audit.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { testDatabase } from '../helpers/postgres.js'
import { randomFrom } from '../helpers/random.js'
import {
  embeddedAddress,
  embeddedServerPid,
  type ServicePlace,
  type ServiceProcess,
  servicePlace,
  startProcess,
} from '../helpers/service-process.js'
import { AlertLoad } from './alert-load.js'
import { auditBooks, openBooks } from './books.js'
import { reportCrash } from './crash-report.js'

const CLIENTS = 6
/** Milliseconds: the longest that a process lives before it is killed, and that it may have to recover. */
const LONGEST_LIFE = 500
const LONGEST_RECOVERY = 1200

/** Everything that goes wrong between a service and its broker, at once. */
const FAULTS = {
  ...{ lostRequestRate: 0.05, lostAnswerRate: 0.1, failedReadRate: 0.05 },
  ...{ partialFillRate: 0.4, partialFillMs: 300, lateFillRate: 0.3, lateFillMs: 400 },
  ...{ lostReportRate: 0.2, duplicateReportRate: 0.2, shuffledReportRate: 0.3 },
}

interface Siege {
  readonly place: ServicePlace
  readonly load: AlertLoad
  readonly seed: number
  /** Dies with the service, every third time. */
  readonly takeAlong?: () => Promise<unknown>
  /** Is done after each restart. */
  readonly lookAfter?: () => Promise<unknown>
}

/** What is left of a siege: the last process, and how long each one took to be ready. */
interface Besieged {
  readonly service: ServiceProcess
  readonly readyAfter: readonly number[]
}

function layLoad(t: Test, place: ServicePlace, portfolio: MixedPortfolio, seed: number): AlertLoad {
  const mix = new AlertMix(portfolio.instruments, seed)
  const load = new AlertLoad({ urls: [place.webhookUrl], mix, clients: CLIENTS, seed })
  t.teardown(() => load.close())
  return load
}

/** Kills the service again and again under load, every fourth time also while it recovers. */
async function killAndRestart(
  t: Test,
  { place, load, seed, takeAlong, lookAfter }: Siege,
): Promise<Besieged> {
  const chance = randomFrom(seed)
  let service = startProcess(t, place)
  await service.ready()
  load.start()
  const readyAfter: number[] = []
  for (let kill = 1; kill <= counts.kills; kill++) {
    await delay(LONGEST_LIFE * chance())
    if (kill % 3 === 0) await takeAlong?.()
    await service.kill()
    service = startProcess(t, place)
    if (kill % 4 === 0) {
      await delay(LONGEST_RECOVERY * chance())
      await service.kill()
      service = startProcess(t, place)
    }
    readyAfter.push(await service.ready())
    await lookAfter?.()
  }
  await delay(LONGEST_LIFE * chance())
  await load.stop()
  t.comment(
    `${counts.kills} kills and ${Math.floor(counts.kills / 4)} during recovery; ${describeTimes(readyAfter)}`,
  )
  t.comment(load.describe())
  return { service, readyAfter }
}

function report(what: string, { readyAfter }: Besieged, findings: readonly string[]): void {
  const restarts = readyAfter.length
  const kills = restarts + Math.floor(restarts / 4)
  reportCrash({ suite: 'random', what, kills, restarts, readyAfter, findings })
}

function describeTimes(times: readonly number[]): string {
  const sorted = times.map(Math.round).sort((left, right) => left - right)
  return `ready again after ${sorted[0]} to ${sorted.at(-1)} ms, half of them within ${sorted[sorted.length >> 1]} ms`
}

// Faults: K22
t.test('kill -9 of the service and its embedded database loses and doubles nothing', async (t) => {
  const portfolio = mixedPortfolio('crash', 8)
  const place = await servicePlace(t, { portfolios: [portfolio.configuration] })
  const load = layLoad(t, place, portfolio, 1)
  // A machine that loses its power takes the database along, which then has no time to shut down
  const takeAlong = async () => process.kill(await embeddedServerPid(place), 'SIGKILL')
  const siege = await killAndRestart(t, { place, load, seed: 1, takeAlong })
  const books = openBooks(await embeddedAddress(place))
  const findings = await auditBooks(t, books.pool, load).finally(books.close)
  report('at any moment, with its embedded database every third time', siege, findings)
  t.equal(await siege.service.stop(), 0, 'the last one stops in order')
})

t.test('kill -9 of the service beside a faulty broker loses and doubles nothing', async (t) => {
  const portfolio = mixedPortfolio('faulty', 12, { faults: FAULTS })
  const { connectionString, pool: books } = await testDatabase(t)
  const place = await servicePlace(
    t,
    { portfolios: [portfolio.configuration] },
    { DATABASE_URL: connectionString },
  )
  const load = layLoad(t, place, portfolio, 2)
  const desk = { ...place, portfolio: 'faulty' }
  // A trade that the venue shows after it ended the order locks the instrument until someone has looked
  const unlockAll = () =>
    Promise.all(
      portfolio.instruments.map(({ name: instrument }) =>
        // Commands are refused, as alerts are, while a busy machine keeps the database waiting
        eventually(
          `${instrument} is unlocked`,
          () => sendAdminCommand(desk, 'unlock', { instrument, reason: 'looked at' }),
          { timeoutMs: 60_000, intervalMs: 100 },
        ),
      ),
    )
  const siege = await killAndRestart(t, { place, load, seed: 2, lookAfter: unlockAll })
  report('at any moment, beside a faulty broker', siege, await auditBooks(t, books, load))

  await t.test('and the audit would have found it', async (t) => {
    const client = await books.connect()
    t.teardown(() => client.release())
    const alert = 'select alert_id from inbox where decision_id is not null order by id limit 1'
    const order = 'select client_order_id from paper.fills order by trade_id limit 1'
    const losses: readonly (readonly [RegExp, string])[] = [
      [/not in the inbox/, `delete from inbox where alert_id = (${alert})`],
      [/not decided/, `update inbox set state = 'waiting' where alert_id = (${alert})`],
      [
        /without exactly one decision/,
        `insert into decisions select id || '.2', portfolio, seq, 999, input_id, alert_id,
        at, kind, instrument, outcome, reasons, bound_by, lots from decisions where alert_id = (${alert})`,
      ],
      [
        /not exactly one of ours/,
        `insert into paper.orders select account, client_order_id || 'b', venue_order_id || 'b',
        instrument, side, type, lots, limit_price, accepted_at, end_status, ended_at, end_code, end_message, last_news_at
        from paper.orders where client_order_id = (${order})`,
      ],
      [/other fills/, `delete from paper.fills where client_order_id = (${order})`],
      [/differently/, `update paper.fills set price = price + 0.05 where client_order_id = (${order})`],
      [/different lots/, `update positions set lots = lots + 1 where id = (select min(id) from positions)`],
      [/with a gap/, `update portfolios set seq = seq + 1`],
    ]
    for (const [finding, loss] of losses) {
      await client.query('begin')
      const { rowCount } = await client.query(loss)
      t.ok(rowCount! > 0, `something was changed: ${finding}`)
      t.match((await findWrongBooks(client, load.acknowledged)).join('\n'), finding)
      await client.query('rollback')
    }
  })
})
