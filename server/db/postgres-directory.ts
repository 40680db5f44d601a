import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { EmbeddedPostgresError } from './embedded-postgres-error.js'
import { isAlive } from './is-alive.js'
import type { PostgresAccount } from './postgres-account.js'

/** The name of the role and of the database that the service uses in the embedded server. */
export const embeddedName = 'general'

/** The files of one embedded server. */
export interface PostgresDirectory {
  readonly data: string
  readonly log: string
  /** One file per process that uses the server. */
  readonly users: string
  /** Remembers the port, so that the address of a server survives its restarts. */
  readonly port: string
  readonly password: string
}

/**
 * The directory of the server, made and initialised when it does not exist yet. Of two processes that do so at
 * once, one wins and both use its result. Throws EmbeddedPostgresError when initdb fails or other data lies there.
 */
export async function preparePostgresDirectory(account: PostgresAccount): Promise<PostgresDirectory> {
  const root = account.directory
  await removeAbandoned(root)
  if (!(await hasData(root))) await initialise(account)
  await checkMajorVersion(account)
  const password = (await readFile(join(root, 'password'), 'utf8')).trim()
  const at = (name: string) => join(root, name)
  return { data: at('data'), log: at('server.log'), users: at('users'), port: at('port'), password }
}

function hasData(root: string): Promise<boolean> {
  return readFile(join(root, 'data', 'PG_VERSION')).then(
    () => true,
    () => false,
  )
}

/** Works beside the final place and renames at the end: a directory under its final name is always complete. */
async function initialise(account: PostgresAccount): Promise<void> {
  const root = account.directory
  await refuseForeign(root)
  const staging = `${root}.new-${process.pid}-${randomBytes(4).toString('hex')}`
  const passwordFile = join(staging, 'password')
  await mkdir(join(staging, 'users'), { recursive: true, mode: 0o700 })
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  await Promise.all([account.own(staging), account.own(passwordFile)])
  await runInitdb(account, staging, passwordFile)
  try {
    await rename(staging, root)
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    if (!(await hasData(root))) throw error
    return
  }
  await flushDirectory(dirname(root))
}

async function refuseForeign(root: string): Promise<void> {
  const names = await readdir(root).catch(() => [])
  if (names.length === 0 || (await hasData(root))) return
  const message = `${root} exists and holds no PostgreSQL data: move it away, or set GENERAL_HOME to another directory`
  throw new EmbeddedPostgresError('WRONG_DATA', message)
}

async function runInitdb(account: PostgresAccount, staging: string, passwordFile: string): Promise<void> {
  const identity = [`--username=${embeddedName}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const args = ['-D', join(staging, 'data'), ...identity, ...locale, '--data-checksums']
  const { file, args: launchArgs, options } = account.launch(account.binaries.initdb, args)
  try {
    await promisify(execFile)(file, launchArgs, { ...options, env: serverEnvironment() })
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    const reason = (error as { stderr?: string }).stderr?.trim() || String(error)
    const message = `PostgreSQL could not make its data directory beside ${account.directory}: ${reason}`
    throw new EmbeddedPostgresError('INITDB_FAILED', message, { cause: error })
  }
}

/** The server gets none of our environment: it needs nothing of it, and it holds secrets. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C', SystemRoot: process.env.SystemRoot ?? '' }
}

/** Attempts whose process was killed half way leave a directory that nobody will finish. */
async function removeAbandoned(root: string): Promise<void> {
  await mkdir(dirname(root), { recursive: true, mode: 0o700 })
  const prefix = `${basename(root)}.new-`
  for (const name of await readdir(dirname(root))) {
    if (!name.startsWith(prefix)) continue
    const pid = Number.parseInt(name.slice(prefix.length), 10)
    if (!isAlive(pid)) await rm(join(dirname(root), name), { recursive: true, force: true })
  }
}

async function checkMajorVersion(account: PostgresAccount): Promise<void> {
  const { stdout } = await runVersion(account)
  const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]
  const written = (await readFile(join(account.directory, 'data', 'PG_VERSION'), 'utf8')).trim()
  if (major === written) return
  const message = `${account.directory}/data was written by PostgreSQL ${written}, and the installed server is ${major}: restore a dump of it into a new GENERAL_HOME, or install the version of the service that wrote it`
  throw new EmbeddedPostgresError('WRONG_DATA', message)
}

function runVersion(account: PostgresAccount): Promise<{ stdout: string }> {
  const { file, args, options } = account.launch(account.binaries.postgres, ['--version'])
  return promisify(execFile)(file, args, { ...options, env: serverEnvironment() })
}

async function flushDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; there the rename itself is all that can be asked for
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}
