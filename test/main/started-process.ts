import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { generalFile } from '../helpers/general.js'
import type { Teardown } from '../helpers/temporary-directory.js'

/** What `general start --json` prints when it is ready. */
interface StartFacts {
  readonly webhookUrl: string
  readonly webhookTokenFile: string
  readonly adminUrl: string
  readonly adminTokenFile: string
}

/** A service in a process of its own. */
export interface StartedProcess {
  readonly child: ChildProcess
  readonly webhookUrl: string
  readonly adminUrl: string
  readonly adminToken: string
  /** What it wrote to standard error so far. */
  readonly log: () => string
  /** Sends a signal and returns the exit code, or the signal that ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | string>
}

/** Runs `general start` in `home` with its embedded database, and waits until it is ready. */
export async function startProcess(
  t: Teardown,
  home: string,
  env: Readonly<Record<string, string>> = {},
): Promise<StartedProcess> {
  const child = spawn(process.execPath, [generalFile, 'start', '--json'], {
    env: { PATH: process.env.PATH ?? '', GENERAL_HOME: home, PORT: '0', ADMIN_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exit
  })
  let log = ''
  child.stderr.on('data', (data) => {
    log += data
  })
  const line = await Promise.race([firstLine(child), exit])
  if (typeof line !== 'string') throw new Error(`general start ended: ${log}`)
  const facts = JSON.parse(line) as StartFacts
  const token = async (file: string) => (await readFile(file, 'utf8')).trim()
  return {
    child,
    webhookUrl: `${facts.webhookUrl}${await token(facts.webhookTokenFile)}`,
    adminUrl: facts.adminUrl,
    adminToken: await token(facts.adminTokenFile),
    log: () => log,
    end: async (signal) => {
      child.kill(signal)
      const [code, ended] = await exit
      return code ?? ended ?? 'nothing'
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string | null> {
  for await (const line of createInterface({ input: child.stdout! })) return line
  return null
}
