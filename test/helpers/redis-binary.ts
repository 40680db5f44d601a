import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A Redis server program, and what its environment needs. */
export interface RedisBinary {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

/** Redis 7 and the libraries that it brings along on Debian 12. */
const packages = [
  ...['redis-server', 'redis-tools', 'libjemalloc2', 'liblua5.1-0'],
  ...['lua-cjson', 'lua-bitop', 'liblzf1', 'libatomic1'],
]

/** Redis from the PATH, else unpacked from Debian's packages into a cache. Throws an error that names the package. */
export async function findRedisBinary(): Promise<RedisBinary> {
  const installed = await findOnPath('redis-server')
  if (installed) return { file: installed, env: process.env }
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'smart-general', 'redis')
  try {
    return await tryCached(cache).catch(() => unpack(cache))
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error)
    const message = `The tests need Redis: install the package redis-server (unpacking it failed: ${reason})`
    throw new Error(message, { cause: error })
  }
}

async function findOnPath(name: string): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(directory, name)
    const exists = await access(file).then(
      () => true,
      () => false,
    )
    if (exists) return file
  }
  return undefined
}

async function tryCached(cache: string): Promise<RedisBinary> {
  const libraries = join(cache, 'usr', 'lib')
  const triplet = (await readdir(libraries)).find((name) => name.endsWith('-linux-gnu'))
  const file = join(cache, 'usr', 'bin', 'redis-server')
  const env = { ...process.env, LD_LIBRARY_PATH: join(libraries, triplet ?? '') }
  await run(file, ['--version'], { env })
  return { file, env }
}

/** Works in a directory of its own and renames it: two test runs may do this at once. */
async function unpack(cache: string): Promise<RedisBinary> {
  await mkdir(join(cache, '..'), { recursive: true })
  const staging = await mkdtemp(`${cache}.new-`)
  try {
    await download(staging)
    for (const name of await readdir(staging)) {
      if (name.endsWith('.deb')) await run('dpkg', ['-x', name, 'root'], { cwd: staging })
    }
    await tryCached(join(staging, 'root'))
    await rm(cache, { recursive: true, force: true })
    await rename(join(staging, 'root'), cache).catch(() => undefined)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  return tryCached(cache)
}

async function download(directory: string): Promise<void> {
  const fetch = () => run('apt-get', ['download', ...packages], { cwd: directory })
  // Fresh machines and containers come without lists of packages, or with lists that have become old
  await fetch().catch(async () => {
    await run('apt-get', ['update'])
    await fetch()
  })
}
