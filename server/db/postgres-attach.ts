import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Log } from '../observe/log.js'
import { EmbeddedPostgresError } from './embedded-postgres-error.js'
import type { PostgresAccount } from './postgres-account.js'
import { probeServer, readServerVersion } from './postgres-connection.js'
import { type PostgresDirectory, serverEnvironment } from './postgres-directory.js'
import { type PostgresLockFile, readPostgresLockFile } from './postgres-lock-file.js'
import { findFreePort, recallPort, rememberPort } from './postgres-port.js'
import { type PostgresProcess, spawnPostgres, watchForeignPostgres } from './postgres-process.js'
import type { PostgresUser } from './postgres-users.js'

/** A server that accepts connections. */
export interface AttachedPostgres {
  readonly process: PostgresProcess
  readonly port: number
}

/** Everything about one server that outlives its processes. */
export interface PostgresSite {
  readonly account: PostgresAccount
  readonly directory: PostgresDirectory
  readonly user: PostgresUser
  readonly log: Log
  /** Aborted when the site is left: what waits for a server gives up. */
  readonly signal: AbortSignal
}

const pollMs = 5
const retryMs = 50
// A killed server stays in the process table until init collects it, which has been seen to take two seconds
const attachTimeoutMs = 60_000
const shutdownPatienceMs = 10_000

/**
 * A server for the site: the one that runs there already, else a new one. With `port` the server must be there, as
 * clients hold the address. Throws EmbeddedPostgresError with the end of the server's log when it does not start.
 */
export async function attachPostgres(site: PostgresSite, port?: number): Promise<AttachedPostgres> {
  const deadline = Date.now() + attachTimeoutMs
  const attempt: Attempt = { site, port, deadline, began: Date.now(), reason: 'no server came up' }
  while (Date.now() < deadline && !site.signal.aborted) {
    const running = await readPostgresLockFile(site.directory.data)
    const attached = running ? await share(attempt, running) : await start(attempt)
    if (attached) return attached
    await delay(running ? pollMs : retryMs)
  }
  throw startFailed(site, attempt.reason)
}

interface Attempt {
  readonly site: PostgresSite
  readonly deadline: number
  readonly began: number
  port: number | undefined
  reason: string
}

async function share(attempt: Attempt, running: PostgresLockFile): Promise<AttachedPostgres | undefined> {
  const { directory, user, log } = attempt.site
  const { pid, port } = running
  attempt.reason = `the server that runs as process ${pid} accepts no connections`
  if (port === undefined) return undefined
  const state = await probeServer(directory, port)
  if (state === 'stranger')
    throw startFailed(attempt.site, `the server on port ${port} refuses the password kept there`)
  if (state === 'shuttingDown' && Date.now() - attempt.began > shutdownPatienceMs) {
    log.warn(
      { pid, port },
      'The PostgreSQL server waits for its last clients to leave; they are disconnected',
    )
    process.kill(pid, 'SIGINT')
  }
  if (state !== 'ready') return undefined
  if (!(await isOurVersion(attempt.site, port))) {
    if (await user.hasOthers())
      throw startFailed(attempt.site, 'another version of the service uses its server')
    process.kill(pid, 'SIGINT')
    return undefined
  }
  user.guard(pid)
  log.info({ pid, port }, 'Sharing the PostgreSQL server that is running already')
  return { process: watchForeignPostgres(pid, attempt.site.signal), port }
}

async function start(attempt: Attempt): Promise<AttachedPostgres | undefined> {
  const { account, directory, user, log, signal } = attempt.site
  const port = attempt.port ?? (await recallPort(directory.port))
  const server = await spawnPostgres(account, directory, port)
  user.guard(server.pid)
  while (!server.hasEnded() && Date.now() < attempt.deadline && !signal.aborted) {
    // Whatever else listens on the port may never answer the probe
    const state = await Promise.race([probeServer(directory, port), server.ended])
    if (state === 'ready' && !server.hasEnded()) {
      await rememberPort(directory.port, port)
      log.info({ pid: server.pid, port }, 'PostgreSQL server started')
      return { process: server, port }
    }
    await Promise.race([server.ended, delay(pollMs)])
  }
  user.guard(undefined)
  if (!server.hasEnded()) process.kill(server.pid, 'SIGINT')
  attempt.reason = (await server.readLog()) || 'it left no message'
  if (/postmaster\.pid|shared memory block/.test(attempt.reason)) return undefined
  if (!/could not (bind|create any TCP\/IP sockets)/.test(attempt.reason))
    throw startFailed(attempt.site, attempt.reason)
  // The remembered port is somebody else's by now; an address that clients hold already cannot change
  if (attempt.port === undefined) await rememberPort(directory.port, await findFreePort())
  return undefined
}

async function isOurVersion({ account, directory }: PostgresSite, port: number): Promise<boolean> {
  const { file, args, options } = account.launch(account.binaries.postgres, ['--version'])
  const [{ stdout }, running] = await Promise.all([
    promisify(execFile)(file, args, { ...options, env: serverEnvironment() }),
    readServerVersion(directory, port),
  ])
  return stdout.includes(`(PostgreSQL) ${running}`)
}

function startFailed({ directory }: PostgresSite, reason: string): EmbeddedPostgresError {
  const tail = reason.split('\n').slice(-8).join('\n')
  const message = `The embedded PostgreSQL server did not start: ${tail}\nIts log is ${directory.log}; DATABASE_URL can name another server`
  return new EmbeddedPostgresError('START_FAILED', message)
}
