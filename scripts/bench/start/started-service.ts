import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const general = fileURLToPath(new URL('../../general.js', import.meta.url))
const run = promisify(execFile)

/** What one start came to. */
export interface MeasuredStart {
  /** From the start of the process to its line that it is ready. */
  readonly readyMs: number
  /** Memory of the process of Node.js once it has been at rest. */
  readonly idleMegabytes: number
}

/** Starts the service as `npm start` does, waits until it is ready and has rested for `restMs`, and stops it. */
export async function measureStart(home: string, restMs: number): Promise<MeasuredStart> {
  const begun = performance.now()
  const child = spawn(process.execPath, [general, 'start', '--json'], {
    env: { PATH: process.env.PATH ?? '', GENERAL_HOME: home, PORT: '0', ADMIN_PORT: '0', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  try {
    await Promise.race([once(createInterface(child.stdout!), 'line'), endedEarly(exited)])
    const readyMs = performance.now() - begun
    await delay(restMs)
    return { readyMs, idleMegabytes: await residentMegabytes(child) }
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}

/** Returns how long Node.js alone takes to start and to end. */
export async function measureBareNode(): Promise<number> {
  const begun = performance.now()
  await run(process.execPath, ['-e', '0'])
  return performance.now() - begun
}

async function endedEarly(exited: Promise<unknown>): Promise<never> {
  await exited
  throw new Error('The service ended before it was ready')
}

async function residentMegabytes({ pid }: ChildProcess): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout.trim()) / 1024
}
