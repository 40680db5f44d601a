import type { Environment } from '../../server/config/env.js'
import type { Readiness } from '../../server/http/readiness.js'
import { probeRedis } from '../../server/queue/probe-redis.js'
import { adminUrl, findAdminAddress } from '../cli/admin-address.js'
import { createAdminClient } from '../cli/admin-client.js'
import { formatTime } from '../cli/format.js'
import { requestJson } from '../cli/http-request.js'
import { type AlarmItem, type BreakItem, type ListPage, listPortfolios } from '../cli/v1.js'
import { type Finding, failure, fine, note, reasonOf, warning } from './finding.js'

const recentMs = 86_400_000

/** Returns what Redis says of itself, where there is one. */
export async function checkRedis({ redisUrl }: Environment): Promise<Finding> {
  if (redisUrl === null) return fine('Redis', 'not used: the queue is in PostgreSQL')
  try {
    const { version, evictionPolicy, isReplica } = await probeRedis(redisUrl)
    if (isReplica)
      return failure('Redis', 'REDIS_URL names a replica', 'Name its primary: a queue has to be written to')
    if (evictionPolicy !== 'noeviction') {
      const found = `version ${version} drops keys when its memory is full (maxmemory-policy ${evictionPolicy})`
      return failure('Redis', found, 'Set maxmemory-policy noeviction: a dropped key is a lost ring')
    }
    return fine('Redis', `version ${version}, noeviction`)
  } catch (error) {
    const remedy = 'Start it, correct REDIS_URL, or unset that: the queue is then in PostgreSQL'
    return failure('Redis', `it does not answer: ${reasonOf(error)}`, remedy)
  }
}

/** Returns what a running service says of itself. */
export async function checkService(environment: Environment): Promise<Finding[]> {
  let readiness: Readiness
  try {
    const url = new URL('/readyz', adminUrl(environment))
    const answer = await requestJson({ method: 'GET', url, headers: {}, timeoutMs: 5000 })
    readiness = answer.body as Readiness
    if (!Array.isArray(readiness?.portfolios)) throw new Error(`${url.host} is not our admin listener`)
  } catch (error) {
    const found = `none answers (${reasonOf(error)})`
    return [
      note('service', found, 'Start it with `npm start`, or set ADMIN_HOST and ADMIN_PORT as it has them'),
    ]
  }
  const findings = [fine('service', `${adminUrl(environment)}, ${readiness.phase}`)]
  findings.push(...readiness.portfolios.map(checkPortfolio))
  return [...findings, ...(await checkThroughV1(environment))]
}

function checkPortfolio({
  id,
  phase,
  ready,
  code,
  detail,
  heldBy,
}: Readiness['portfolios'][number]): Finding {
  const check = `portfolio ${id}`
  const why = [code, detail].filter((text) => text !== null).join(': ')
  if (heldBy !== null) return fine(check, `held by instance ${heldBy}`)
  if (ready && why === '') return fine(check, phase)
  if (ready)
    return warning(
      check,
      `${phase}, ${why}`,
      'It runs with limits; docs/recovery.md tells what the code means',
    )
  return failure(check, `${phase}${why === '' ? '' : `, ${why}`}`, 'docs/recovery.md tells what holds it up')
}

async function checkThroughV1(environment: Environment): Promise<Finding[]> {
  try {
    const client = createAdminClient(await findAdminAddress(environment))
    const limited = (await listPortfolios(client)).filter(({ tradingState }) => tradingState !== 'active')
    const breaks = await client.get<{ items: readonly BreakItem[] }>('/v1/reconciliation')
    const alarms = await client.get<ListPage<AlarmItem>>('/v1/alarms?limit=100')
    const recent = alarms.items.filter(({ at }) => Date.now() - Date.parse(at) < recentMs)
    return [
      ...limited.map(({ id, tradingState, tradingStateReason: reason }) =>
        warning(
          `portfolio ${id}`,
          `trading is ${tradingState} (${reason})`,
          '`general resume` lets everything run again',
        ),
      ),
      checkBreaks(breaks.items),
      checkAlarms(recent),
    ]
  } catch (error) {
    return [
      failure(
        'admin token',
        reasonOf(error),
        'Set GENERAL_HOME or ADMIN_TOKEN as the running service has it',
      ),
    ]
  }
}

function checkBreaks(breaks: readonly BreakItem[]): Finding {
  const open = breaks.filter(({ state }) => state === 'confirmed')
  const first = open[0]
  if (first === undefined) return fine('reconciliation', 'the books agree with their brokers')
  const found = `${open.length} to decide; ${first.portfolio}: ${first.difference}`
  return failure('reconciliation', found, '`general reconcile` lists them, and adopts, books or ignores each')
}

function checkAlarms(recent: readonly AlarmItem[]): Finding {
  const critical = recent.filter(({ severity }) => severity === 'critical')
  const latest = critical[0] ?? recent[0]
  if (latest === undefined) return fine('alarms', 'none within a day')
  const found = `${recent.length} within a day, ${critical.length} critical; ${latest.code} at ${formatTime(latest.at)}: ${latest.message}`
  return warning('alarms', found, '`general alarms` lists them')
}
