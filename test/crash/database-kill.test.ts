import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { AlertMix, mixedPortfolio } from '../helpers/alert-mix.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { randomFrom } from '../helpers/random.js'
import {
  embeddedAddress,
  embeddedServerPid,
  type ServicePlace,
  servicePlace,
  startProcess,
} from '../helpers/service-process.js'
import { AlertLoad } from './alert-load.js'
import { auditBooks, openBooks } from './books.js'
import { reportCrash } from './crash-report.js'

const PATIENCE = { timeoutMs: 60_000, intervalMs: 10 }

async function isReady({ adminUrl }: ServicePlace): Promise<boolean> {
  const answer = await fetch(`${adminUrl}/readyz`)
  await answer.text()
  return answer.status === 200
}

/** Kills the server with SIGKILL and resolves, once another one serves, to the milliseconds until alerts were taken. */
async function killServer(place: ServicePlace, load: AlertLoad): Promise<number> {
  const pid = await embeddedServerPid(place)
  const begun = performance.now()
  process.kill(pid, 'SIGKILL')
  await eventually('another server runs', async () => (await embeddedServerPid(place)) !== pid, PATIENCE)
  const before = load.acknowledged.size
  await eventually('alerts are taken again', () => load.acknowledged.size > before, PATIENCE)
  const outage = performance.now() - begun
  await eventually('the portfolio runs again', () => isReady(place), PATIENCE)
  return outage
}

// Faults: P03
t.test('kill -9 of the embedded database loses nothing, and the service answers all the while', async (t) => {
  const portfolio = mixedPortfolio('outage', 8)
  const place = await servicePlace(t, { portfolios: [portfolio.configuration] }, { LOG_LEVEL: 'error' })
  const service = startProcess(t, place)
  await service.ready()
  const mix = new AlertMix(portfolio.instruments, 3)
  const load = new AlertLoad({ urls: [place.webhookUrl], mix, clients: 6, seed: 3 })
  t.teardown(() => load.close())
  const chance = randomFrom(3)
  const outages: number[] = []
  load.start()
  t.teardown(async () => {
    if (t.passing()) return
    t.comment(service.errors)
    t.comment((await readFile(`${place.home}/postgres/server.log`, 'utf8')).slice(-3000))
  })
  for (let kill = 0; kill < counts.kills; kill++) {
    await delay(500 * chance())
    outages.push(Math.round(await killServer(place, load)))
  }
  await load.stop()
  t.comment(`${counts.kills} kills; alerts were taken again after ${outages.join(', ')} ms`)
  t.comment(load.describe())
  t.equal(
    load.statuses.get(0) ?? 0,
    0,
    'every alert got an answer: 200, or 503 while nothing could be proven',
  )
  t.notOk(service.hasExited, 'the service is the same process as before')
  const books = openBooks(await embeddedAddress(place))
  const findings = await auditBooks(t, books.pool, load).finally(books.close)
  const what = 'the embedded database at any moment, the service lives on'
  const kills = counts.kills
  reportCrash({ suite: 'database', what, kills, restarts: kills, readyAfter: outages, findings })
  t.equal(await service.stop(), 0, 'it stops in order')
})
