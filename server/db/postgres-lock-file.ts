import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EmbeddedPostgresError } from './embedded-postgres-error.js'
import { isAlive } from './is-alive.js'

/** What a server wrote down about itself in its data directory. */
export interface PostgresLockFile {
  readonly pid: number
  /** TCP port on the loopback address; undefined in the first moments of a start. */
  readonly port: number | undefined
}

/**
 * The lock file of the server that runs on a data directory, or undefined when none runs. A lock file left behind by
 * a dead server, whose process id something else has got since, is removed. Throws EmbeddedPostgresError when it
 * belongs to another directory.
 */
export async function readPostgresLockFile(data: string): Promise<PostgresLockFile | undefined> {
  const path = join(data, 'postmaster.pid')
  const text = await readFile(path, 'utf8').catch(() => '')
  const [pidLine = '', directory = '', , portLine = ''] = text.split('\n')
  const pid = Number.parseInt(pidLine, 10)
  if (!isAlive(pid)) return undefined
  if (isSomethingElse(pid, await realpath(data))) {
    await rm(path, { force: true })
    return undefined
  }
  if (directory !== '' && !(await isSameDirectory(directory, data))) {
    const message = `${path} belongs to the server that runs on ${directory} (process ${pid}): a copied or moved directory; stop that server, then delete the file`
    throw new EmbeddedPostgresError('WRONG_DATA', message)
  }
  const port = Number.parseInt(portLine, 10)
  return { pid, port: port > 0 ? port : undefined }
}

async function isSameDirectory(first: string, second: string): Promise<boolean> {
  const resolved = await Promise.all([first, second].map((path) => realpath(path).catch(() => path)))
  return resolved[0] === resolved[1]
}

/**
 * After a container restarts, small process ids come back at once and the recorded one may be anybody's. PostgreSQL
 * itself then refuses to start. Every process of a server works in its data directory, so if none does, nothing is
 * left of it. Only Linux tells.
 */
function isSomethingElse(pid: number, data: string): boolean {
  if (process.platform !== 'linux' || processName(pid) === 'postgres') return false
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return !ids.some((id) => processName(Number(id)) === 'postgres' && worksIn(id, data))
}

function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

function worksIn(id: string, data: string): boolean {
  try {
    return readlinkSync(`/proc/${id}/cwd`) === data
  } catch (error) {
    // A process that has ended works nowhere; of one that we may not look into the worst is assumed
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}
