import { type SpawnOptions, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, chmod, chown, cp, mkdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EmbeddedPostgresError } from './embedded-postgres-error.js'
import { binariesIn, type PostgresBinaries } from './postgres-binaries.js'

/** A program with its arguments, ready for spawn. */
export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  readonly options: Pick<SpawnOptions, 'uid' | 'gid'>
}

/** Under whose identity the server runs, and therefore where its programs and its data must lie. */
export interface PostgresAccount {
  readonly binaries: PostgresBinaries
  /** The directory that holds everything of the server. */
  readonly directory: string
  /** Makes a launch of one of the server's programs under this identity. */
  readonly launch: (file: string, args: readonly string[]) => Launch
  /** Gives a file or directory to the identity. */
  readonly own: (path: string) => Promise<void>
}

/** What choosing an account depends on. */
export interface AccountRequest {
  readonly binaries: PostgresBinaries
  readonly home: string
  /** False leaves out user namespaces, as on a kernel that forbids them. */
  readonly useNamespace: boolean
}

const namespace = ['--user', '--map-user=1000', '--map-group=1000', '--']
const unprivilegedId = 65534
const sharedDirectory = '/var/lib/smart-general'

/**
 * The identity under which PostgreSQL agrees to run: our own, or, as it refuses root, a user namespace in which root
 * is nobody special, or else an unprivileged user. Throws EmbeddedPostgresError when none works.
 */
export async function choosePostgresAccount(request: AccountRequest): Promise<PostgresAccount> {
  const { binaries, home } = request
  const directory = join(home, 'postgres')
  const keep = async () => undefined
  if (process.getuid?.() !== 0) {
    return { binaries, directory, launch: (file, args) => ({ file, args, options: {} }), own: keep }
  }
  if (
    request.useNamespace &&
    works({ file: 'unshare', args: [...namespace, binaries.postgres], options: {} })
  ) {
    const launch = (file: string, args: readonly string[]) => {
      return { file: 'unshare', args: [...namespace, file, ...args], options: {} }
    }
    return { binaries, directory, launch, own: keep }
  }
  return chooseUnprivileged(request)
}

async function chooseUnprivileged({ binaries, home }: AccountRequest): Promise<PostgresAccount> {
  const options = { uid: unprivilegedId, gid: unprivilegedId }
  const launch = (file: string, args: readonly string[]) => ({ file, args, options })
  const own = (path: string) => chown(path, unprivilegedId, unprivilegedId)
  try {
    const reachable = works(launch(binaries.postgres, [])) ? binaries : await copyBinaries(binaries)
    if (!works(launch(reachable.postgres, [])))
      throw new Error(`user ${unprivilegedId} cannot run ${reachable.postgres}`)
    const directory = (await isReachable(home)) ? join(home, 'postgres') : await directoryElsewhere(home)
    return { binaries: reachable, directory, launch, own }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `PostgreSQL does not run as root, and neither a user namespace nor another user works here (${reason}): run the service as an ordinary user, or set DATABASE_URL to a PostgreSQL server`
    throw new EmbeddedPostgresError('NO_ACCOUNT', message, { cause: error })
  }
}

/** Returns whether an embedded server of this home has ever run, under whichever identity; makes nothing. */
export async function hasEmbeddedServer(home: string): Promise<boolean> {
  const real = await realpath(home).catch(() => null)
  if (real === null) return false
  const places = [join(real, 'postgres'), join(parentElsewhere(real), 'postgres')]
  const found = await Promise.all(
    places.map((place) =>
      access(place).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}

function works(launch: Launch): boolean {
  return (
    spawnSync(launch.file, [...launch.args, '--version'], { ...launch.options, stdio: 'ignore' }).status === 0
  )
}

/** A copy is renamed into place when it is whole, so that a half copied tree is never used. */
async function copyBinaries(binaries: PostgresBinaries): Promise<PostgresBinaries> {
  const { size, mtimeMs } = await stat(binaries.postgres)
  const target = join(sharedDirectory, `binaries-${shortHash(`${binaries.directory} ${size} ${mtimeMs}`)}`)
  const present = await access(target).then(
    () => true,
    () => false,
  )
  if (present) return binariesIn(target)
  await mkdir(sharedDirectory, { recursive: true })
  await chmod(sharedDirectory, 0o755)
  const staging = `${target}.new-${process.pid}`
  await cp(binaries.directory, staging, { recursive: true, verbatimSymlinks: true })
  await rename(staging, target).catch(() => rm(staging, { recursive: true, force: true }))
  return binariesIn(target)
}

async function isReachable(path: string): Promise<boolean> {
  const { mode } = await stat(path)
  if ((mode & 0o001) === 0) return false
  return dirname(path) === path || isReachable(dirname(path))
}

async function directoryElsewhere(home: string): Promise<string> {
  const parent = parentElsewhere(home)
  await mkdir(parent, { recursive: true })
  return join(parent, 'postgres')
}

function parentElsewhere(home: string): string {
  return join(sharedDirectory, `home-${shortHash(home)}`)
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
