import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { open, rename, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isAlive } from './is-alive.js'
import type { PostgresAccount } from './postgres-account.js'
import { type PostgresDirectory, serverEnvironment } from './postgres-directory.js'

/** A server process, whoever started it. */
export interface PostgresProcess {
  readonly pid: number
  /** Settles when the process has ended. */
  readonly ended: Promise<void>
  readonly hasEnded: () => boolean
  /** What the server has written to its log since this process began. */
  readonly readLog: () => Promise<string>
}

const logSizeMax = 10 * 1024 * 1024

const settings = {
  listen_addresses: '127.0.0.1',
  // A path to a socket may be 107 bytes long, which a home easily exceeds
  unix_socket_directories: '',
  synchronous_commit: 'on',
  fsync: 'on',
  full_page_writes: 'on',
  shared_buffers: '64MB',
  max_connections: '100',
  max_wal_size: '512MB',
  log_checkpoints: 'off',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
} as const

/** Starts the server itself, not pg_ctl, which refuses root and looks only every 100 ms. */
export async function spawnPostgres(
  account: PostgresAccount,
  directory: PostgresDirectory,
  port: number,
): Promise<PostgresProcess> {
  const logStart = await makeRoom(directory.log)
  const chosen = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const args = ['-D', directory.data, '-p', String(port), ...chosen]
  const { file, args: launchArgs, options } = account.launch(account.binaries.postgres, args)
  const log = openSync(directory.log, 'a', 0o600)
  try {
    // Detached: an interrupt from the terminal must reach the service alone, which then stops the server in order
    const stdio: ['ignore', number, number] = ['ignore', log, log]
    const child = spawn(file, launchArgs, { ...options, env: serverEnvironment(), stdio, detached: true })
    child.unref()
    return watchChild(child, () => readFrom(directory.log, logStart))
  } finally {
    closeSync(log)
  }
}

function watchChild(child: ChildProcess, readLog: () => Promise<string>): PostgresProcess {
  let hasEnded = false
  const ended = new Promise<void>((resolve) => {
    const finish = () => {
      hasEnded = true
      resolve()
    }
    child.once('exit', finish)
    child.once('error', finish)
  })
  return { pid: child.pid ?? 0, ended, hasEnded: () => hasEnded, readLog }
}

/** A server that another process started: there is no notice of its end, so it is looked for until the signal. */
export function watchForeignPostgres(pid: number, signal: AbortSignal): PostgresProcess {
  const ended = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(pid)) return
      clearInterval(timer)
      resolve()
    }, 100)
    timer.unref()
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  })
  return { pid, ended, hasEnded: () => !isAlive(pid), readLog: async () => '' }
}

/** True when the process ends within the time, false when the time, in milliseconds, is over first. */
export async function endsWithin(server: PostgresProcess, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (!server.hasEnded()) {
    if (Date.now() > deadline) return false
    await Promise.race([server.ended, delay(10)])
  }
  return true
}

/** Sets a long log aside, and returns where the log of this process begins. */
async function makeRoom(log: string): Promise<number> {
  const size = await stat(log).then(
    (found) => found.size,
    () => 0,
  )
  if (size < logSizeMax) return size
  await rename(log, `${log}.old`)
  return 0
}

async function readFrom(path: string, start: number): Promise<string> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, start)
    return buffer.toString('utf8', 0, bytesRead).trim()
  } finally {
    await handle.close()
  }
}
