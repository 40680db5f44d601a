import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findFreePort } from '../../server/db/postgres-port.js'
import { generalFile } from './general.js'
import { type Teardown, testDirectory } from './temporary-directory.js'

/** Where a service lives through all of its processes: its home, its ports and its tokens. */
export interface ServicePlace {
  readonly home: string
  /** With its token. */
  readonly webhookUrl: string
  readonly adminUrl: string
  readonly adminToken: string
  readonly env: Readonly<Record<string, string>>
}

const webhookToken = 'webhook-token-of-the-tests'
const adminToken = 'admin-token-of-the-tests'

/** Returns a place with a home of its own, removed at the end, in which a service runs on this configuration. */
export async function servicePlace(
  t: Teardown,
  configuration: object,
  env: Readonly<Record<string, string>> = {},
): Promise<ServicePlace> {
  const home = await testDirectory(t)
  const [port, adminPort] = [await findFreePort(), await findFreePort()]
  const file = join(home, 'configuration.json')
  await writeFile(file, JSON.stringify(configuration))
  return {
    home,
    webhookUrl: `http://127.0.0.1:${port}/webhook/${webhookToken}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    adminToken,
    env: {
      ...{ PATH: process.env.PATH ?? '', TZ: 'UTC', LOG_LEVEL: 'warn' },
      ...{ PORT: String(port), ADMIN_PORT: String(adminPort) },
      ...{ GENERAL_HOME: home, GENERAL_CONFIG: file, WEBHOOK_TOKEN: webhookToken, ADMIN_TOKEN: adminToken },
      ...env,
    },
  }
}

/** Returns the address of the embedded database of a place, as its server is reached now. */
export async function embeddedAddress({ home }: ServicePlace): Promise<string> {
  const read = async (name: string) => (await readFile(join(home, 'postgres', name), 'utf8')).trim()
  return `postgresql://general:${await read('password')}@127.0.0.1:${await read('port')}/general`
}

/** Returns the process id of the embedded server of a place. */
export async function embeddedServerPid({ home }: ServicePlace): Promise<number> {
  const lines = (await readFile(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8')).split('\n')
  return Number(lines[0])
}

const keptOutput = 4000

/** One process of the service. */
export class ServiceProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #lastReady: Promise<number>
  #errors = ''

  constructor(place: ServicePlace) {
    const begun = performance.now()
    const child = spawn(process.execPath, ['--enable-source-maps', generalFile, 'start', '--json'], {
      env: place.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#exited = once(child, 'exit')
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-keptOutput)
    })
    const line = once(createInterface(child.stdout), 'line').then(() => performance.now() - begun)
    const over = this.#exited.then(() => {
      throw new Error(`The service ended before it was ready:\n${this.#errors}`)
    })
    over.catch(() => undefined)
    this.#lastReady = Promise.race([line, over])
    this.#lastReady.catch(() => undefined)
  }

  /** What it wrote to standard error last. */
  get errors(): string {
    return this.#errors
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Id of the process. */
  get pid(): number {
    return this.#child.pid!
  }

  /** Sends it a signal and waits for nothing. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#child.kill(signal)
  }

  /** Resolves when the process is gone, to its exit code; null: a signal ended it. */
  async gone(): Promise<number | null> {
    await this.#exited
    return this.#child.exitCode
  }

  /** Resolves when it is ready, to the milliseconds since it was started. Rejects when it ends before that. */
  ready(): Promise<number> {
    return this.#lastReady
  }

  /** Kills it with SIGKILL and resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Tells it to stop and resolves to its exit code. */
  async stop(): Promise<number | null> {
    if (!this.hasExited) this.#child.kill('SIGTERM')
    // One that a test has stopped and left so would never hear it
    if (!this.hasExited) this.#child.kill('SIGCONT')
    await this.#exited
    return this.#child.exitCode
  }
}

/** Starts the service of a place; it is stopped when the test ends. */
export function startProcess(t: Teardown, place: ServicePlace): ServiceProcess {
  const started = new ServiceProcess(place)
  t.teardown(() => started.stop())
  return started
}
