import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from 'pg'
import type { Clock } from '../../server/clock.js'
import { type Service, startService } from '../../server/main.js'
import { silentLog } from '../../server/observe/log.js'
import { sendAdminCommand } from './admin-command.js'
import { AlertSender } from './alert-sender.js'
import { testDatabase } from './postgres.js'
import { type Teardown, testDirectory } from './temporary-directory.js'

/** What a live service of a test runs with. */
export interface LiveOptions {
  /** Portfolios of the configuration; each has a source of the same name. */
  readonly portfolios: readonly { readonly id: string }[]
  readonly clock?: Clock
}

/** The whole service in this process, on a database of its own. */
export interface LiveService {
  readonly service: Service
  readonly pool: Pool
  /** Sends alerts to a portfolio, over real HTTP. */
  readonly senderOf: (portfolio: string) => AlertSender
  /** Posts a command to the portfolio's part of /v1 and returns its answer. Throws unless it is 200. */
  readonly command: (portfolio: string, path: string, body: object) => Promise<Record<string, unknown>>
}

const adminToken = 'admin-token-of-the-tests'

/** Starts the whole service with real PostgreSQL and real HTTP; everything is stopped when the test ends. */
export async function liveService(t: Teardown, options: LiveOptions): Promise<LiveService> {
  const { portfolios, clock } = options
  const { connectionString, pool } = await testDatabase(t)
  const home = await testDirectory(t)
  const file = join(home, 'configuration.json')
  const tokenName = (id: string) => `TOKEN_${id.toUpperCase()}`
  const tokenOf = (id: string) => `token-of-${id}`
  const sources = portfolios.map(({ id }) => ({ id, portfolio: id, tokens: [`\${${tokenName(id)}}`] }))
  await writeFile(file, JSON.stringify({ portfolios, sources }))
  const service = await startService({
    env: {
      ...{ PORT: '0', ADMIN_PORT: '0', ADMIN_TOKEN: adminToken },
      ...{ DATABASE_URL: connectionString, GENERAL_HOME: home, GENERAL_CONFIG: file },
      ...Object.fromEntries(portfolios.map(({ id }) => [tokenName(id), tokenOf(id)])),
    },
    log: silentLog,
    ...(clock === undefined ? {} : { clock }),
  })
  t.teardown(() => service.stop())
  await service.ready
  const senders = new Map(
    portfolios.map(({ id }) => [id, new AlertSender(service.webhookUrl + tokenOf(id))] as const),
  )
  t.teardown(() => {
    for (const sender of senders.values()) sender.close()
  })
  const command = (portfolio: string, path: string, body: object) =>
    sendAdminCommand({ adminUrl: service.adminUrl, adminToken, portfolio }, path, body)
  return { service, pool, senderOf: (id) => senders.get(id)!, command }
}
