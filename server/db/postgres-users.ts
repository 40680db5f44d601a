import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive } from './is-alive.js'

/** One process's place among those that use a server. */
export interface PostgresUser {
  /** Tells the guardian which server to stop if this process disappears; undefined: none. */
  readonly guard: (serverPid: number | undefined) => void
  /** True when another living process uses the server too. */
  readonly hasOthers: () => Promise<boolean>
  /** Gives the place up, while the guardian still guards. */
  readonly leave: () => Promise<void>
  /** Lets the guardian go, without it doing anything. */
  readonly dismissGuardian: () => void
}

/**
 * Waits for the end of its input, which comes however the service ends, kill -9 included. Then it takes the service's
 * name off the list and, when nobody else is on it, asks the server to shut down. It removes first and looks after,
 * so of two that leave together the last one sees an empty list.
 */
const guardian = `
trap '' INT TERM HUP
server=
while read -r line; do server=$line; done
rm -f "$1/$2"
[ -n "$server" ] || exit 0
for user in "$1"/*; do
  name=\${user##*/}
  [ -e "$user" ] && kill -0 "\${name%%.*}" 2>/dev/null && exit 0
done
kill -INT "$server"
`

/** Enters this process in the list of a server's users and starts its guardian. */
export async function joinPostgresUsers(directory: string): Promise<PostgresUser> {
  const name = `${process.pid}.${randomBytes(4).toString('hex')}`
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, name), '')
  const guardianProcess = startGuardian(directory, name)
  return {
    guard: (serverPid) => guardianProcess?.stdin?.write(`${serverPid ?? ''}\n`),
    hasOthers: () => hasOthers(directory, name),
    leave: () => rm(join(directory, name), { force: true }),
    dismissGuardian: () => guardianProcess?.stdin?.end('\n'),
  }
}

function startGuardian(directory: string, name: string): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const child = spawn('/bin/sh', ['-c', guardian, 'general-guardian', directory, name], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH ?? '' },
  })
  // Without a guardian a killed service leaves its server running, which the next start adopts
  child.on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  child.unref()
  ;(child.stdin as { unref?: () => void } | null)?.unref?.()
  return child
}

async function hasOthers(directory: string, own: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => [])
  return names.some((name) => name !== own && isAlive(Number.parseInt(name, 10)))
}
