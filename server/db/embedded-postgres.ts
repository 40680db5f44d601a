import { mkdir, realpath } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../observe/log.js'
import { choosePostgresAccount } from './postgres-account.js'
import { type AttachedPostgres, attachPostgres, type PostgresSite } from './postgres-attach.js'
import { locatePostgresBinaries } from './postgres-binaries.js'
import { countOtherClients, embeddedConnectionString } from './postgres-connection.js'
import { preparePostgresDirectory } from './postgres-directory.js'
import { endsWithin, type PostgresProcess } from './postgres-process.js'
import { joinPostgresUsers } from './postgres-users.js'

/** A running PostgreSQL server that lives in the service's own directory. */
export interface EmbeddedPostgres {
  /** For any client on this machine; holds the generated password. It stays the same when the server restarts. */
  readonly connectionString: string
  /** TCP port on the loopback address. */
  readonly port: number
  /** Process id of the server; another one after a restart. */
  readonly pid: number
  /**
   * Ends our use of the server, and the server too, unless another process of the service uses it. Other clients are
   * let finish: the server then ends when the last of them has gone.
   */
  readonly stop: () => Promise<void>
}

/** What starting an embedded server depends on. */
export interface EmbeddedPostgresOptions {
  /** Directory of the service; the server's files are in `postgres` below it. */
  readonly home: string
  readonly log: Log
  /** Called after a server that died runs again. */
  readonly onRestart?: () => void
  /** False leaves out user namespaces when root starts the server. Default true. */
  readonly useNamespace?: boolean
}

const restartDelayMaxMs = 5000
const shutdownTimeoutMs = 30_000
const clientsTimeoutMs = 3000

/**
 * Starts the PostgreSQL server of a home, or shares the one that runs there. A server that dies is started again on
 * the same address. Throws EmbeddedPostgresError when there is no way to run one here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.home, { recursive: true, mode: 0o700 })
  const home = await realpath(options.home)
  const binaries = await locatePostgresBinaries()
  const account = await choosePostgresAccount({ binaries, home, useNamespace: options.useNamespace ?? true })
  const directory = await preparePostgresDirectory(account)
  const user = await joinPostgresUsers(directory.users)
  const leaving = new AbortController()
  const site: PostgresSite = { account, directory, user, log: options.log, signal: leaving.signal }
  try {
    const first = await attachPostgres(site)
    return supervise({ site, first, leaving, onRestart: options.onRestart ?? (() => undefined) })
  } catch (error) {
    await user.leave()
    user.dismissGuardian()
    throw error
  }
}

interface Supervision {
  readonly site: PostgresSite
  readonly first: AttachedPostgres
  readonly leaving: AbortController
  readonly onRestart: () => void
}

function supervise({ site, first, leaving, onRestart }: Supervision): EmbeddedPostgres {
  const { port } = first
  let current = first.process
  let stopped: Promise<void> | undefined
  const left = new Promise<void>((resolve) => {
    leaving.signal.addEventListener('abort', () => resolve(), { once: true })
  })

  const keepRunning = async () => {
    for (;;) {
      await Promise.race([current.ended, left])
      if (leaving.signal.aborted) return
      const next = await restart(site, current, port)
      if (!next) return
      current = next
      onRestart()
    }
  }
  const supervision = keepRunning()
  const stop = async () => {
    leaving.abort()
    await supervision
    await leaveServer(site, current, port)
  }

  return {
    connectionString: embeddedConnectionString(site.directory, port),
    port,
    get pid() {
      return current.pid
    },
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Tries until a server runs or the site is left; undefined in the latter case. */
async function restart(
  site: PostgresSite,
  dead: PostgresProcess,
  port: number,
): Promise<PostgresProcess | undefined> {
  site.user.guard(undefined)
  site.log.error({ pid: dead.pid, port }, 'The PostgreSQL server died and is started again')
  for (let waitMs = 50; !site.signal.aborted; waitMs = Math.min(waitMs * 2, restartDelayMaxMs)) {
    try {
      const next = await attachPostgres(site, port)
      if (next.port === port) return next.process
      site.log.error(
        { port, foundPort: next.port },
        'The PostgreSQL server came up on another port: start again',
      )
    } catch (error) {
      if (!site.signal.aborted)
        site.log.error({ err: error, port }, 'The PostgreSQL server does not start again')
    }
    await delay(waitMs)
  }
  return undefined
}

async function leaveServer(site: PostgresSite, server: PostgresProcess, port: number): Promise<void> {
  const { user, directory, log } = site
  try {
    await user.leave()
    if (server.hasEnded() || (await user.hasOthers())) return
    const clients = await countOtherClients(directory, port).catch(() => 0)
    process.kill(server.pid, clients > 0 ? 'SIGTERM' : 'SIGINT')
    if (await endsWithin(server, clients > 0 ? clientsTimeoutMs : shutdownTimeoutMs)) return
    log.warn({ pid: server.pid, port, clients }, 'The PostgreSQL server ends when its last client has left')
  } finally {
    user.dismissGuardian()
  }
}
